//! The cookies of one session.

use std::collections::BTreeMap;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

/// More than any Acumatica sends; a hostile server fills no memory with them.
const MOST_COOKIES: usize = 32;
const LONGEST_COOKIE: usize = 4096;

#[derive(Default)]
pub(super) struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Takes in what `Set-Cookie` says; a cookie without a value, or that has expired, goes.
    pub fn absorb(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let (name, value) = (name.trim(), value.trim());
            if value.is_empty() || parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
                self.0.remove(name);
            } else if !name.is_empty()
                && line.len() <= LONGEST_COOKIE
                && (self.0.len() < MOST_COOKIES || self.0.contains_key(name))
            {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The `Cookie` header; `None` when there is none.
    pub fn header(&self) -> Option<HeaderValue> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut header = HeaderValue::from_str(&pairs.join("; ")).ok().filter(|header| !header.is_empty())?;
        header.set_sensitive(true);
        Some(header)
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_renewed_and_dropped() {
        let mut headers = HeaderMap::new();
        for line in [".ASPXAUTH=1; path=/; HttpOnly", "Locale=en", "bad", "=x", "Gone=; path=/"] {
            headers.append(SET_COOKIE, line.parse().unwrap());
        }
        let mut jar = Jar::default();
        jar.absorb(&headers);
        let mut later = HeaderMap::new();
        later.append(SET_COOKIE, ".ASPXAUTH=2".parse().unwrap());
        later.append(SET_COOKIE, "Locale=en; Max-Age=0".parse().unwrap());
        jar.absorb(&later);
        assert_eq!(jar.header().unwrap(), ".ASPXAUTH=2");
        assert_eq!(Jar::from_json(&jar.to_json()).unwrap().header(), jar.header());
        assert!(Jar::default().header().is_none());
    }
}
