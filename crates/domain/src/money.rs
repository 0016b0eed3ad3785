//! Money: minor units and a currency, never a float.

use serde::{Deserialize, Serialize};

/// An amount in a currency's minor units (`1250` EUR is 12.50).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    /// ISO 4217, three capitals.
    pub currency: String,
}

/// Digits behind the decimal point (ISO 4217's minor unit).
#[must_use]
pub fn exponent(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

impl Money {
    #[must_use]
    pub fn new(minor: i64, currency: &str) -> Self {
        Self { minor, currency: currency.to_owned() }
    }

    /// Reads a decimal such as `12.5`, `-3` or `1999.00`; digits beyond the currency's are rounded half away from
    /// zero. `None` when it is no decimal or too large.
    #[must_use]
    pub fn parse(decimal: &str, currency: &str) -> Option<Self> {
        let text = decimal.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let places = exponent(currency) as usize;
        let mut minor: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        for index in 0..places {
            let digit = fraction.as_bytes().get(index).map_or(0, |b| i64::from(b - b'0'));
            minor = minor.checked_mul(10)?.checked_add(digit)?;
        }
        if fraction.as_bytes().get(places).is_some_and(|b| *b >= b'5') {
            minor = minor.checked_add(1)?;
        }
        Some(Self::new(if negative { -minor } else { minor }, currency))
    }

    /// The decimal without the currency: `12.50`.
    #[must_use]
    pub fn decimal(&self) -> String {
        let places = exponent(&self.currency);
        let unit = 10_u64.pow(places);
        let (sign, magnitude) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        if places == 0 {
            return format!("{sign}{magnitude}");
        }
        format!("{sign}{}.{:0width$}", magnitude / unit, magnitude % unit, width = places as usize)
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_become_minor_units_of_their_currency() {
        assert_eq!(Money::parse("12.5", "EUR"), Some(Money::new(1250, "EUR")));
        assert_eq!(Money::parse("-0.005", "EUR"), Some(Money::new(-1, "EUR")));
        assert_eq!(Money::parse("1999.00", "JPY"), Some(Money::new(1999, "JPY")));
        assert_eq!(Money::parse("", "EUR"), None);
        assert_eq!(Money::parse("1,5", "EUR"), None);
        assert_eq!(Money::parse("99999999999999999999", "EUR"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(minor in -1_000_000_000_000_i64..1_000_000_000_000, currency in "(EUR|JPY|KWD)") {
            let money = Money::new(minor, &currency);
            prop_assert_eq!(Money::parse(&money.decimal(), &currency), Some(money));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Money::parse(&text, "EUR");
        }
    }
}
