//! What a shop's own back office does when somebody saves a record: fills in what is missing, checks, adds up.
//!
//! A record is kept in the shape of the Admin API's type, with three differences: references are numbers, a connection is a list, and an amount is
//! its text in the shop's currency.

mod customer;
mod fulfilment;
mod metafield;
mod order;
mod payment;
mod product;
mod stock;

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::{parse_millis, seconds_text};
use crate::decimal::Decimal;
use crate::table::{Doc, Row};
use crate::world::World;

use super::selection::parse_gid;
use super::shop::{CUSTOMERS, ORDERS, PAYMENTS, PRODUCTS, SHIPMENTS, STOCK};

pub use customer::address;
pub use fulfilment::{computed, line_of, parcel, remaining};
pub use metafield::{definition, given_id, identified, metafield, set as set_metafield};
pub use order::cancellation;
pub use stock::location;

/// The currency of every sandbox shop.
pub const CURRENCY: &str = "EUR";

/// Why a record was not saved.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such record.
    #[error("there is no record with this number")]
    NotFound,
    /// A field is wrong.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The state could not be kept.
    #[error("the state could not be written")]
    Io(#[from] io::Error),
}

/// Saves a new record (`number` none) or changes one: what `changes` names is replaced, the rest stays.
///
/// `updatedAt` is `now` (milliseconds) unless `changes` gives it.
pub fn save(
    world: &mut World,
    table: &'static str,
    number: Option<u64>,
    changes: &Doc,
    now: i64,
) -> Result<u64, Refusal> {
    let seq = number.unwrap_or_else(|| world.table(table).next_seq());
    let mut doc = match number {
        Some(number) => world.table(table).get(number).ok_or(Refusal::NotFound)?.doc.clone(),
        None => Doc::new(),
    };
    doc.extend(changes.clone());
    doc.insert("id".to_owned(), Value::from(seq));
    let modified =
        changes.get("updatedAt").and_then(Value::as_str).and_then(parse_millis).unwrap_or(now) / 1_000 * 1_000;
    doc.insert("updatedAt".to_owned(), Value::from(seconds_text(modified)));
    default(&mut doc, "createdAt", || Value::from(seconds_text(modified)));
    let (pay, fulfil) = (doc.remove("markAsPaid"), doc.remove("fulfil"));
    match table {
        ORDERS => order::complete(&mut doc, world)?,
        CUSTOMERS => customer::complete(&mut doc)?,
        PRODUCTS => product::complete(&mut doc)?,
        PAYMENTS => payment::complete(&mut doc, world)?,
        SHIPMENTS => fulfilment::complete(&mut doc, world)?,
        STOCK => stock::complete(&mut doc, number)?,
        _ => return Err(Refusal::NotFound),
    }
    if table == PRODUCTS {
        stock::follow(world, &mut doc, modified)?;
    }
    world.put(table, Row { seq, modified, doc }, None)?;
    match table {
        PAYMENTS | SHIPMENTS => order::follow(world, table, seq, now)?,
        STOCK => product::follow(world, seq, now)?,
        ORDERS if pay.is_some() => drop(save(world, PAYMENTS, None, &of(seq), now)?),
        ORDERS if fulfil.is_some() => drop(save(world, SHIPMENTS, None, &of(seq), now)?),
        _ => {}
    }
    Ok(seq)
}

/// Takes a record out, with what belongs to it. One that is not there is gone already.
pub fn remove(world: &mut World, table: &'static str, number: u64) -> io::Result<()> {
    let below: Vec<(&'static str, u64)> = match table {
        ORDERS => [PAYMENTS, SHIPMENTS]
            .into_iter()
            .flat_map(|below| of_order(world, below, Some(number)).into_iter().map(move |row| (below, row.seq)))
            .collect(),
        PRODUCTS => stock::of_product(world, number).into_iter().map(|seq| (STOCK, seq)).collect(),
        _ => Vec::new(),
    };
    for (below, seq) in below {
        world.remove(below, seq)?;
    }
    world.remove(table, number)
}

/// The payments or shipments of an order, the oldest first.
#[must_use]
pub fn of_order(world: &World, table: &str, order: Option<u64>) -> Vec<Arc<Row>> {
    let mut rows = order.and_then(|order| world.table(table).find("order", &order.to_string())).unwrap_or_default();
    rows.sort_by_key(|row| row.seq);
    rows
}

/// The app, with the access scopes that the limits name, or all of them.
#[must_use]
pub fn installation(world: &World) -> Doc {
    let scopes: Vec<Value> = scopes(world)
        .into_iter()
        .map(|scope| json!({"handle": scope, "description": scope.replace('_', " ")}))
        .collect();
    Doc::from_iter([("id".to_owned(), Value::from(1)), ("accessScopes".to_owned(), Value::from(scopes))])
}

/// The access scopes of the token.
#[must_use]
pub fn scopes(world: &World) -> Vec<String> {
    let set = world.limits().get("scopes").and_then(Value::as_array);
    match set {
        Some(set) => set.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect(),
        None => SCOPES.into_iter().map(str::to_owned).collect(),
    }
}

const SCOPES: [&str; 10] = [
    "read_orders",
    "write_orders",
    "read_customers",
    "write_customers",
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
];

fn of(order: u64) -> Doc {
    Doc::from_iter([("order".to_owned(), Value::from(order))])
}

/// The shop itself.
#[must_use]
pub fn shop(name: &str) -> Doc {
    let shop = json!({
        "id": 1,
        "name": title(name),
        "email": format!("owner@{name}.example"),
        "myshopifyDomain": format!("{name}.myshopify.com"),
        "url": format!("https://{name}.myshopify.com"),
        "currencyCode": CURRENCY,
        "ianaTimezone": "Europe/Vienna",
        "timezoneAbbreviation": "CET",
        "taxesIncluded": false,
        "plan": {"publicDisplayName": "Advanced", "displayName": "Advanced", "partnerDevelopment": false, "shopifyPlus": false},
    });
    if let Value::Object(doc) = shop { doc } else { Doc::new() }
}

/// A reference given as a number, a global id, or an object with one of them.
pub fn reference(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(id) => parse_gid(id).map(|(_, number)| number).or_else(|| id.parse().ok()),
        Value::Object(object) => object.get("id").and_then(reference),
        _ => None,
    }
}

fn default(doc: &mut Doc, field: &str, value: impl FnOnce() -> Value) {
    if doc.get(field).is_none_or(Value::is_null) {
        doc.insert(field.to_owned(), value());
    }
}

fn text<'a>(doc: &'a Doc, field: &str) -> &'a str {
    doc.get(field).and_then(Value::as_str).unwrap_or_default().trim()
}

fn amount(doc: &Doc, field: &str) -> Result<Decimal, Refusal> {
    let Some(value) = doc.get(field).filter(|value| !value.is_null()) else { return Ok(Decimal::ZERO) };
    let value = value.pointer("/shopMoney/amount").unwrap_or(value);
    let amount = Decimal::from_json(value).filter(|amount| !amount.is_negative());
    amount.map(|amount| amount.round(2)).ok_or_else(|| invalid(field, "must be an amount that is not negative"))
}

fn set_amount(doc: &mut Doc, field: &str, amount: Decimal) {
    doc.insert(field.to_owned(), Value::from(amount.to_money()));
}

fn invalid(field: impl Into<String>, message: impl Into<String>) -> Refusal {
    Refusal::Invalid { field: field.into(), message: message.into() }
}

fn title(name: &str) -> String {
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    name.split('-').map(capital).collect::<Vec<_>>().join(" ")
}
