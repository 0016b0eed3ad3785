//! The control API for tests and the demo: `/_control/…`, with `Authorization: Bearer <token>`.
//!
//! | request | what |
//! |---|---|
//! | `POST /_control/accounts` | `{shop_token?, erp_user?, erp_password?, erp_company?, demo?}`: opens accounts, fills them for the demo |
//! | `POST /_control/reset` | `{account?}`: forgets records, counts, faults, sessions of one account or of all |
//! | `POST /_control/{vendor}/{entity}` | `{count}` or `{records: […]}`: makes records, answers `{ids}` |
//! | `GET /_control/{vendor}/{entity}` | `limit`, `after`: records as they are kept |
//! | `PATCH`, `DELETE /_control/{vendor}/{entity}/{id}` | edits or removes one |
//! | `POST`, `DELETE /_control/{vendor}/faults` | sets a fault, clears all |
//! | `POST /_control/{vendor}/limits` | `shopify`: `maximum_available`, `restore_rate`; `acumatica`: `sessions`, `concurrent`, `per_minute` |
//! | `POST /_control/{vendor}/schema` | `{entity, add | remove | retype: field, kind?}`: changes an entity's fields |
//! | `GET /_control/{vendor}/stats` | requests, sessions, writes per record |
//!
//! `{vendor}` is `shopify` or `acumatica`. `?account=` names the account by shop token or ERP user (`company/user` when that is not enough); it may be
//! left out while there is only one.

mod accounts;
mod records;
mod schema;
mod settings;
mod target;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, patch, post};
use serde_json::json;
use subtle::ConstantTimeEq;

use crate::respond;
use crate::server::Shared;

/// The routes of the control API, behind its token.
pub fn routes(shared: &Shared) -> Router<Shared> {
    Router::new()
        .route("/_control/accounts", post(accounts::open))
        .route("/_control/reset", post(accounts::reset))
        .route("/_control/{vendor}/faults", post(settings::add_fault).delete(settings::clear_faults))
        .route("/_control/{vendor}/limits", post(settings::limits))
        .route("/_control/{vendor}/schema", post(schema::change))
        .route("/_control/{vendor}/stats", get(settings::stats))
        .route("/_control/{vendor}/{entity}", post(records::make).get(records::list))
        .route("/_control/{vendor}/{entity}/{*id}", patch(records::edit).delete(records::remove))
        .route_layer(from_fn_with_state(shared.clone(), with_token))
}

/// Whether a text is the control token, compared in constant time.
#[must_use]
pub fn is_token(shared: &Shared, text: &str) -> bool {
    text.as_bytes().ct_eq(shared.token.as_bytes()).into()
}

async fn with_token(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|token| is_token(&shared, token)) {
        return next.run(request).await;
    }
    problem(StatusCode::UNAUTHORIZED, "The control API needs its token: Authorization: Bearer …")
}

/// An answer that says what is wrong.
fn problem(status: StatusCode, message: impl Into<String>) -> Response {
    respond::json(status, &json!({"message": message.into()}))
}
