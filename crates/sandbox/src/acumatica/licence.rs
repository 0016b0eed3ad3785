//! The licence's limits on requests, as the guide's "License Restrictions for API Users" describes them: how long a request waits, and when it is
//! declined.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use crate::table::Doc;

/// Requests that may wait; one more is declined.
pub const LONGEST_QUEUE: usize = 20;
/// A request that would wait longer is declined.
pub const LONGEST_WAIT: Duration = Duration::from_secs(600);

const MINUTE: i64 = 60_000;

/// The limits of one licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions at a time.
    pub sessions: usize,
    /// Requests carried out at a time.
    pub concurrent: usize,
    /// Requests a minute.
    pub per_minute: usize,
}

impl Limits {
    /// What the control API set (`sessions`, `concurrent`, `per_minute`); else a trial's two sessions with generous requests.
    #[must_use]
    pub fn from_doc(limits: &Doc) -> Self {
        let number = |name: &str, default: usize| {
            let set = limits.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
            set.filter(|number| (1..=1_000_000).contains(number)).unwrap_or(default)
        };
        Self {
            sessions: number("sessions", 2),
            concurrent: number("concurrent", 6),
            per_minute: number("per_minute", 6_000),
        }
    }
}

/// When the requests of the past minute were carried out, in milliseconds since 1970.
#[derive(Debug, Default)]
pub struct Minute {
    processed: VecDeque<i64>,
}

impl Minute {
    /// How long a request that comes now has to wait.
    ///
    /// From half of the minute's quota on it waits for (time left of the minute that began with the first request) / (requests left).
    pub fn delay(&mut self, per_minute: usize, now: i64) -> Duration {
        self.forget(now);
        let used = self.processed.len();
        let Some(first) = self.processed.front().filter(|_| used * 2 >= per_minute) else { return Duration::ZERO };
        let remaining = u64::try_from(first + MINUTE - now).unwrap_or_default();
        let left = u64::try_from(per_minute.saturating_sub(used)).unwrap_or(u64::MAX).max(1);
        Duration::from_millis(remaining / left)
    }

    /// Counts a request that is being carried out.
    pub fn count(&mut self, now: i64) {
        self.forget(now);
        self.processed.push_back(now);
    }

    fn forget(&mut self, now: i64) {
        while self.processed.front().is_some_and(|at| *at <= now - MINUTE) {
            self.processed.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guides_own_example_waits_eight_tenths_of_a_second() {
        let mut minute = Minute::default();
        for _ in 0..25 {
            minute.count(20_000);
        }
        assert_eq!(minute.delay(50, 60_000), Duration::from_millis(800));
    }

    #[test]
    fn below_half_of_the_quota_nothing_waits_and_a_minute_later_all_is_forgotten() {
        let mut minute = Minute::default();
        (0..24).for_each(|_| minute.count(0));
        assert_eq!(minute.delay(50, 10), Duration::ZERO);
        (0..30).for_each(|_| minute.count(0));
        assert_eq!(minute.delay(50, 10_000), Duration::from_secs(50));
        assert_eq!(minute.delay(50, 60_000), Duration::ZERO);
    }
}
