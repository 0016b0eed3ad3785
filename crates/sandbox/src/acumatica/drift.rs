//! What somebody changed about an entity's fields since: the control API's switch for schema drift.
//!
//! A field that was taken away is missing from answers and from `$adHocSchema`; one that was added is a custom field of
//! it. The types of the contract's own fields are told nowhere, so that only a custom field's type can change.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::entities::{Entity, Field, Kind};

/// The changes of one account.
#[derive(Debug, Default)]
pub struct Drift {
    removed: BTreeMap<&'static str, Vec<String>>,
    /// By entity and name: the custom field's type.
    custom: BTreeMap<(&'static str, String), String>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A custom field comes, or a field of the contract that went comes back.
    Add { name: String, kind: String },
    /// A custom field has another type now.
    Retype { name: String, kind: String },
    /// A field goes, by its path (`Details/UnitPrice`).
    Remove(String),
}

impl Drift {
    /// Takes in a change; whether there is a field that it can be made to.
    pub fn apply(&mut self, entity: &'static Entity, change: Change) -> bool {
        let removed = self.removed.entry(entity.name).or_default();
        match change {
            Change::Add { name, .. } if has(entity.fields, &name) => removed.retain(|own| *own != name),
            Change::Add { name, kind } => drop(self.custom.insert((entity.name, name), kind)),
            Change::Retype { name, kind } => match self.custom.get_mut(&(entity.name, name)) {
                Some(own) => *own = kind,
                None => return false,
            },
            Change::Remove(name) if has(entity.fields, &name) => removed.push(name),
            Change::Remove(name) => return self.custom.remove(&(entity.name, name)).is_some(),
        }
        true
    }

    /// The paths that answers do not show.
    #[must_use]
    pub fn hidden(&self, entity: &Entity) -> Vec<String> {
        self.removed.get(entity.name).cloned().unwrap_or_default()
    }

    /// Forgets all changes.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What `$adHocSchema` answers.
    #[must_use]
    pub fn schema(&self, entity: &'static Entity) -> Value {
        let mut schema = shape(entity.fields, "", &self.hidden(entity));
        let own = self.custom.iter().filter(|((name, _), _)| *name == entity.name);
        let custom: Map<String, Value> =
            own.map(|((_, name), kind)| (name.clone(), json!({"type": kind, "value": null}))).collect();
        if !custom.is_empty() {
            schema["custom"] = json!({"CurrentDocument": custom});
        }
        schema["_workflowActions"] = json!([]);
        schema
    }
}

fn shape(fields: &'static [Field], prefix: &str, hidden: &[String]) -> Value {
    let mut out = Map::from_iter([
        ("id".to_owned(), Value::Null),
        ("rowNumber".to_owned(), Value::from(1)),
        ("note".to_owned(), json!({"value": ""})),
    ]);
    for (name, kind) in fields {
        let path = if prefix.is_empty() { (*name).to_owned() } else { format!("{prefix}/{name}") };
        if hidden.contains(&path) {
            continue;
        }
        let value = match kind {
            Kind::Linked(inner) => shape(inner, &path, hidden),
            Kind::Details(inner) => json!([shape(inner, &path, hidden)]),
            _ => json!({}),
        };
        out.insert((*name).to_owned(), value);
    }
    out.insert("custom".to_owned(), json!({}));
    Value::Object(out)
}

fn has(fields: &'static [Field], path: &str) -> bool {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    fields.iter().any(|(name, kind)| match kind {
        Kind::Linked(inner) | Kind::Details(inner) if !rest.is_empty() => *name == first && has(inner, rest),
        _ => *name == first && rest.is_empty(),
    })
}
