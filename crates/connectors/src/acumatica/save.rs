//! Writing a record: one `PUT`, which is the upsert of the contract-based API, and what the ERP made of it.
//!
//! An insert carries its idempotency key in a field that can be searched, finds by that field, and is refused when the
//! record is there already (`If-None-Match: *`): repeating it changes nothing. An update carries the key fields and
//! only what differs, and never makes a record (`If-Match: *`).

use domain::Entity;
use domain::canonical::{Canonical, Order, OrderLine};
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderName, Method, StatusCode};
use serde_json::{Map, Value};

use super::Acumatica;
use super::api::{Call, succeeded};
use super::body;
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
            _ => {}
        }
        let (response, exchange) = self.put(table, &find, precondition, fields).await?;
        if response.status == StatusCode::PRECONDITION_FAILED {
            return self.already_there(entity, save, exchange).await;
        }
        self.written(entity, response, exchange).await
    }

    pub(super) async fn update(&self, save: &Save, id: &str, record: &Canonical) -> Outcome {
        let entity = record.entity();
        let table = table(entity);
        let current = save.current.as_ref().map(|current| self.normalise(current));
        let mut fields = body::fields(record, current.as_ref())?;
        if let Canonical::Order(order) = record
            && body::differ(order, order_in(current.as_ref()))
        {
            fields.extend(object([("Details", self.changed_lines(id, order).await?)]));
        }
        fields.extend(object([(table.key, wrap(Some(id)))]));
        if entity == Entity::Order {
            fields.extend(object([("OrderType", wrap(Some("SO")))]));
        }
        let (response, exchange) = self.put(table, "", Some(IF_MATCH), fields).await?;
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

    async fn changed_lines(&self, id: &str, order: &Order) -> Result<Value> {
        let table = table(Entity::Order);
        let filter = all(&[table.condition, &equals(table.key, id)]);
        let records = self.api.find(table.name, &[("$filter", &filter), ("$expand", "Details")]).await?;
        let raw = records.rows.first().ok_or(Error::NotFound)?;
        let currency = text(raw, "CurrencyID").unwrap_or(&order.currency);
        let existing: Vec<(&Value, OrderLine)> = rows(raw, "Details")
            .iter()
            .map(|row| model::order_line(row, currency).map(|line| (row, line)))
            .collect::<std::result::Result<_, _>>()
            .map_err(|message| Error::Malformed { message })?;
        body::update_lines(order, &existing)
    }

    async fn put(
        &self,
        table: &Table,
        find: &str,
        precondition: Option<HeaderName>,
        fields: Map<String, Value>,
    ) -> Result<(Response, Exchange)> {
        let body = Value::Object(fields);
        let query = table.query(&[("$filter", find)]);
        let call = Call { method: Method::PUT, entity: table.name, query: &query, precondition, body: Some(&body) };
        let request = Exchange::request(&call.method, &self.api.url(&call), &body.to_string());
        let response = self.api.call(&call).await?;
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

fn order_in(record: Option<&Canonical>) -> Option<&Order> {
    match record {
        Some(Canonical::Order(order)) => Some(order),
        _ => None,
    }
}
