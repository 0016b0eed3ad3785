//! Which way a record goes: pure, from what was read on both sides and what both held when they last agreed.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::Found;
use domain::sync::{ConflictPolicy, Direction, SyncSettings};
use domain::{LastOperation, RecordStatus, Side};

use super::choices::Choice;
use super::gone;
use super::outcome::{self, Timing};
use super::save::Removing;
use super::sides::{Pair, Seen};
use crate::store::reads::LAG;
use crate::store::results::{Outcome, Problem, Tombstone};
use crate::store::syncs::SyncRow;

/// After this pause an answer that was too old is asked for again.
const READ_AGAIN: TimeDelta = TimeDelta::seconds(15);

/// What comes next for a record.
pub enum Step {
    Settled(Box<Outcome>),
    /// The other side's record is to go too.
    Remove(Box<Removing>),
    Go(Box<Course>),
}

/// A record that goes somewhere.
pub struct Course {
    pub pair: Pair,
    pub way: Way,
    /// What its last operation will be, named for the destination ([`outcome::operation_at`]).
    pub written: LastOperation,
    /// The same when nothing has to be written.
    pub unchanged: LastOperation,
    /// Nothing is written: a person is asked, who sees the record in the terms of the side that it would go to.
    pub asks: bool,
}

/// Where a record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    To(Side),
    /// Both sides changed: whether that is a conflict is known when they are in the same terms.
    Compare,
}

/// Plans one record.
pub fn plan(sync: &SyncRow, mut pair: Pair, timing: Timing) -> Step {
    let two_way = sync.settings.direction == Direction::TwoWay;
    let sides: &[Side] = if two_way { Side::ALL } else { &[Side::Source] };
    if sides.iter().any(|side| is_older(&pair, *side, timing.now)) {
        return Step::Settled(Box::new(older(&pair, timing)));
    }
    let gone = match (&pair.source, &pair.destination) {
        (Seen::Gone, _) => Some(Side::Source),
        (Seen::Unknown, Seen::Gone) => Some(Side::Destination),
        (Seen::Found(_), Seen::Gone) if two_way => Some(Side::Destination),
        _ => None,
    };
    match gone {
        Some(side) => gone::plan(sync, pair, side, timing),
        None => {
            // What was said to be gone is there.
            pair.revive();
            alive(sync, pair, timing)
        }
    }
}

impl Pair {
    /// From here on the outcome takes the flag away that says that the record is gone.
    fn revive(&mut self) {
        self.revived = self.record.tombstone.is_some();
    }

    /// An outcome that knows all that was read, after what became of earlier writes is known.
    pub fn outcome(&self, status: RecordStatus, operation: LastOperation) -> Outcome {
        Outcome {
            source: self.place(Side::Source),
            destination: self.place(Side::Destination),
            settles_intent: true,
            tombstone: if self.revived { Tombstone::Clear } else { Tombstone::Keep },
            ..outcome::blank(&self.record, status, operation)
        }
    }

    /// The record cannot be synchronised as it is; it is tried again.
    pub fn failed(&self, operation: LastOperation, problem: Problem, timing: Timing) -> Outcome {
        let tried = timing.tried(None, Vec::new());
        let failed = outcome::failed(&self.record, operation, problem, tried, timing);
        let status = failed.status;
        Outcome {
            next_attempt_at: failed.next_attempt_at,
            error: failed.error,
            attempt: failed.attempt,
            ..self.outcome(status, operation)
        }
    }

    /// It can never sync as it is.
    pub fn invalid(&self, operation: LastOperation, message: String, timing: Timing) -> Outcome {
        Outcome {
            error: Some(Problem { message, code: None, field: None }),
            attempt: Some(timing.tried(None, Vec::new())),
            ..self.outcome(RecordStatus::Invalid, operation)
        }
    }

    /// Both sides agree as they are.
    pub fn agreed(&self, operation: LastOperation, timing: Timing) -> Outcome {
        Outcome {
            synced: self.hash(Side::Source).zip(self.hash(Side::Destination)),
            attempt: Some(timing.tried(None, Vec::new())),
            ..self.outcome(RecordStatus::Processed, operation)
        }
    }

    /// A side holds something else than when both agreed, and not what we were about to write there.
    fn has_changed(&self, side: Side) -> bool {
        let hash = self.hash(side);
        let ours = self.record.intent.as_ref().filter(|intent| intent.side == side).and_then(|intent| intent.hash);
        hash != self.record.side(side).synced && (ours.is_none() || ours != hash)
    }

    fn was_synced(&self) -> bool {
        Side::ALL.iter().all(|side| self.record.side(*side).synced.is_some())
    }
}

/// A lagging replica may answer with a state from before the change that was announced. When it still does so long after
/// that, the announcement named a time that the record itself never will, and what is read is believed.
fn is_older(pair: &Pair, side: Side, now: DateTime<Utc>) -> bool {
    let read = pair.found(side).and_then(|found| found.modified_at);
    let known = pair.record.side(side).modified_at;
    read.zip(known).is_some_and(|(read, known)| read < known && now < known + LAG)
}

/// It is read again, which counts as no try: neither the record nor the system has failed. What an earlier write has made
/// stays intended, because this outcome does not link it.
fn older(pair: &Pair, timing: Timing) -> Outcome {
    let why = "A system answered with an older state than it had announced. It is read again.";
    outcome::put_back(&pair.record, LastOperation::FailedToRead, timing.now + READ_AGAIN, why.into())
}

fn alive(sync: &SyncRow, pair: Pair, timing: Timing) -> Step {
    let two_way = sync.settings.direction == Direction::TwoWay;
    let settled = |outcome: Outcome| Step::Settled(Box::new(outcome));
    let Some(read) = pair.found(Side::Source).or_else(|| pair.found(Side::Destination)) else {
        return settled(pair.invalid(LastOperation::FailedToRead, "No side knows this record.".into(), timing));
    };
    if sync.settings.filter.as_ref().is_some_and(|filter| !filter.matches(&read.record)) {
        let attempt = Some(timing.tried(None, Vec::new()));
        return settled(Outcome { attempt, ..pair.outcome(RecordStatus::Filtered, LastOperation::Filtered) });
    }
    if read.record.key().is_none() {
        let message =
            format!("It has no {} any more, by which it is found at the other side.", sync.entity.key_label());
        return settled(pair.invalid(LastOperation::FailedToRead, message, timing));
    }
    if !two_way && pair.found(Side::Source).is_none() {
        let message = "Only the destination has it, and this sync goes from the source to the destination.".to_owned();
        let error = Some(Problem { message, code: None, field: None });
        return settled(Outcome { error, ..pair.outcome(RecordStatus::Filtered, LastOperation::Filtered) });
    }
    // What somebody deleted there is not brought back by an edit or a replay either: that takes who insists.
    let is_gone = matches!(pair.destination, Seen::Gone) && !pair.record.forced;
    if let Some((way, written)) = chosen(&pair).filter(|_| !is_gone) {
        return Step::Go(Box::new(Course { pair, way, written, unchanged: written, asks: false }));
    }
    match course(sync, &pair) {
        Some((way, written, unchanged)) => Step::Go(Box::new(Course { pair, way, written, unchanged, asks: false })),
        None if matches!(pair.destination, Seen::Gone) => {
            let id = pair.record.destination.id.clone().unwrap_or_default();
            let message = format!("Its record {id} at the destination is gone. “Sync now” writes it there again.");
            let problem = Problem { message, code: Some("gone".into()), field: None };
            settled(pair.failed(LastOperation::FailedToSave, problem, timing))
        }
        None => settled(pair.agreed(LastOperation::NotNeeded, timing)),
    }
}

/// The way of what a person chose. A conflict's choice goes to both sides, one after the other.
fn chosen(pair: &Pair) -> Option<(Way, LastOperation)> {
    match pair.choice.as_ref()? {
        Choice::Payload { .. } => Some((Way::To(Side::Destination), LastOperation::PayloadEdited)),
        Choice::Replay { .. } => Some((Way::To(Side::Destination), LastOperation::Replayed)),
        Choice::Conflict { .. } => {
            let side = if pair.found(Side::Destination).is_some() { Way::Compare } else { Way::To(Side::Destination) };
            Some((side, LastOperation::ConflictResolved))
        }
        // Nothing is gone any more: the choice has no object, and the sides are compared anew.
        Choice::Removal { .. } => None,
    }
}

/// Where a record goes by what changed; `None` = nowhere.
fn course(sync: &SyncRow, pair: &Pair) -> Option<(Way, LastOperation, LastOperation)> {
    use LastOperation as O;
    let two_way = sync.settings.direction == Direction::TwoWay;
    let record = &pair.record;
    let (Some(source), Some(destination)) = (pair.found(Side::Source), pair.found(Side::Destination)) else {
        let to = if pair.found(Side::Source).is_some() { Side::Destination } else { Side::Source };
        let may = !matches!(pair.seen(to), Seen::Gone) || record.forced;
        return may.then_some((Way::To(to), O::Inserted, O::Inserted));
    };
    if let Some(side) = pair.written {
        return Some((Way::To(side), O::Updated, O::Inserted));
    }
    let (at_source, at_destination) = (pair.has_changed(Side::Source), pair.has_changed(Side::Destination));
    if !at_source && !at_destination && !record.forced {
        return None;
    }
    if !two_way {
        let overridden = at_destination && record.destination.synced.is_some();
        let written = if overridden { O::ConflictOverridden } else { O::Updated };
        return Some((Way::To(Side::Destination), written, O::NotNeeded));
    }
    if !pair.was_synced() {
        let first = winner(&sync.settings, source, destination).unwrap_or(sync.settings.primary);
        return Some((Way::To(first.other()), O::Adopted, O::Adopted));
    }
    let way = match (at_source, at_destination) {
        (true, true) => Way::Compare,
        (true, false) => Way::To(Side::Destination),
        (false, true) => Way::To(Side::Source),
        (false, false) => Way::To(sync.settings.primary.other()),
    };
    let written = if way == Way::Compare { O::ConflictOverridden } else { O::Updated };
    Some((way, written, O::NotNeeded))
}

/// Which side wins when both changed; `None` = a person decides.
pub fn winner(settings: &SyncSettings, source: &Found, destination: &Found) -> Option<Side> {
    match settings.conflict_policy {
        ConflictPolicy::PrimaryWins => Some(settings.primary),
        ConflictPolicy::NewestWins => Some(newest(settings, source.modified_at, destination.modified_at)),
        ConflictPolicy::Ask => None,
    }
}

/// The side of the newer change; equal or unknown = the primary one.
pub fn newest(settings: &SyncSettings, source: Option<DateTime<Utc>>, destination: Option<DateTime<Utc>>) -> Side {
    match source.zip(destination) {
        Some((source, destination)) if source > destination => Side::Source,
        Some((source, destination)) if source < destination => Side::Destination,
        _ => settings.primary,
    }
}
