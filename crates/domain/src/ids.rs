//! Ids: UUIDv7 newtypes, so that one cannot stand where another belongs and rows sort by their time of making.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id that carries `now`; the rest of it is random.
            #[must_use]
            pub fn new(now: DateTime<Utc>) -> Self {
                Self(uuid_at(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

id! {
    /// An organisation.
    TenantId;
    /// A person.
    UserId;
    /// One external system of one tenant.
    ConnectionId;
    /// One entity between two connections.
    SyncId;
    /// Prepare or process of one sync, by the clock.
    ScheduleId;
    /// One record of one sync.
    RecordId;
    /// One execution of a phase.
    RunId;
    /// One try at one record.
    AttemptId;
    /// One thing that a person changed about a record by hand.
    EditId;
    /// One line of the timeline.
    ActivityId;
    /// One pair that a reconcile run found not to agree.
    FindingId;
    /// One change of a system's fields.
    DriftId;
}

/// A UUIDv7 at `now`.
#[must_use]
pub fn uuid_at(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    #[cfg(feature = "testing")]
    if let Some(random) = seeded::next() {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        return uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    }
    let stamp = uuid::Timestamp::from_unix_time(seconds, now.timestamp_subsec_nanos(), 0, 0);
    Uuid::new_v7(stamp)
}

/// The smallest UUIDv7 of `now`'s millisecond: a bound for ranges of ids.
#[must_use]
pub fn uuid_floor(now: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(u128::from(millis) << 80 | 0x7000_8000_0000_0000_0000)
}

/// The time that a UUIDv7 carries, to the millisecond; `None` for other ids and times beyond chrono's range.
#[must_use]
pub fn time_of(id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

/// Ids whose random part follows from a seed, so that a simulation can be repeated; each thread has its own.
#[cfg(feature = "testing")]
pub mod seeded {
    use std::cell::Cell;

    thread_local! {
        static STATE: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// From now on this thread's ids follow from `seed`; `None` = they are random again.
    pub fn set(seed: Option<u64>) {
        STATE.set(seed);
    }

    pub(super) fn next() -> Option<[u8; 10]> {
        let mut bytes = [0; 10];
        let (high, low) = (step()?, step()?);
        bytes[..8].copy_from_slice(&high.to_le_bytes());
        bytes[8..].copy_from_slice(&low.to_le_bytes()[..2]);
        Some(bytes)
    }

    /// SplitMix64.
    fn step() -> Option<u64> {
        let state = STATE.get()?.wrapping_add(0x9E37_79B9_7F4A_7C15);
        STATE.set(Some(state));
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Some(z ^ (z >> 31))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_its_time_and_is_not_below_the_floor_of_it() {
        let now = DateTime::from_timestamp_millis(1_790_000_000_123).unwrap();
        let id = uuid_at(now);
        assert_eq!(time_of(id), Some(now));
        assert!(id >= uuid_floor(now));
        assert!(id < uuid_floor(now + chrono::TimeDelta::milliseconds(1)));
    }
}
