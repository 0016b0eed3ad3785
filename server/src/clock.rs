//! Where the server reads the time: the loops and the session store take it from here.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// The system's clock, for the engine's steps.
#[must_use]
pub fn system() -> engine::Clock {
    Arc::new(now)
}

/// The time.
#[expect(clippy::disallowed_methods, reason = "the loops and the request layer are where the clock is read")]
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
