//! Stock: setting levels, with a comparison against what the sender believes.

use serde_json::{Value, json};

use crate::table::Doc;

use super::super::schema::{CODED_ERROR, INVENTORY_ADJUSTMENT, INVENTORY_ITEM, Kind, LOCATION, Type};
use super::super::shop::STOCK;
use super::{Call, Mutation, Refused, UserError, payload};

/// The mutations.
pub const ALL: &[Mutation] = &[Mutation {
    name: "inventorySetQuantities",
    arguments: &["input"],
    scope: "write_inventory",
    keyed: true,
    payload: &PAYLOAD,
    run: set,
}];

static PAYLOAD: Type = Type {
    name: "InventorySetQuantitiesPayload",
    fields: &[
        ("inventoryAdjustmentGroup", Kind::Object(&INVENTORY_ADJUSTMENT)),
        ("userErrors", Kind::List(&CODED_ERROR)),
    ],
};

fn set(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("input");
    if input.get("name").and_then(Value::as_str) != Some("available") {
        let message = "The quantity name must be either 'available' or 'on_hand'.";
        return Err(UserError::coded(&["input", "name"], message, "INVALID_NAME").into());
    }
    let quantities = input.get("quantities").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut wanted = Vec::new();
    for (place, quantity) in quantities.iter().enumerate() {
        wanted.push(checked(call, quantity, &place.to_string())?);
    }
    let mut changes = Vec::new();
    for (number, before, after) in wanted {
        call.save(STOCK, Some(number), &Doc::from_iter([("available".to_owned(), Value::from(after))]))?;
        changes
            .push(json!({"name": "available", "delta": after - before, "quantityAfterChange": after, "item": number}));
    }
    let group = json!({"id": call.now, "reason": input.get("reason"), "changes": changes});
    Ok(payload("inventoryAdjustmentGroup", group))
}

/// The item, how many there are, how many there are to be.
fn checked(call: &Call<'_>, quantity: &Value, at: &str) -> Result<(u64, i64, i64), Refused> {
    let wrong = |field: &str, message: &str, code: &'static str| -> Refused {
        UserError::coded(&["input", "quantities", at, field], message, code).into()
    };
    let number = call.number(quantity.get("inventoryItemId"), INVENTORY_ITEM.name);
    let Some((number, doc)) = number.and_then(|number| Some((number, call.doc(STOCK, number)?))) else {
        let message = "The specified inventory item could not be found.";
        return Err(wrong("inventoryItemId", message, "INVALID_INVENTORY_ITEM"));
    };
    if call.number(quantity.get("locationId"), LOCATION.name) != Some(1) {
        return Err(wrong("locationId", "The specified location could not be found.", "INVALID_LOCATION"));
    }
    let after = quantity.get("quantity").and_then(Value::as_i64).filter(|quantity| quantity.abs() <= 1_000_000_000);
    let Some(after) = after else {
        let message = "The quantity can't be higher than 1,000,000,000.";
        return Err(wrong("quantity", message, "INVALID_QUANTITY_TOO_HIGH"));
    };
    let before = doc.get("available").and_then(Value::as_i64).unwrap_or_default();
    match quantity.get("changeFromQuantity") {
        None => Err(Refused::Request("The changeFromQuantity field is required.".to_owned(), "BAD_REQUEST")),
        Some(from) if from.as_i64().is_some_and(|from| from != before) => {
            let message = "The changeFromQuantity argument no longer matches the persisted quantity.";
            Err(wrong("changeFromQuantity", message, "CHANGE_FROM_QUANTITY_STALE"))
        }
        Some(_) => Ok((number, before, after)),
    }
}
