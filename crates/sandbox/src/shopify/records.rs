//! What a shop's own back office does when somebody saves a record: fills in what is missing, checks, adds up.
//!
//! A record is kept in the shape of the Admin API's type, with three differences: references are numbers, a connection is a list, and an amount is
//! its text in the shop's currency.

mod customer;
mod order;
mod product;

use std::io;

use serde_json::{Value, json};

use crate::clock::{parse_millis, seconds_text};
use crate::decimal::Decimal;
use crate::table::{Doc, Row};
use crate::world::World;

use super::selection::parse_gid;
use super::shop::{CUSTOMERS, ORDERS, PRODUCTS};

pub use order::cancellation;

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
    match table {
        ORDERS => order::complete(&mut doc, world)?,
        CUSTOMERS => customer::complete(&mut doc)?,
        PRODUCTS => product::complete(&mut doc)?,
        _ => return Err(Refusal::NotFound),
    }
    world.put(table, Row { seq, modified, doc }, None)?;
    Ok(seq)
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
fn reference(value: &Value) -> Option<u64> {
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
