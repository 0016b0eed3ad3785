//! Inquiries: asked by `PUT` with their parameters in the body; the rows come as the detail entity `Results`.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::clock::{millis_text, parse_millis};
use crate::decimal::Decimal;
use crate::respond::Refused;
use crate::table::{Doc, Row};
use crate::world::World;

use super::super::entities::{Entity, QUANTITY_AVAILABLE, STOCK, STOCK_ITEM};
use super::super::render::{FieldError, Step, render, render_errors};
use super::super::unwrap::unwrap;
use super::super::write::{Refusal, by_keys};
use super::{error, refused};
use crate::acumatica::query::Parameters;

/// Answers an inquiry.
pub fn answer(world: &World, inquiry: &'static Entity, input: &Doc, parameters: &Parameters) -> Result<Value, Refused> {
    let mut doc = unwrap(inquiry.fields, input).map_err(|message| error(StatusCode::BAD_REQUEST, &message))?;
    let item = text(&doc, "InventoryID").to_owned();
    if !item.is_empty() && by_keys(world, &STOCK_ITEM, std::slice::from_ref(&item)).is_none() {
        let message = "'Inventory ID' cannot be found in the system.".to_owned();
        let errors = vec![FieldError { path: vec![Step::Field("InventoryID")], message }];
        return Err(refused(Refusal::Invalid(render_errors(inquiry, &doc, &errors), errors)).into());
    }
    let results = if inquiry == &QUANTITY_AVAILABLE { available(world, &doc) } else { summary(world, &doc) };
    doc.insert("Results".to_owned(), Value::Array(results));
    Ok(render(inquiry, &doc, 1, &parameters.view))
}

/// One row for each item: what is available over all warehouses, and the last change of any.
fn available(world: &World, asked: &Doc) -> Vec<Value> {
    let since = asked.get("LastModifiedDateTime").and_then(Value::as_str).and_then(parse_millis).unwrap_or(i64::MIN);
    let mut sums: BTreeMap<String, (Decimal, i64)> = BTreeMap::new();
    for row in levels(world, text(asked, "InventoryID")) {
        let (sum, changed) = sums.entry(text(&row.doc, "InventoryID").to_owned()).or_insert((Decimal::ZERO, i64::MIN));
        *sum = sum.plus(amount(&row.doc, "QtyAvailable"));
        *changed = (*changed).max(row.modified);
    }
    let wanted = sums.into_iter().filter(|(_, (_, changed))| *changed >= since);
    wanted
        .map(|(item, (sum, changed))| {
            json!({"InventoryID": item, "QtyAvailable": sum.to_json(), "LastModifiedDateTime": millis_text(changed)})
        })
        .collect()
}

/// One row for each warehouse, and their total.
fn summary(world: &World, asked: &Doc) -> Vec<Value> {
    let warehouse = text(asked, "WarehouseID");
    let rows: Vec<_> = levels(world, text(asked, "InventoryID"))
        .into_iter()
        .filter(|row| warehouse.is_empty() || text(&row.doc, "WarehouseID").eq_ignore_ascii_case(warehouse))
        .collect();
    let row = |warehouse: &str, on_hand: Decimal, available: Decimal| {
        json!({
            "WarehouseID": warehouse, "BaseUOM": "EACH", "QtyOnHand": on_hand.to_json(),
            "QtyAvailable": available.to_json(), "QtyAvailableForShipment": available.to_json(),
            "QtyNotAvailable": on_hand.minus(available).to_json(),
        })
    };
    let sum = |field| rows.iter().map(|row| amount(&row.doc, field)).fold(Decimal::ZERO, Decimal::plus);
    let total = row("Total:", sum("QtyOnHand"), sum("QtyAvailable"));
    let each = rows.iter().map(|level| {
        row(text(&level.doc, "WarehouseID"), amount(&level.doc, "QtyOnHand"), amount(&level.doc, "QtyAvailable"))
    });
    each.chain([total]).collect()
}

fn levels(world: &World, item: &str) -> Vec<std::sync::Arc<Row>> {
    let table = world.table(STOCK.name);
    if item.is_empty() {
        return table.rows().cloned().collect();
    }
    table.find("InventoryID", item).unwrap_or_default()
}

fn amount(doc: &Doc, field: &str) -> Decimal {
    doc.get(field).and_then(Decimal::from_json).unwrap_or_default()
}

fn text<'a>(doc: &'a Doc, field: &str) -> &'a str {
    doc.get(field).and_then(Value::as_str).unwrap_or_default()
}
