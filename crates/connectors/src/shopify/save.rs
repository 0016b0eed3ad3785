//! Writing a record: one mutation (two in one request where Shopify splits a record), whose own answer says what the
//! shop holds now.
//!
//! How an insert that was sent twice stays one, entity by entity:
//! * customers and products carry the idempotency key in a metafield of the type `id` ([`NAMESPACE`], [`KEY`]). Shopify
//!   keeps such values unique and looks records up by them without a search index in between, so a second insert is
//!   refused and the first one found (<https://shopify.dev/docs/apps/build/metafields/working-with-custom-ids>).
//! * shipments: a note on the order, see [`super::shipments`].
//! * stock is set to a number, compared with the number it had, under an `@idempotent` key
//!   (<https://shopify.dev/docs/api/usage/implementing-idempotency>).
//!
//! Updates say what a record is to be, not how it is to change, so repeating one changes nothing.

mod customer;
mod order;
mod product;
mod shipment;
mod stock;

use domain::canonical::{Address, Canonical};
use domain::{Entity, Vendor};
use serde_json::{Value, json};

use super::queries::{self, Query};
use super::{Shopify, model};
use crate::error::{Error, Failure, Result};
use crate::text::line;
use crate::vendor::{Exchange, Found, Save, Saved};

/// Where our ids are, among a record's metafields.
pub(super) const NAMESPACE: &str = "syncline";
pub(super) const KEY: &str = "record";

type Outcome = std::result::Result<Saved, Failure>;

impl Shopify {
    pub(super) async fn write(&self, save: &Save) -> Outcome {
        let record = super::normalise::normalise(&save.record);
        let current = save.current.as_ref().map(super::normalise::normalise);
        match (&record, &save.id) {
            (Canonical::Customer(customer), None) => self.insert_customer(save, customer).await,
            (Canonical::Customer(customer), Some(id)) => self.update_customer(id, customer, current.as_ref()).await,
            (Canonical::Product(product), None) => self.insert_product(save, product).await,
            (Canonical::Product(product), Some(id)) => self.update_product(id, product, current.as_ref()).await,
            (Canonical::Order(order), Some(id)) => self.update_order(id, order, current.as_ref()).await,
            (Canonical::Shipment(shipment), None) => self.insert_shipment(save, shipment).await,
            (Canonical::Shipment(shipment), Some(id)) => self.update_shipment(id, shipment, current.as_ref()).await,
            (Canonical::Stock(stock), Some(id)) => self.update_stock(id, stock, current.as_ref()).await,
            _ => Err(unsupported(record.entity(), "written").into()),
        }
    }

    /// The record that an insert with this key made.
    pub(super) async fn written(&self, entity: Entity, key: &str) -> Result<Option<Found>> {
        let Some(query) = queries::written(entity) else { return Ok(None) };
        self.define(entity).await?;
        let variables = json!({"custom": {"namespace": NAMESPACE, "key": KEY, "value": key}});
        let answer = self.api.query(query, 1, variables).await?;
        let node = answer.data.get("written").cloned().unwrap_or_default();
        let currency = self.currency_for(entity).await?;
        let batch = self.complete(entity, vec![node], currency).await?;
        Ok(batch.all_readable()?.into_iter().next())
    }

    /// Makes sure that the metafield of our ids is defined: Shopify says so when it is there already.
    pub(super) async fn define(&self, entity: Entity) -> Result<()> {
        let (owner, defined) = match entity {
            Entity::Customer => ("CUSTOMER", &self.customer_ids),
            _ => ("PRODUCT", &self.product_ids),
        };
        let define = || async {
            let definition = json!({
                "name": "Syncline record", "namespace": NAMESPACE, "key": KEY, "type": "id", "ownerType": owner,
            });
            let answer = self.api.mutate(&queries::DEFINE, json!({"definition": definition})).await;
            let (data, _) = answer.map_err(|failure| failure.error)?;
            match user_error(&data) {
                Some(Error::Rejected { code, .. }) if code == "TAKEN" => Ok(()),
                Some(error) => Err(error),
                None => Ok(()),
            }
        };
        defined.get_or_try_init(define).await.map(|_: &()| ())
    }

    /// Our id, as a new record carries it.
    fn own_id(save: &Save) -> Value {
        json!([{"namespace": NAMESPACE, "key": KEY, "type": "id", "value": save.idempotency_key}])
    }

    /// Inserts; when the shop refuses, it may be because the same insert arrived before.
    async fn insert(&self, save: &Save, query: &Query, input: Value) -> Outcome {
        let entity = save.record.entity();
        self.define(entity).await?;
        let (data, exchange) = self.api.mutate(query, json!({"input": input})).await?;
        let Some(refused) = user_error(&data) else { return self.saved(entity, data, exchange).await };
        match self.written(entity, &save.idempotency_key).await {
            Ok(Some(found)) => Ok(Saved { found, exchange }),
            Ok(None) => Err(Failure { error: refused, exchange: Some(exchange) }),
            Err(error) => Err(Failure { error, exchange: Some(exchange) }),
        }
    }

    /// Updates; when the shop refuses, it may be because the record is gone.
    async fn update(&self, entity: Entity, id: &str, query: &Query, variables: Value) -> Outcome {
        let (data, exchange) = self.api.mutate(query, variables).await?;
        let Some(refused) = user_error(&data) else { return self.saved(entity, data, exchange).await };
        let error = match self.found(entity, &[id.to_owned()]).await {
            Ok(found) if found.is_empty() => Error::NotFound,
            Ok(_) => refused,
            Err(error) => error,
        };
        Err(Failure { error, exchange: Some(exchange) })
    }

    /// What the mutation's answer says that the shop holds now.
    async fn saved(&self, entity: Entity, mut data: Value, exchange: Exchange) -> Outcome {
        let fields = ["customer", "product", "order", "fulfillment"];
        let payloads = data.as_object_mut().into_iter().flat_map(|data| data.values_mut());
        let node =
            payloads.filter_map(|payload| fields.iter().find_map(|field| payload.get_mut(field).map(Value::take)));
        let node = node.last().unwrap_or_default();
        match self.read_one(entity, node).await {
            Ok(found) => Ok(Saved { found, exchange }),
            Err(error) => Err(Failure { error, exchange: Some(exchange) }),
        }
    }

    async fn read_one(&self, entity: Entity, node: Value) -> Result<Found> {
        let currency = self.currency_for(entity).await?;
        let found = self.complete(entity, vec![node], currency).await?.all_readable()?.into_iter().next();
        found.ok_or_else(|| model::malformed("the mutation's answer lacks the record"))
    }

    /// Nothing differs in what the shop lets us change: what it holds is read.
    async fn as_it_is(&self, entity: Entity, id: &str) -> Outcome {
        let found = self.found(entity, &[id.to_owned()]).await?.into_iter().next().ok_or(Error::NotFound)?;
        Ok(Saved { found, exchange: Exchange::default() })
    }
}

/// The first of the user errors of all mutations of a request: Shopify's code, words and field.
pub(super) fn user_error(data: &Value) -> Option<Error> {
    let lists = ["userErrors", "orderCancelUserErrors"];
    let payloads = data.as_object()?.values();
    let error =
        payloads.flat_map(|payload| lists.iter().filter_map(|list| payload.get(list)?.as_array())).flatten().next()?;
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let field = error.get("field").and_then(Value::as_array).map(|path| {
        let parts: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
        line(&parts.join("."), 255)
    });
    Some(Error::Rejected {
        code: line(text("code").unwrap_or("user_error"), 80),
        message: line(text("message").unwrap_or("Shopify refused it without a word."), 300),
        field: field.filter(|field| !field.is_empty()),
    })
}

pub(super) fn unsupported(entity: Entity, done: &str) -> Error {
    let vendor = Vendor::Shopify.label();
    let what = entity.label();
    let message = match entity {
        Entity::Order => format!("{what} are made by buyers in {vendor}; Syncline changes a note or an address only."),
        Entity::Payment => format!("{what} are what {vendor} took in; Syncline only reads them."),
        Entity::Stock => format!("{what} come and go with their products in {vendor}; create the product first."),
        _ => format!("{what} cannot be {done} by Syncline in {vendor}."),
    };
    Error::Rejected { code: "unsupported".into(), message, field: None }
}

/// First and last name; Shopify shows them with a blank between them.
fn names(name: &str) -> (Option<&str>, Option<&str>) {
    match name.rsplit_once(' ') {
        Some((first, last)) => (Some(first), Some(last)),
        None => (None, Some(name).filter(|name| !name.is_empty())),
    }
}

/// A `MailingAddressInput`; what is not there is emptied.
fn address_input(address: &Address) -> Value {
    let (first, last) = names(address.name.as_deref().unwrap_or_default());
    json!({
        "firstName": first, "lastName": last, "address1": address.line1, "address2": address.line2,
        "city": address.city, "provinceCode": address.region, "zip": address.postal_code,
        "countryCode": address.country,
    })
}
