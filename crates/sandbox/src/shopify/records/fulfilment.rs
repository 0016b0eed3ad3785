//! Fulfilments: what left the house, and what is still to leave.

use serde_json::{Value, json};

use crate::table::Doc;
use crate::world::World;

use super::super::shop::{ORDERS, PRODUCTS, SHIPMENTS};
use super::{Refusal, default, invalid, of_order, reference, text};

/// Fills in a fulfilment: without lines it is all that is still to be sent of its order.
pub fn complete(doc: &mut Doc, world: &World) -> Result<(), Refusal> {
    let order = doc.get("order").and_then(reference);
    let order = order
        .and_then(|order| world.table(ORDERS).get(order))
        .ok_or_else(|| invalid("order", "Order does not exist"))?
        .clone();
    let number = doc.get("id").and_then(Value::as_u64).unwrap_or_default();
    doc.insert("order".to_owned(), Value::from(order.seq));
    let before = of_order(world, SHIPMENTS, Some(order.seq)).into_iter().filter(|row| row.seq != number).count();
    default(doc, "name", || Value::from(format!("{}-F{}", text(&order.doc, "name"), before + 1)));
    default(doc, "status", || Value::from("SUCCESS"));
    default(doc, "displayStatus", || Value::from("FULFILLED"));
    if !doc.contains_key("fulfillmentLineItems") {
        let wanted = doc.remove("lineItems");
        let lines = lines(&order.doc, world, wanted.as_ref(), number)?;
        doc.insert("fulfillmentLineItems".to_owned(), lines);
    }
    tracking(doc);
    Ok(())
}

/// What is still to be sent of each line of an order: the line's number, how many were ordered, how many are left.
#[must_use]
pub fn remaining(order: &Doc, world: &World) -> Vec<(u64, u64, u64)> {
    let sent = of_order(world, SHIPMENTS, order.get("id").and_then(Value::as_u64));
    let sent_of = |line: u64| -> u64 {
        let rows = sent.iter().filter(|row| text(&row.doc, "status") != "CANCELLED");
        let lines = rows.filter_map(|row| row.doc.get("fulfillmentLineItems")?.as_array()).flatten();
        lines.filter(|sent| sent["lineItem"] == line).filter_map(|sent| sent["quantity"].as_u64()).sum()
    };
    let lines = order.get("lineItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let left = |line: &Value| {
        let (id, ordered) = (line["id"].as_u64()?, line["quantity"].as_u64()?);
        Some((id, ordered, ordered.saturating_sub(sent_of(id))))
    };
    lines.iter().filter_map(left).collect()
}

/// The lists of a record that are worked out when they are asked for.
#[must_use]
pub fn computed(world: &World, doc: &Doc, name: &str) -> Option<Vec<Value>> {
    match name {
        "fulfillmentOrders" => Some(vec![fulfillment_order(doc, world)]),
        "variants" if doc.contains_key("variant") => {
            let product = world.table(PRODUCTS).get(doc.get("product")?.as_u64()?)?;
            let own = |variant: &&Value| variant.get("id") == doc.get("variant");
            Some(product.doc.get("variants")?.as_array()?.iter().filter(own).cloned().collect())
        }
        _ => None,
    }
}

/// The order's line that a line of a fulfilment (or of a fulfilment order) is of.
#[must_use]
pub fn line_of(world: &World, doc: &Doc) -> Option<Doc> {
    let order = world.table(ORDERS).get(doc.get("order")?.as_u64()?)?;
    let lines = order.doc.get("lineItems")?.as_array()?;
    lines.iter().find(|line| line.get("id") == doc.get("lineItem"))?.as_object().cloned()
}

/// The only fulfilment order of an order has the order's number, and its lines the numbers of the order's lines.
fn fulfillment_order(order: &Doc, world: &World) -> Value {
    let left = remaining(order, world);
    let status = match left.iter().map(|(_, _, left)| left).sum::<u64>() {
        _ if !text(order, "cancelledAt").is_empty() => "CANCELLED",
        0 => "CLOSED",
        _ if left.iter().any(|(_, ordered, left)| left < ordered) => "IN_PROGRESS",
        _ => "OPEN",
    };
    let line = |(id, ordered, left): &(u64, u64, u64)| json!({"id": id, "lineItem": id, "order": order.get("id"), "totalQuantity": ordered, "remainingQuantity": left});
    // A fulfilment order closes with its last line; the lines that are done stay in it.
    let lines: Vec<Value> = left.iter().map(line).collect();
    json!({"id": order.get("id"), "status": status, "orderName": order.get("name"), "lineItems": lines})
}

fn lines(order: &Doc, world: &World, wanted: Option<&Value>, number: u64) -> Result<Value, Refusal> {
    let left = remaining(order, world);
    let wanted: Vec<(u64, u64)> = match wanted.and_then(Value::as_array).filter(|lines| !lines.is_empty()) {
        None => left.iter().map(|(id, _, left)| (*id, *left)).filter(|(_, left)| *left > 0).collect(),
        Some(lines) => lines.iter().map(|line| wanted_line(order, line)).collect::<Result<_, _>>()?,
    };
    if wanted.is_empty() {
        return Err(invalid("order", "has nothing left to fulfill"));
    }
    let mut lines = Vec::new();
    for (place, (id, quantity)) in wanted.into_iter().enumerate() {
        let left = left.iter().find(|(own, _, _)| *own == id).map_or(0, |(_, _, left)| *left);
        if quantity == 0 || quantity > left {
            return Err(invalid("lineItems", "Invalid fulfillment order line item quantity requested."));
        }
        let line = number * 100 + u64::try_from(place).unwrap_or_default();
        lines.push(json!({"id": line, "order": order.get("id"), "lineItem": id, "quantity": quantity}));
    }
    Ok(Value::Array(lines))
}

fn wanted_line(order: &Doc, line: &Value) -> Result<(u64, u64), Refusal> {
    let own = order.get("lineItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_it = |own: &&Value| match line.get("lineItem").and_then(reference) {
        Some(id) => own["id"] == id,
        None => own.get("sku").is_some_and(|sku| Some(sku) == line.get("sku")),
    };
    let found = own.iter().find(is_it).and_then(|own| own["id"].as_u64());
    let found = found.ok_or_else(|| invalid("lineItems", "Fulfillment order line item does not exist."))?;
    Ok((found, line.get("quantity").and_then(Value::as_u64).unwrap_or(1)))
}

/// What was given as `trackingInfo` (an object) or stands in `tracking`, and the list that the API makes of it.
fn tracking(doc: &mut Doc) {
    let given = match doc.remove("trackingInfo") {
        Some(Value::Object(given)) => Value::Object(given),
        _ => doc.get("tracking").cloned().unwrap_or_default(),
    };
    let tracking = parcel(&given);
    let none = tracking["company"].is_null() && tracking["number"].is_null();
    doc.insert("trackingInfo".to_owned(), if none { json!([]) } else { json!([tracking]) });
    doc.insert("tracking".to_owned(), tracking);
}

/// Tracking information as a fulfilment keeps it: what is empty is null.
#[must_use]
pub fn parcel(given: &Value) -> Value {
    let part = |name: &str| {
        let text = given.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        if text.is_empty() { Value::Null } else { Value::from(text) }
    };
    json!({"company": part("company"), "number": part("number"), "url": part("url")})
}
