//! The HTTP side: who asks, may they, what does it cost, what goes wrong today.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use crate::faults::{Kind, Verdict};
use crate::respond;
use crate::server::Shared;

use super::bucket::DEAREST_QUERY;
use super::compile::{Compiled, Request, compile};
use super::execute::execute;
use super::shop::Shop;

/// The versions that are answered; Shopify supports each for a year.
const VERSIONS: [&str; 6] = ["2025-10", "2026-01", "2026-04", "2026-07", "2026-10", "unstable"];
const RATE_LIMITS: &str = "https://shopify.dev/api/usage/rate-limits";

/// The routes of the shop's API.
pub fn routes() -> Router<Shared> {
    Router::new().route("/shopify/{shop}/admin/api/{version}/graphql.json", post(graphql))
}

async fn graphql(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = headers.get("x-shopify-access-token").and_then(|token| token.to_str().ok()).unwrap_or_default();
    let shop = match shared.registry.shop_or_open(token) {
        Ok(Some(shop)) => shop,
        Ok(None) => return unauthorized(),
        Err(error) => return respond::failed(&error),
    };
    let verdict = shop.account.receive();
    tokio::time::sleep(verdict.delay).await;
    if let Some(kind) = verdict.instead {
        return instead(&shop, kind);
    }
    if !VERSIONS.contains(&version.as_str()) {
        return respond::json(StatusCode::NOT_FOUND, &json!({"errors": "Not Found"}));
    }
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(_) => {
            return respond::json(
                StatusCode::BAD_REQUEST,
                &json!({"errors": {"query": "Required parameter missing or invalid"}}),
            );
        }
    };
    answer(&run(&shop, &name, &request), verdict, &version)
}

fn run(shop: &Shop, name: &str, request: &Request) -> Value {
    let compiled = match compile(request) {
        Ok(compiled) => compiled,
        Err(errors) => return json!({"errors": errors}),
    };
    if compiled.cost > DEAREST_QUERY {
        return too_dear(compiled.cost);
    }
    if !shop.bucket(|bucket| bucket.take(compiled.cost)) {
        shop.account.throttle();
        return throttled(shop, compiled.cost);
    }
    carry_out(shop, name, &compiled)
}

fn carry_out(shop: &Shop, name: &str, compiled: &Compiled) -> Value {
    let (data, spent) = execute(&shop.account.read(), name, &compiled.selection);
    let status = shop.bucket(|bucket| {
        bucket.give_back(compiled.cost.saturating_sub(spent));
        bucket.status()
    });
    let cost = json!({"requestedQueryCost": compiled.cost, "actualQueryCost": spent.min(compiled.cost), "throttleStatus": status});
    let mut extensions = json!({"cost": cost});
    if !compiled.warnings.is_empty() {
        let warning = |field: &String| json!({"field": field, "message": "Invalid search field for this query.", "code": "invalid_field"});
        extensions["search"] = json!([{"warnings": compiled.warnings.iter().map(warning).collect::<Vec<_>>()}]);
    }
    json!({"data": data, "extensions": extensions})
}

fn answer(body: &Value, verdict: Verdict, version: &str) -> Response {
    let mut response = if verdict.malformed { respond::half_of(body) } else { respond::json(StatusCode::OK, body) };
    if let Ok(version) = HeaderValue::from_str(version) {
        response.headers_mut().insert("x-shopify-api-version", version);
    }
    response
}

fn throttled(shop: &Shop, cost: u64) -> Value {
    let error = json!({"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": RATE_LIMITS}});
    let cost = json!({"requestedQueryCost": cost, "actualQueryCost": null, "throttleStatus": shop.bucket(|bucket| bucket.status())});
    json!({"errors": [error], "extensions": {"cost": cost}})
}

fn too_dear(cost: u64) -> Value {
    let message = format!("Query cost is {cost}, which exceeds the single query max cost limit ({DEAREST_QUERY}).");
    let extensions =
        json!({"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": DEAREST_QUERY, "documentation": RATE_LIMITS});
    json!({"errors": [{"message": message, "extensions": extensions}]})
}

fn unauthorized() -> Response {
    let message = "[API] Invalid API key or access token (unrecognized login or wrong password)";
    respond::json(StatusCode::UNAUTHORIZED, &json!({"errors": message}))
}

fn instead(shop: &Shop, kind: Kind) -> Response {
    if kind != Kind::TooMany {
        return respond::json(StatusCode::SERVICE_UNAVAILABLE, &json!({"errors": "Service Unavailable"}));
    }
    shop.account.throttle();
    let message = "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.";
    let mut response = respond::json(StatusCode::TOO_MANY_REQUESTS, &json!({"errors": message}));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2.0"));
    response
}
