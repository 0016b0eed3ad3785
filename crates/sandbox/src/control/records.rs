//! Making, listing, editing and removing records past the vendors' APIs, as people in the back office would.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::acumatica::{Entity, Erp, Refusal as ErpRefusal, back_office};
use crate::generate::{erp_records, shop_records};
use crate::respond::{self, Refused};
use crate::server::Shared;
use crate::shopify::records::{Refusal as ShopRefusal, remove as remove_from, save};
use crate::shopify::{Shop, record_id};
use crate::table::Doc;

use super::problem;
use super::target::{Target, erp_entity, table, target};

const MOST_AT_ONCE: usize = 50_000;

/// The account, and a page.
#[derive(Deserialize)]
pub struct Page {
    account: Option<String>,
    limit: Option<usize>,
    after: Option<u64>,
}

/// The records to make.
#[derive(Deserialize)]
pub struct Make {
    count: Option<usize>,
    records: Option<Vec<Doc>>,
}

/// Makes records; answers their ids.
pub async fn make(
    State(shared): State<Shared>,
    Path((vendor, entity)): Path<(String, String)>,
    Query(page): Query<Page>,
    Json(wanted): Json<Make>,
) -> Response {
    let count = wanted.count.unwrap_or_default();
    if count > MOST_AT_ONCE {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, format!("At most {MOST_AT_ONCE} records at once."));
    }
    let records = wanted.records.unwrap_or_default();
    let made = match target(&shared, &vendor, page.account.as_deref()) {
        Ok(Target::Shop(shop)) => table(&entity).and_then(|table| make_in_shop(&shop, table, count, &records)),
        Ok(Target::Erp(erp)) => erp_entity(&entity).and_then(|entity| make_in_erp(&erp, entity, count, &records)),
        Err(answer) => return *answer,
    };
    made.map_or_else(|answer| *answer, |ids| respond::json(StatusCode::OK, &json!({"ids": ids})))
}

fn make_in_shop(shop: &Shop, table: &'static str, count: usize, records: &[Doc]) -> Result<Vec<String>, Refused> {
    let (mut world, now) = (shop.account.write(), shop.now());
    let mut numbers = shop_records(&mut world, table, count, now).map_err(|refusal| in_shop(&refusal))?;
    for record in records {
        numbers.push(save(&mut world, table, None, record, now).map_err(|refusal| in_shop(&refusal))?);
    }
    Ok(numbers.into_iter().map(|number| record_id(table, number)).collect())
}

fn make_in_erp(erp: &Erp, entity: &'static Entity, count: usize, records: &[Doc]) -> Result<Vec<String>, Refused> {
    let (mut world, now) = (erp.account.write(), erp.now());
    let mut numbers = erp_records(&mut world, entity, count, now).map_err(in_erp)?;
    for record in records {
        numbers.push(back_office(&mut world, entity, None, record, now).map_err(in_erp)?.seq);
    }
    let rows = numbers.into_iter().filter_map(|number| world.table(entity.name).get(number));
    Ok(rows.map(|row| entity.key_of(&row.doc)).collect())
}

/// Records as they are kept, by number, from one after `after` on.
pub async fn list(
    State(shared): State<Shared>,
    Path((vendor, entity)): Path<(String, String)>,
    Query(page): Query<Page>,
) -> Response {
    let name = match vendor.as_str() {
        "shopify" => table(&entity),
        _ => erp_entity(&entity).map(|entity| entity.name),
    };
    let listed = name.and_then(|name| {
        let target = target(&shared, &vendor, page.account.as_deref())?;
        let world = match &target {
            Target::Shop(shop) => shop.account.read(),
            Target::Erp(erp) => erp.account.read(),
        };
        let rows: Vec<_> = world
            .table(name)
            .after(page.after.unwrap_or_default())
            .take(page.limit.unwrap_or(100).min(1_000))
            .collect();
        let last = rows.last().map(|row| row.seq);
        let records: Vec<&Doc> = rows.iter().map(|row| &row.doc).collect();
        Ok(json!({"records": records, "count": world.table(name).len(), "last": last}))
    });
    listed.map_or_else(|answer| *answer, |listed| respond::json(StatusCode::OK, &listed))
}

/// Changes the named fields of a record.
pub async fn edit(
    State(shared): State<Shared>,
    Path((vendor, entity, id)): Path<(String, String, String)>,
    Query(page): Query<Page>,
    Json(changes): Json<Doc>,
) -> Response {
    let edited = match target(&shared, &vendor, page.account.as_deref()) {
        Ok(Target::Shop(shop)) => table(&entity).and_then(|table| {
            let number = number(&id)?;
            save(&mut shop.account.write(), table, Some(number), &changes, shop.now())
                .map_err(|refusal| in_shop(&refusal))?;
            Ok(record_id(table, number))
        }),
        Ok(Target::Erp(erp)) => erp_entity(&entity).and_then(|entity| {
            let mut world = erp.account.write();
            let seq = entity.find(&world, &id).map(|row| row.seq).ok_or_else(not_there)?;
            let row = back_office(&mut world, entity, Some(seq), &changes, erp.now()).map_err(in_erp)?;
            Ok(entity.key_of(&row.doc))
        }),
        Err(answer) => return *answer,
    };
    edited.map_or_else(|answer| *answer, |id| respond::json(StatusCode::OK, &json!({"id": id})))
}

/// Removes a record.
pub async fn remove(
    State(shared): State<Shared>,
    Path((vendor, entity, id)): Path<(String, String, String)>,
    Query(page): Query<Page>,
) -> Response {
    let removed = match target(&shared, &vendor, page.account.as_deref()) {
        Ok(Target::Shop(shop)) => {
            table(&entity).and_then(|table| Ok(remove_from(&mut shop.account.write(), table, number(&id)?)))
        }
        Ok(Target::Erp(erp)) => erp_entity(&entity).and_then(|entity| {
            let mut world = erp.account.write();
            let seq = entity.find(&world, &id).map(|row| row.seq).ok_or_else(not_there)?;
            Ok(world.remove(entity.name, seq))
        }),
        Err(answer) => return *answer,
    };
    match removed {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) => respond::failed(&error),
        Err(answer) => *answer,
    }
}

/// A number, or the number at the end of a global id.
fn number(id: &str) -> Result<u64, Refused> {
    id.rsplit('/').next().and_then(|number| number.parse().ok()).ok_or_else(not_there)
}

fn not_there() -> Refused {
    problem(StatusCode::NOT_FOUND, "There is no such record.").into()
}

fn in_shop(refusal: &ShopRefusal) -> Refused {
    match refusal {
        ShopRefusal::NotFound => not_there(),
        ShopRefusal::Invalid { .. } => problem(StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string()).into(),
        ShopRefusal::Io(error) => respond::failed(error).into(),
    }
}

fn in_erp(refusal: ErpRefusal) -> Refused {
    let answer = match refusal {
        ErpRefusal::Invalid(record, _) => respond::json(StatusCode::UNPROCESSABLE_ENTITY, &record),
        ErpRefusal::Io(error) => respond::failed(&error),
        ErpRefusal::Bad(message) | ErpRefusal::Forbidden(message) => problem(StatusCode::UNPROCESSABLE_ENTITY, message),
        ErpRefusal::NotFound(message) => problem(StatusCode::NOT_FOUND, message),
        ErpRefusal::Precondition => problem(StatusCode::PRECONDITION_FAILED, "The record is there already."),
    };
    answer.into()
}
