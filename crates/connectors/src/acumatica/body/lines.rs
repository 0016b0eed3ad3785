//! An order's lines.
//!
//! Details have no key of the shop's, so that a line is recognised by its item and its place: what is there is walked
//! through in order, a line whose item comes next is kept (and changed where it differs), one that is passed over is
//! deleted, and what is left is added at the end. The order of the lines comes out as it was asked for.

use domain::canonical::{Order, OrderLine};
use serde_json::{Value, json};

use super::super::value::{object, text, wrap, wrap_money, wrap_thousandths};
use super::refused_line;
use crate::error::Result;

/// Whether an update has to look at the lines.
pub(in super::super) fn differ(order: &Order, current: Option<&Order>) -> bool {
    current.is_none_or(|current| current.lines != order.lines)
}

/// The details of a new order.
///
/// # Errors
/// With the line that has no product.
pub(in super::super) fn insert(order: &Order) -> Result<Value> {
    let details = order.lines.iter().enumerate().map(|(index, line)| added(index, line));
    details.collect::<Result<Vec<_>>>().map(Value::Array)
}

/// The details that turn `existing` (raw details with their canonical lines) into the order's lines.
///
/// # Errors
/// With the line that has no product.
pub(in super::super) fn update(order: &Order, existing: &[(&Value, OrderLine)]) -> Result<Value> {
    let mut details = Vec::new();
    let mut rest = existing.iter();
    for (index, line) in order.lines.iter().enumerate() {
        let item = item(index, line)?;
        let place = rest.as_slice().iter().position(|(raw, _)| text(raw, "InventoryID").map(str::trim) == Some(item));
        let Some(place) = place else {
            // All that follows must come after the added line, so nothing behind it is kept.
            details.extend(rest.by_ref().map(|(raw, _)| deleted(raw)));
            details.push(added(index, line)?);
            continue;
        };
        details.extend(rest.by_ref().take(place).map(|(raw, _)| deleted(raw)));
        if let Some((raw, old)) = rest.next() {
            details.extend(changed(raw, old, line));
        }
    }
    details.extend(rest.map(|(raw, _)| deleted(raw)));
    Ok(Value::Array(details))
}

fn item(index: usize, line: &OrderLine) -> Result<&str> {
    let item = line.product.as_ref().map(|product| product.id.as_str()).filter(|id| !id.is_empty());
    item.ok_or_else(|| refused_line(index + 1, &line.title))
}

fn added(index: usize, line: &OrderLine) -> Result<Value> {
    let item = item(index, line)?;
    let mut fields = object([
        ("InventoryID", wrap(Some(item))),
        ("OrderQty", wrap_thousandths(line.quantity_milli)),
        ("UnitPrice", wrap_money(Some(&line.unit_price))),
    ]);
    if !line.title.is_empty() {
        fields.extend(object([("LineDescription", wrap(Some(&line.title)))]));
    }
    Ok(Value::Object(fields))
}

fn changed(raw: &Value, old: &OrderLine, new: &OrderLine) -> Option<Value> {
    let mut fields = object([]);
    if old.title != new.title && !new.title.is_empty() {
        fields.extend(object([("LineDescription", wrap(Some(&new.title)))]));
    }
    if old.quantity_milli != new.quantity_milli {
        fields.extend(object([("OrderQty", wrap_thousandths(new.quantity_milli))]));
    }
    if old.unit_price != new.unit_price {
        fields.extend(object([("UnitPrice", wrap_money(Some(&new.unit_price)))]));
    }
    if fields.is_empty() {
        return None;
    }
    fields.insert("id".to_owned(), raw["id"].clone());
    Some(Value::Object(fields))
}

fn deleted(raw: &Value) -> Value {
    json!({"id": raw["id"], "delete": true})
}
