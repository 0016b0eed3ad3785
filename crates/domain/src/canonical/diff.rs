//! The fields in which two canonical records differ.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Canonical;

/// A field that differs, by its path (`lines.2.quantity_milli`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub path: String,
    /// `None` when it was not there.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What is different in `after`, in the order of the fields' names.
#[must_use]
pub fn diff(before: Option<&Canonical>, after: &Canonical) -> Vec<Change> {
    // The entity's name stands around the record's fields and says nothing here.
    let value = |record: &Canonical| match serde_json::to_value(record) {
        Ok(Value::Object(outer)) => outer.into_iter().next().map_or(Value::Null, |(_, fields)| fields),
        _ => Value::Null,
    };
    let mut changes = Vec::new();
    compare("", &before.map_or(Value::Null, value), &value(after), &mut changes);
    changes
}

fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let null = Value::Null;
    if before.is_object() || after.is_object() {
        let empty = serde_json::Map::new();
        let (old, new) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
        let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            compare(&join(key), old.get(key).unwrap_or(&null), new.get(key).unwrap_or(&null), changes);
        }
    } else if before.is_array() || after.is_array() {
        let (old, new) =
            (before.as_array().map_or(&[][..], Vec::as_slice), after.as_array().map_or(&[][..], Vec::as_slice));
        for index in 0..old.len().max(new.len()) {
            let key = join(&(index + 1).to_string());
            compare(&key, old.get(index).unwrap_or(&null), new.get(index).unwrap_or(&null), changes);
        }
    } else {
        changes.push(Change { path: path.to_owned(), before: text(before), after: text(after) });
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Customer;

    #[test]
    fn only_the_fields_that_differ_are_named() {
        let ada = Customer { name: "Ada".into(), email: Some("ada@example.org".into()), ..Customer::default() };
        let before = Canonical::Customer(ada.clone());
        let after = Canonical::Customer(Customer { name: "Ada Byron".into(), ..ada });
        let changes = diff(Some(&before), &after);
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].path.as_str(), changes[0].after.as_deref()), ("name", Some("Ada Byron")));
        assert_ne!(before.hash(), after.hash());
    }
}
