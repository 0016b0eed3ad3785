//! Comparing what a record holds with what a person typed.

use std::cmp::Ordering;

use chrono::NaiveDate;

use crate::money::exponent;

use super::Operator;
use super::fields::{FieldKind, Held};

/// Decimals are compared in millionths, which is exact for every currency and for thousandths.
const PLACES: u32 = 6;

/// Whether one row of a field holds what the condition asks.
pub(super) fn holds(held: Held<'_>, operator: Operator, value: &str) -> bool {
    let filled = match held {
        Held::Nothing => false,
        // Blanks are nothing to whoever looks at them.
        Held::Text(text) => !text.trim().is_empty(),
        _ => true,
    };
    match operator {
        Operator::Empty => !filled,
        Operator::Filled => filled,
        Operator::Equals => order(held, value) == Some(Ordering::Equal),
        // A row without a value differs from every value; a value that cannot be understood differs from none.
        Operator::Differs => match held {
            Held::Nothing => true,
            held => order(held, value).is_some_and(|order| order != Ordering::Equal),
        },
        Operator::Less => is_ordered(held) && order(held, value) == Some(Ordering::Less),
        Operator::More => is_ordered(held) && order(held, value) == Some(Ordering::Greater),
        Operator::Contains => text(held).is_some_and(|text| text.contains(&fold(value))),
        Operator::StartsWith => text(held).is_some_and(|text| text.starts_with(&fold(value))),
    }
}

/// Whether a value can be typed for a field of this kind.
pub(super) fn can_be_read(kind: FieldKind, value: &str) -> bool {
    match kind {
        FieldKind::Text => !value.trim().is_empty(),
        FieldKind::Number | FieldKind::Money => decimal(value).is_some(),
        FieldKind::Date => date(value).is_some(),
    }
}

const fn is_ordered(held: Held<'_>) -> bool {
    !matches!(held, Held::Text(_) | Held::Nothing)
}

fn order(held: Held<'_>, value: &str) -> Option<Ordering> {
    match held {
        Held::Text(text) => Some(fold(text).cmp(&fold(value))),
        Held::Milli(milli) => Some((i128::from(milli) * 10_i128.pow(PLACES - 3)).cmp(&decimal(value)?)),
        Held::Money(money) => {
            let unit = 10_i128.pow(PLACES - exponent(&money.currency));
            Some((i128::from(money.minor) * unit).cmp(&decimal(value)?))
        }
        Held::Date(day) => Some(day.cmp(&date(value)?)),
        Held::Nothing => None,
    }
}

fn text(held: Held<'_>) -> Option<String> {
    match held {
        Held::Text(text) => Some(fold(text)),
        _ => None,
    }
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

fn date(value: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(value.trim(), "%Y-%m-%d").ok()
}

/// A decimal in millionths; `None` when it is none, has more than six places or more than fifteen digits before them.
fn decimal(value: &str) -> Option<i128> {
    let text = value.trim();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = whole.len() <= 15 && fraction.len() <= PLACES as usize && !(whole.is_empty() && fraction.is_empty());
    if !fits || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let number: i128 = format!("{whole}{fraction:0<width$}", width = PLACES as usize).parse().ok()?;
    Some(if negative { -number } else { number })
}
