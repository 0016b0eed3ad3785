//! Syncs: one entity between two connections.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::entity::{Entity, Side};
use crate::filter::Filter;
use crate::run::RunView;
use crate::schedule::ScheduleView;
use crate::{ConnectionId, RecordStatus, SyncId, Vendor};

crate::text_enum! {
    /// Whether a sync does anything.
    SyncState {
        Active = "active", "Active";
        Paused = "paused", "Paused";
    }
}

crate::text_enum! {
    /// Which ways changes go.
    Direction {
        OneWay = "one_way", "One way";
        TwoWay = "two_way", "Both ways";
    }
}

crate::text_enum! {
    /// Who wins when both sides of a record changed.
    ConflictPolicy {
        PrimaryWins = "primary_wins", "The primary system wins";
        NewestWins = "newest_wins", "The newest change wins";
        Ask = "ask", "Ask me";
    }
}

crate::text_enum! {
    /// What happens at the other side when a record is gone on one.
    DeletionPolicy {
        Keep = "keep", "Keep it";
        Deactivate = "deactivate", "Deactivate it";
        Delete = "delete", "Delete it";
    }
}

crate::text_enum! {
    /// What happens when the fields of a system's entity change.
    DriftPolicy {
        CarryOn = "carry_on", "Carry on and tell me";
        AddFields = "add_fields", "Add new fields and tell me";
        Stop = "stop", "Stop and ask me";
    }
}

crate::text_enum! {
    /// What a change that a system announces by itself leads to.
    RealTime {
        Off = "off", "Off";
        Prepare = "prepare", "Prepare only";
        Process = "process", "Prepare and process";
    }
}

crate::text_enum! {
    /// Why a sync waits for a person.
    Hold {
        Drift = "drift", "The fields of a system changed";
        Deletions = "deletions", "Many records are gone at once";
    }
}

/// What a person may change about a sync.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncSettings {
    pub direction: Direction,
    /// The side that wins under [`ConflictPolicy::PrimaryWins`].
    pub primary: Side,
    pub conflict_policy: ConflictPolicy,
    pub deletion_policy: DeletionPolicy,
    pub drift_policy: DriftPolicy,
    /// Writes the destination's number back to the source's record (a tag and a metafield) when it was inserted.
    pub write_back: bool,
    pub max_attempts: i32,
    /// What the source's announcements lead to.
    pub real_time: RealTime,
    /// What the destination's announcements lead to, in a two-way sync.
    pub real_time_back: RealTime,
    /// Changes to one record wait until it has been quiet for so long, 0–300 seconds.
    pub quiet_seconds: i32,
    /// But never longer than this after the first of them, 0–3600 seconds.
    pub longest_wait_seconds: i32,
    /// `None` = every record is synchronised.
    pub filter: Option<Filter>,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            direction: Direction::OneWay,
            primary: Side::Source,
            conflict_policy: ConflictPolicy::PrimaryWins,
            deletion_policy: DeletionPolicy::Keep,
            drift_policy: DriftPolicy::CarryOn,
            write_back: false,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            real_time: RealTime::Off,
            real_time_back: RealTime::Off,
            quiet_seconds: 15,
            longest_wait_seconds: 60,
            filter: None,
        }
    }
}

/// How often a record is tried before it is Aborted.
pub const DEFAULT_MAX_ATTEMPTS: i32 = 5;

/// One end of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndView {
    pub connection: ConnectionId,
    pub name: String,
    pub vendor: Vendor,
}

/// How many records stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCounts(pub Vec<(RecordStatus, i64)>);

impl StatusCounts {
    #[must_use]
    pub fn of(&self, status: RecordStatus) -> i64 {
        self.0.iter().filter(|(s, _)| *s == status).map(|(_, n)| n).sum()
    }

    #[must_use]
    pub fn total(&self) -> i64 {
        self.0.iter().map(|(_, n)| n).sum()
    }
}

/// A sync as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncView {
    pub id: SyncId,
    pub name: String,
    pub entity: Entity,
    pub source: EndView,
    pub destination: EndView,
    pub state: SyncState,
    pub max_attempts: i32,
    pub counts: StatusCounts,
    /// The newest change at the source that has been prepared.
    pub watermark_at: Option<DateTime<Utc>>,
    /// The runs that are active now.
    pub active: Vec<RunView>,
    pub created_at: DateTime<Utc>,
}

/// A sync's own page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncDetail {
    pub sync: SyncView,
    pub schedules: Vec<ScheduleView>,
    /// The newest first.
    pub runs: Vec<RunView>,
    /// The syncs of the same pair whose records this one's need.
    pub prerequisites: Vec<(SyncId, String)>,
    /// The built-in mapping: canonical field, its name in the source, its name in the destination.
    pub mapping: Vec<MappingRow>,
}

/// One row of the built-in mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingRow {
    pub field: String,
    pub source: String,
    pub destination: String,
}

/// What a person typed to make a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSync {
    pub entity: Entity,
    pub source: ConnectionId,
    pub destination: ConnectionId,
}
