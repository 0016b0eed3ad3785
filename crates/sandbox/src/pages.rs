//! Pages for people: the shop's and the ERP's back office, as plain forms.
//!
//! Whoever comes with an account's credential (`/enter?shop=…`, `/enter?erp=…&company=…&password=…`, or both at once) works in that account; the
//! control token opens them all. The addresses that the vendors give their records lead to the same pages. Forms are accepted from these pages only.

mod back;
mod desk;
mod enter;
mod form;
mod handlers;
mod kit;
mod lines;
mod links;
mod list;
mod screens;
mod visit;

pub use visit::Visits;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::server::Shared;

/// Nothing but our own stylesheet and forms; no script at all.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The routes of the pages.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(enter::front))
        .route("/enter", get(enter::by_link).post(enter::by_form))
        .route("/leave", post(enter::leave))
        .route("/open/{vendor}", post(enter::open))
        .route("/shopify/{shop}/admin/{screen}/{number}", get(links::shop))
        .route("/acumatica/{instance}/Main", get(links::erp))
        .route("/{office}/{screen}", get(handlers::list).post(handlers::create))
        .route("/{office}/{screen}/new", get(handlers::blank))
        .route("/{office}/{screen}/{number}", get(handlers::show).post(handlers::change))
        .route("/{office}/{screen}/{number}/{action}", post(handlers::act))
        .route("/assets/sandbox.css", get(stylesheet))
        // Browsers ask for it by themselves; there is none.
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .layer(from_fn(guarded))
}

async fn guarded(request: Request, next: Next) -> Response {
    if request.method() != Method::GET && !is_own_form(request.headers()) {
        return (StatusCode::FORBIDDEN, "This form was sent from another site.").into_response();
    }
    let wanted = Some(request.uri().clone()).filter(|_| request.method() == Method::GET);
    let mut response = next.run(request).await;
    let is_kept_out = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if let Some(cookie) = wanted.filter(|_| is_kept_out).as_ref().and_then(back::remember) {
        headers.append(header::SET_COOKIE, cookie);
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With `no-referrer` a browser would hide its origin from our own forms too, and they would be refused.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Browsers say where a form comes from; what does not say it is refused.
fn is_own_form(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), _, _) => site == "same-origin" || site == "none",
        (None, Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        _ => false,
    }
}

async fn stylesheet() -> Response {
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "max-age=300")], include_str!("../assets/sandbox.css")).into_response()
}
