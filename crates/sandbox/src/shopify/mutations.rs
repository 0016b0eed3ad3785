//! Mutations: what an app may change through the API, and what Shopify says when it may not.
//!
//! Words and codes of user errors follow shopify.dev. Every write is counted under the id that the writer gave the record (its metafield of the type
//! `id`), or under its global id.

mod customer;
mod fulfilment;
mod inventory;
mod metafield;
mod order;
mod product;

use std::io;

use serde_json::{Map, Value, json};

use crate::ledger::Effect;
use crate::table::{Doc, Row};
use crate::world::{World, Write};

use super::compile::Step;
use super::record_id;
use super::records::{self, Refusal};
use super::schema::Type;
use super::selection::parse_gid;
use super::shop::KEYS;

/// A key is remembered for a day.
const KEPT: i64 = 24 * 3_600_000;
/// The version from which on some mutations must carry an idempotency key.
const KEY_DEMANDED: &str = "2026-04";

/// One mutation.
#[derive(Debug)]
pub struct Mutation {
    /// Its name.
    pub name: &'static str,
    /// Its arguments' names.
    pub arguments: &'static [&'static str],
    /// The access scope that it needs.
    pub scope: &'static str,
    /// Whether it takes `@idempotent(key:)`.
    pub keyed: bool,
    /// What it answers.
    pub payload: &'static Type,
    /// Does it.
    pub run: Run,
}

/// Does a mutation; answers its payload.
pub type Run = fn(&mut Call<'_>) -> Result<Doc, Refused>;

/// One call of a mutation.
pub struct Call<'a> {
    /// The records.
    pub world: &'a mut World,
    /// Milliseconds since 1970.
    pub now: i64,
    /// The arguments.
    pub arguments: &'a Map<String, Value>,
}

/// Why nothing was changed.
#[derive(Debug)]
pub enum Refused {
    /// What is wrong with the input.
    Input(Vec<UserError>),
    /// The request itself is wrong.
    Request(String, &'static str),
    /// The state could not be kept.
    Io(io::Error),
}

/// What is wrong with an input.
#[derive(Debug)]
pub struct UserError {
    field: Vec<String>,
    message: String,
    code: &'static str,
}

/// The mutation of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Mutation> {
    let all = [customer::ALL, product::ALL, order::ALL, fulfilment::ALL, inventory::ALL, metafield::ALL];
    all.into_iter().flatten().find(|mutation| mutation.name == name)
}

/// Carries out one mutation; its payload, and whether it was accepted.
pub fn perform(world: &mut World, now: i64, version: &str, step: &Step) -> Result<(Doc, bool), Refused> {
    let mutation = step.mutation;
    if !records::scopes(world).iter().any(|scope| scope == mutation.scope) {
        let message =
            format!("Access denied for {} field. Required access: `{}` access scope.", mutation.name, mutation.scope);
        return Err(Refused::Request(message, "ACCESS_DENIED"));
    }
    if let Some(known) = known(world, now, version, step)? {
        return Ok((known, false));
    }
    let mut call = Call { world, now, arguments: &step.arguments };
    match (mutation.run)(&mut call) {
        Ok(payload) => {
            remember(world, now, step, &payload).map_err(Refused::Io)?;
            Ok((payload, true))
        }
        Err(Refused::Input(errors)) => Ok((refusal(&errors), false)),
        Err(refused) => Err(refused),
    }
}

/// The answer that was given under the same key, if there was one.
fn known(world: &World, now: i64, version: &str, step: &Step) -> Result<Option<Doc>, Refused> {
    let Some(key) = step.idempotency.as_deref().filter(|_| step.mutation.keyed) else {
        if step.mutation.keyed && version >= KEY_DEMANDED {
            let message = "The @idempotent directive is required for this mutation but was not provided.";
            return Err(Refused::Request(message.to_owned(), "BAD_REQUEST"));
        }
        return Ok(None);
    };
    let rows = world.table(KEYS).find("key", key).unwrap_or_default();
    let Some(row) = rows.iter().rfind(|row| now - row.modified < KEPT) else { return Ok(None) };
    if row.doc.get("arguments").and_then(Value::as_object) != Some(&step.arguments) {
        let message = "The same idempotency key cannot be used with different operation parameters.";
        return Ok(Some(refusal(&[UserError::coded(&[], message, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")])));
    }
    Ok(row.doc.get("payload").and_then(Value::as_object).cloned())
}

fn remember(world: &mut World, now: i64, step: &Step, payload: &Doc) -> io::Result<()> {
    let Some(key) = step.idempotency.as_deref().filter(|_| step.mutation.keyed) else { return Ok(()) };
    let kept = json!({"key": key, "arguments": step.arguments, "payload": payload});
    let Value::Object(doc) = kept else { return Ok(()) };
    let seq = world.table(KEYS).next_seq();
    world.put(KEYS, Row { seq, modified: now, doc }, None)
}

/// A payload that says only what is wrong; one mutation has a name of its own for that.
fn refusal(errors: &[UserError]) -> Doc {
    let error = |error: &UserError| json!({"field": error.field, "message": error.message, "code": error.code});
    let errors = Value::from(errors.iter().map(error).collect::<Vec<_>>());
    Doc::from_iter([("userErrors".to_owned(), errors.clone()), ("orderCancelUserErrors".to_owned(), errors)])
}

impl UserError {
    fn new(field: &[&str], message: &str) -> Self {
        Self::coded(field, message, "INVALID")
    }

    fn coded(field: &[&str], message: &str, code: &'static str) -> Self {
        Self { field: field.iter().map(|part| (*part).to_owned()).collect(), message: message.to_owned(), code }
    }
}

impl From<UserError> for Refused {
    fn from(error: UserError) -> Self {
        Self::Input(vec![error])
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => UserError::coded(&["id"], "Record does not exist", "NOT_FOUND").into(),
            Refusal::Invalid { field, message } => {
                let words = field.rsplit('.').next().unwrap_or_default();
                let is_sentence = message.chars().next().is_some_and(char::is_uppercase);
                let message = if is_sentence { message } else { format!("{} {message}", capital(words)) };
                let field: Vec<&str> = field.split('.').collect();
                UserError::new(&field, &message).into()
            }
            Refusal::Io(error) => Self::Io(error),
        }
    }
}

impl Call<'_> {
    /// An argument that is an object; empty when it was not given.
    fn input(&self, name: &str) -> Doc {
        self.arguments.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// The number in a global id of this type.
    fn number(&self, id: Option<&Value>, of: &str) -> Option<u64> {
        parse_gid(id?.as_str()?).filter(|(name, _)| *name == of).map(|(_, number)| number)
    }

    /// A record.
    fn doc(&self, table: &str, number: u64) -> Option<Doc> {
        self.world.table(table).get(number).map(|row| row.doc.clone())
    }

    /// Saves changes to a record, or a new one, and counts the write; what is the same already is not saved.
    fn save(&mut self, table: &'static str, number: Option<u64>, changes: &Doc) -> Result<u64, Refused> {
        let before = number.and_then(|number| self.doc(table, number));
        let unchanged = before.as_ref().is_some_and(|before| {
            changes.iter().all(|(field, value)| before.get(field).unwrap_or(&Value::Null) == value)
        });
        let effect = match number {
            None => Effect::Insert,
            Some(_) if unchanged => Effect::Unchanged,
            Some(_) => Effect::Update,
        };
        let saved = match (effect, number) {
            (Effect::Unchanged, Some(number)) => number,
            _ => records::save(self.world, table, number, changes, self.now)?,
        };
        self.count(table, saved, effect)?;
        Ok(saved)
    }

    fn count(&mut self, table: &'static str, number: u64, effect: Effect) -> Result<(), Refused> {
        let given = self.world.table(table).get(number).and_then(|row| records::given_id(&row.doc));
        let key = given.unwrap_or_else(|| record_id(table, number));
        Ok(self.world.note(table, &Write { key, effect })?)
    }
}

/// A payload with one record in it.
fn payload(field: &str, value: impl Into<Value>) -> Doc {
    Doc::from_iter([
        (field.to_owned(), value.into()),
        ("userErrors".to_owned(), json!([])),
        ("orderCancelUserErrors".to_owned(), json!([])),
    ])
}

/// The named texts of an input that were given, trimmed; an empty one is null.
fn texts(input: &Doc, names: &[&str]) -> Doc {
    let given = names.iter().filter_map(|name| Some((*name, input.get(*name)?)));
    let text = |value: &Value| match value.as_str().map(str::trim) {
        Some("") => Value::Null,
        Some(text) => Value::from(text),
        None => value.clone(),
    };
    given.map(|(name, value)| (name.to_owned(), text(value))).collect()
}

/// A word with a capital, as messages begin.
fn capital(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}
