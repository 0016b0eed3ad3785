//! Writing a record: one `PUT`, which is the upsert of the contract-based API, and what the ERP made of it.
//!
//! An insert carries its idempotency key in a field that can be searched, finds by that field, and is refused when the
//! record is there already (`If-None-Match: *`): repeating it changes nothing. An update carries the key fields and
//! only what differs, and never makes a record (`If-Match: *`).
//!
//! Everything up to the answer of the `PUT` has one deadline: after it, nothing that was begun can still be applied but
//! a request that the ERP is working on.

use domain::Entity;
use domain::canonical::{Canonical, Order, OrderLine, Payment};
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderName, Method, StatusCode};
use serde_json::{Map, Value};

use super::Acumatica;
use super::api::{Call, succeeded};
use super::body;
use super::deadline::Deadline;
use super::filter::{all, equals};
use super::model;
use super::table::{Table, table};
use super::value::{object, rows, text, wrap};
use crate::error::{Error, Failure, Result};
use crate::http::Response;
use crate::vendor::{Connector, Exchange, Found, Save, Saved};

type Outcome = std::result::Result<Saved, Failure>;

impl Acumatica {
    pub(super) async fn insert(&self, save: &Save, record: &Canonical) -> Outcome {
        let entity = record.entity();
        let table = table(entity);
        let mut fields = body::fields(record, None)?;
        let (mut find, mut precondition) = (String::new(), None);
        if let Some(reference) = table.reference {
            fields.extend(object([(reference, wrap(Some(&save.idempotency_key)))]));
            find = all(&[&equals(reference, &save.idempotency_key), table.condition]);
            precondition = Some(IF_NONE_MATCH);
        }
        match record {
            Canonical::Order(order) => {
                let details = body::insert_lines(order)?;
                fields.extend(object([("OrderType", wrap(Some("SO"))), ("Details", details)]));
            }
            Canonical::Product(product) => fields.extend(object([("InventoryID", wrap(Some(&product.sku)))])),
            Canonical::Payment(payment) => fields.extend(body::applied(payment, &self.accounting)),
            Canonical::Customer(_) | Canonical::Shipment(_) | Canonical::Stock(_) => {}
        }
        let (response, exchange) = self.put(self.api.deadline(), table, &find, precondition, fields).await?;
        if response.status == StatusCode::PRECONDITION_FAILED {
            return self.already_there(entity, save, exchange).await;
        }
        self.written(entity, response, exchange).await
    }

    pub(super) async fn update(&self, save: &Save, id: &str, record: &Canonical) -> Outcome {
        let (entity, deadline) = (record.entity(), self.api.deadline());
        let table = table(entity);
        let current = save.current.as_ref().map(|current| self.normalise(current));
        let mut fields = body::fields(record, current.as_ref())?;
        match (record, current.as_ref()) {
            (Canonical::Order(order), current) if body::differ(order, order_in(current)) => {
                fields.extend(object([("Details", self.changed_lines(deadline, id, order).await?)]));
            }
            (Canonical::Payment(payment), current) if order_of(current) != Some(&payment.order) => {
                let raw = self.raw(deadline, table, id).await?;
                let orders = body::reapplied(payment, rows(&raw, "OrdersToApply"));
                fields.extend(object([("OrdersToApply", orders)]));
            }
            _ => {}
        }
        fields.extend(key_fields(table, id));
        let (response, exchange) = self.put(deadline, table, "", Some(IF_MATCH), fields).await?;
        if response.status == StatusCode::PRECONDITION_FAILED {
            return Err(Failure { error: Error::NotFound, exchange: Some(exchange) });
        }
        self.written(entity, response, exchange).await
    }

    /// The insert arrived earlier: what it made is the answer.
    async fn already_there(&self, entity: Entity, save: &Save, exchange: Exchange) -> Outcome {
        match self.find_written(entity, &save.idempotency_key).await {
            Ok(Some(found)) => Ok(Saved { found, exchange }),
            Ok(None) => {
                let message = "The ERP says that the record is there already, and it cannot be found. Retry later.";
                let error = Error::Rejected { code: "412".into(), message: message.into(), field: None };
                Err(Failure { error, exchange: Some(exchange) })
            }
            Err(error) => Err(Failure { error, exchange: Some(exchange) }),
        }
    }

    async fn changed_lines(&self, deadline: Deadline, id: &str, order: &Order) -> Result<Value> {
        let raw = self.raw(deadline, table(Entity::Order), id).await?;
        let currency = text(&raw, "CurrencyID").unwrap_or(&order.currency);
        let existing: Vec<(&Value, OrderLine)> = rows(&raw, "Details")
            .iter()
            .map(|row| model::order_line(row, currency).map(|line| (row, line)))
            .collect::<std::result::Result<_, _>>()
            .map_err(|message| Error::Malformed { message })?;
        body::update_lines(order, &existing)
    }

    /// The record as the ERP answers it, with the ids of its rows.
    pub(super) async fn raw(&self, deadline: Deadline, table: &Table, id: &str) -> Result<Value> {
        let filter = all(&[table.condition, &equals(table.key, id)]);
        let records = self.api.find(deadline, table.name, &table.query(&[("$filter", &filter)])).await?;
        records.rows.into_iter().next().ok_or(Error::NotFound)
    }

    pub(super) async fn put(
        &self,
        deadline: Deadline,
        table: &Table,
        find: &str,
        precondition: Option<HeaderName>,
        fields: Map<String, Value>,
    ) -> Result<(Response, Exchange)> {
        let body = Value::Object(fields);
        let query = table.query(&[("$filter", find)]);
        let call = Call { method: Method::PUT, path: &[table.name], query: &query, precondition, body: Some(&body) };
        self.exchanged(deadline, &call).await
    }

    /// Sends a call and keeps what was said.
    pub(super) async fn exchanged(&self, deadline: Deadline, call: &Call<'_>) -> Result<(Response, Exchange)> {
        let body = call.body.map(Value::to_string).unwrap_or_default();
        let request = Exchange::request(&call.method, &self.api.url(call), &body);
        let response = self.api.call(deadline, call).await?;
        let exchange = Exchange { request, response: Exchange::response(&response) };
        Ok((response, exchange))
    }

    /// What the answer says that the ERP holds now; the record is read when the answer does not say it completely.
    async fn written(&self, entity: Entity, response: Response, exchange: Exchange) -> Outcome {
        match self.read_back(entity, response).await {
            Ok(found) => Ok(Saved { found, exchange }),
            Err(error) => Err(Failure { error, exchange: Some(exchange) }),
        }
    }

    async fn read_back(&self, entity: Entity, response: Response) -> Result<Found> {
        let raw: Value = succeeded(response)?.json()?;
        let table = table(entity);
        if model::modified(table, &raw).is_some() {
            return self.reader().read(entity, &raw).map_err(|message| Error::Malformed { message });
        }
        let id = text(&raw, table.key)
            .ok_or_else(|| Error::Malformed { message: format!("the answer lacks {}", table.key) })?;
        self.read(entity, &[id.to_owned()]).await?.into_iter().next().ok_or(Error::NotFound)
    }
}

/// The fields by which an existing record is found.
pub(super) fn key_fields(table: &Table, id: &str) -> Map<String, Value> {
    let kind = table.kind.map(|(name, kind)| (name, wrap(Some(kind))));
    object(kind.into_iter().chain([(table.key, wrap(Some(id)))]))
}

fn order_in(record: Option<&Canonical>) -> Option<&Order> {
    match record {
        Some(Canonical::Order(order)) => Some(order),
        _ => None,
    }
}

/// The order that a payment is applied to, as far as it is known.
fn order_of(record: Option<&Canonical>) -> Option<&Option<domain::canonical::Reference>> {
    match record {
        Some(Canonical::Payment(Payment { order, .. })) => Some(order),
        _ => None,
    }
}
