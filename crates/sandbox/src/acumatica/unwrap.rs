//! From a request's JSON (`{"Name": {"value": …}}`) to plain values of the right types.

use serde_json::{Map, Value, json};

use crate::clock::{millis_text, parse_millis};
use crate::decimal::Decimal;
use crate::table::Doc;

use super::entities::{Field, Kind, field};

/// Fields that every entity has beside those of its contract.
const SYSTEM: [&str; 8] = ["id", "rowNumber", "note", "custom", "files", "error", "delete", "_links"];

/// Takes the values out of a record as it was sent. A field the contract does not have, or a value of another type, is an error.
pub fn unwrap(fields: &'static [Field], input: &Doc) -> Result<Doc, String> {
    let mut plain = Doc::new();
    for (name, value) in input {
        if SYSTEM.contains(&name.as_str()) {
            system(name, value, &mut plain);
            continue;
        }
        let (name, kind) =
            field(fields, name).ok_or_else(|| format!("The field {name} is not defined in the contract."))?;
        if let Some(value) = one(name, kind, value)? {
            plain.insert(name.to_owned(), value);
        }
    }
    Ok(plain)
}

/// Wraps plain scalars (`"Name": "x"`) as a client would have sent them; what is wrapped already stays as it is.
#[must_use]
pub fn wrap_plain(fields: &'static [Field], input: &Doc) -> Doc {
    let wrap = |(name, value): (&String, &Value)| {
        let wrapped = match (field(fields, name).map(|(_, kind)| kind), value) {
            (Some(Kind::Linked(inner)), Value::Object(object)) => Value::Object(wrap_plain(inner, object)),
            // A form names a row by its position (`Packages/0/TrackingNbr`).
            (Some(Kind::Details(inner)), Value::Object(rows)) => rows
                .iter()
                .filter_map(|(position, row)| Some((position.parse::<u64>().ok()?, row.as_object()?)))
                .map(|(position, row)| {
                    let mut row = wrap_plain(inner, row);
                    if field(inner, "LineNbr").is_some() {
                        row.insert("LineNbr".to_owned(), json!({"value": position + 1}));
                    }
                    Value::Object(row)
                })
                .collect(),
            (Some(Kind::Details(inner)), Value::Array(rows)) => rows
                .iter()
                .map(|row| row.as_object().map_or(row.clone(), |row| Value::Object(wrap_plain(inner, row))))
                .collect(),
            (Some(_), value) if !value.is_object() => {
                Value::Object(Map::from_iter([("value".to_owned(), value.clone())]))
            }
            (_, value) => value.clone(),
        };
        (name.clone(), wrapped)
    };
    input.iter().map(wrap).collect()
}

fn system(name: &str, value: &Value, plain: &mut Doc) {
    let kept = match name {
        "id" | "delete" => value.clone(),
        "note" => value.get("value").unwrap_or(value).clone(),
        _ => return,
    };
    if !kept.is_null() {
        plain.insert(name.to_owned(), kept);
    }
}

fn one(name: &str, kind: Kind, value: &Value) -> Result<Option<Value>, String> {
    match (kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Linked(fields), Value::Object(object)) => unwrap(fields, object).map(|inner| Some(Value::Object(inner))),
        (Kind::Details(fields), Value::Array(rows)) => {
            let row = |row: &Value| {
                row.as_object()
                    .ok_or_else(|| format!("The rows of {name} must be objects."))
                    .and_then(|row| unwrap(fields, row))
                    .map(Value::Object)
            };
            rows.iter().map(row).collect::<Result<Vec<_>, _>>().map(|rows| Some(Value::Array(rows)))
        }
        (Kind::Linked(_) | Kind::Details(_), _) => Err(format!("The value of {name} has the wrong shape.")),
        (_, Value::Object(object)) => object.get("value").map(|value| coerce(name, kind, value)).transpose(),
        _ => Err(format!("The value of {name} must be wrapped: {{\"value\": …}}.")),
    }
}

/// The ERP's own normalisation: text is trimmed and cut, codes are in capitals, numbers rounded.
fn coerce(name: &str, kind: Kind, value: &Value) -> Result<Value, String> {
    let wrong = || format!("The value of {name} has the wrong type.");
    if value.is_null() {
        return Ok(Value::Null);
    }
    match kind {
        Kind::Text(longest) => text(value).map(|text| Value::from(cut(&text, longest))).ok_or_else(wrong),
        Kind::Code(longest) => {
            text(value).map(|text| Value::from(cut(&text, longest).to_uppercase())).ok_or_else(wrong)
        }
        Kind::Choice(_) => text(value).map(Value::from).ok_or_else(wrong),
        Kind::Decimal(places) => {
            Decimal::from_json(value).map(|number| number.round(places).to_json()).ok_or_else(wrong)
        }
        Kind::Integer => {
            value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()).map(Value::from).ok_or_else(wrong)
        }
        Kind::Flag => value
            .as_bool()
            .or_else(|| value.as_str()?.trim().to_lowercase().parse().ok())
            .map(Value::from)
            .ok_or_else(wrong),
        Kind::Time => value.as_str().and_then(parse_millis).map(|at| Value::from(millis_text(at))).ok_or_else(wrong),
        Kind::Linked(_) | Kind::Details(_) => Err(wrong()),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::entities::STOCK_ITEM;
    use super::*;

    fn unwrapped(input: Value) -> Result<Value, String> {
        let Value::Object(input) = input else { unreachable!() };
        unwrap(STOCK_ITEM.fields, &input).map(Value::Object)
    }

    #[test]
    fn values_are_normalised_as_the_erp_does_it() {
        let long = "x".repeat(300);
        let plain = unwrapped(json!({"InventoryID": {"value": " tea-1 "}, "Description": {"value": long}, "DefaultPrice": {"value": "1.23456"}, "Content": {}})).unwrap();
        assert_eq!(plain["InventoryID"], "TEA-1");
        assert_eq!(plain["Description"].as_str().unwrap().len(), 256);
        assert_eq!(plain["DefaultPrice"], 1.2346);
        assert!(plain.get("Content").is_none());
    }

    #[test]
    fn unknown_fields_and_wrong_shapes_are_refused() {
        for wrong in [
            json!({"Colour": {"value": "red"}}),
            json!({"Description": "bare"}),
            json!({"DefaultPrice": {"value": "cheap"}}),
            json!({"CrossReferences": {}}),
        ] {
            assert!(unwrapped(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
