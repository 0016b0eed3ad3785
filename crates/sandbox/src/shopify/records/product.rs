//! Products and their variants.

use serde_json::{Value, json};

use crate::clock::seconds_text;
use crate::decimal::Decimal;
use crate::table::{Doc, Row};
use crate::world::World;

use super::super::shop::{PRODUCTS, STOCK};
use super::{Refusal, default, invalid, text};

/// Fills in a product; `sku`, `price` and `barcode` on the product itself make or change its first variant.
pub fn complete(doc: &mut Doc) -> Result<(), Refusal> {
    let title = text(doc, "title").to_owned();
    if title.is_empty() {
        return Err(invalid("title", "can't be blank"));
    }
    default(doc, "handle", || Value::from(handle(&title)));
    let created = doc.get("createdAt").cloned().unwrap_or_default();
    default(doc, "publishedAt", || created);
    for (field, value) in [("status", "ACTIVE"), ("descriptionHtml", ""), ("vendor", ""), ("productType", "")] {
        default(doc, field, || Value::from(value));
    }
    if !["ACTIVE", "ARCHIVED", "DRAFT"].contains(&text(doc, "status")) {
        return Err(invalid("status", "must be ACTIVE, ARCHIVED or DRAFT"));
    }
    default(doc, "tags", || json!([]));
    variants(doc)
}

fn variants(doc: &mut Doc) -> Result<(), Refusal> {
    let number = doc.get("id").and_then(Value::as_u64).unwrap_or_default();
    let mut variants = match doc.remove("variants") {
        Some(Value::Array(variants)) if !variants.is_empty() => variants,
        _ => vec![json!({})],
    };
    for field in ["sku", "price", "barcode", "inventoryQuantity"] {
        if let (Some(value), Some(Value::Object(first))) = (doc.remove(field), variants.first_mut()) {
            first.insert(field.to_owned(), value);
        }
    }
    let (updated, mut stock) = (doc.get("updatedAt").cloned().unwrap_or_default(), 0);
    for (position, variant) in variants.iter_mut().enumerate() {
        let Value::Object(variant) = variant else { return Err(invalid("variants", "must be objects")) };
        complete_variant(variant, number * 100 + 1 + u64::try_from(position).unwrap_or_default())?;
        default(variant, "createdAt", || updated.clone());
        variant.insert("updatedAt".to_owned(), updated.clone());
        stock += variant.get("inventoryQuantity").and_then(Value::as_i64).unwrap_or_default();
    }
    doc.insert("totalInventory".to_owned(), Value::from(stock));
    doc.insert("variants".to_owned(), Value::Array(variants));
    Ok(())
}

fn complete_variant(variant: &mut Doc, id: u64) -> Result<(), Refusal> {
    default(variant, "id", || Value::from(id));
    default(variant, "title", || Value::from("Default Title"));
    default(variant, "taxable", || Value::from(true));
    default(variant, "inventoryQuantity", || Value::from(0));
    let price = variant.get("price").filter(|price| !price.is_null());
    let price = price.map_or(Some(Decimal::ZERO), Decimal::from_json).filter(|price| !price.is_negative());
    let price = price.ok_or_else(|| invalid("price", "must be an amount that is not negative"))?;
    variant.insert("price".to_owned(), Value::from(price.to_money()));
    Ok(())
}

fn handle(title: &str) -> String {
    let dashed: String =
        title.to_lowercase().chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
    dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// What a level makes of its product: the variant's quantity and the sum of all.
pub fn follow(world: &mut World, level: u64, now: i64) -> Result<(), Refusal> {
    let Some(level) = world.table(STOCK).get(level).cloned() else { return Ok(()) };
    let product = level.doc.get("product").and_then(Value::as_u64);
    let Some(row) = product.and_then(|product| world.table(PRODUCTS).get(product)).cloned() else { return Ok(()) };
    let mut doc = row.doc.clone();
    let mut stock = 0;
    let variants = doc.get_mut("variants").and_then(Value::as_array_mut);
    for variant in variants.into_iter().flatten() {
        if variant.get("id") == level.doc.get("variant") {
            variant["inventoryQuantity"] = level.doc.get("available").cloned().unwrap_or_default();
        }
        stock += variant["inventoryQuantity"].as_i64().unwrap_or_default();
    }
    doc.insert("totalInventory".to_owned(), Value::from(stock));
    let modified = now / 1_000 * 1_000;
    doc.insert("updatedAt".to_owned(), Value::from(seconds_text(modified)));
    world.put(PRODUCTS, Row { seq: row.seq, modified, doc }, None)?;
    Ok(())
}
