//! Metafields: what an app keeps on records, and the definitions that make one of them an id.

use serde_json::{Value, json};

use crate::table::{Doc, Row};

use super::super::records::{self, definition};
use super::super::schema::{CODED_ERROR, Kind, METAFIELD, METAFIELD_DEFINITION, Type};
use super::super::shop::{CUSTOM_ID, CUSTOMERS, DEFINITIONS, ORDERS, PRODUCTS};
use super::{Call, Mutation, Refused, UserError, order, payload};

/// The mutations.
pub const ALL: &[Mutation] = &[
    Mutation {
        name: "metafieldsSet",
        arguments: &["metafields"],
        scope: "write_orders",
        keyed: false,
        payload: &SET_PAYLOAD,
        run: set,
    },
    Mutation {
        name: "metafieldDefinitionCreate",
        arguments: &["definition"],
        scope: "write_products",
        keyed: false,
        payload: &DEFINITION_PAYLOAD,
        run: define,
    },
];

static SET_PAYLOAD: Type = Type {
    name: "MetafieldsSetPayload",
    fields: &[("metafields", Kind::List(&METAFIELD)), ("userErrors", Kind::List(&CODED_ERROR))],
};
static DEFINITION_PAYLOAD: Type = Type {
    name: "MetafieldDefinitionCreatePayload",
    fields: &[("createdDefinition", Kind::Object(&METAFIELD_DEFINITION)), ("userErrors", Kind::List(&CODED_ERROR))],
};

fn set(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let given = call.arguments.get("metafields").and_then(Value::as_array).cloned().unwrap_or_default();
    if given.is_empty() || given.len() > 25 {
        return Err(UserError::coded(&["metafields"], "Between 1 and 25 metafields can be set", "INVALID").into());
    }
    // All or none, as the vendor has it.
    let mut targets = Vec::new();
    for (place, given) in given.iter().enumerate() {
        let at = place.to_string();
        let target = order::record(call, given.get("ownerId"));
        let target = target.ok_or_else(|| {
            UserError::coded(&["metafields", &at, "ownerId"], "Owner does not exist.", "INVALID_VALUE")
        })?;
        check(given, &at)?;
        targets.push(target);
    }
    for ((table, number), given) in targets.into_iter().zip(&given) {
        let mut doc = call.doc(table, number).unwrap_or_default();
        records::set_metafield(&mut doc, given);
        let changes = [("metafields", doc.remove("metafields")), (CUSTOM_ID, doc.remove(CUSTOM_ID))];
        let changes = changes.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect();
        call.save(table, Some(number), &changes)?;
    }
    Ok(payload("metafields", json!([])))
}

fn define(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let definition_ = call.input("definition");
    let text = |name: &str| definition_.get(name).and_then(Value::as_str).unwrap_or_default();
    let table = match text("ownerType") {
        "ORDER" => ORDERS,
        "CUSTOMER" => CUSTOMERS,
        "PRODUCT" => PRODUCTS,
        _ => {
            return Err(
                UserError::coded(&["definition", "ownerType"], "Owner type is invalid", "INVALID_OPTION").into()
            );
        }
    };
    let name = definition(table, text("namespace"), text("key"));
    let is_there = call.world.table(DEFINITIONS).find("name", &name).is_some_and(|rows| !rows.is_empty());
    if is_there {
        let message = "Key is in use for this owner type on the metafields.";
        return Err(UserError::coded(&["definition", "key"], message, "TAKEN").into());
    }
    let seq = call.world.table(DEFINITIONS).next_seq();
    let mut doc = definition_.clone();
    doc.insert("id".to_owned(), Value::from(seq));
    doc.insert("name".to_owned(), Value::from(name));
    call.world.put(DEFINITIONS, Row { seq, modified: call.now, doc: doc.clone() }, None)?;
    Ok(payload("createdDefinition", Value::Object(doc)))
}

/// The metafields of a new record's input, into the record; an id that another record has is refused.
pub fn into_record(call: &Call<'_>, table: &'static str, record: &mut Doc, input: &Doc) -> Result<(), Refused> {
    let given = input.get("metafields").and_then(Value::as_array).cloned().unwrap_or_default();
    for (place, given) in given.iter().enumerate() {
        check(given, &place.to_string())?;
        records::set_metafield(record, given);
    }
    let Some(id) = record.get(CUSTOM_ID).and_then(Value::as_str) else { return Ok(()) };
    if call.world.table(table).find(CUSTOM_ID, id).is_some_and(|rows| !rows.is_empty()) {
        let message = "Value must be unique.";
        return Err(UserError::coded(&["input", "metafields", "0", "value"], message, "TAKEN").into());
    }
    Ok(())
}

fn check(given: &Value, at: &str) -> Result<(), Refused> {
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    let key = text("key");
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !(2..=64).contains(&key.len()) || !key.chars().all(plain) {
        let message = "Key must be 2 to 64 letters, digits, hyphens and underscores.";
        return Err(UserError::coded(&["metafields", at, "key"], message, "INVALID").into());
    }
    if text("value").is_empty() {
        return Err(UserError::coded(&["metafields", at, "value"], "Value can't be blank.", "BLANK").into());
    }
    if text("type") == "json" && serde_json::from_str::<Value>(text("value")).is_err() {
        return Err(UserError::coded(&["metafields", at, "value"], "Value is invalid JSON.", "INVALID_VALUE").into());
    }
    Ok(())
}
