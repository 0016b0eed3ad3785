//! Syncs: one entity between two connections.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

mod settings;

use crate::connection::ConnectionState;
use crate::entity::{Entity, SystemKind};
use crate::reconcile::Agreement;
use crate::run::RunView;
use crate::schedule::ScheduleView;
use crate::{ConnectionId, DriftId, RecordStatus, SyncId, Vendor};

pub use settings::{
    ATTEMPTS, CLASH, DEFAULT_MAX_ATTEMPTS, LONGEST_WAIT, Possible, QUIET, SettingsChange, SettingsView, SyncSettings,
    describe,
};

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

/// One end of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndView {
    pub connection: ConnectionId,
    pub name: String,
    pub vendor: Vendor,
    /// Nothing goes on unless it is active.
    pub state: ConnectionState,
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
    pub direction: Direction,
    /// Nothing goes on until a person has decided.
    pub hold: Option<HoldView>,
    pub max_attempts: i32,
    pub counts: StatusCounts,
    /// The newest change at the source that has been prepared.
    pub watermark_at: Option<DateTime<Utc>>,
    /// The runs that are active now.
    pub active: Vec<RunView>,
    /// What the newest complete reconcile run found; `None` = none was made yet.
    pub agreement: Option<Agreement>,
    pub created_at: DateTime<Utc>,
}

impl SyncView {
    /// Its connection with which nothing is synchronised for now.
    #[must_use]
    pub fn stopped_by(&self) -> Option<&EndView> {
        [&self.source, &self.destination].into_iter().find(|end| end.state != ConnectionState::Active)
    }

    /// Nothing goes on, because it is paused or a connection stops it.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.state == SyncState::Paused || self.stopped_by().is_some()
    }
}

/// Why a sync waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldView {
    pub hold: Hold,
    pub message: String,
    pub at: DateTime<Utc>,
    /// So many records a full listing missed, when that is why.
    pub deletions: i32,
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
    pub settings: SyncSettings,
    /// Changes of the systems' fields that nobody has acknowledged yet, the newest first.
    pub drifts: Vec<DriftView>,
}

/// A change of the fields of one of a sync's systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftView {
    pub id: DriftId,
    /// Whose fields they are.
    pub connection: ConnectionId,
    pub connection_name: String,
    pub changes: Vec<FieldDrift>,
    /// The sync was stopped by it.
    pub stopped: bool,
    pub found_at: DateTime<Utc>,
}

/// What became of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDrift {
    /// By the vendor's own name.
    pub field: String,
    /// Its type before; `None` = it is new.
    pub was: Option<String>,
    /// Its type now; `None` = it is gone.
    pub is: Option<String>,
    /// The fields of the built-in mapping that use it.
    pub rules: Vec<String>,
}

/// One row of the built-in mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingRow {
    pub field: String,
    pub source: String,
    pub destination: String,
}

/// What a vendor's system lets a sync do with an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Able {
    pub vendor: Vendor,
    pub entity: Entity,
    /// It can be a source.
    pub read: bool,
    /// It can be a destination.
    pub write: bool,
}

/// Why no sync can carry an entity from one vendor's system to another's; `None` when it can.
#[must_use]
pub fn impossible(entity: Entity, source: Vendor, destination: Vendor, able: &[Able]) -> Option<String> {
    let of = |vendor: Vendor| able.iter().find(|able| able.vendor == vendor && able.entity == entity);
    let records = entity.label().to_lowercase();
    if !of(source).is_some_and(|able| able.read) {
        return Some(format!("Syncline cannot read {records} from {} yet.", source.label()));
    }
    if !of(destination).is_some_and(|able| able.write) {
        return Some(format!("Syncline cannot write {records} to {} yet.", destination.label()));
    }
    None
}

impl Entity {
    /// From which kind of system its records usually come.
    #[must_use]
    pub const fn origin(self) -> SystemKind {
        match self {
            Self::Order | Self::Customer | Self::Product | Self::Payment => SystemKind::Shop,
            Self::Shipment | Self::Stock => SystemKind::Erp,
        }
    }
}

/// What a person typed to make a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSync {
    pub entity: Entity,
    pub source: ConnectionId,
    pub destination: ConnectionId,
}
