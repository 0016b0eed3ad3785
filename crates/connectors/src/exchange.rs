//! What support and the tenant may see of a request and its response.

use http::Method;
use url::Url;

use crate::http::Response;
use crate::vendor::Exchange;

impl Exchange {
    /// Headers are left out: they carry nothing but secrets.
    pub(crate) fn request(method: &Method, url: &Url, body: &str) -> String {
        format!("{method} {url}\n\n{}", cut(body))
    }

    pub(crate) fn response(response: &Response) -> String {
        format!("{}\n\n{}", response.status, cut(&response.text()))
    }
}

/// At most [`Exchange::MAX_BODY`] bytes, cut between two characters.
fn cut(body: &str) -> &str {
    &body[..body.floor_char_boundary(Exchange::MAX_BODY)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bodies_are_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = "€".repeat(Exchange::MAX_BODY);
        assert!(cut(&long).len() <= Exchange::MAX_BODY && cut(&long).ends_with('€'));
    }
}
