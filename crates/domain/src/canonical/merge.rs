//! Bringing one side's changes to the other without losing what the first one has no place for.

use serde_json::{Map, Value};

use super::Canonical;

/// The target's record with the changes that came in: where what came in is all that the other side can hold of the
/// target's own value (`seen`), the target keeps its own; everything else is taken. All three are in the target's terms.
///
/// An ERP that has no field for a name in an address thus never empties it in the shop, and a note that it had to cut
/// stays whole there.
#[must_use]
pub fn merge(target: &Canonical, seen: &Canonical, incoming: &Canonical) -> Canonical {
    let value = |record: &Canonical| serde_json::to_value(record).unwrap_or_default();
    let merged = combine(&value(target), &value(seen), &value(incoming));
    serde_json::from_value(merged).unwrap_or_else(|_| incoming.clone())
}

fn combine(target: &Value, seen: &Value, incoming: &Value) -> Value {
    if incoming == seen {
        return target.clone();
    }
    match (target, incoming) {
        (Value::Object(old), Value::Object(new)) if is_money(new) || is_reference(new) => {
            // Two references are the same when their ids are: the key beside it is a help for people.
            let same = is_reference(new) && old.get("id") == new.get("id");
            if same { target.clone() } else { incoming.clone() }
        }
        (Value::Object(old), Value::Object(new)) => Value::Object(combine_fields(old, seen, new)),
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            let row = |(index, (old, new))| combine(old, seen.get(index).unwrap_or(&Value::Null), new);
            Value::Array(old.iter().zip(new).enumerate().map(row).collect())
        }
        _ => incoming.clone(),
    }
}

fn combine_fields(old: &Map<String, Value>, seen: &Value, new: &Map<String, Value>) -> Map<String, Value> {
    let null = Value::Null;
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let field = |key: &String| {
        let (old, new) = (old.get(key).unwrap_or(&null), new.get(key).unwrap_or(&null));
        (key.clone(), combine(old, seen.get(key).unwrap_or(&null), new))
    };
    keys.into_iter().map(field).collect()
}

fn is_reference(object: &Map<String, Value>) -> bool {
    object.contains_key("id") && object.keys().all(|key| key == "id" || key == "key")
}

/// An amount and its currency go together.
fn is_money(object: &Map<String, Value>) -> bool {
    object.contains_key("minor")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{Address, Customer};

    fn customer(name: &str, phone: Option<&str>, addressee: Option<&str>, city: &str) -> Canonical {
        Canonical::Customer(Customer {
            email: Some("ada@example.org".into()),
            name: name.into(),
            phone: phone.map(Into::into),
            address: Some(Address { name: addressee.map(Into::into), city: Some(city.into()), ..Address::default() }),
        })
    }

    #[test]
    fn what_the_other_side_has_no_place_for_stays_and_what_it_changed_comes() {
        let shop = customer("Ada", Some("1"), Some("Ada at work"), "London");
        let as_the_erp_holds_it = customer("Ada", Some("1"), None, "London");
        let from_the_erp = customer("Ada Byron", None, None, "Paris");
        let merged = merge(&shop, &as_the_erp_holds_it, &from_the_erp);
        assert_eq!(merged, customer("Ada Byron", None, Some("Ada at work"), "Paris"));
    }

    #[test]
    fn what_came_back_as_it_was_sent_changes_nothing() {
        let shop = customer("A name that is too long for the ERP", None, Some("Ada"), "London");
        let cut = customer("A name that is", None, None, "London");
        assert_eq!(merge(&shop, &cut, &cut), shop);
    }
}
