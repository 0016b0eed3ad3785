//! When the ERP refuses to delete: what other documents need, and what has been worked on, stays.

use serde_json::Value;

use crate::table::Doc;
use crate::world::World;

use super::super::entities::{CUSTOMER, Entity, PAYMENT, SALES_ORDER, SHIPMENT, STOCK, STOCK_ITEM};
use super::payment::RELEASED;
use super::{decimal, text};

/// Why a record cannot be deleted; `None` when it can.
#[must_use]
pub fn refusal(entity: &'static Entity, world: &World, doc: &Doc) -> Option<String> {
    match entity.name {
        name if name == CUSTOMER.name => customer(world, doc),
        name if name == STOCK_ITEM.name => stock_item(world, doc),
        name if name == SALES_ORDER.name => sales_order(world, doc),
        name if name == PAYMENT.name => RELEASED
            .contains(&text(doc, "Status"))
            .then(|| "The payment has been released and cannot be deleted. Void it instead.".to_owned()),
        name if name == SHIPMENT.name => (!["Open", "On Hold"].contains(&text(doc, "Status")))
            .then(|| "The shipment has been confirmed and cannot be deleted.".to_owned()),
        _ => None,
    }
}

/// Why an order cannot be cancelled; `None` when it can.
#[must_use]
pub fn no_cancel(world: &World, order: &Doc) -> Option<String> {
    if ["Completed", "Canceled", "Shipping"].contains(&text(order, "Status")) {
        return Some("The Cancel Order button is disabled.".to_owned());
    }
    has_row(world, &SHIPMENT, "Orders", "OrderNbr", text(order, "OrderNbr"))
        .then(|| "The sales order has shipments and cannot be canceled.".to_owned())
}

fn customer(world: &World, doc: &Doc) -> Option<String> {
    let id = text(doc, "CustomerID");
    let uses = |entity: &Entity| world.table(entity.name).find("CustomerID", id).is_some_and(|rows| !rows.is_empty());
    [&SALES_ORDER, &PAYMENT, &SHIPMENT]
        .into_iter()
        .find(|entity| uses(entity))
        .map(|entity| format!("The customer '{id}' cannot be deleted because it is used in the {} table.", entity.name))
}

fn stock_item(world: &World, doc: &Doc) -> Option<String> {
    let id = text(doc, "InventoryID");
    let is_ordered = [&SALES_ORDER, &SHIPMENT].into_iter().any(|e| has_row(world, e, "Details", "InventoryID", id));
    let levels = world.table(STOCK.name).find("InventoryID", id).unwrap_or_default();
    let is_there = levels.iter().any(|row| decimal(&row.doc, "QtyOnHand").is_some_and(|on_hand| !on_hand.is_zero()));
    (is_ordered || is_there)
        .then(|| format!("The item '{id}' cannot be deleted because documents or quantities of it exist."))
}

fn sales_order(world: &World, doc: &Doc) -> Option<String> {
    let number = text(doc, "OrderNbr");
    let is_used = has_row(world, &SHIPMENT, "Orders", "OrderNbr", number)
        || has_row(world, &PAYMENT, "OrdersToApply", "OrderNbr", number);
    (is_used || text(doc, "Status") == "Completed")
        .then(|| format!("The sales order '{number}' cannot be deleted because shipments or payments of it exist."))
}

fn has_row(world: &World, entity: &Entity, list: &str, field: &str, value: &str) -> bool {
    world.table(entity.name).rows().any(|row| {
        let rows = row.doc.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        rows.iter().any(|own| own.get(field).and_then(Value::as_str) == Some(value))
    })
}
