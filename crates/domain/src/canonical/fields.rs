//! A record's fields one by one, as a person reads and types them: for forms, for two records side by side, and for
//! choosing between them.
//!
//! What is shown reads back: applying a record's own fields to it changes nothing.

mod choose;
mod text;
mod walk;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Canonical, Change, diff};
use crate::connection::FieldErrors;

pub use choose::{Groups, choose, groups};
use walk::Walk;

/// Lines that a person may add or that a form may carry: beyond it a form is no place to edit a record.
pub const MAX_LINES: usize = 500;
/// The longest text that is typed into one field, in characters.
pub const MAX_TEXT: usize = 2_000;

crate::text_enum! {
    /// What is typed into a field.
    FieldKind {
        Text = "text", "text";
        Email = "email", "an e-mail address";
        /// `120.00`, with the record's currency unless another one stands behind it (`120.00 USD`).
        Amount = "amount", "an amount";
        /// Up to three digits behind the point.
        Quantity = "quantity", "a quantity";
        /// `2026-11-21`.
        Date = "date", "a date";
        /// Another record's id in the system that the record is meant for.
        Reference = "reference", "an id";
    }
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// `ship_to.city`; a line's fields are `lines.2.title`, counted from one.
    pub path: String,
    pub label: String,
    pub kind: FieldKind,
    /// Empty when there is none.
    pub value: String,
    pub required: bool,
}

/// A field of two records side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    pub path: String,
    pub label: String,
    /// Empty when there is none.
    pub left: String,
    pub right: String,
}

impl Pair {
    #[must_use]
    pub fn differs(&self) -> bool {
        self.left != self.right
    }
}

/// Every field of a record, the empty ones too.
#[must_use]
pub fn fields(record: &Canonical) -> Vec<Field> {
    let mut walk = Walk::reading();
    walk.record(&mut record.clone());
    walk.found
}

/// The same, with an empty line after the last one, into which a new line is typed.
#[must_use]
pub fn form_fields(record: &Canonical) -> Vec<Field> {
    let mut walk = Walk::reading();
    walk.with_blank_line = true;
    walk.record(&mut record.clone());
    walk.found
}

/// The record with what was typed, by path. A path that is not typed keeps its value; `lines.2.remove` takes a line away;
/// text in the line after the last one adds it.
///
/// # Errors
/// What is wrong with each field, by its path.
pub fn apply(record: &Canonical, typed: &BTreeMap<String, String>) -> Result<Canonical, FieldErrors> {
    let mut record = record.clone();
    let mut walk = Walk::writing(typed);
    walk.record(&mut record);
    if walk.errors.is_empty() { Ok(record) } else { Err(walk.errors) }
}

/// Both records field by field, without the fields that neither has.
#[must_use]
pub fn side_by_side(left: Option<&Canonical>, right: Option<&Canonical>) -> Vec<Pair> {
    let (left, right) = (left.map(fields).unwrap_or_default(), right.map(fields).unwrap_or_default());
    let mut theirs: HashMap<String, String> =
        right.iter().map(|field| (field.path.clone(), field.value.clone())).collect();
    let mut pairs = Vec::with_capacity(left.len().max(right.len()));
    for field in left {
        let right = theirs.remove(&field.path).unwrap_or_default();
        pairs.push(Pair { path: field.path, label: field.label, left: field.value, right });
    }
    let only_right = right.into_iter().filter(|field| theirs.contains_key(&field.path));
    pairs.extend(only_right.map(|field| Pair {
        path: field.path,
        label: field.label,
        left: String::new(),
        right: field.value,
    }));
    pairs.retain(|pair| !pair.left.is_empty() || !pair.right.is_empty());
    pairs
}

/// Everything that differs in `after`, as a person reads it. What no form shows is told as it is stored.
#[must_use]
pub fn told(before: Option<&Canonical>, after: &Canonical) -> Vec<Change> {
    let stored = diff(before, after);
    let pairs = side_by_side(before, Some(after));
    let shown: HashSet<String> = pairs.iter().filter(|pair| pair.differs()).map(|pair| pair.path.clone()).collect();
    let is_shown = |path: &str| {
        let path = path.trim_end_matches("_milli");
        shown.contains(path) || path.rsplit_once('.').is_some_and(|(parent, _)| shown.contains(parent))
    };
    let hidden: Vec<Change> = stored.into_iter().filter(|change| !is_shown(&change.path)).collect();
    changes_of(pairs).chain(hidden).collect()
}

/// The fields that a person changed, in the words of the form.
#[must_use]
pub fn changed(before: &Canonical, after: &Canonical) -> Vec<Change> {
    changes_of(side_by_side(Some(before), Some(after))).collect()
}

fn changes_of(pairs: Vec<Pair>) -> impl Iterator<Item = Change> {
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let differing = pairs.into_iter().filter(Pair::differs);
    differing.map(move |pair| Change { path: pair.path, before: filled(pair.left), after: filled(pair.right) })
}

#[cfg(test)]
mod tests;
