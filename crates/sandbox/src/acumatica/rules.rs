//! What the ERP does with a record before it keeps it: defaults, numbers, sums, checks.

mod customer;
pub mod deletion;
mod payment;
mod sales_order;
mod shipment;
mod stock;
mod stock_item;

use serde_json::Value;

use crate::decimal::Decimal;
use crate::table::Doc;
use crate::world::World;

use super::entities::{CUSTOMER, Entity, Field, Kind, PAYMENT, SALES_ORDER, SHIPMENT, STOCK};
use super::render::{FieldError, Step};

/// Completes a record and says what is wrong with it. `before` is what it was, `seq` its number.
#[must_use]
pub fn complete(
    entity: &'static Entity,
    world: &World,
    doc: &mut Doc,
    before: Option<&Doc>,
    seq: u64,
    now: i64,
) -> Vec<FieldError> {
    let mut errors = Errors::default();
    if entity == &SALES_ORDER {
        sales_order::complete(world, doc, before, seq, now, &mut errors);
    } else if entity == &CUSTOMER {
        customer::complete(doc, seq, &mut errors);
    } else if entity == &PAYMENT {
        payment::complete(world, doc, before, seq, now, &mut errors);
    } else if entity == &SHIPMENT {
        shipment::complete(world, doc, before, seq, now, &mut errors);
    } else if entity == &STOCK {
        stock::complete(world, doc, before, &mut errors);
    } else {
        stock_item::complete(doc, &mut errors);
    }
    choices(entity.fields, doc, &[], &mut errors);
    errors.0
}

/// The value of a key field in what was sent: none when the record is to get a number of its own.
#[must_use]
pub fn key_value(entity: &'static Entity, key: &str, patch: &Doc) -> Option<String> {
    let given = text(patch, key);
    if given.is_empty() {
        let usual = match key {
            "OrderType" => "SO",
            "Type" => "Payment",
            "WarehouseID" => "MAIN",
            _ => return None,
        };
        return entity.keys.contains(&key).then(|| usual.to_owned());
    }
    (!given.starts_with("<NEW>")).then(|| given.to_owned())
}

/// The errors found so far.
#[derive(Debug, Default)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { path: vec![Step::Field(field)], message: message.into() });
    }

    fn add_in_row(&mut self, details: &'static str, row: usize, field: &'static str, message: impl Into<String>) {
        self.0.push(FieldError {
            path: vec![Step::Field(details), Step::Row(row), Step::Field(field)],
            message: message.into(),
        });
    }
}

/// A drop-down list takes only the values that it has.
fn choices(fields: &'static [Field], doc: &Doc, path: &[Step], errors: &mut Errors) {
    for (name, kind) in fields {
        let here = || path.iter().cloned().chain([Step::Field(name)]).collect::<Vec<_>>();
        match (kind, doc.get(*name)) {
            (Kind::Choice(values), Some(Value::String(value))) if !values.contains(&value.as_str()) => {
                let message = format!("The list value '{value}' is not allowed for the field {name}.");
                errors.0.push(FieldError { path: here(), message });
            }
            (Kind::Linked(inner), Some(Value::Object(object))) => choices(inner, object, &here(), errors),
            (Kind::Details(inner), Some(Value::Array(rows))) => {
                for (number, row) in rows.iter().enumerate() {
                    let path: Vec<Step> = here().into_iter().chain([Step::Row(number)]).collect();
                    row.as_object().into_iter().for_each(|row| choices(inner, row, &path, errors));
                }
            }
            _ => {}
        }
    }
}

fn text<'a>(doc: &'a Doc, field: &str) -> &'a str {
    doc.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn flag(doc: &Doc, field: &str) -> bool {
    doc.get(field).and_then(Value::as_bool).unwrap_or_default()
}

fn decimal(doc: &Doc, field: &str) -> Option<Decimal> {
    doc.get(field).and_then(Decimal::from_json)
}

fn set(doc: &mut Doc, field: &str, value: impl Into<Value>) {
    doc.insert(field.to_owned(), value.into());
}

fn default(doc: &mut Doc, field: &str, value: impl Into<Value>) {
    if doc.get(field).is_none_or(|value| value.is_null() || value.as_str() == Some("")) {
        set(doc, field, value);
    }
}
