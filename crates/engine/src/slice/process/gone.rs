//! A record that a read did not find: twice, with time between, before it counts as gone; then the sync's deletion policy.

use chrono::{DateTime, Utc};
use connectors::Removal;
use domain::canonical::Canonical;
use domain::history::Removal as Wanted;
use domain::sync::{ConflictPolicy, DeletionPolicy, Direction};
use domain::{LastOperation, RecordStatus, Side};

use super::choices::Choice;
use super::direction::{self, Course, Step, Way};
use super::outcome::{self, GRACE, Timing};
use super::save::Removing;
use super::sides::Pair;
use crate::store::conflicts::Conflict;
use crate::store::results::{Outcome, Problem, Tombstone};
use crate::store::syncs::SyncRow;

/// Plans a record that was not found at `side`.
pub fn plan(sync: &SyncRow, pair: Pair, side: Side, timing: Timing) -> Step {
    let known = pair.record.tombstone.filter(|(of, _)| *of == side).map(|(_, at)| at);
    match known {
        Some(at) if timing.now >= at + GRACE => carry_out(sync, pair, side, at, timing),
        _ => Step::Settled(Box::new(flagged(&pair, side, known.unwrap_or(timing.now)))),
    }
}

/// Looked for once more after a while. What an earlier write has made is not linked here, so it stays intended.
fn flagged(pair: &Pair, side: Side, at: DateTime<Utc>) -> Outcome {
    let why = format!("It was not found in the {}. Looks once more before that counts.", side.as_str());
    let back = outcome::put_back(&pair.record, LastOperation::NotFound, at + GRACE, why);
    Outcome { tombstone: Tombstone::Set(side, at), ..back }
}

fn carry_out(sync: &SyncRow, pair: Pair, side: Side, at: DateTime<Utc>, timing: Timing) -> Step {
    let other = side.other();
    let Some(left) = pair.found(other) else {
        return Step::Settled(Box::new(deleted(&pair, LastOperation::NotFound, timing)));
    };
    let two_way = sync.settings.direction == Direction::TwoWay;
    match &pair.choice {
        Some(Choice::Removal { edit, how }) => {
            let (edit, how) = (Some(*edit), *how);
            return remove(pair, other, how, edit, timing);
        }
        Some(Choice::Conflict { .. }) => return bring_back(pair, side, LastOperation::ConflictResolved),
        _ => {}
    }
    let edited = two_way && pair.hash(other) != pair.record.side(other).synced;
    if !edited {
        return remove(pair, other, wanted(sync), None, timing);
    }
    let deletion_wins = match sync.settings.conflict_policy {
        ConflictPolicy::PrimaryWins => sync.settings.primary == side,
        ConflictPolicy::NewestWins => {
            let (deleted, edited) = (Some(at), left.modified_at);
            let (source, destination) = if side == Side::Source { (deleted, edited) } else { (edited, deleted) };
            direction::newest(&sync.settings, source, destination) == side
        }
        ConflictPolicy::Ask => return ask(pair, side, timing),
    };
    if deletion_wins {
        remove(pair, other, wanted(sync), None, timing)
    } else {
        bring_back(pair, side, LastOperation::Inserted)
    }
}

/// The edit wins: the record is inserted again where it was deleted.
fn bring_back(mut pair: Pair, side: Side, operation: LastOperation) -> Step {
    pair.revived = true;
    let way = Way::To(side);
    Step::Go(Box::new(Course { pair, way, written: operation, unchanged: operation, asks: false }))
}

/// Deleted on one side and changed on the other: a person decides. What the source has left is translated first.
fn ask(pair: Pair, side: Side, timing: Timing) -> Step {
    let left = pair.found(Side::Destination).map(|found| found.record.clone());
    match left {
        Some(left) => Step::Settled(Box::new(asked(&pair, None, Some(left), timing))),
        None => {
            let (written, unchanged) = (LastOperation::ConflictFound, LastOperation::ConflictFound);
            Step::Go(Box::new(Course { pair, way: Way::To(side), written, unchanged, asks: true }))
        }
    }
}

/// Both sides as a person will see them, in the destination's terms.
pub fn asked(pair: &Pair, source: Option<Canonical>, destination: Option<Canonical>, timing: Timing) -> Outcome {
    let message = "It was deleted on one side and changed on the other. Choose which holds.".to_owned();
    Outcome {
        error: Some(Problem { message, code: Some("conflict".into()), field: None }),
        conflict: Some(Box::new(Conflict { source, destination })),
        attempt: Some(timing.tried(None, Vec::new())),
        ..pair.outcome(RecordStatus::Conflict, LastOperation::ConflictFound)
    }
}

fn deleted(pair: &Pair, operation: LastOperation, timing: Timing) -> Outcome {
    Outcome {
        attempt: Some(timing.tried(None, Vec::new())),
        tombstone: Tombstone::Clear,
        ..pair.outcome(RecordStatus::Deleted, operation)
    }
}

/// What the sync's policy does to the side that is left.
const fn wanted(sync: &SyncRow) -> Wanted {
    match sync.settings.deletion_policy {
        DeletionPolicy::Keep => Wanted::Keep,
        DeletionPolicy::Deactivate => Wanted::Deactivate,
        DeletionPolicy::Delete => Wanted::Delete,
    }
}

fn remove(pair: Pair, at: Side, how: Wanted, edit: Option<uuid::Uuid>, timing: Timing) -> Step {
    let how = match how {
        Wanted::Keep => {
            let kept = Outcome { used_edit: edit, ..deleted(&pair, LastOperation::Kept, timing) };
            return Step::Settled(Box::new(kept));
        }
        Wanted::Deactivate => Removal::Deactivate,
        Wanted::Delete => Removal::Delete,
    };
    Step::Remove(Box::new(Removing { pair, at, how, edit }))
}
