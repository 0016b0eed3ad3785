//! What follows a saved record in others: an order that is to be shipped gets its shipment, a shipment moves its order on.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::decimal::Decimal;
use crate::table::{Doc, Row};
use crate::world::World;

use super::super::entities::{Entity, SALES_ORDER, SHIPMENT};
use super::{Refusal, by_keys, saved, store, text};

/// Carries on after a save.
pub fn follow(world: &mut World, entity: &'static Entity, row: &Row, now: i64) -> Result<(), Refusal> {
    if entity == &SALES_ORDER && text(&row.doc, "Status") == "Shipping" && !open_lines(world, &row.doc).is_empty() {
        return ship(world, &row.doc, now);
    }
    if entity == &SHIPMENT {
        return advance(world, &row.doc, now);
    }
    Ok(())
}

/// The lines of a shipment of all that an order has open.
#[must_use]
pub fn open_lines(world: &World, order: &Doc) -> Vec<Value> {
    let number = text(order, "OrderNbr");
    let lines = order.get("Details").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let open = lines.iter().enumerate().filter_map(|(position, line)| {
        let ordered = line.get("OrderQty").and_then(Decimal::from_json).unwrap_or_default();
        let open = ordered.minus(shipped(world, number, line.get("LineNbr")?));
        let is_open = !open.is_negative() && !open.is_zero();
        is_open.then(|| {
            json!({
                "id": Uuid::new_v4().to_string(), "rowNumber": position + 1, "InventoryID": line["InventoryID"],
                "Description": line["LineDescription"], "UOM": line["UOM"], "OrderType": text(order, "OrderType"),
                "OrderNbr": number, "OrderLineNbr": line["LineNbr"], "OrderedQty": ordered.to_json(),
                "ShippedQty": open.to_json(), "OpenQty": 0,
            })
        })
    });
    open.collect()
}

fn shipped(world: &World, order: &str, line: &Value) -> Decimal {
    let of_line = |row: &&Value| {
        row.get("OrderNbr").and_then(Value::as_str) == Some(order) && row.get("OrderLineNbr") == Some(line)
    };
    let rows = world.table(SHIPMENT.name).rows().filter(|row| text(&row.doc, "Status") != "Canceled");
    rows.filter_map(|row| row.doc.get("Details")?.as_array())
        .flat_map(|lines| lines.iter().filter(of_line))
        .filter_map(|line| line.get("ShippedQty").and_then(Decimal::from_json))
        .fold(Decimal::ZERO, Decimal::plus)
}

fn ship(world: &mut World, order: &Doc, now: i64) -> Result<(), Refusal> {
    let row = json!({"id": Uuid::new_v4().to_string(), "OrderType": text(order, "OrderType"), "OrderNbr": text(order, "OrderNbr")});
    let shipment = Doc::from_iter([("Orders".to_owned(), json!([row]))]);
    saved(world, &SHIPMENT, None, shipment, now, false)?;
    Ok(())
}

/// An order of which nothing is open any more is completed; a part is a back order.
fn advance(world: &mut World, shipment: &Doc, now: i64) -> Result<(), Refusal> {
    let orders = shipment.get("Orders").and_then(Value::as_array).cloned().unwrap_or_default();
    for order in orders {
        let part = |name: &str| order.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(row) = by_keys(world, &SALES_ORDER, &[part("OrderType"), part("OrderNbr")]) else { continue };
        let status = if open_lines(world, &row.doc).is_empty() { "Completed" } else { "Back Order" };
        if text(&row.doc, "Status") != status {
            let patch = Doc::from_iter([("Status".to_owned(), Value::from(status))]);
            store(world, &SALES_ORDER, Some(row), patch, now, false)?;
        }
    }
    Ok(())
}
