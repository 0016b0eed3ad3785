//! The Sync History: what a person asks of it and what it answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::canonical::fields::Pair;
use crate::canonical::{Canonical, Change};
use crate::status::RecordAction;
use crate::sync::StatusCounts;
use crate::{AttemptId, Entity, LastOperation, RecordId, RecordStatus, RunId, Side, SyncId};

mod by_hand;
mod report;

pub use by_hand::{ConflictView, EditForm, EditKind, EditView, OpenedOn, Removal, WholeChoice};
pub use report::{Candidate, Comparison, FindBy, RecordReport, RecordRequest, ReportView, SideSeen, SideView};

/// Rows on one page.
pub const PAGE_SIZE: i64 = 50;
/// The longest search text, in characters.
pub const MAX_SEARCH: usize = 100;
/// The most records that one action on a selection takes.
pub const MAX_SELECTION: usize = 1_000;

/// What is asked for; all of it is in the URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryFilter {
    pub sync: Option<SyncId>,
    pub entity: Option<Entity>,
    pub status: Option<RecordStatus>,
    /// Found in ids and descriptions.
    pub text: Option<String>,
    /// Where the page begins: the cursor that another page gave. The newest change comes first.
    pub after: Option<String>,
    pub before: Option<String>,
    /// The columns that somebody chose to see, beside the record itself; none = the usual ones.
    #[serde(default)]
    pub columns: Vec<HistoryColumn>,
}

crate::text_enum! {
    /// A column of the list, beside the record itself.
    HistoryColumn {
        Sync = "sync", "Sync";
        Status = "status", "Status";
        LastError = "last_error", "Last error";
        SourceId = "source_id", "Source id";
        DestinationId = "destination_id", "Destination id";
        LastOperation = "last_operation", "Last operation";
        Attempts = "attempts", "Attempts";
        LastAttempt = "last_attempt", "Last attempt";
        NextTry = "next_try", "Next try";
        ChangedAtSource = "changed_at_source", "Changed at source";
        ChangedAtDestination = "changed_at_destination", "Changed at destination";
        Version = "version", "Version";
    }
}

impl HistoryColumn {
    /// Those that the list shows until somebody chooses others.
    #[must_use]
    pub const fn is_usual(self) -> bool {
        !matches!(self, Self::Version)
    }
}

/// A row of the Sync History.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordRow {
    pub id: RecordId,
    pub sync: SyncId,
    pub sync_name: String,
    pub entity: Entity,
    /// The id at the source, and where a person sees it there.
    pub source_id: Option<String>,
    pub source_label: Option<String>,
    pub source_url: Option<String>,
    pub destination_id: Option<String>,
    pub destination_label: Option<String>,
    pub destination_url: Option<String>,
    pub description: String,
    pub status: RecordStatus,
    pub last_operation: LastOperation,
    pub last_error: Option<String>,
    pub error_field: Option<String>,
    pub attempts: i32,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub source_modified_at: Option<DateTime<Utc>>,
    pub destination_modified_at: Option<DateTime<Utc>>,
    /// A worker is at it.
    pub in_work: bool,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordPage {
    pub rows: Vec<RecordRow>,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
    pub previous: Option<String>,
    /// By status, for the sync and entity asked for, whatever the status and text filters say.
    pub counts: StatusCounts,
}

/// A record's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordDetail {
    pub row: RecordRow,
    /// The newest first.
    pub attempts: Vec<AttemptView>,
    pub versions: Vec<VersionView>,
    /// Before which version there are more: those are asked for page by page.
    pub older_versions: Option<i64>,
    /// The state of the source as of its newest version.
    pub current: Option<Canonical>,
    /// What the newest version changed against the one before.
    pub changes: Vec<Change>,
    /// The records it waits for: id, entity, description and their errors.
    pub waits_for: Vec<RecordRow>,
    /// What people changed by hand, the newest first.
    pub edits: Vec<EditView>,
    /// What is to be chosen, while its status is Conflict.
    pub conflict: Option<ConflictView>,
    /// The earlier version that is processed next.
    pub replay_version: Option<i64>,
    /// What the two connections are called: the source, then the destination.
    pub ends: (String, String),
    /// On which side it is known to be gone.
    pub gone: Option<Side>,
}

/// One try at a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptView {
    pub id: AttemptId,
    pub run: RunId,
    pub number: i32,
    pub version: i64,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i32,
    pub operation: LastOperation,
    pub error: Option<String>,
    pub error_code: Option<String>,
    pub error_field: Option<String>,
    pub request: Option<String>,
    pub response: Option<String>,
    /// What was (or would have been) different at the destination.
    pub changes: Vec<Change>,
}

/// One version of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionView {
    pub version: i64,
    /// Where it was read.
    pub side: Side,
    pub seen_at: DateTime<Utc>,
    pub modified_at: Option<DateTime<Utc>>,
}

/// Versions on one page.
pub const VERSION_PAGE: i64 = 50;

/// A page of a record's versions, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionPage {
    pub versions: Vec<VersionView>,
    /// Give it as `before` for the older ones; `None` = these are the oldest.
    pub older: Option<i64>,
}

/// Two versions of a record side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionsCompared {
    pub left: VersionView,
    pub right: VersionView,
    pub pairs: Vec<Pair>,
}

/// The records that an action is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Selection {
    These(Vec<RecordId>),
    Matching(HistoryFilter),
}

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionOutcome {
    pub action: RecordAction,
    /// Records that it was done to.
    pub done: i64,
    /// Records of the selection to which it does not apply.
    pub left: i64,
    /// The process runs that it started or hurried.
    pub runs: Vec<RunId>,
}
