//! The HTTP side: who asks, may they, what does it cost, what goes wrong today.

use std::io;

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
use crate::table::Doc;

use super::bucket::DEAREST_QUERY;
use super::compile::{Compiled, Operation, Request, Step, compile};
use super::execute::{Run, execute, select};
use super::mutations::{Refused, perform};
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
    match run(&shop, &Asked { name: &name, version: &version }, &request) {
        Ok(Done { wrote: true, .. }) if shop.account.faults().cuts_after_write() => respond::cut(),
        Ok(done) => answer(&done.body, verdict, &version),
        Err(error) => respond::failed(&error),
    }
}

/// The shop's name and the version, as the address has them.
struct Asked<'a> {
    name: &'a str,
    version: &'a str,
}

/// An answer, and whether something was written.
struct Done {
    body: Value,
    wrote: bool,
}

impl Done {
    fn read(body: Value) -> io::Result<Self> {
        Ok(Self { body, wrote: false })
    }
}

fn run(shop: &Shop, asked: &Asked<'_>, request: &Request) -> io::Result<Done> {
    let compiled = match compile(request, &shop.drift()) {
        Ok(compiled) => compiled,
        Err(errors) => return Done::read(json!({"errors": errors})),
    };
    if compiled.cost > DEAREST_QUERY {
        return Done::read(too_dear(compiled.cost));
    }
    if !shop.bucket(|bucket| bucket.take(compiled.cost)) {
        shop.account.throttle();
        return Done::read(throttled(shop, compiled.cost));
    }
    match &compiled.operation {
        Operation::Query(selection) => {
            let drift = shop.drift();
            let run = Run { world: &shop.account.read(), shop: asked.name, drift: &drift };
            let (data, spent) = execute(run, selection);
            drop(drift);
            Done::read(json!({"data": data, "extensions": extensions(shop, &compiled, spent)}))
        }
        Operation::Mutation(steps) => change(shop, asked, &compiled, steps),
    }
}

/// Carries out mutations one after the other; a request that is wrong in itself ends at its first error, and what was done before it stays.
fn change(shop: &Shop, asked: &Asked<'_>, compiled: &Compiled, steps: &[Step]) -> io::Result<Done> {
    let (mut data, mut errors, mut wrote) = (Doc::new(), Vec::new(), false);
    let (mut world, now, drift) = (shop.account.write(), shop.now(), shop.drift());
    for step in steps {
        let answer = match perform(&mut world, now, asked.version, step) {
            Ok((payload, accepted)) => {
                wrote |= accepted;
                select(Run { world: &world, shop: asked.name, drift: &drift }, &payload, &step.selection)
            }
            Err(Refused::Io(error)) => return Err(error),
            Err(Refused::Request(message, code)) => {
                errors.push(json!({"message": message, "path": [step.key], "extensions": {"code": code}}));
                Value::Null
            }
            Err(Refused::Input(_)) => Value::Null,
        };
        data.insert(step.key.clone(), answer);
    }
    drop((world, drift));
    let mut body = json!({"data": data, "extensions": extensions(shop, compiled, compiled.cost)});
    if !errors.is_empty() {
        body["errors"] = Value::Array(errors);
    }
    Ok(Done { body, wrote })
}

fn extensions(shop: &Shop, compiled: &Compiled, spent: u64) -> Value {
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
    extensions
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
