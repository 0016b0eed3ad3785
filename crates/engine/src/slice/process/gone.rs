//! A record that a read did not find: twice, with time between, before it counts as gone; then the sync's deletion policy.

use chrono::{DateTime, Utc};
use connectors::Removal;
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
        Some(Choice::Conflict { record: None, edit }) => {
            let edit = *edit;
            return remove(sync, pair, other, Some(edit), timing);
        }
        Some(Choice::Conflict { record: Some(_), .. }) => {
            return bring_back(pair, side, LastOperation::ConflictResolved);
        }
        _ => {}
    }
    let edited = two_way && pair.hash(other) != pair.record.side(other).synced;
    if !edited {
        return remove(sync, pair, other, None, timing);
    }
    let deletion_wins = match sync.settings.conflict_policy {
        ConflictPolicy::PrimaryWins => sync.settings.primary == side,
        ConflictPolicy::NewestWins => {
            let (deleted, edited) = (Some(at), left.modified_at);
            let (source, destination) = if side == Side::Source { (deleted, edited) } else { (edited, deleted) };
            direction::newest(&sync.settings, source, destination) == side
        }
        ConflictPolicy::Ask => return Step::Settled(Box::new(asked(&pair, timing))),
    };
    if deletion_wins {
        remove(sync, pair, other, None, timing)
    } else {
        bring_back(pair, side, LastOperation::Inserted)
    }
}

/// The edit wins: the record is inserted again where it was deleted.
fn bring_back(mut pair: Pair, side: Side, operation: LastOperation) -> Step {
    pair.revived = true;
    Step::Go(Box::new(Course { pair, way: Way::To(side), written: operation, unchanged: operation }))
}

/// Deleted on one side and changed on the other: a person decides. References stay in the terms of the side that is left.
fn asked(pair: &Pair, timing: Timing) -> Outcome {
    let record = |side: Side| pair.found(side).map(|found| found.record.clone());
    let conflict = Conflict { source: record(Side::Source), destination: record(Side::Destination) };
    let message = "It was deleted on one side and changed on the other. Choose which holds.".to_owned();
    Outcome {
        error: Some(Problem { message, code: Some("conflict".into()), field: None }),
        conflict: Some(Box::new(conflict)),
        attempt: Some(timing.tried(None, Vec::new())),
        ..pair.outcome(RecordStatus::Conflict, LastOperation::ConflictFound)
    }
}

pub fn deleted(pair: &Pair, operation: LastOperation, timing: Timing) -> Outcome {
    Outcome {
        attempt: Some(timing.tried(None, Vec::new())),
        tombstone: Tombstone::Clear,
        ..pair.outcome(RecordStatus::Deleted, operation)
    }
}

/// Carries the deletion policy out at the side that is left.
fn remove(sync: &SyncRow, pair: Pair, at: Side, edit: Option<uuid::Uuid>, timing: Timing) -> Step {
    let how = match sync.settings.deletion_policy {
        // A person who says "delete it" in a conflict means it, whatever the policy is.
        DeletionPolicy::Keep if edit.is_some() => Removal::Delete,
        DeletionPolicy::Keep => {
            return Step::Settled(Box::new(deleted(&pair, LastOperation::Kept, timing)));
        }
        DeletionPolicy::Deactivate => Removal::Deactivate,
        DeletionPolicy::Delete => Removal::Delete,
    };
    Step::Remove(Box::new(Removing { pair, at, how, edit }))
}
