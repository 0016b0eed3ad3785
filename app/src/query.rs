//! A page's state as the query of its address.

/// `?status=failed&q=a%20b` of what is there; nothing of nothing.
#[must_use]
pub fn of(parts: impl IntoIterator<Item = (&'static str, Option<String>)>) -> String {
    let pairs = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encode(&value?))));
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { query } else { format!("?{query}") }
}

/// Percent-encodes a query's value, the same in the browser and on the server, so that hydration finds the same links.
fn encode(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_encoded_and_a_missing_one_is_not_there() {
        let parts = [("q", Some("Ada & Söhne".to_owned())), ("sync", None), ("status", Some("failed".to_owned()))];
        assert_eq!(of(parts), "?q=Ada%20%26%20S%C3%B6hne&status=failed");
        assert_eq!(of([("q", None)]), "");
    }
}
