//! Stock: one inventory item for each variant, with its level at the shop's only location.

use serde_json::{Value, json};

use crate::clock::seconds_text;
use crate::table::{Doc, Row};
use crate::world::World;

use super::super::shop::STOCK;
use super::{Refusal, invalid};

/// The only location.
#[must_use]
pub fn location() -> Doc {
    let location = json!({"id": 1, "name": "Warehouse", "isActive": true});
    if let Value::Object(doc) = location { doc } else { Doc::new() }
}

/// Checks a level that somebody changed; levels come and go with their variants.
pub fn complete(doc: &mut Doc, number: Option<u64>) -> Result<(), Refusal> {
    if number.is_none() {
        return Err(invalid("sku", "Stock comes with its product: add the product."));
    }
    let given = doc.get("available");
    let available = given.and_then(|given| given.as_i64().or_else(|| given.as_str()?.trim().parse().ok()));
    let available = available.filter(|available| (-1_000_000_000..=1_000_000_000).contains(available));
    set(doc, available.ok_or_else(|| invalid("available", "must be a whole number"))?);
    Ok(())
}

/// Makes the levels say what the variants of a product say, and tells the variants their items.
pub fn follow(world: &mut World, product: &mut Doc, modified: i64) -> Result<(), Refusal> {
    let number = product.get("id").cloned().unwrap_or_default();
    let Some(Value::Array(variants)) = product.get_mut("variants") else { return Ok(()) };
    for variant in variants.iter_mut().filter_map(Value::as_object_mut) {
        let id = variant.get("id").cloned().unwrap_or_default();
        let own = world.table(STOCK).find("variant", &id.to_string()).and_then(|rows| rows.first().cloned());
        let seq = own.as_ref().map_or_else(|| world.table(STOCK).next_seq(), |row| row.seq);
        variant.insert("inventoryItem".to_owned(), Value::from(seq));
        variant.insert("product".to_owned(), number.clone());
        let before = own.map(|row| row.doc.clone());
        let mut doc = before.clone().unwrap_or_default();
        let level = variant.get("inventoryQuantity").and_then(Value::as_i64).unwrap_or_default();
        set(&mut doc, level);
        for (field, value) in [
            ("id", Value::from(seq)),
            ("product", number.clone()),
            ("variant", id),
            ("sku", variant.get("sku").cloned().unwrap_or_default()),
            ("tracked", Value::from(true)),
        ] {
            doc.insert(field.to_owned(), value);
        }
        if before.as_ref() != Some(&doc) {
            let text = Value::from(seconds_text(modified));
            doc.entry("createdAt").or_insert_with(|| text.clone());
            doc.insert("updatedAt".to_owned(), text);
            world.put(STOCK, Row { seq, modified, doc }, None)?;
        }
    }
    Ok(())
}

/// The numbers of the levels of a product's variants.
#[must_use]
pub fn of_product(world: &World, product: u64) -> Vec<u64> {
    let is_its = |row: &&std::sync::Arc<Row>| row.doc.get("product").and_then(Value::as_u64) == Some(product);
    world.table(STOCK).rows().filter(is_its).map(|row| row.seq).collect()
}

fn set(doc: &mut Doc, available: i64) {
    doc.insert("available".to_owned(), Value::from(available));
    doc.insert("quantities".to_owned(), json!([{"name": "available", "quantity": available}]));
}
