//! Wrapped values: `{"CustomerID": {"value": "C0001"}}`, and `{}` for an empty one.

use domain::Money;
use serde_json::{Map, Value, json};

/// A currency of three decimals, by which thousandths are read and written as exactly as money is.
const THOUSANDTHS: &str = "KWD";

/// The text at a path (`MainContact/Email`); `None` when it is empty or not there.
pub(super) fn text<'a>(record: &'a Value, path: &str) -> Option<&'a str> {
    at(record, path)?.as_str().filter(|text| !text.trim().is_empty())
}

pub(super) fn flag(record: &Value, path: &str) -> bool {
    at(record, path).and_then(Value::as_bool).unwrap_or_default()
}

/// An amount in a currency; `None` when there is none.
///
/// # Errors
/// When it is no number, or too large.
pub(super) fn money(record: &Value, path: &str, currency: &str) -> Result<Option<Money>, String> {
    let Some(decimal) = at(record, path).and_then(decimal) else { return Ok(None) };
    Money::parse(&decimal, currency).map(Some).ok_or_else(|| format!("{path} is no amount, or too large"))
}

/// A quantity in thousandths; nothing is zero.
///
/// # Errors
/// When it is no number, or too large.
pub(super) fn thousandths(record: &Value, path: &str) -> Result<i64, String> {
    money(record, path, THOUSANDTHS).map(|quantity| quantity.map_or(0, |quantity| quantity.minor))
}

/// The details or linked entity of this name.
pub(super) fn rows<'a>(record: &'a Value, name: &str) -> &'a [Value] {
    record.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text to be written; an empty one clears the field.
pub(super) fn wrap(text: Option<&str>) -> Value {
    json!({"value": text.unwrap_or_default()})
}

pub(super) fn wrap_flag(flag: bool) -> Value {
    json!({"value": flag})
}

pub(super) fn wrap_money(money: Option<&Money>) -> Value {
    number(&money.map_or_else(|| "0".to_owned(), Money::decimal))
}

pub(super) fn wrap_thousandths(quantity: i64) -> Value {
    number(&Money::new(quantity, THOUSANDTHS).decimal())
}

/// An object of wrapped fields.
pub(super) fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn number(decimal: &str) -> Value {
    let number: Value = serde_json::from_str(decimal).unwrap_or_else(|_| Value::from(decimal));
    json!({"value": number})
}

fn at<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').try_fold(record, |value, name| value.get(name))?.get("value")
}

fn decimal(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            let plain = !text.contains(['e', 'E']);
            if plain { Some(text) } else { number.as_f64().map(|float| format!("{float:.6}")) }
        }
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unwrapped_and_empty_ones_are_none() {
        let record = json!({"A": {"value": "x"}, "B": {}, "C": {"D": {"value": 12.5}}, "E": {"value": 1e-7}, "F": {"value": 1e300}});
        assert_eq!((text(&record, "A"), text(&record, "B"), text(&record, "G/H")), (Some("x"), None, None));
        assert_eq!(money(&record, "C/D", "EUR"), Ok(Some(Money::new(1250, "EUR"))));
        assert_eq!(thousandths(&record, "E"), Ok(0));
        assert!(money(&record, "F", "EUR").is_err());
        assert_eq!(money(&record, "B", "EUR"), Ok(None));
    }

    #[test]
    fn amounts_are_written_as_numbers() {
        assert_eq!(wrap_money(Some(&Money::new(1999, "EUR"))), json!({"value": 19.99}));
        assert_eq!(wrap_thousandths(-1500), json!({"value": -1.5}));
        assert_eq!(wrap_money(None), json!({"value": 0}));
    }
}
