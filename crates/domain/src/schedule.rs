//! Schedules: when a phase of a sync runs by itself.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::run::Phase;
use crate::{ScheduleId, SyncId};

/// Prepare runs this often unless somebody says otherwise.
pub const DEFAULT_PREPARE_SECONDS: i32 = 600;
/// Process runs this often unless somebody says otherwise.
pub const DEFAULT_PROCESS_SECONDS: i32 = 300;
/// A full prepare once a day.
pub const DEFAULT_FULL_SECONDS: i32 = 86_400;
/// The shortest interval.
pub const MIN_SECONDS: i32 = 60;
/// The longest interval: a week.
pub const MAX_SECONDS: i32 = 604_800;

/// A schedule as screens show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleView {
    pub id: ScheduleId,
    pub sync: SyncId,
    pub sync_name: String,
    pub phase: Phase,
    pub every_seconds: i32,
    pub enabled: bool,
    pub next_run_at: Option<DateTime<Utc>>,
    pub last_run_at: Option<DateTime<Utc>>,
}

/// The next time after `now` in the rhythm that `due` belongs to: late rather than twice, so missed times collapse.
#[must_use]
pub fn next_in_rhythm(due: DateTime<Utc>, every_seconds: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    let every = i64::from(every_seconds.max(MIN_SECONDS));
    let missed = ((now - due).num_seconds().max(0)) / every;
    due + TimeDelta::seconds((missed + 1) * every)
}

/// "every 10 minutes", "every hour", "every day".
#[must_use]
pub fn describe_interval(seconds: i32) -> String {
    let (n, unit) = match seconds {
        s if s % 86_400 == 0 => (s / 86_400, "day"),
        s if s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    if n == 1 { format!("every {unit}") } else { format!("every {n} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_days_off_collapse_into_one_run_and_the_rhythm_stays() {
        let due = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let now = due + TimeDelta::days(2) + TimeDelta::seconds(7);
        let next = next_in_rhythm(due, 600, now);
        assert!(next > now && next <= now + TimeDelta::seconds(600));
        assert_eq!((next - due).num_seconds() % 600, 0);
    }

    #[test]
    fn intervals_read_like_a_sentence() {
        assert_eq!(describe_interval(600), "every 10 minutes");
        assert_eq!(describe_interval(3600), "every hour");
    }
}
