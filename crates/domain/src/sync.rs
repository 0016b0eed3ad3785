//! Syncs: one entity between two connections.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::entity::Entity;
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
