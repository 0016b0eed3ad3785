//! The moment up to which an operation may send and wait.
//!
//! One deadline covers everything that an operation does before its write is answered: waiting for a free place, signing
//! in (also anew, after a 401), what has to be read first, and the write itself. So what a write may still do after it
//! was begun is bounded by the longest request alone, whatever it took on the way.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Result, Unreachable};

#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The time that is left, for the next request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is none.
    pub fn left(self) -> Result<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(timed_out()) } else { Ok(left) }
    }

    /// Waits for `work`, but not beyond the deadline.
    pub async fn bound<T>(self, work: impl Future<Output = Result<T>>) -> Result<T> {
        timeout_at(self.0, work).await.unwrap_or_else(|_| Err(timed_out()))
    }

    /// Waits a moment, unless the deadline comes first.
    pub async fn pause(self, moment: Duration) -> Result<()> {
        if self.left()? <= moment {
            return Err(timed_out());
        }
        tokio::time::sleep(moment).await;
        Ok(())
    }
}

fn timed_out() -> Error {
    Error::Unavailable { message: "the host did not answer in time".into(), reason: Unreachable::TimedOut }
}
