//! Why a request failed, from the chain of causes below reqwest's error.

use std::error::Error as StdError;
use std::io;

use super::guard::Forbidden;
use super::resolver::UnknownHost;
use crate::error::{Error, Unreachable};

pub(super) fn classify(error: &reqwest::Error) -> Error {
    let reason =
        reason_in(error).unwrap_or(if error.is_timeout() { Unreachable::TimedOut } else { Unreachable::Broken });
    match reason {
        Unreachable::TimedOut | Unreachable::Broken if error.is_connect() => unreachable(Unreachable::NotConnected),
        _ => unreachable(reason),
    }
}

/// The error for a reason, in words that carry no address of ours.
pub(super) fn unreachable(reason: Unreachable) -> Error {
    let message = match reason {
        Unreachable::UnknownHost => "no host of this name exists",
        Unreachable::ForbiddenAddress => "the address is not one that may be connected",
        Unreachable::Refused => "the host refuses the connection",
        Unreachable::Certificate => "no secure connection could be made; the host's certificate is not valid for it",
        Unreachable::NotConnected => "no connection to the host came about",
        Unreachable::TimedOut => "the host did not answer in time",
        Unreachable::Broken => "the connection broke",
    };
    Error::Unavailable { message: message.into(), reason }
}

fn reason_in(error: &(dyn StdError + 'static)) -> Option<Unreachable> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(reason) = reason_of(cause) {
            return Some(reason);
        }
        next = cause.source();
    }
    None
}

fn reason_of(cause: &(dyn StdError + 'static)) -> Option<Unreachable> {
    if cause.is::<UnknownHost>() {
        return Some(Unreachable::UnknownHost);
    }
    if cause.is::<Forbidden>() {
        return Some(Unreachable::ForbiddenAddress);
    }
    if cause.is::<rustls::Error>() {
        return Some(Unreachable::Certificate);
    }
    let io = cause.downcast_ref::<io::Error>()?;
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some(Unreachable::Refused),
        io::ErrorKind::TimedOut => Some(Unreachable::TimedOut),
        // What an io::Error wraps is not among its sources.
        _ => reason_in(io.get_ref()? as &(dyn StdError + 'static)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_found_inside_io_errors() {
        let certificate = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let wrapped = io::Error::other(io::Error::other(certificate));
        assert_eq!(reason_in(&wrapped), Some(Unreachable::Certificate));
        assert_eq!(reason_in(&io::Error::other(Forbidden::Network)), Some(Unreachable::ForbiddenAddress));
        assert_eq!(reason_in(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }
}
