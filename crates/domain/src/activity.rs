//! The timeline, and what a live stream carries.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::history::RecordRow;
use crate::run::RunView;
use crate::{ActivityId, RecordId, SyncId};

crate::text_enum! {
    /// How a line of the timeline is to be read.
    Tone {
        Info = "info", "Information";
        Success = "success", "Success";
        Warning = "warning", "Warning";
        Failure = "failure", "Failure";
    }
}

/// One event of a tenant's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Known ids are dropped: a stream that resumes gets the last minute again.
    pub id: ActivityId,
    pub at: DateTime<Utc>,
    pub body: EventBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// A run started, went on or ended.
    Run { run: Box<RunView> },
    /// Records changed; at most 64 of one sync in one event.
    Records {
        sync: SyncId,
        rows: Vec<RecordRow>,
        /// Of those that were deleted from the history, the first few.
        #[serde(default)]
        gone: Vec<RecordId>,
    },
    /// A line of the timeline.
    Line { line: Line },
}

/// A line of the timeline that people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub tone: Tone,
    /// A sentence: `Prepare of Orders found 12 changes.`
    pub text: String,
    /// Who did it; `None` = Syncline itself.
    pub actor: Option<String>,
    /// Where it leads, below the organisation's address: `syncs/0199…`.
    pub link: Option<String>,
}

/// A line with its place in the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityItem {
    pub id: ActivityId,
    pub at: DateTime<Utc>,
    pub line: Line,
}

/// A page of the timeline, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityPage {
    pub items: Vec<ActivityItem>,
    /// Give it as `before` for the next page.
    pub next: Option<ActivityId>,
}
