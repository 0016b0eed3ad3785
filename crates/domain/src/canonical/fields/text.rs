//! Values as text, and back.

use chrono::NaiveDate;

use crate::Money;

/// `1.5` of 1500 thousandths.
pub fn quantity(milli: i64) -> String {
    let (sign, size) = (if milli < 0 { "-" } else { "" }, milli.unsigned_abs());
    match size % 1_000 {
        0 => format!("{sign}{}", size / 1_000),
        rest => format!("{sign}{}.{rest:03}", size / 1_000).trim_end_matches('0').to_owned(),
    }
}

/// Thousandths of a decimal with at most three digits behind the point.
pub fn parse_quantity(text: &str) -> Result<i64, String> {
    let wrong = || "Type a number with at most three digits behind the point, such as 1.5.".to_owned();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !whole.is_empty() && whole.len() <= 12 && fraction.len() <= 3;
    if !is_number || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    format!("{whole}{fraction:0<3}").parse::<i64>().map(|milli| sign * milli).map_err(|_| wrong())
}

/// An amount as it is typed: with its currency only when it is another one than the record's.
pub fn amount(money: &Money, currency: &str) -> String {
    if money.currency == currency { money.decimal() } else { money.to_string() }
}

/// `120.00` in `currency`, or `120.00 USD`.
pub fn parse_amount(text: &str, currency: &str) -> Result<Money, String> {
    let (decimal, own) = text.split_once(char::is_whitespace).unwrap_or((text, currency));
    let own = own.trim();
    if own.is_empty() {
        return Err("Type the currency behind the amount, such as 120.00 EUR.".to_owned());
    }
    parse_currency(own)?;
    let places = crate::money::exponent(own) as usize;
    let fraction = decimal.split_once('.').map_or("", |(_, fraction)| fraction);
    let money = (fraction.len() <= places).then(|| Money::parse(decimal, own)).flatten();
    money.ok_or_else(|| format!("Type an amount with at most {places} digits behind the point, such as 120."))
}

/// A currency's code.
pub fn parse_currency(text: &str) -> Result<String, String> {
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code { Ok(text.to_owned()) } else { Err("Type a currency by its three letters, such as EUR.".to_owned()) }
}

/// `2026-11-21`.
pub fn parse_date(text: &str) -> Result<NaiveDate, String> {
    let wrong = || "Type a date as year-month-day, such as 2026-11-21.".to_owned();
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (
        parts.next(),
        parts.next().and_then(|part| part.parse().ok()),
        parts.next().and_then(|part| part.parse().ok()),
    );
    let year = year.filter(|year| year.len() == 4).and_then(|year| year.parse().ok());
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) => NaiveDate::from_ymd_opt(year, month, day).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// The date as it is typed. chrono's own formatting would be a hundredth of the wasm.
pub fn date(date: NaiveDate) -> String {
    use chrono::Datelike;
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}
