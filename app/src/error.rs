//! What a server function answers when it cannot do what was asked. Nothing of a library's words is in it.

use domain::connection::FieldErrors;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// The field under which a form finds the edit that came before it.
pub const OVERTAKEN_BY: &str = "edit";

/// Named by what the reader does next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum AppError {
    #[error("You are not signed in. Sign in and try again.")]
    SignedOut,
    #[error("Your role in this organisation does not allow this. Ask an owner or an admin.")]
    Forbidden,
    #[error("There is nothing here. It may have been deleted, or belong to another organisation.")]
    NotFound,
    /// A sentence for the person.
    #[error("{message}")]
    Conflict { message: String },
    /// Somebody else was there first; who sends `edit` along knows of it.
    #[error("{message}")]
    Overtaken { message: String, edit: String },
    /// What is wrong with one field, and what to do.
    #[error("{message}")]
    Invalid { field: String, message: String },
    #[error("Some fields need another look.")]
    InvalidFields { fields: FieldErrors },
    /// How many seconds to wait.
    #[error("Too many attempts. Try again in {seconds} seconds.")]
    TooMany { seconds: u64 },
    /// The log has the reason under this reference.
    #[error("Something went wrong on our side. Try again; if it stays, tell us the reference {reference}.")]
    Unexpected { reference: String },
    /// The browser did not get an answer.
    #[error("The server could not be reached. Check your connection and try again.")]
    Unreachable,
}

impl AppError {
    /// What is wrong, field by field; what belongs to no field has an empty name.
    #[must_use]
    pub fn fields(&self) -> FieldErrors {
        match self {
            Self::InvalidFields { fields } => fields.clone(),
            Self::Invalid { field, message } => vec![(field.clone(), message.clone())],
            Self::Overtaken { message, edit } => {
                vec![(String::new(), message.clone()), (OVERTAKEN_BY.to_owned(), edit.clone())]
            }
            other => vec![(String::new(), other.to_string())],
        }
    }

    /// The HTTP status that says the same.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::SignedOut => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict { .. } | Self::Overtaken { .. } => 409,
            Self::Invalid { .. } | Self::InvalidFields { .. } => 422,
            Self::TooMany { .. } => 429,
            Self::Unexpected { .. } => 500,
            Self::Unreachable => 503,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Unreachable,
            // The function was not called, so nobody else gives the answer its status.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => refused(unreadable()),
            // What was sent is no text.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Deserialization(_) => refused(unreadable()),
            other => unexpected(&other),
        }
    }
}

fn unreadable() -> AppError {
    let message = "What was sent could not be understood. Reload the page and try again.".to_owned();
    AppError::Invalid { field: String::new(), message }
}

/// The error, with its HTTP status on the server.
fn refused(error: AppError) -> AppError {
    #[cfg(feature = "ssr")]
    if !crate::request::wants_html() {
        crate::request::set_status(error.status());
    }
    error
}

#[cfg(feature = "ssr")]
impl From<engine::Error> for AppError {
    fn from(error: engine::Error) -> Self {
        use engine::Error as E;
        match error {
            E::NotFound => Self::NotFound,
            E::Forbidden => Self::Forbidden,
            E::Conflict(message) => Self::Conflict { message },
            E::Overtaken { message, by } => Self::Overtaken { message, edit: by.to_string() },
            E::Invalid { field, message } => Self::Invalid { field, message },
            E::InvalidFields(fields) => Self::InvalidFields { fields },
            E::TooMany { retry_after } => Self::TooMany { seconds: retry_after.as_secs().max(1) },
            other => unexpected(&other),
        }
    }
}

/// Logs what only the operators understand, once, and gives the person a reference to it.
#[cfg(feature = "ssr")]
pub(crate) fn unexpected(error: &(impl std::fmt::Debug + ?Sized)) -> AppError {
    let reference = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
    tracing::error!(reference, error = ?error, "a request failed unexpectedly");
    AppError::Unexpected { reference }
}

/// The browser has no log of ours: the reference says that the answer could not be read.
#[cfg(not(feature = "ssr"))]
pub(crate) fn unexpected(_error: &(impl std::fmt::Debug + ?Sized)) -> AppError {
    AppError::Unexpected { reference: "browser".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_names_what_to_do_and_belongs_to_a_field_or_to_the_form() {
        let invalid = AppError::Invalid { field: "email".into(), message: "Taken.".into() };
        assert_eq!(invalid.fields(), [("email".to_owned(), "Taken.".to_owned())]);
        assert_eq!(AppError::SignedOut.fields()[0].0, "");
    }
}
