//! Runs: one execution of a phase.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::canonical::Change;
use crate::connection::TestOutcome;
use crate::entity::Side;
use crate::{ConnectionId, LastOperation, RecordId, RunId, SyncId};

crate::text_enum! {
    /// What a run does.
    Phase {
        /// Finds what changed and writes it to the Sync History.
        Prepare = "prepare", "Prepare";
        /// Takes one record at a time to the other side.
        Process = "process", "Process";
        /// Lists everything: the only one that can notice deletions.
        FullPrepare = "full_prepare", "Full prepare";
        /// Lists what changed in a range of time, and prepares of it what is not processed.
        RangePrepare = "range_prepare", "Prepare by date";
        /// Lists both sides completely and compares each pair, field by field.
        Reconcile = "reconcile", "Reconcile";
        /// Says what processing would do with the next records, and writes nothing.
        DryRun = "dry_run", "Dry run";
        /// Reads one record on both sides and shows them beside each other.
        Compare = "compare", "Compare both sides";
        /// Asks a connection whether it works.
        Test = "test", "Connection test";
    }
}

impl Phase {
    /// Whether such a run changes nothing, neither in a system nor in the Sync History.
    #[must_use]
    pub const fn only_reads(self) -> bool {
        matches!(self, Self::Reconcile | Self::DryRun | Self::Compare | Self::Test)
    }
}

crate::text_enum! {
    /// Where a run stands.
    RunState {
        /// A job will pick it up.
        Queued = "queued", "Queued";
        /// A worker is at it, and its heart beats.
        Running = "running", "Running";
        /// Until `wake_at`, for a reason that the run names.
        Waiting = "waiting", "Waiting";
        Succeeded = "succeeded", "Succeeded";
        /// It came to its end, and some records failed.
        CompletedWithErrors = "completed_with_errors", "Completed with errors";
        /// It could not come to its end; its error says why.
        Failed = "failed", "Failed";
        Cancelled = "cancelled", "Cancelled";
    }
}

impl RunState {
    /// Whether more is to come.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Waiting)
    }
}

crate::text_enum! {
    /// Why a run was started.
    Trigger {
        Schedule = "schedule", "Schedule";
        Manual = "manual", "By hand";
        Webhook = "webhook", "Webhook";
        /// After a prepare run that found something.
        Chained = "chained", "After prepare";
        /// Records fell due whose sync processes at once.
        Due = "due", "Records fell due";
        /// A breaker asks whether the system is back.
        Probe = "probe", "Probe";
    }
}

/// How much a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// What there is to do as far as is known; `None` while a listing is under way.
    pub total: Option<i64>,
    /// Records dealt with, however it went.
    pub done: i64,
    /// Of these: those that changed something (newly prepared, written to the destination).
    pub changed: i64,
    pub failed: i64,
}

/// A run as screens show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    pub id: RunId,
    pub sync: Option<SyncId>,
    pub sync_name: Option<String>,
    pub connection: Option<ConnectionId>,
    pub phase: Phase,
    pub state: RunState,
    pub trigger: Trigger,
    /// Who started it, when somebody did.
    pub actor: Option<String>,
    pub counts: RunCounts,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// When it goes on, if it waits.
    pub wake_at: Option<DateTime<Utc>>,
    /// Why it failed, or what it waits for.
    pub message: Option<String>,
    /// What a connection test found.
    pub outcome: Option<TestOutcome>,
}

impl RunView {
    /// Records a second since it started, up to `now`; `None` in its first second.
    #[must_use]
    pub fn rate(&self, now: DateTime<Utc>) -> Option<f64> {
        let until = self.finished_at.unwrap_or(now);
        let elapsed = until - self.started_at?;
        (elapsed >= TimeDelta::seconds(1) && self.counts.done > 0)
            .then(|| self.counts.done as f64 * 1000.0 / elapsed.num_milliseconds() as f64)
    }

    /// How long the rest will take at the rate so far.
    #[must_use]
    pub fn time_left(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let left = (self.counts.total? - self.counts.done).max(0);
        let seconds = (left as f64 / self.rate(now)?).ceil();
        (seconds < 1e9).then(|| TimeDelta::seconds(seconds as i64))
    }
}

/// What processing would do with one record: a row of a dry run's report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DryRunRow {
    pub record: RecordId,
    pub description: String,
    /// What the record's last operation would be.
    pub would: LastOperation,
    /// The side that would be written to; `None` = neither.
    pub direction: Option<Side>,
    /// What would be different there.
    pub changes: Vec<Change>,
    /// Why it would not go through, or what would have to happen first.
    pub error: Option<String>,
}

/// What a person gets who starts a run: the new one, or the one that is there already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    pub run: RunView,
    /// It was active before: nothing new was started.
    pub already_active: bool,
}
