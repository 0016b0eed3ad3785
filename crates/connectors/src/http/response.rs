//! An answer that was read completely, within the size cap.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::budget::Large;
use crate::error::{Error, Result};

/// A vendor's answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Its part of what the process may hold, until it is dropped.
    #[expect(dead_code, reason = "it is kept, and never looked at")]
    large: Option<Arc<Large>>,
}

impl Response {
    /// An answer that counts for nothing in the process's bound.
    #[must_use]
    pub const fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body, large: None }
    }

    pub(super) fn holding(self, large: Option<Large>) -> Self {
        Self { large: large.map(Arc::new), ..self }
    }

    /// The server's own clock.
    #[must_use]
    pub fn clock(&self) -> Option<DateTime<Utc>> {
        http_date(self.headers.get(DATE)?.to_str().ok()?)
    }

    /// How long the server asks to wait, in seconds (Shopify sends `2.0`) or as a date, never more than an hour.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let seconds = match text.parse::<f64>() {
            Ok(seconds) => seconds,
            #[expect(clippy::cast_precision_loss, reason = "a number of seconds is far below 2^52")]
            Err(_) => (http_date(text)? - self.clock()?).num_seconds() as f64,
        };
        Duration::try_from_secs_f64(seconds.clamp(0.0, 3600.0)).ok()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Error::Malformed`], without the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if is_too_many_values(&self.body) {
            return Err(Error::Malformed { message: "far more values than any answer of its size has".into() });
        }
        serde_json::from_slice(&without_nul(&self.body)).map_err(|error| Error::Malformed {
            message: format!(
                "no valid JSON of the documented shape (line {}, column {})",
                error.line(),
                error.column()
            ),
        })
    }

    /// The body as text, what is no UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// RFC 9110 writes dates as RFC 2822 does (`Sun, 06 Nov 1994 08:49:37 GMT`).
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc())
}

/// The JSON without `\u0000`: no text of a record means it, and PostgreSQL takes it in no text.
/// Objects and values of an answer. In memory an object takes some hundred times its shortest text, so an answer's size
/// alone bounds nothing.
const MOST_OBJECTS: usize = 150_000;
const MOST_VALUES: usize = 750_000;

/// Counts what begins an object or separates values, those inside of texts included.
fn is_too_many_values(json: &[u8]) -> bool {
    let count = |wanted: u8| json.iter().filter(|byte| **byte == wanted).count();
    count(b'{') > MOST_OBJECTS || count(b',') + count(b'[') > MOST_VALUES
}

fn without_nul(json: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    const NUL: &[u8] = b"\\u0000";
    if !json.windows(NUL.len()).any(|window| window == NUL) {
        return json.into();
    }
    let mut clean = Vec::with_capacity(json.len());
    let mut rest = json;
    while let [first, others @ ..] = rest {
        if rest.starts_with(NUL) {
            rest = &rest[NUL.len()..];
        } else if let (b'\\', [escaped, others @ ..]) = (first, others) {
            // An escaped backslash takes its second half along.
            clean.extend([*first, *escaped]);
            rest = others;
        } else {
            clean.push(*first);
            rest = others;
        }
    }
    clean.into()
}

#[cfg(test)]
mod nul {
    use super::without_nul;

    #[test]
    fn nul_goes_and_an_escaped_backslash_stays() {
        assert_eq!(&*without_nul(br#"{"a":"x\u0000y","b":"\\u0000"}"#), br#"{"a":"xy","b":"\\u0000"}"#);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(headers: &[(&'static str, &str)]) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Response::new(StatusCode::TOO_MANY_REQUESTS, map, Vec::new())
    }

    #[test]
    fn an_answer_that_would_take_hundreds_of_megabytes_is_not_read() {
        let bomb = format!("[{}]", vec![r#"{"":0}"#; 400_000].join(","));
        let answer = Response::new(StatusCode::OK, HeaderMap::new(), bomb.into_bytes());
        assert!(answer.json::<serde_json::Value>().is_err());
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let seconds = |headers: &[(&'static str, &str)]| with(headers).retry_after().map(|wait| wait.as_secs_f64());
        assert_eq!(seconds(&[("retry-after", "2.5")]), Some(2.5));
        assert_eq!(seconds(&[("retry-after", "999999999")]), Some(3600.0));
        assert_eq!(seconds(&[("retry-after", "-4")]), Some(0.0));
        assert_eq!(seconds(&[("retry-after", "NaN")]), None);
        let date = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")];
        assert_eq!(seconds(&date), Some(10.0));
        assert_eq!(seconds(&[("retry-after", "soon")]), None);
    }
}
