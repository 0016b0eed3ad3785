//! Reads a connection's settings and credentials; what is wrong with one is said beside its field.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::error::{Error, Result};

/// A vendor's documented longest request, and the default.
const LONGEST_REQUEST_S: u64 = 60;

/// The values of a connection's form.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub plain: &'a BTreeMap<String, String>,
    pub secret: &'a BTreeMap<String, SecretString>,
}

impl<'a> Settings<'a> {
    /// A setting that must be there, trimmed.
    pub fn text(&self, name: &str) -> Result<&'a str> {
        self.optional(name).ok_or_else(|| {
            refused(
                "setting_missing",
                name,
                format!("The connection's setting “{name}” is missing. Edit the connection."),
            )
        })
    }

    /// A setting that may be empty.
    pub fn optional(&self, name: &str) -> Option<&'a str> {
        self.plain.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A credential that must be there.
    pub fn credential(&self, name: &str) -> Result<&'a SecretString> {
        self.secret.get(name).ok_or_else(|| {
            refused(
                "setting_missing",
                name,
                format!("The connection's “{name}” is missing. Type it in the connection's form."),
            )
        })
    }

    /// A whole number within bounds; `default` when it is empty.
    pub fn number(&self, name: &str, default: u64, bounds: std::ops::RangeInclusive<u64>) -> Result<u64> {
        let Some(text) = self.optional(name) else { return Ok(default) };
        text.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
            let message = format!(
                "“{name}” is no whole number from {} to {}. Edit the connection.",
                bounds.start(),
                bounds.end()
            );
            refused("setting_invalid", name, message)
        })
    }

    /// The address of a system without a slash at its end, and without anything that cannot be a part of it.
    pub fn base_url(&self, name: &str) -> Result<Url> {
        let invalid =
            |why: &str| refused("setting_invalid", name, format!("Not an address that can be called: {why}."));
        let mut url = Url::parse(self.text(name)?).map_err(|_| invalid("it must look like https://name.example"))?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(invalid("it must look like https://name.example"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("leave user name and password out of it"));
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(url)
    }

    /// From sending a request to the last byte of the answer.
    pub fn request_timeout(&self) -> Result<Duration> {
        self.number("request_timeout_s", LONGEST_REQUEST_S, 5..=LONGEST_REQUEST_S).map(Duration::from_secs)
    }
}

/// A refusal of ours, beside a field.
pub(crate) fn refused(code: &str, field: &str, message: String) -> Error {
    Error::Rejected { code: code.into(), message, field: Some(field.to_owned()) }
}

/// `base` with further path segments, each percent-encoded.
pub(crate) fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<Url> {
        let plain = BTreeMap::from([("shop_url".to_owned(), text.to_owned())]);
        Settings { plain: &plain, secret: &BTreeMap::new() }.base_url("shop_url")
    }

    #[test]
    fn an_address_is_cleaned_or_refused_beside_its_field() {
        assert_eq!(base(" https://a.example/x/?q#f ").unwrap().as_str(), "https://a.example/x");
        for bad in ["", "a.example", "ftp://a.example", "https://u:p@a.example", "mailto:a@b.example"] {
            assert!(matches!(base(bad), Err(Error::Rejected { field: Some(f), .. }) if f == "shop_url"), "{bad}");
        }
    }

    #[test]
    fn path_segments_cannot_escape() {
        let url = join(&base("https://a.example/x").unwrap(), &["entity", "a/../b?c"]);
        assert_eq!(url.as_str(), "https://a.example/x/entity/a%2F..%2Fb%3Fc");
    }
}
