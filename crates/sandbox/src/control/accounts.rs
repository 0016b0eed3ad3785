//! Opening and resetting accounts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::generate::demo;
use crate::respond;
use crate::server::Shared;

use super::problem;

/// The accounts to open.
#[derive(Deserialize)]
pub struct Open {
    shop_token: Option<String>,
    erp_user: Option<String>,
    erp_password: Option<String>,
    #[serde(default)]
    erp_company: String,
    #[serde(default)]
    demo: bool,
}

/// Opens a shop, an ERP account or both, and fills them with the demo's data if asked to. Doing it again changes nothing.
pub async fn open(State(shared): State<Shared>, Json(wanted): Json<Open>) -> Response {
    match open_both(&shared, &wanted) {
        Ok(answer) => answer,
        Err(error) => respond::failed(&error),
    }
}

fn open_both(shared: &Shared, wanted: &Open) -> std::io::Result<Response> {
    let shop = wanted.shop_token.as_deref().map(|token| shared.registry.open_shop(token)).transpose()?.flatten();
    let erp = wanted
        .erp_user
        .as_deref()
        .map(|user| shared.registry.open_erp(&wanted.erp_company, user))
        .transpose()?
        .flatten();
    if wanted.shop_token.is_some() != shop.is_some() || wanted.erp_user.is_some() != erp.is_some() {
        return Ok(problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "There are too many accounts, or a credential is too long.",
        ));
    }
    if let (Some(erp), Some(password)) = (&erp, &wanted.erp_password)
        && !erp.accepts(password)?
    {
        return Ok(problem(StatusCode::CONFLICT, "This ERP user is there already, with another password."));
    }
    if wanted.demo {
        if let Some(erp) = &erp {
            demo::prepare_licence(erp)?;
        }
        if let Err(message) = demo::demo(shop.as_deref(), erp.as_deref()) {
            return Ok(problem(StatusCode::INTERNAL_SERVER_ERROR, message));
        }
    }
    Ok(respond::json(
        StatusCode::OK,
        &json!({"shop": shop.map(|shop| shop.token.clone()), "erp": erp.map(|erp| erp.user.clone())}),
    ))
}

/// Which account to reset.
#[derive(Deserialize, Default)]
pub struct Reset {
    account: Option<String>,
}

/// Forgets what an account, or every account, holds and has counted.
pub async fn reset(State(shared): State<Shared>, body: Option<Json<Reset>>) -> Response {
    let account = body.map(|body| body.0).unwrap_or_default().account;
    let is_meant = |name: &str| account.as_deref().is_none_or(|account| account == name);
    let mut done = 0;
    for shop in shared.registry.shops().iter().filter(|shop| is_meant(&shop.token)) {
        match shop.reset() {
            Ok(()) => done += 1,
            Err(error) => return respond::failed(&error),
        }
    }
    for erp in shared
        .registry
        .erps()
        .iter()
        .filter(|erp| is_meant(&erp.user) || is_meant(&format!("{}/{}", erp.company, erp.user)))
    {
        match erp.reset() {
            Ok(()) => done += 1,
            Err(error) => return respond::failed(&error),
        }
    }
    respond::json(StatusCode::OK, &json!({"reset": done}))
}
