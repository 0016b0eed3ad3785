//! What can go wrong in a use-case, named by what the reader does next.

use std::time::Duration;

use domain::EditId;
use domain::connection::FieldErrors;

pub type Result<T> = std::result::Result<T, Error>;

/// A use-case that did not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not yours: the two are never told apart.
    #[error("not found")]
    NotFound,
    #[error("not permitted")]
    Forbidden,
    /// It cannot be done as things stand; the sentence says why and what to do.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else has edited the same meanwhile; the sentence says who and what. Who knows of their edit may save again.
    #[error("{message}")]
    Overtaken { message: String, by: EditId },
    /// What was typed cannot be taken.
    #[error("{field}: {message}")]
    Invalid { field: String, message: String },
    /// Several fields cannot be taken.
    #[error("{} fields cannot be taken", .0.len())]
    InvalidFields(FieldErrors),
    /// Too many tries; the next one is allowed after this time.
    #[error("too many tries")]
    TooMany { retry_after: Duration },
    /// The run was taken over by another worker: stop, and write nothing.
    #[error("the run was taken over")]
    Superseded,
    #[error("connector: {0}")]
    Connector(#[from] connectors::Error),
    /// The database's own failure, or a row that cannot be read.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A sealed value does not open: another master key, or a changed row.
    #[error("a sealed value could not be opened")]
    Unsealing,
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// A field that cannot be taken.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), message: message.into() }
    }

    /// Whether the database refused because of this constraint.
    #[must_use]
    pub fn is_constraint(error: &sqlx::Error, name: &str) -> bool {
        error.as_database_error().and_then(|error| error.constraint()) == Some(name)
    }
}

impl Error {
    /// Whether another transaction was in the way, so that the same one may succeed when it is done again.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(|error| error.code());
        matches!(code.as_deref(), Some("40P01" | "40001"))
    }

    /// Whether the database is away for a moment, as it is while it restarts.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
            // It shuts down, crashes, or starts; or the connection broke.
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| matches!(&*code, "57P01" | "57P02" | "57P03") || code.starts_with("08"))
            }
            _ => false,
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("a stored value could not be read: {error}"))
    }
}

impl From<domain::UnknownText> for Error {
    fn from(error: domain::UnknownText) -> Self {
        Self::Internal(format!("a stored value is {error}"))
    }
}
