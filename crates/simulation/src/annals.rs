//! What people did to each of the shops' records, and how much of it the engine was told and took. It shares nothing with
//! the engine, so that what the engine says and writes can be judged by it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// The fields whose every value is written once, by one edit of one record, with the names that both vendors give them.
const TELLING: [&str; 3] = ["note", "title", "phone"];

/// A record of a shop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    pub tenant: usize,
    pub table: &'static str,
    /// By the shop's own id.
    pub id: String,
}

/// A value that only one edit has written.
#[derive(Debug, Clone)]
pub struct Said {
    pub thing: Thing,
    pub field: &'static str,
    /// Which of the record's edits it was.
    pub edit: u32,
}

/// Everything that people did in the shops.
#[derive(Debug, Default)]
pub struct Annals {
    edits: BTreeMap<Thing, u32>,
    taken: BTreeMap<Thing, u32>,
    /// What people edited in the ERPs: the tenant, the record's id there, and when.
    in_erp: Vec<(usize, String, DateTime<Utc>)>,
    /// How many customers people removed at each tenant's ERP.
    removed_in_erp: BTreeMap<usize, u64>,
    /// By value; `None` = two edits have written it, and it tells nothing.
    said: BTreeMap<String, Option<Said>>,
}

impl Annals {
    /// A record was made or edited; says which of its edits that is.
    pub fn note(&mut self, thing: &Thing, changes: &Value) -> u32 {
        let edit = self.edits.entry(thing.clone()).or_default();
        *edit += 1;
        for field in TELLING {
            let Some(value) = changes[field].as_str() else { continue };
            let said = Said { thing: thing.clone(), field, edit: *edit };
            self.said.entry(value.to_owned()).and_modify(|known| *known = None).or_insert(Some(said));
        }
        *edit
    }

    /// Somebody has edited a record of an ERP.
    pub fn note_in_erp(&mut self, tenant: usize, id: &str, at: DateTime<Utc>) {
        self.in_erp.push((tenant, id.to_owned(), at));
    }

    /// Whether somebody has edited that record of an ERP between these times.
    pub fn was_edited_in_erp(&self, tenant: usize, id: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        self.in_erp.iter().any(|(whose, edited, at)| *whose == tenant && edited == id && (from..=until).contains(at))
    }

    /// Somebody has removed a customer of an ERP.
    pub fn note_removal_in_erp(&mut self, tenant: usize) {
        *self.removed_in_erp.entry(tenant).or_default() += 1;
    }

    /// How many customers people have removed at an ERP.
    pub fn removed_in_erp(&self, tenant: usize) -> u64 {
        self.removed_in_erp.get(&tenant).copied().unwrap_or(0)
    }

    /// The engine has accepted the announcement of an edit.
    pub fn take(&mut self, thing: Thing, edit: u32) {
        let taken = self.taken.entry(thing).or_default();
        *taken = (*taken).max(edit);
    }

    /// Whether the engine knows that the record has changed for the last time.
    pub fn is_taken(&self, thing: &Thing) -> bool {
        self.edits.get(thing).is_some_and(|edit| self.taken.get(thing) == Some(edit))
    }

    /// What a request's body says of the shops' records.
    pub fn told_by(&self, body: &str) -> Vec<Said> {
        let mut said = Vec::new();
        if let Ok(body) = serde_json::from_str(body) {
            self.look_through(&body, &mut said);
        }
        said
    }

    fn look_through(&self, value: &Value, said: &mut Vec<Said>) {
        match value {
            Value::String(text) => said.extend(self.said.get(text).and_then(Option::as_ref).cloned()),
            Value::Array(values) => values.iter().for_each(|value| self.look_through(value, said)),
            Value::Object(fields) => fields.values().for_each(|value| self.look_through(value, said)),
            _ => {}
        }
    }
}
