//! Saving a record: find it, merge what was sent, let the ERP's rules complete it, keep it, count it.

pub mod follow;

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::millis_text;
use crate::ledger::Effect;
use crate::table::{Doc, Row};
use crate::world::{World, Write};

use super::entities::{Entity, Field, Kind, SALES_ORDER, field};
use super::filter::Filter;
use super::query::find;
use super::render::{FieldError, render_errors};
use super::rules;
use super::unwrap::{unwrap, wrap_plain};

/// Why a record was not saved.
#[derive(Debug)]
pub enum Refusal {
    /// The request cannot be understood.
    Bad(String),
    /// No record has this id, or several fulfil the filter.
    NotFound(String),
    /// `If-Match: *` and it is not there, or `If-None-Match: *` and it is.
    Precondition,
    /// The record with errors in its fields.
    Invalid(Value, Vec<FieldError>),
    /// What the ERP does not do with the record as it is.
    Forbidden(String),
    /// The state could not be kept.
    Io(io::Error),
}

/// Which record is meant, beside what its own fields say.
#[derive(Debug, Default)]
pub struct Target {
    /// The one that fulfils this filter.
    pub filter: Option<Filter>,
    /// Only a record that is there.
    pub must_exist: bool,
    /// Only a new record.
    pub must_not_exist: bool,
}

/// Fields that only the ERP itself writes.
const OWN: [&str; 7] =
    ["LastModified", "LastModifiedDateTime", "CreatedDate", "CreatedDateTime", "NoteID", "BAccountID", "OrderedQty"];

/// Saves a record that came through the API, and counts it.
pub fn save(
    world: &mut World,
    entity: &'static Entity,
    input: &Doc,
    target: &Target,
    now: i64,
) -> Result<Arc<Row>, Refusal> {
    let patch = unwrap(entity.fields, input).map_err(Refusal::Bad)?;
    let existing = locate(world, entity, &patch, target)?;
    if (target.must_exist && existing.is_none()) || (target.must_not_exist && existing.is_some()) {
        return Err(Refusal::Precondition);
    }
    if existing.as_ref().is_some_and(|row| entity == &SALES_ORDER && text(&row.doc, "Status") == "Canceled") {
        return Err(Refusal::Forbidden("The sales order is canceled and cannot be changed.".to_owned()));
    }
    saved(world, entity, existing, patch, now, true)
}

/// Cancels an order that came by its key fields, as the action `CancelSalesOrder` does.
pub fn cancel(world: &mut World, input: &Doc, now: i64) -> Result<Arc<Row>, Refusal> {
    let keys = unwrap(SALES_ORDER.fields, input).map_err(Refusal::Bad)?;
    let order = locate(world, &SALES_ORDER, &keys, &Target::default())?.ok_or_else(no_entity)?;
    if let Some(why) = rules::deletion::no_cancel(world, &order.doc) {
        return Err(Refusal::Forbidden(why));
    }
    let patch = Doc::from_iter([("Status".to_owned(), Value::from("Canceled"))]);
    store(world, &SALES_ORDER, Some(order), patch, now, true)
}

/// Deletes a record through the API, and counts it.
pub fn delete(world: &mut World, entity: &'static Entity, row: &Row) -> Result<(), Refusal> {
    if let Some(why) = rules::deletion::refusal(entity, world, &row.doc) {
        return Err(Refusal::Forbidden(why));
    }
    let write = Write { key: reference(entity, &row.doc), effect: Effect::Delete };
    world.remove(entity.name, row.seq).and_then(|()| world.note(entity.name, &write)).map_err(Refusal::Io)
}

/// Saves a record as a person in the back office does: by its number, plain values allowed, not counted.
pub fn back_office(
    world: &mut World,
    entity: &'static Entity,
    seq: Option<u64>,
    input: &Doc,
    now: i64,
) -> Result<Arc<Row>, Refusal> {
    let patch = unwrap(entity.fields, &wrap_plain(entity.fields, input)).map_err(Refusal::Bad)?;
    let existing = match seq {
        Some(seq) => Some(world.table(entity.name).get(seq).cloned().ok_or_else(no_entity)?),
        None => locate(world, entity, &patch, &Target::default())?,
    };
    saved(world, entity, existing, patch, now, false)
}

/// Stores a record and what follows from it.
fn saved(
    world: &mut World,
    entity: &'static Entity,
    existing: Option<Arc<Row>>,
    patch: Doc,
    now: i64,
    counted: bool,
) -> Result<Arc<Row>, Refusal> {
    let row = store(world, entity, existing, patch, now, counted)?;
    follow::follow(world, entity, &row, now)?;
    Ok(row)
}

/// The answer when nothing fulfils a condition.
#[must_use]
pub fn no_entity() -> Refusal {
    Refusal::NotFound("No entity satisfies the condition.".to_owned())
}

fn store(
    world: &mut World,
    entity: &'static Entity,
    existing: Option<Arc<Row>>,
    mut patch: Doc,
    now: i64,
    counted: bool,
) -> Result<Arc<Row>, Refusal> {
    patch.retain(|name, _| name != "delete" && !OWN.contains(&name.as_str()));
    let seq = existing.as_ref().map_or_else(|| world.table(entity.name).next_seq(), |row| row.seq);
    let mut doc = existing.as_ref().map_or_else(|| fresh(entity, now), |row| row.doc.clone());
    merge(entity.fields, &mut doc, patch);
    let errors = rules::complete(entity, world, &mut doc, existing.as_ref().map(|row| &row.doc), seq, now);
    if !errors.is_empty() {
        return Err(Refusal::Invalid(render_errors(entity, &doc, &errors), errors));
    }
    let effect = match &existing {
        None => Effect::Insert,
        Some(row) if row.doc == doc => Effect::Unchanged,
        Some(_) => Effect::Update,
    };
    let write = counted.then(|| Write { key: reference(entity, &doc), effect });
    if let (Effect::Unchanged, Some(row)) = (effect, existing) {
        write.map_or(Ok(()), |write| world.note(entity.name, &write)).map_err(Refusal::Io)?;
        return Ok(row);
    }
    doc.insert(entity.modified.to_owned(), Value::from(millis_text(now)));
    world.put(entity.name, Row { seq, modified: now, doc }, write.as_ref()).map_err(Refusal::Io)?;
    world.table(entity.name).get(seq).cloned().ok_or_else(no_entity)
}

fn locate(world: &World, entity: &'static Entity, patch: &Doc, target: &Target) -> Result<Option<Arc<Row>>, Refusal> {
    let table = world.table(entity.name);
    if let Some(id) = patch.get("id").and_then(Value::as_str) {
        return table.find("id", id).and_then(|rows| rows.into_iter().next()).map(Some).ok_or_else(no_entity);
    }
    if let Some(filter) = &target.filter {
        let found = find(table, entity, Some(filter));
        return match found.len() {
            0 | 1 => Ok(found.into_iter().next()),
            _ => Err(Refusal::NotFound("More than one entity satisfies the condition.".to_owned())),
        };
    }
    let keys: Option<Vec<String>> = entity.keys.iter().map(|key| rules::key_value(entity, key, patch)).collect();
    Ok(keys.and_then(|keys| by_keys(world, entity, &keys)))
}

/// The record with these values of the key fields.
#[must_use]
pub fn by_keys(world: &World, entity: &'static Entity, keys: &[String]) -> Option<Arc<Row>> {
    let last = entity.keys.last()?;
    let found = world.table(entity.name).find(last, keys.last()?)?;
    let same = |row: &Arc<Row>| {
        entity.keys.iter().zip(keys).all(|(key, value)| {
            row.doc.get(*key).and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(value.trim()))
        })
    };
    found.into_iter().find(same)
}

fn fresh(entity: &'static Entity, now: i64) -> Doc {
    let id = Value::from(Uuid::new_v4().to_string());
    let created = if field(entity.fields, "CreatedDateTime").is_some() { "CreatedDateTime" } else { "CreatedDate" };
    let mut doc = Doc::from_iter([("id".to_owned(), id.clone()), ("NoteID".to_owned(), id)]);
    if field(entity.fields, created).is_some() {
        doc.insert(created.to_owned(), Value::from(millis_text(now)));
    }
    doc
}

/// Merges what was sent into a record: linked entities field by field, details row by row.
fn merge(fields: &'static [Field], doc: &mut Doc, patch: Doc) {
    for (name, value) in patch {
        match (field(fields, &name).map(|(_, kind)| kind), value) {
            (Some(Kind::Linked(inner)), Value::Object(patch)) => {
                let entry = doc.entry(name).or_insert_with(|| json!({}));
                if let Value::Object(object) = entry {
                    merge(inner, object, patch);
                }
            }
            (Some(Kind::Details(inner)), Value::Array(rows)) => {
                let entry = doc.entry(name).or_insert_with(|| json!([]));
                if let Value::Array(own) = entry {
                    merge_rows(inner, own, rows);
                }
            }
            (_, value) => drop(doc.insert(name, value)),
        }
    }
}

/// A row is found by its id or its line number; `"delete": true` takes it out; a row that is not found is added.
fn merge_rows(fields: &'static [Field], own: &mut Vec<Value>, rows: Vec<Value>) {
    for row in rows {
        let Value::Object(mut patch) = row else { continue };
        let found = own.iter().position(|own| {
            ["id", "LineNbr"].iter().any(|key| patch.get(*key).is_some_and(|value| own.get(*key) == Some(value)))
        });
        if patch.remove("delete") == Some(Value::Bool(true)) {
            if let Some(position) = found {
                own.remove(position);
            }
            continue;
        }
        match found.and_then(|position| own.get_mut(position)) {
            Some(Value::Object(object)) => merge(fields, object, patch),
            _ => {
                let mut object = Doc::from_iter([("id".to_owned(), Value::from(Uuid::new_v4().to_string()))]);
                patch.remove("id");
                merge(fields, &mut object, patch);
                own.push(Value::Object(object));
            }
        }
    }
    for (position, row) in own.iter_mut().enumerate() {
        row["rowNumber"] = Value::from(position + 1);
    }
}

/// What a write is counted under: the sender's own reference when there is one, so that a doubled insert shows.
fn reference(entity: &'static Entity, doc: &Doc) -> String {
    let given = ["ExternalRef", "CustomerOrder", "AccountRef"]
        .iter()
        .find_map(|name| doc.get(*name).and_then(Value::as_str).filter(|text| !text.is_empty()));
    let key =
        || entity.keys.iter().filter_map(|key| doc.get(*key).and_then(Value::as_str)).collect::<Vec<_>>().join("/");
    given.map_or_else(key, str::to_owned)
}

fn text<'a>(doc: &'a Doc, field: &str) -> &'a str {
    doc.get(field).and_then(Value::as_str).unwrap_or_default()
}
