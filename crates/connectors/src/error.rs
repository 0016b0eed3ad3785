//! What can go wrong with a vendor, named by what the reader does next.

use std::time::Duration;

use crate::vendor::Exchange;

pub type Result<T> = std::result::Result<T, Error>;

/// A failed call to a vendor. The texts are for people: what happened, without the vendor's markup or our addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The credentials are refused: sign in again once, then pause the connection.
    #[error("The credentials were refused: {message}")]
    Unauthorised { message: String },
    /// Wait that long, whoever else uses the connection too. `None` = the vendor did not say.
    #[error("The system asks to slow down")]
    RateLimited { retry_after: Option<Duration> },
    /// Not reached, timed out, or the vendor's own failure (5xx): try again later. Whether a write was applied is
    /// unknown.
    #[error("The system could not be reached: {message}")]
    Unavailable { message: String, reason: Unreachable },
    /// The vendor refuses this record (or this request) as it is.
    #[error("{message}")]
    Rejected { code: String, message: String, field: Option<String> },
    /// The record is not there.
    #[error("The record was not found")]
    NotFound,
    /// The answer is not what the vendor documents.
    #[error("The answer could not be understood: {message}")]
    Malformed { message: String },
}

/// What [`Error::Malformed`] says of an answer that was not read to its end.
pub(crate) const TOO_LARGE: &str = "the answer is larger than 8 MB";

impl Error {
    /// Whether an answer was too large to be read, so that asking for less may help.
    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Self::Malformed { message } if message == TOO_LARGE)
    }
}

/// Why a system could not be reached, for the connection test's advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    UnknownHost,
    /// The address is private, or otherwise not one that a tenant may name.
    ForbiddenAddress,
    Refused,
    Certificate,
    /// No connection came about, so that nothing was sent.
    NotConnected,
    TimedOut,
    /// The connection broke, or the vendor answered 5xx.
    Broken,
}

/// An error with the exchange that led to it, when one took place.
#[derive(Debug, Clone)]
pub struct Failure {
    pub error: Error,
    pub exchange: Option<Exchange>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, exchange: None }
    }
}
