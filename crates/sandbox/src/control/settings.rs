//! Faults, limits and counts.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::Account;
use crate::acumatica::ENTITIES;
use crate::faults::Fault;
use crate::ledger::Detail;
use crate::respond;
use crate::server::Shared;
use crate::table::Doc;

use super::problem;
use super::target::{Target, target};

/// The account, in the query.
#[derive(Deserialize)]
pub struct Of {
    account: Option<String>,
    /// Whether stats list every record.
    #[serde(default)]
    by_record: bool,
}

/// Sets a fault: `{kind, next | share, ms?, account?}`.
pub async fn add_fault(
    State(shared): State<Shared>,
    Path(vendor): Path<String>,
    Query(of): Query<Of>,
    Json(mut body): Json<Doc>,
) -> Response {
    let account = take_account(&mut body, of);
    let fault: Fault = match serde_json::from_value(Value::Object(body)) {
        Ok(fault) => fault,
        Err(_) => {
            return problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "A fault is {kind: latency|429|5xx|cut_after_write|malformed, next: n | share: 0.1, ms?}.",
            );
        }
    };
    on_account(&shared, &vendor, account.as_deref(), |account| account.faults().add(fault))
}

/// Clears all faults of an account.
pub async fn clear_faults(State(shared): State<Shared>, Path(vendor): Path<String>, Query(of): Query<Of>) -> Response {
    on_account(&shared, &vendor, of.account.as_deref(), |account| account.faults().clear())
}

/// Sets limits; those that are not named stay.
pub async fn limits(
    State(shared): State<Shared>,
    Path(vendor): Path<String>,
    Query(of): Query<Of>,
    Json(mut body): Json<Doc>,
) -> Response {
    let account = take_account(&mut body, of);
    let set = match target(&shared, &vendor, account.as_deref()) {
        Ok(Target::Shop(shop)) => shop.set_limits(&body),
        Ok(Target::Erp(erp)) => erp.set_limits(&body),
        Err(answer) => return *answer,
    };
    match set {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => respond::failed(&error),
    }
}

/// Requests, limits in use, and what was written through the API.
pub async fn stats(State(shared): State<Shared>, Path(vendor): Path<String>, Query(of): Query<Of>) -> Response {
    let detail = if of.by_record { Detail::ByRecord } else { Detail::Sums };
    let stats = match target(&shared, &vendor, of.account.as_deref()) {
        Ok(Target::Shop(shop)) => shop.stats(detail),
        Ok(Target::Erp(erp)) => {
            let mut stats = erp.stats();
            let world = erp.account.read();
            for entity in ENTITIES {
                stats["writes"][entity.name] = world.ledger(entity.name).summary(detail);
            }
            stats
        }
        Err(answer) => return *answer,
    };
    respond::json(StatusCode::OK, &stats)
}

fn take_account(body: &mut Doc, of: Of) -> Option<String> {
    let named = body.remove("account").and_then(|account| account.as_str().map(str::to_owned));
    named.or(of.account)
}

fn on_account(shared: &Shared, vendor: &str, account: Option<&str>, change: impl FnOnce(&Account)) -> Response {
    match target(shared, vendor, account) {
        Ok(Target::Shop(shop)) => change(&shop.account),
        Ok(Target::Erp(erp)) => change(&erp.account),
        Err(answer) => return *answer,
    }
    respond::json(StatusCode::OK, &json!({}))
}
