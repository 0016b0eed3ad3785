//! The HTTP side of the entities: the licence's queue, faults, reading, saving, deleting, actions, schema.

mod auth;
mod inquiry;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use crate::faults::Kind;
use crate::respond::{self, Refused};
use crate::server::Shared;
use crate::table::{Doc, Row};

use super::entities::{ENTITIES, Entity, INQUIRIES, SALES_ORDER, STOCK};
use super::erp::Erp;
use super::query::{Parameters, find};
use super::render::render;
use super::write::{Refusal, Target, by_keys, cancel, delete, no_entity, save};

/// The versions of the `Default` endpoint that are answered.
const VERSIONS: [&str; 6] = ["20.200.001", "22.200.001", "23.200.001", "24.200.001", "25.100.001", "25.200.001"];
/// The one action that is here, and what is said while it goes on.
const CANCEL: &str = "CancelSalesOrder";
const SCHEMA: &str = "$adHocSchema";
const BUILD: &str = "25.200.0248";

/// The routes of the ERP's API.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/acumatica/{instance}/entity", get(endpoints))
        .route("/acumatica/{instance}/entity/", get(endpoints))
        .route("/acumatica/{instance}/entity/auth/login", post(auth::login))
        .route("/acumatica/{instance}/entity/auth/logout", post(auth::logout))
        .route("/acumatica/{instance}/entity/{endpoint}/{version}/{*rest}", any(entity))
}

/// Any answer that is an error, in the shape of the ERP's.
#[must_use]
pub fn error(status: StatusCode, message: &str) -> Response {
    respond::json(
        status,
        &json!({"message": message, "exceptionMessage": message, "exceptionType": "PX.Data.PXException"}),
    )
}

/// What faults and the licence have to say before a request is carried out: the answer instead, or whether its answer is to be broken.
async fn admit(erp: &Erp) -> Result<(super::gate::Pass, bool), Refused> {
    let verdict = erp.account.receive();
    tokio::time::sleep(verdict.delay).await;
    match verdict.instead {
        Some(Kind::TooMany) => {
            erp.account.throttle();
            return Err(declined().into());
        }
        Some(_) => return Err(error(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable").into()),
        None => {}
    }
    match erp.gate.enter(erp.limits()).await {
        Some(pass) => Ok((pass, verdict.malformed)),
        None => {
            erp.account.throttle();
            Err(declined().into())
        }
    }
}

fn declined() -> Response {
    error(
        StatusCode::TOO_MANY_REQUESTS,
        "The request was declined because the number of requests has exceeded the limit imposed by the license.",
    )
}

/// A request for an entity, taken apart.
struct Call {
    erp: Arc<Erp>,
    /// The instance's part of the path.
    root: String,
    entity: &'static Entity,
    keys: Vec<String>,
    parameters: Parameters,
}

type Found = Result<Value, Refused>;

async fn entity(
    State(shared): State<Shared>,
    Path((instance, endpoint, version, rest)): Path<(String, String, String, String)>,
    Query(pairs): Query<Vec<(String, String)>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(erp) = auth::signed_in(&shared, &headers) else {
        return error(StatusCode::UNAUTHORIZED, "You are not logged in.");
    };
    let (_pass, malformed) = match admit(&erp).await {
        Ok(admitted) => admitted,
        Err(answer) => return *answer,
    };
    if endpoint != "Default" || !VERSIONS.contains(&version.as_str()) {
        return error(StatusCode::NOT_FOUND, &format!("Endpoint {endpoint}/{version} not found."));
    }
    let call = match Call::new(erp, format!("/acumatica/{instance}"), &rest, &pairs) {
        Ok(call) => call,
        Err(answer) => return *answer,
    };
    let action = call.keys.first().map(String::as_str);
    match method {
        Method::GET if action == Some(SCHEMA) => finish(Ok(call.erp.schema(call.entity)), malformed),
        Method::GET if action == Some(CANCEL) => StatusCode::NO_CONTENT.into_response(),
        Method::GET if !call.is_inquiry() => finish(call.read(), malformed),
        Method::POST if action == Some(CANCEL) && call.entity == &SALES_ORDER => {
            call.cancel(&endpoint, &version, &body)
        }
        Method::PUT if call.is_inquiry() => finish(call.inquire(&body), malformed),
        Method::PUT if call.keys.is_empty() => call.put(&headers, &body, malformed),
        Method::DELETE if !call.keys.is_empty() && !call.is_inquiry() => call.delete(),
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "The requested resource does not support this method."),
    }
}

impl Call {
    fn new(erp: Arc<Erp>, root: String, rest: &str, pairs: &[(String, String)]) -> Result<Self, Refused> {
        let mut parts = rest.split(['/', '|']).map(str::to_owned);
        let name = parts.next().unwrap_or_default();
        let entity = ENTITIES
            .into_iter()
            .filter(|entity| *entity != &STOCK)
            .chain(INQUIRIES)
            .find(|entity| entity.name == name)
            .ok_or_else(|| error(StatusCode::NOT_FOUND, &format!("Entity {name} is not defined in the endpoint.")))?;
        let keys = parts.filter(|part| !part.is_empty()).collect();
        let mut parameters =
            Parameters::parse(entity, pairs).map_err(|message| error(StatusCode::BAD_REQUEST, &message))?;
        parameters.view.hide(erp.hidden(entity));
        Ok(Self { erp, root, entity, keys, parameters })
    }

    fn is_inquiry(&self) -> bool {
        INQUIRIES.contains(&self.entity)
    }

    fn inquire(&self, body: &Bytes) -> Found {
        let input: Doc = serde_json::from_slice(body)
            .map_err(|_| error(StatusCode::BAD_REQUEST, "The request body is not a JSON object."))?;
        inquiry::answer(&self.erp.account.read(), self.entity, &input, &self.parameters)
    }

    /// The order is cancelled at once; that it is done is said at the address in `Location`, as for any action.
    fn cancel(&self, endpoint: &str, version: &str, body: &Bytes) -> Response {
        let input: Option<Doc> = serde_json::from_slice::<Value>(body)
            .ok()
            .and_then(|mut body| serde_json::from_value(body.get_mut("entity")?.take()).ok());
        let Some(input) = input else {
            return error(StatusCode::BAD_REQUEST, "The request body must have the entity and the parameters.");
        };
        let cancelled = cancel(&mut self.erp.account.write(), &input, self.erp.now());
        match cancelled {
            Ok(_) if self.erp.account.faults().cuts_after_write() => respond::cut(),
            Ok(row) => {
                let id = row.doc.get("id").and_then(Value::as_str).unwrap_or_default();
                let location = format!("{}/entity/{endpoint}/{version}/SalesOrder/{CANCEL}/status/{id}", self.root);
                (StatusCode::ACCEPTED, [(header::LOCATION, location)]).into_response()
            }
            Err(refusal) => refused(refusal),
        }
    }

    fn read(&self) -> Found {
        if !self.keys.is_empty() {
            let row = self.one()?;
            return Ok(render(self.entity, &row.doc, 1, &self.parameters.view));
        }
        let world = self.erp.account.read();
        let rows = find(world.table(self.entity.name), self.entity, self.parameters.filter.as_ref());
        drop(world);
        let page = rows.iter().skip(self.parameters.skip).take(self.parameters.top.unwrap_or(usize::MAX));
        Ok(page
            .enumerate()
            .map(|(position, row)| render(self.entity, &row.doc, position + 1, &self.parameters.view))
            .collect())
    }

    fn one(&self) -> Result<Arc<Row>, Refused> {
        let world = self.erp.account.read();
        let by_id = || world.table(self.entity.name).find("id", self.keys.first()?)?.into_iter().next();
        let found =
            if self.keys.len() == self.entity.keys.len() { by_keys(&world, self.entity, &self.keys) } else { None };
        found.or_else(by_id).ok_or_else(|| refused(no_entity()).into())
    }

    fn put(self, headers: &HeaderMap, body: &Bytes, malformed: bool) -> Response {
        let Ok(input) = serde_json::from_slice::<Doc>(body) else {
            return error(StatusCode::BAD_REQUEST, "The request body is not a JSON object.");
        };
        let star = |name: HeaderName| headers.get(name).is_some_and(|value| value == "*");
        let target = Target {
            filter: self.parameters.filter,
            must_exist: star(header::IF_MATCH),
            must_not_exist: star(header::IF_NONE_MATCH),
        };
        let saved = save(&mut self.erp.account.write(), self.entity, &input, &target, self.erp.now());
        match saved {
            Ok(_) if self.erp.account.faults().cuts_after_write() => respond::cut(),
            Ok(row) => finish(Ok(render(self.entity, &row.doc, 1, &self.parameters.view)), malformed),
            Err(refusal) => refused(refusal),
        }
    }

    fn delete(&self) -> Response {
        let row = match self.one() {
            Ok(row) => row,
            Err(answer) => return *answer,
        };
        let deleted = delete(&mut self.erp.account.write(), self.entity, &row);
        match deleted {
            Ok(()) if self.erp.account.faults().cuts_after_write() => respond::cut(),
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(refusal) => refused(refusal),
        }
    }
}

fn finish(found: Found, malformed: bool) -> Response {
    match found {
        Ok(body) if malformed => respond::half_of(&body),
        Ok(body) => respond::json(StatusCode::OK, &body),
        Err(answer) => *answer,
    }
}

fn refused(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Bad(message) => error(StatusCode::BAD_REQUEST, &message),
        Refusal::NotFound(message) => error(StatusCode::NOT_FOUND, &message),
        Refusal::Precondition => {
            error(StatusCode::PRECONDITION_FAILED, "The precondition given in the request header was not met.")
        }
        Refusal::Invalid(record, _) => respond::json(StatusCode::UNPROCESSABLE_ENTITY, &record),
        // The ERP's own exception, which is how it refuses what is not a matter of one field.
        Refusal::Forbidden(message) => error(StatusCode::INTERNAL_SERVER_ERROR, &message),
        Refusal::Io(problem) => respond::failed(&problem),
    }
}

async fn endpoints(Path(instance): Path<String>) -> Response {
    let endpoint = |version: &&str| json!({"name": "Default", "version": version, "href": format!("/{instance}/entity/Default/{version}/")});
    let endpoints: Vec<Value> = VERSIONS.iter().map(endpoint).collect();
    respond::json(
        StatusCode::OK,
        &json!({"version": {"acumaticaBuildVersion": BUILD, "databaseVersion": BUILD}, "endpoints": endpoints}),
    )
}
