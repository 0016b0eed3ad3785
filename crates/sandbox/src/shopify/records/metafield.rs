//! Metafields: values that apps keep on records, and the ids of other systems among them.

use serde_json::{Value, json};

use crate::table::Doc;
use crate::world::World;

use super::super::selection::parse_gid;
use super::super::shop::{CUSTOM_ID, DEFINITIONS};
use super::text;

/// A record's metafield.
#[must_use]
pub fn metafield<'a>(doc: &'a Doc, namespace: &str, key: &str) -> Option<&'a Value> {
    let all = doc.get("metafields")?.as_array()?;
    all.iter().find(|own| own["namespace"] == namespace && own["key"] == key)
}

/// Sets a record's metafield; whether that changed anything.
pub fn set(doc: &mut Doc, given: &Value) -> bool {
    let part = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (namespace, key, kind, value) = (part("namespace"), part("key"), part("type"), part("value"));
    let mut all = match doc.remove("metafields") {
        Some(Value::Array(all)) => all,
        _ => Vec::new(),
    };
    let place = all.iter().position(|own| own["namespace"] == namespace.as_str() && own["key"] == key.as_str());
    let record = doc.get("id").and_then(Value::as_u64).unwrap_or_default();
    let id = record * 1_000 + u64::try_from(place.unwrap_or(all.len())).unwrap_or_default() + 1;
    let new = json!({"id": id, "namespace": namespace, "key": key, "type": kind, "value": value});
    let changed = place.is_none_or(|place| all[place] != new);
    match place {
        Some(place) => all[place] = new,
        None => all.push(new),
    }
    doc.insert("metafields".to_owned(), Value::Array(all));
    if kind == "id" {
        doc.insert(CUSTOM_ID.to_owned(), Value::from(format!("{namespace}.{key}={value}")));
    }
    changed
}

/// The record that `customerByIdentifier` and its like mean.
#[must_use]
pub fn identified(world: &World, table: &str, identifier: &Value) -> Option<u64> {
    let text = |name: &str| identifier.get(name).and_then(Value::as_str);
    if let Some(id) = text("id") {
        return parse_gid(id).map(|(_, number)| number);
    }
    let found = match (text("emailAddress"), text("handle"), identifier.get("customId")) {
        (Some(email), _, _) => world.table(table).find("email", email),
        (_, Some(handle), _) => world.table(table).find("handle", handle),
        (_, _, Some(custom)) => by_custom_id(world, table, custom),
        _ => None,
    };
    found?.first().map(|row| row.seq)
}

fn by_custom_id(world: &World, table: &str, custom: &Value) -> Option<Vec<std::sync::Arc<crate::table::Row>>> {
    let part = |name: &str| custom.get(name).and_then(Value::as_str).unwrap_or_default();
    // Nothing can be looked up by a field that was not defined as an id.
    let name = definition(table, part("namespace"), part("key"));
    let defined = world.table(DEFINITIONS).find("name", &name).is_some_and(|rows| !rows.is_empty());
    let wanted = format!("{}.{}={}", part("namespace"), part("key"), part("value"));
    defined.then(|| world.table(table).find(CUSTOM_ID, &wanted)).flatten()
}

/// What a definition is found by.
#[must_use]
pub fn definition(table: &str, namespace: &str, key: &str) -> String {
    format!("{table}.{namespace}.{key}")
}

/// The value by which what is written to a record is counted: the id that another system gave it.
#[must_use]
pub fn given_id(doc: &Doc) -> Option<String> {
    text(doc, CUSTOM_ID).split_once('=').map(|(_, value)| value.to_owned())
}
