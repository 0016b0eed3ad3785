//! `$filter` expressions. See "$filter Parameter" in Acumatica's Integration Development Guide.

use chrono::{DateTime, SecondsFormat, Utc};

use super::api::encoded;

/// IIS refuses query strings above 2,048 bytes unless it is told otherwise; the other parameters need some of them.
const LONGEST_ENCODED: usize = 1_300;

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

/// `(Field eq 'a' or Field eq 'b')`.
pub(super) fn either(field: &str, keys: &[&str]) -> String {
    let conditions: Vec<String> = keys.iter().map(|key| equals(field, key)).collect();
    format!("({})", conditions.join(" or "))
}

/// Keys that fit one filter together ([`either`]), in as few parts as the URL's length allows.
pub(super) fn any_of<'a>(field: &str, keys: &'a [String]) -> Vec<Vec<&'a str>> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    let mut length = 0;
    for key in keys {
        let more = encoded_length(&equals(field, key)) + encoded_length(" or ");
        match parts.last_mut() {
            Some(last) if length + more <= LONGEST_ENCODED => {
                last.push(key);
                length += more;
            }
            _ => {
                parts.push(vec![key]);
                length = more;
            }
        }
    }
    parts
}

fn encoded_length(text: &str) -> usize {
    // The URL takes an apostrophe only as three bytes.
    encoded(text).map(str::len).sum::<usize>() + 2 * text.matches('\'').count()
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
        let filters: Vec<String> = any_of("OrderNbr", &keys).iter().map(|part| either("OrderNbr", part)).collect();
        assert!(filters.len() > 1);
        assert!(filters.iter().all(|filter| encoded_length(filter) <= LONGEST_ENCODED + 20));
        assert_eq!(filters.iter().map(|filter| filter.matches("OrderNbr eq").count()).sum::<usize>(), 100);
        assert!(any_of("OrderNbr", &[]).is_empty());
    }
}
