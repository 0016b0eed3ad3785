//! Amounts with four decimals, exact: what the vendors' back offices calculate with.

use std::fmt;

use serde_json::{Number, Value};

const SCALE: i128 = 10_000;

/// A decimal number with four places, between ±900 billion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Decimal(i64);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// Hundredths, as money is counted.
    #[must_use]
    pub fn from_cents(cents: i64) -> Self {
        Self(cents.saturating_mul(100))
    }

    /// Reads `12`, `-12.5` or `12.34567` (rounded half away from zero); `None` for anything else or out of range.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 12 || !plain(whole) || !plain(fraction) {
            return None;
        }
        let mut scaled = whole.parse::<i128>().ok()? * SCALE;
        let kept: String = fraction.chars().chain("0000".chars()).take(4).collect();
        scaled += kept.parse::<i128>().ok()?;
        if fraction.as_bytes().get(4).is_some_and(|digit| *digit >= b'5') {
            scaled += 1;
        }
        i64::try_from(if negative { -scaled } else { scaled }).ok().map(Self)
    }

    /// Reads a JSON number, or a string that holds one.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::from_number(number),
            Value::String(text) => Self::parse(text),
            _ => None,
        }
    }

    /// Rounded half away from zero to at most four places.
    #[must_use]
    pub fn round(self, places: u32) -> Self {
        let step = 10_i64.pow(4_u32.saturating_sub(places));
        let half = step / 2 * self.0.signum();
        Self(self.0.saturating_add(half) / step * step)
    }

    /// The product, rounded to four places.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let product = i128::from(self.0) * i128::from(other.0);
        let half = SCALE / 2 * product.signum();
        Self(i64::try_from((product + half) / SCALE).unwrap_or(i64::MAX))
    }

    /// The sum; stops at the largest value instead of wrapping.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; stops at the smallest value instead of wrapping.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// As a JSON number (`19.99`), which is how Acumatica writes amounts.
    #[must_use]
    pub fn to_json(self) -> Value {
        if self.0 % 10_000 == 0 {
            return Value::from(self.0 / 10_000);
        }
        #[expect(clippy::cast_precision_loss, reason = "below 2^53 the nearest float prints the same decimals")]
        let float = self.0 as f64 / 10_000.0;
        Number::from_f64(float).map_or(Value::Null, Value::Number)
    }

    /// With exactly two decimals (`"19.90"`), which is how Shopify writes amounts.
    #[must_use]
    pub fn to_money(self) -> String {
        let cents = self.round(2).0 / 100;
        let sign = if cents < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
    }

    fn from_number(number: &Number) -> Option<Self> {
        let text = number.to_string();
        if text.contains(['e', 'E']) {
            return number.as_f64().and_then(|float| Self::parse(&format!("{float:.6}")));
        }
        Self::parse(&text)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn decimals_are_read_exactly_and_rubbish_is_refused() {
        assert_eq!(decimal("19.99").to_json(), serde_json::json!(19.99));
        assert_eq!(decimal("-0.5").to_money(), "-0.50");
        assert_eq!(decimal("1.00005"), decimal("1.0001"));
        for rubbish in ["", "-", "1e9", "1,5", "NaN", "12345678901234567890"] {
            assert_eq!(Decimal::parse(rubbish), None, "{rubbish}");
        }
    }

    #[test]
    fn products_and_roundings_go_half_away_from_zero() {
        assert_eq!(decimal("19.99").times(decimal("3")), decimal("59.97"));
        assert_eq!(decimal("1.005").round(2), decimal("1.01"));
        assert_eq!(decimal("-1.005").round(2), decimal("-1.01"));
    }
}
