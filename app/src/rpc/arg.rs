//! Arguments of a call, as a form would send them.

use domain::activity::{ActivityFilter, By, Tone};
use domain::history::HistoryFilter;
use domain::reconcile::FindingKind;
use domain::run::Phase;
use domain::status::RecordAction;
use domain::{ActivityId, ConnectionId, Entity, FindingId, RecordId, RecordStatus, RunId, ScheduleId, SyncId, Vendor};

/// A body in the form's own encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    /// The body with one more field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &impl Arg) -> Self {
        value.put(name, &mut self);
        self
    }

    /// A body that was encoded before.
    #[must_use]
    pub fn encoded(text: String) -> Self {
        Self(text)
    }

    /// The encoded text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.escape(name);
        self.0.push('=');
        self.escape(value);
    }

    fn escape(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                self.0.push('%');
                self.0.push(char::from(HEX[usize::from(byte >> 4)]));
                self.0.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// Something that can be sent as a field or as several.
pub trait Arg {
    /// Adds it under `name`.
    fn put(&self, name: &str, body: &mut Body);
}

impl Arg for String {
    fn put(&self, name: &str, body: &mut Body) {
        body.push(name, self);
    }
}

impl Arg for bool {
    fn put(&self, name: &str, body: &mut Body) {
        body.push(name, if *self { "true" } else { "false" });
    }
}

/// What is not there is not sent.
impl<T: Arg> Arg for Option<T> {
    fn put(&self, name: &str, body: &mut Body) {
        if let Some(value) = self {
            value.put(name, body);
        }
    }
}

impl Arg for HistoryFilter {
    fn put(&self, name: &str, body: &mut Body) {
        self.sync.put(&format!("{name}[sync]"), body);
        self.entity.put(&format!("{name}[entity]"), body);
        self.status.put(&format!("{name}[status]"), body);
        self.text.put(&format!("{name}[text]"), body);
        self.after.put(&format!("{name}[after]"), body);
        self.before.put(&format!("{name}[before]"), body);
        // The columns are the screen's own affair.
    }
}

impl Arg for ActivityFilter {
    fn put(&self, name: &str, body: &mut Body) {
        self.tone.put(&format!("{name}[tone]"), body);
        self.sync.put(&format!("{name}[sync]"), body);
        self.by.put(&format!("{name}[by]"), body);
        self.text.put(&format!("{name}[text]"), body);
        self.before.put(&format!("{name}[before]"), body);
    }
}

macro_rules! shown {
    ($($kind:ty),* $(,)?) => {$(
        impl Arg for $kind {
            fn put(&self, name: &str, body: &mut Body) {
                body.push(name, &self.to_string());
            }
        }
    )*};
}

shown!(
    ActivityId,
    By,
    ConnectionId,
    FindingId,
    FindingKind,
    RecordId,
    RunId,
    ScheduleId,
    SyncId,
    Tone,
    Entity,
    Phase,
    RecordAction,
    RecordStatus,
    Vendor,
    i64
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_what_a_form_would_send() {
        let filter = HistoryFilter {
            status: Some(RecordStatus::Failed),
            text: Some("a&b é".into()),
            ..HistoryFilter::default()
        };
        let body = Body::default().with("slug", &"acme".to_owned()).with("filter", &filter).with("all", &true);
        assert_eq!(body.into_text(), "slug=acme&filter[status]=failed&filter[text]=a%26b%20%C3%A9&all=true");
    }
}
