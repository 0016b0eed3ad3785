//! Changes of an entity's fields: what a vendor's release, or somebody's customisation, does to a schema.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::acumatica::{Erp, QUANTITY_AVAILABLE, STOCK, SchemaChange};
use crate::respond::Refused;
use crate::server::Shared;
use crate::shopify::{Shop, type_name};

use super::problem;
use super::target::{Target, erp_entity, target};

/// The account, in the query.
#[derive(Deserialize)]
pub struct Of {
    account: Option<String>,
}

/// One change: exactly one of `add`, `remove` and `retype` names a field by its path (`lines.price` or `lines/price`).
#[derive(Deserialize)]
pub struct Wanted {
    entity: String,
    add: Option<String>,
    remove: Option<String>,
    retype: Option<String>,
    /// The type of a field that is added or retyped, by the vendor's own name.
    kind: Option<String>,
}

/// Changes a schema, until the account is reset.
pub async fn change(
    State(shared): State<Shared>,
    Path(vendor): Path<String>,
    Query(of): Query<Of>,
    Json(wanted): Json<Wanted>,
) -> Response {
    let changed = target(&shared, &vendor, of.account.as_deref()).and_then(|target| match target {
        Target::Erp(erp) => change_erp(&erp, &wanted),
        Target::Shop(shop) => change_shop(&shop, &wanted),
    });
    changed.map_or_else(|answer| *answer, |()| StatusCode::NO_CONTENT.into_response())
}

/// A field that was removed comes back by adding it.
fn change_erp(erp: &Erp, wanted: &Wanted) -> Result<(), Refused> {
    // Stock levels are told by an inquiry, whose fields are another entity's.
    let entity = Some(erp_entity(&wanted.entity)?).filter(|entity| *entity != &STOCK).unwrap_or(&QUANTITY_AVAILABLE);
    let path = |name: &String| name.replace('.', "/");
    let change = match (&wanted.add, &wanted.remove, &wanted.retype) {
        (Some(name), None, None) => {
            let kind = wanted.kind.clone().unwrap_or_else(|| "CustomStringField".to_owned());
            SchemaChange::Add { name: path(name), kind }
        }
        (None, Some(name), None) => SchemaChange::Remove(path(name)),
        (None, None, Some(name)) => {
            let kind = wanted.kind.clone().unwrap_or_else(|| "CustomDecimalField".to_owned());
            SchemaChange::Retype { name: path(name), kind }
        }
        _ => {
            let message = "A change is {entity, add | remove | retype: field, kind?}.";
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, message).into());
        }
    };
    if erp.drift(entity, change) {
        return Ok(());
    }
    let message = "There is no such field. Only a custom field has a type that can change.";
    Err(problem(StatusCode::NOT_FOUND, message).into())
}

/// The entity may also be a type of the schema, such as `LineItem`. A field that was removed comes back by adding it.
fn change_shop(shop: &Shop, wanted: &Wanted) -> Result<(), Refused> {
    let of = type_name(&wanted.entity)
        .ok_or_else(|| problem(StatusCode::NOT_FOUND, format!("There is no entity {}.", wanted.entity)))?;
    let kind = wanted.kind.as_deref().unwrap_or("String");
    match (&wanted.add, &wanted.remove, &wanted.retype) {
        (Some(name), None, None) => shop.drift().set(of, name, kind),
        (None, Some(name), None) => shop.drift().remove(of, name),
        (None, None, Some(name)) => shop.drift().set(of, name, kind),
        _ => {
            let message = "A change is {entity, add | remove | retype: field, kind?}.";
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, message).into());
        }
    }
    Ok(())
}
