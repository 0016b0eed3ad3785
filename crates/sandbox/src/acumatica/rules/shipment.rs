//! Shipments: the order that they deliver, its open lines, packages.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::millis_text;
use crate::decimal::Decimal;
use crate::table::Doc;
use crate::world::World;

use super::super::entities::SALES_ORDER;
use super::super::write::by_keys;
use super::super::write::follow::open_lines;
use super::{Errors, decimal, default, set, text};

const DAY: i64 = 86_400_000;

/// Numbers and completes a shipment; one without lines delivers all that its order has open.
pub fn complete(world: &World, doc: &mut Doc, before: Option<&Doc>, seq: u64, now: i64, errors: &mut Errors) {
    let number = before.map_or_else(|| format!("{seq:06}"), |before| text(before, "ShipmentNbr").to_owned());
    set(doc, "ShipmentNbr", number);
    for (field, value) in [
        ("Type", "Shipment"),
        ("Status", "Confirmed"),
        ("Operation", "Issue"),
        ("WarehouseID", "MAIN"),
        ("LocationID", "MAIN"),
        ("ShipVia", "PARCEL"),
        ("ShipmentDate", millis_text(now / DAY * DAY).as_str()),
    ] {
        default(doc, field, value);
    }
    orders(world, doc, before, errors);
    lines(doc, errors);
    packages(doc, seq);
}

fn orders(world: &World, doc: &mut Doc, before: Option<&Doc>, errors: &mut Errors) {
    let mut orders = taken(doc, "Orders");
    if orders.is_empty() {
        errors.add("Orders", "A shipment needs a sales order.");
    }
    for (number, row) in orders.iter_mut().enumerate() {
        let Value::Object(row) = row else { continue };
        default(row, "OrderType", "SO");
        let keys = [text(row, "OrderType").to_owned(), text(row, "OrderNbr").to_owned()];
        let Some(order) = by_keys(world, &SALES_ORDER, &keys) else {
            if before.is_none() {
                errors.add_in_row("Orders", number, "OrderNbr", "'Order Nbr.' cannot be found in the system.");
            }
            continue;
        };
        set(row, "ShipmentNbr", text(doc, "ShipmentNbr"));
        default(doc, "CustomerID", text(&order.doc, "CustomerID"));
        if before.is_none() && taken_len(doc, "Details") == 0 {
            if text(&order.doc, "Status") == "Canceled" {
                errors.add_in_row("Orders", number, "OrderNbr", "The sales order is canceled.");
            }
            set(doc, "Details", Value::Array(open_lines(world, &order.doc)));
        }
    }
    set(doc, "Orders", Value::Array(orders));
}

fn lines(doc: &mut Doc, errors: &mut Errors) {
    let mut lines = taken(doc, "Details");
    if lines.is_empty() {
        errors.add("Details", "There is nothing to ship.");
    }
    let mut shipped = Decimal::ZERO;
    for (number, line) in lines.iter_mut().enumerate() {
        let Value::Object(line) = line else { continue };
        default(line, "LineNbr", number + 1);
        let quantity = decimal(line, "ShippedQty").unwrap_or_default();
        if quantity.is_negative() {
            errors.add_in_row("Details", number, "ShippedQty", "The value must not be less than 0.");
        }
        shipped = shipped.plus(quantity);
    }
    set(doc, "Details", Value::Array(lines));
    set(doc, "ShippedQty", shipped.to_json());
    set(doc, "ControlQty", shipped.to_json());
}

/// Confirmed goods are in a package with a tracking number.
fn packages(doc: &mut Doc, seq: u64) {
    let mut packages = taken(doc, "Packages");
    if packages.is_empty() && text(doc, "Status") != "Open" && text(doc, "Status") != "On Hold" {
        let id = Uuid::new_v4().to_string();
        packages.push(json!({"id": id, "LineNbr": 1, "BoxID": "MEDIUM", "TrackingNbr": format!("1Z{seq:010}"), "Confirmed": true}));
    }
    set(doc, "PackageCount", packages.len());
    set(doc, "Packages", Value::Array(packages));
}

fn taken(doc: &mut Doc, list: &str) -> Vec<Value> {
    match doc.remove(list) {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}

fn taken_len(doc: &Doc, list: &str) -> usize {
    doc.get(list).and_then(Value::as_array).map_or(0, Vec::len)
}
