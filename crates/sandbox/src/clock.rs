//! Where the sandbox reads the time: one function that tests replace.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};

/// Tells the time. Tests hand in their own, so that a minute's quota or a session's idle time passes without waiting.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The machine's clock.
#[must_use]
pub fn system() -> Clock {
    Arc::new(read_system_clock)
}

/// Milliseconds since 1970 as Shopify writes them: UTC, whole seconds, `Z`.
#[must_use]
pub fn seconds_text(millis: i64) -> String {
    at(millis).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Milliseconds since 1970 as Acumatica writes them: milliseconds and a numeric offset.
#[must_use]
pub fn millis_text(millis: i64) -> String {
    at(millis).to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// Reads an RFC 3339 time, or a date alone (midnight UTC), into milliseconds since 1970.
#[must_use]
pub fn parse_millis(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let padded = if text.len() == 10 { format!("{text}T00:00:00Z") } else { format!("{text}Z") };
    DateTime::parse_from_rfc3339(&padded).ok().map(|time| time.timestamp_millis())
}

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox stands for other companies' servers, which have clocks of their own"
)]
fn read_system_clock() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_an_offset_and_a_bare_date_are_both_read() {
        assert_eq!(parse_millis("1970-01-01T01:00:01.5+01:00"), Some(1_500));
        assert_eq!(parse_millis("1970-01-02"), Some(86_400_000));
        assert_eq!(parse_millis("1970-01-01T00:00:02"), Some(2_000));
        assert_eq!(parse_millis("yesterday"), None);
    }

    #[test]
    fn each_vendor_gets_its_own_spelling() {
        assert_eq!(seconds_text(1_500), "1970-01-01T00:00:01Z");
        assert_eq!(millis_text(1_500), "1970-01-01T00:00:01.500+00:00");
    }
}
