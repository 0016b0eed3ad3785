//! Connections: one external system of one tenant.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::vendor::FieldKind;
use crate::{ConnectionId, SyncId, Vendor};

crate::text_enum! {
    /// Whether a connection is used, and why not.
    ConnectionState {
        Active = "active", "Active";
        /// Somebody paused it.
        Paused = "paused", "Paused";
        /// The vendor refused the credentials: paused until they are mended.
        Unauthorised = "unauthorised", "Credentials refused";
    }
}

/// What a person typed into a connection's form. Secrets are in here on the way to the server only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionForm {
    pub name: String,
    /// By [`crate::vendor::FieldSpec::name`]; an empty secret of an existing connection means "as it was".
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// A field that cannot be taken, and why: `(name of the field, what is wrong and what to do)`.
pub type FieldErrors = Vec<(String, String)>;

/// The longest value of any field, in characters.
pub const MAX_FIELD: usize = 500;
/// The longest name of a connection or a sync, in characters.
pub const MAX_NAME: usize = 80;

impl ConnectionForm {
    /// What is wrong with it, field by field. `keeps_secrets` says that an empty secret stands for a stored one.
    #[must_use]
    pub fn problems(&self, vendor: Vendor, keeps_secrets: bool) -> FieldErrors {
        let mut problems = FieldErrors::new();
        let name = self.name.trim();
        if name.is_empty() {
            problems.push(("name".into(), "Give the connection a name, such as “Web shop”.".into()));
        } else if name.chars().any(char::is_control) {
            problems.push(("name".into(), "The name contains a control character. Type it anew.".into()));
        } else if name.chars().count() > MAX_NAME {
            problems.push(("name".into(), format!("The name is longer than {MAX_NAME} characters. Shorten it.")));
        }
        for field in vendor.fields() {
            let value = self.value(field.name);
            let missing = value.is_empty() && field.required;
            let problem = if missing && !(keeps_secrets && field.kind == FieldKind::Secret) {
                Some(format!("{} is missing. {}", field.label, field.help))
            } else if value.chars().count() > MAX_FIELD {
                Some(format!("Longer than {MAX_FIELD} characters. Check what was pasted."))
            } else if value.is_empty() {
                None
            } else {
                kind_problem(field.kind, value)
            };
            problems.extend(problem.map(|text| (field.name.to_owned(), text)));
        }
        problems
    }

    /// The field's value, trimmed; empty when it was not sent.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |value| value.trim())
    }
}

fn kind_problem(kind: FieldKind, value: &str) -> Option<String> {
    match kind {
        FieldKind::Url if !value.starts_with("https://") && !value.starts_with("http://") => {
            Some("Not a web address. Begin with https://".into())
        }
        FieldKind::Number { min, max } => match value.parse::<u32>() {
            Ok(number) if (min..=max).contains(&number) => None,
            _ => Some(format!("Not a whole number from {min} to {max}.")),
        },
        FieldKind::Text | FieldKind::Secret | FieldKind::Url => {
            value.chars().any(char::is_control).then(|| "Contains a control character. Type it anew.".into())
        }
    }
}

/// A connection as lists and pages show it: no secret is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionView {
    pub id: ConnectionId,
    pub name: String,
    pub vendor: Vendor,
    pub state: ConnectionState,
    /// The settings without secrets, by field.
    pub settings: BTreeMap<String, String>,
    /// The secret fields that have a stored value.
    pub stored_secrets: Vec<String>,
    pub last_ok_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub last_error_at: Option<DateTime<Utc>>,
    /// Until then the vendor asked to wait.
    pub wait_until: Option<DateTime<Utc>>,
    /// The system failed so often that nothing is sent to it until a probe has succeeded.
    pub breaker: Option<Breaker>,
    /// Until then all its sessions are taken by some that nobody knows or could end. Lists of connections leave it out.
    pub lost_until: Option<DateTime<Utc>>,
    pub syncs: u32,
    pub created_at: DateTime<Utc>,
}

/// A breaker that is open: everything that needs the connection waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    pub opened_at: DateTime<Utc>,
    /// When it is asked next whether the system is back.
    pub probe_at: DateTime<Utc>,
}

/// What a connection test reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The shop's or company's own name.
    pub name: String,
    /// Label and value: version, plan, limits, currency, time zone.
    pub facts: Vec<(String, String)>,
}

/// What came of a connection test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    Reached(Reached),
    Failed(TestProblem),
}

/// Why a connection test failed, in three sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestProblem {
    pub what: String,
    pub why: String,
    pub what_to_do: String,
    /// The field beside which it belongs.
    pub field: Option<String>,
}

/// What goes away with a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependant {
    pub sync: SyncId,
    pub name: String,
    pub records: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(values: &[(&str, &str)]) -> ConnectionForm {
        let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        ConnectionForm { name: "Shop".into(), values }
    }

    #[test]
    fn each_problem_stands_beside_its_field() {
        let bad = form(&[("shop_url", "my shop"), ("api_version", "2026-10")]);
        let fields: Vec<String> = bad.problems(Vendor::Shopify, false).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["shop_url", "access_token"]);
    }

    #[test]
    fn a_stored_secret_need_not_be_typed_again() {
        let good = form(&[("shop_url", "https://a.example"), ("api_version", "2026-10")]);
        assert!(good.problems(Vendor::Shopify, true).is_empty());
    }
}
