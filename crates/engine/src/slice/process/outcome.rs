//! Making outcomes: what a failure means for the record's status, and when it is tried again.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::{Error as Vendor, Exchange, Found};
use domain::canonical::{Change, ContentHash};
use domain::{LastOperation, RecordStatus, Side, backoff};

use crate::store::records_due::Claimed;
use crate::store::results::{Outcome, Place, Problem, Tombstone, Tried};

/// So often may a record kill its worker before it is set aside.
pub const MAX_CRASHES: i32 = 3;

/// The times that outcomes need.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    pub started_at: DateTime<Utc>,
    pub now: DateTime<Utc>,
    pub max_attempts: i32,
}

impl Timing {
    pub fn tried(&self, exchange: Option<Exchange>, changes: Vec<Change>) -> Tried {
        let duration_ms = i32::try_from((self.now - self.started_at).num_milliseconds().max(0)).unwrap_or(i32::MAX);
        Tried { started_at: self.started_at, duration_ms, exchange, changes, warning: None }
    }
}

/// How long after it was first found missing a record has to be missing still to be gone: some vendors send an update as a
/// deletion and an insert, in two requests.
pub const GRACE: TimeDelta = TimeDelta::seconds(20);

/// An outcome with nothing in it yet. An earlier write whose fate is not known stays intended.
pub fn blank(record: &Claimed, status: RecordStatus, operation: LastOperation) -> Outcome {
    Outcome {
        id: record.id,
        version: record.version,
        status,
        operation,
        number: record.attempts,
        counts: true,
        next_attempt_at: None,
        error: None,
        source: None,
        destination: None,
        synced: None,
        settles_intent: false,
        attempt: None,
        tombstone: Tombstone::Keep,
        unlink: None,
        conflict: None,
        used_edit: None,
        replayed: false,
    }
}

/// The record could not be synchronised: it is tried again later, until it has been tried often enough.
pub fn failed(record: &Claimed, operation: LastOperation, problem: Problem, tried: Tried, timing: Timing) -> Outcome {
    let aborted = record.attempts >= timing.max_attempts;
    let status = if aborted { RecordStatus::Aborted } else { RecordStatus::Failed };
    let pause = backoff::pause(record.attempts, dice(record));
    Outcome {
        next_attempt_at: (!aborted).then(|| timing.now + pause),
        error: Some(problem),
        attempt: Some(tried),
        ..blank(record, status, operation)
    }
}

/// The record is put back for a while, for no fault of its own; no try is counted.
pub fn put_back(record: &Claimed, operation: LastOperation, until: DateTime<Utc>, why: String) -> Outcome {
    Outcome {
        counts: false,
        next_attempt_at: Some(until),
        error: Some(Problem { message: why, code: None, field: None }),
        ..blank(record, RecordStatus::Prepared, operation)
    }
}

/// The record waits for others that failed; it resumes when they are mended, and looks again by itself now and then. It
/// has not failed itself: whoever mends those has nothing to do here.
pub fn waits(record: &Claimed, why: String, timing: Timing) -> Outcome {
    Outcome {
        counts: false,
        next_attempt_at: Some(timing.now + TimeDelta::minutes(15)),
        error: Some(Problem { message: why, code: Some("prerequisite".into()), field: None }),
        ..blank(record, RecordStatus::Prepared, LastOperation::WaitsForPrerequisite)
    }
}

/// The same for others that nothing will synchronise before a person decides so, which is this record's failure.
pub fn waits_for_decision(record: &Claimed, why: String, timing: Timing) -> Outcome {
    Outcome { status: RecordStatus::Failed, ..waits(record, why, timing) }
}

/// The record killed its worker too often.
pub fn poisonous(record: &Claimed, timing: Timing) -> Outcome {
    let message = format!(
        "Crashed the worker {} times while it was processed alone. Report it with the server's log; then retry.",
        record.crashes
    );
    Outcome {
        status: RecordStatus::Aborted,
        next_attempt_at: None,
        ..failed(
            record,
            LastOperation::CrashedWorker,
            Problem { message, code: Some("crash".into()), field: None },
            timing.tried(None, Vec::new()),
            timing,
        )
    }
}

/// A vendor's error as a person reads it beside the record.
pub fn problem(error: &Vendor) -> Problem {
    match error {
        Vendor::Rejected { code, message, field } => {
            Problem { message: message.clone(), code: Some(code.clone()), field: field.clone() }
        }
        // By this code a closing breaker finds the records that waited for it.
        Vendor::Unavailable { .. } => {
            Problem { message: error.to_string(), code: Some("unavailable".into()), field: None }
        }
        other => Problem { message: other.to_string(), code: None, field: None },
    }
}

/// The record as one side holds it, for the record's row.
pub fn place(found: &Found, hash: ContentHash) -> Place {
    Place {
        id: found.id.clone(),
        label: found.label.clone(),
        url: found.url.clone(),
        modified_at: found.modified_at,
        hash,
    }
}

/// The same operation at the other side of the sync: operations are named for the destination first.
pub const fn operation_at(operation: LastOperation, side: Side) -> LastOperation {
    use LastOperation as O;
    match (side, operation) {
        (Side::Source, O::Inserted) => O::InsertedInSource,
        (Side::Source, O::Updated) => O::UpdatedInSource,
        (Side::Source, O::FailedToSave) => O::FailedToSaveInSource,
        (Side::Source, O::ConflictOverridden) => O::ConflictOverriddenInSource,
        (Side::Source, O::DeletedInDestination) => O::DeletedInSource,
        (_, other) => other,
    }
}

/// A number from 0 to 1 that is different for every record and try, and the same when a test plays it again.
fn dice(record: &Claimed) -> f64 {
    let mixed = record.id.as_u128() ^ (u128::from(record.attempts.unsigned_abs()) << 17);
    let spread = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    f64::from((spread >> 96) as u32) / f64::from(u32::MAX)
}
