//! What a form without JavaScript tells the page that follows it: what was typed, and what is wrong with it.
//!
//! It travels in a cookie that lives for a minute, because a query could be written by anybody who sends a link.
//! Secrets are never in it.

use std::collections::BTreeMap;

use domain::connection::FieldErrors;
use serde::{Deserialize, Serialize};

use crate::rpc::{Call, Load};

/// What a form said before it was sent back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Which form, so that another page does not take it.
    pub form: String,
    /// What was typed, without secrets.
    pub values: BTreeMap<String, String>,
    pub errors: FieldErrors,
    /// A sentence about what was done.
    pub notice: Option<String>,
}

impl Flash {
    /// What was typed into `field`, or nothing.
    #[must_use]
    pub fn value(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }
}

/// The flash of `form`; the browser takes over the one that the server's page began with.
#[must_use]
pub fn flash_of(form: &'static str) -> Load<Flash> {
    #[cfg(feature = "ssr")]
    return Load::new(move || Call::new("flash", form, async move { Ok(server::take(form).unwrap_or_default()) }));
    #[cfg(not(feature = "ssr"))]
    Load::new(move || Call::only_there("flash", form))
}

#[cfg(feature = "ssr")]
pub use server::{back, put, say};

#[cfg(feature = "ssr")]
mod server {
    use std::collections::BTreeMap;

    use http::HeaderValue;
    use http::header::{COOKIE, SET_COOKIE};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    use super::Flash;
    use crate::error::AppError;
    use crate::request;

    const NAME: &str = "flash";
    /// Browsers keep at least 4096 bytes of a cookie.
    const LONGEST: usize = 3_500;

    /// Sends a form without JavaScript back to `page` with what was typed and what is wrong; with JavaScript, the
    /// error's own way to the browser is better.
    pub fn back(page: &str, form: &str, values: &[(&str, &str)], error: AppError) -> AppError {
        if !request::wants_html() {
            return error;
        }
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        put(&Flash { form: form.to_owned(), values, errors: error.fields(), notice: None });
        leptos_axum::redirect(page);
        error
    }

    /// Leads a form without JavaScript to `page`, which says `notice`; with JavaScript the page says it itself.
    pub fn say(page: &str, form: &str, notice: &str) {
        if request::wants_html() {
            let notice = Some(notice.to_owned());
            put(&Flash { form: form.to_owned(), notice, ..Flash::default() });
            leptos_axum::redirect(page);
        }
    }

    /// The flash that `form` left, once; a page that refreshes itself until a test has ended keeps it until then.
    pub(super) fn take(form: &str) -> Option<Flash> {
        let cookies = request::header(COOKIE)?;
        let text = cookies.split(';').find_map(|pair| pair.trim().strip_prefix("flash="))?;
        let flash: Flash = serde_json::from_slice(&unhex(text)?).ok()?;
        if flash.form != form {
            return None;
        }
        if request::query_has("test") {
            put(&flash);
        } else {
            set(format!("{NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
        }
        Some(flash)
    }

    /// Keeps `flash` for the next page.
    pub fn put(flash: &Flash) {
        let whole = encode(flash);
        let text = if whole.len() > LONGEST {
            let values = BTreeMap::new();
            encode(&Flash { values, ..flash.clone() })
        } else {
            whole
        };
        if text.len() <= LONGEST {
            set(format!("{NAME}={text}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"));
        }
    }

    fn set(cookie: String) {
        if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
            response.append_header(SET_COOKIE, cookie);
        }
    }

    fn encode(flash: &Flash) -> String {
        let bytes = serde_json::to_vec(flash).unwrap_or_default();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn unhex(text: &str) -> Option<Vec<u8>> {
        let digits = text.as_bytes().chunks(2);
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn whatever_a_cookie_says_is_read_or_ignored() {
            let flash = Flash { form: "signin".into(), ..Flash::default() };
            let bytes = unhex(&encode(&flash)).unwrap();
            assert_eq!(serde_json::from_slice::<Flash>(&bytes).unwrap(), flash);
            assert_eq!(unhex("zz"), None);
            assert_eq!(unhex("é"), None);
        }
    }
}
