//! `$filter` expressions. See "$filter Parameter" in Acumatica's Integration Development Guide.

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// IIS refuses query strings above 2,048 bytes unless it is told otherwise; the other parameters need some of them.
const LONGEST_ENCODED: usize = 1_700;

/// `Field eq 'text'`, quotes in the text doubled.
pub(super) fn equals(field: &str, text: &str) -> String {
    let quoted = text.replace('\'', "''");
    format!("{field} eq '{quoted}'")
}

/// `left and right`, leaving empty ones out.
pub(super) fn all(conditions: &[&str]) -> String {
    let conditions: Vec<&str> = conditions.iter().copied().filter(|condition| !condition.is_empty()).collect();
    conditions.join(" and ")
}

/// `Field ge datetimeoffset'…'`, to the millisecond.
pub(super) fn compares(field: &str, operator: &str, time: DateTime<Utc>) -> String {
    format!("{field} {operator} datetimeoffset'{}'", time.to_rfc3339_opts(SecondsFormat::Millis, false))
}

/// Filters that find the records with these keys, in as few requests as the URL's length allows.
pub(super) fn any_of(field: &str, keys: &[String]) -> Vec<String> {
    let mut filters: Vec<Vec<String>> = Vec::new();
    let mut length = 0;
    for condition in keys.iter().map(|key| equals(field, key)) {
        let more = encoded_length(&condition) + encoded_length(" or ");
        match filters.last_mut() {
            Some(last) if length + more <= LONGEST_ENCODED => {
                last.push(condition);
                length += more;
            }
            _ => {
                filters.push(vec![condition]);
                length = more;
            }
        }
    }
    filters.into_iter().map(|conditions| format!("({})", conditions.join(" or "))).collect()
}

fn encoded_length(text: &str) -> usize {
    utf8_percent_encode(text, NON_ALPHANUMERIC).map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(equals("Email", "o'hara' or 1 eq 1"), "Email eq 'o''hara'' or 1 eq 1'");
    }

    #[test]
    fn many_keys_are_asked_for_in_several_short_requests() {
        let keys: Vec<String> = (0..100).map(|number| format!("{number:06}")).collect();
        let filters = any_of("OrderNbr", &keys);
        assert!(filters.len() > 1);
        assert!(filters.iter().all(|filter| encoded_length(filter) <= LONGEST_ENCODED + 20));
        assert_eq!(filters.iter().map(|filter| filter.matches("OrderNbr eq").count()).sum::<usize>(), 100);
        assert!(any_of("OrderNbr", &[]).is_empty());
    }
}
