//! People, organisations, and the rules for their names and passwords.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::TenantId;
use crate::connection::FieldErrors;

crate::text_enum! {
    /// What a member may do.
    Role {
        Owner = "owner", "Owner";
        Admin = "admin", "Admin";
        Approver = "approver", "Approver";
        Operator = "operator", "Operator";
        Auditor = "auditor", "Auditor";
    }
}

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Read every screen of the organisation.
    See,
    /// Start runs, act on records.
    Operate,
    /// Change connections, syncs and schedules.
    Configure,
}

impl Role {
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::See => true,
            Permission::Operate => matches!(self, Self::Owner | Self::Admin | Self::Operator),
            Permission::Configure => matches!(self, Self::Owner | Self::Admin),
        }
    }
}

/// An organisation that the signed-in person belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub role: Role,
}

/// Who is signed in, in which organisation; what every screen inside one begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub email: String,
    pub organisation: Organisation,
    pub organisations: Vec<Organisation>,
}

/// A session of a person, as the security page lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    pub this_one: bool,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

/// The shortest password, in characters.
pub const MIN_PASSWORD: usize = 10;
/// The longest password, in bytes: a bound for the hashing.
pub const MAX_PASSWORD: usize = 200;
/// The longest e-mail address (RFC 5321).
pub const MAX_EMAIL: usize = 254;
/// The longest name of an organisation, in characters.
pub const MAX_ORGANISATION: usize = 80;

/// What is wrong with a sign-up, field by field.
#[must_use]
pub fn sign_up_problems(organisation: &str, email: &str, password: &str) -> FieldErrors {
    let found = [
        ("organisation", organisation_problem(organisation)),
        ("email", email_problem(email)),
        ("password", password_problem(password, email)),
    ];
    found.into_iter().filter_map(|(field, problem)| Some((field.to_owned(), problem?))).collect()
}

fn organisation_problem(name: &str) -> Option<String> {
    let length = name.trim().chars().count();
    if length == 0 {
        return Some("Type the name of your organisation.".into());
    }
    if length > MAX_ORGANISATION {
        return Some(format!("Longer than {MAX_ORGANISATION} characters. Shorten it."));
    }
    name.chars().any(char::is_control).then(|| "Contains a control character. Type it anew.".into())
}

/// Why `email` cannot be an address; `None` when it can.
#[must_use]
pub fn email_problem(email: &str) -> Option<String> {
    let email = email.trim();
    if email.is_empty() {
        return Some("Type your e-mail address.".into());
    }
    if email.len() > MAX_EMAIL {
        return Some(format!("Longer than {MAX_EMAIL} characters. Check what was pasted."));
    }
    let clean = !email.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = email.rsplit_once('@').filter(|(local, domain)| {
        let labels_fine = domain.split('.').all(|label| !label.is_empty());
        !local.is_empty() && !local.contains('@') && domain.contains('.') && labels_fine
    });
    (!clean || parts.is_none()).then(|| "Not an e-mail address. It looks like name@example.com.".into())
}

/// Why `password` is not taken; `None` when it is.
#[must_use]
pub fn password_problem(password: &str, email: &str) -> Option<String> {
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        return Some(format!("Too short. Use at least {MIN_PASSWORD} characters; a few words are fine."));
    }
    if password.len() > MAX_PASSWORD {
        return Some(format!("Longer than {MAX_PASSWORD} bytes. Shorten it."));
    }
    let lower = password.to_lowercase();
    let name = email.split('@').next().unwrap_or_default().to_lowercase();
    if name.chars().count() >= 4 && lower.contains(&name) {
        return Some("Contains your e-mail address. Use something nobody can look up.".into());
    }
    (strength(password) < 2).then(|| "Too easy to guess. Add words, or mix letters, digits and signs.".into())
}

/// 0 (guessed at once) to 4 (strong): by length, kinds of characters, variety and the commonest passwords.
#[must_use]
pub fn strength(password: &str) -> u8 {
    const COMMON: &[&str] = &[
        "password", "passwort", "qwerty", "qwertz", "12345", "abc123", "letmein", "welcome", "iloveyou", "admin",
        "syncline",
    ];
    let lower = password.to_lowercase();
    let mut stripped = lower.clone();
    for word in COMMON {
        stripped = stripped.replace(word, "");
    }
    let mut distinct: Vec<char> = stripped.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let kinds =
        [char::is_lowercase as fn(char) -> bool, char::is_uppercase, char::is_numeric, |c| !c.is_alphanumeric()];
    let kinds = kinds.iter().filter(|kind| password.chars().any(**kind)).count();
    let length = stripped.chars().count();
    let points = usize::from(length >= 8) + usize::from(length >= 14) + usize::from(kinds >= 3);
    let varied = usize::from(distinct.len() >= 6) + usize::from(distinct.len() >= 10);
    if distinct.len() < 5 { 0 } else { (points + varied).min(4) as u8 }
}

/// The part of an organisation's address that its name gives: `Café Müller GmbH` becomes `cafe-muller-gmbh`.
#[must_use]
pub fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        let plain = match c {
            'a'..='z' | '0'..='9' => Some(c),
            'ä' | 'à' | 'á' | 'â' | 'ã' | 'å' => Some('a'),
            'ö' | 'ò' | 'ó' | 'ô' | 'õ' | 'ø' => Some('o'),
            'ü' | 'ù' | 'ú' | 'û' => Some('u'),
            'é' | 'è' | 'ê' | 'ë' => Some('e'),
            'í' | 'ì' | 'î' | 'ï' => Some('i'),
            'ß' => Some('s'),
            'ç' => Some('c'),
            'ñ' => Some('n'),
            _ => None,
        };
        match plain {
            Some(c) => slug.push(c),
            None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            None => {}
        }
        if slug.len() >= 40 {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "organisation".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_and_wrong_addresses_are_told_apart() {
        let problems = sign_up_problems("", "ada.example.org", "password12");
        let fields: Vec<&str> = problems.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["organisation", "email", "password"]);
        assert!(sign_up_problems("Ada & Co", "ada@example.org", "nine tall green horses").is_empty());
    }

    #[test]
    fn a_slug_is_plain_whatever_the_name() {
        assert_eq!(slug_of("Café Müller GmbH"), "cafe-muller-gmbh");
        assert_eq!(slug_of("日本"), "organisation");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = (sign_up_problems(&text, &text, &text), slug_of(&text));
        }
    }
}
