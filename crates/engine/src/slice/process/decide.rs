//! Deciding what to do with a record: pure, with everything that was read in hand.

use connectors::{Connector, Found, Save};
use domain::canonical::{Canonical, diff, fields, merge};
use domain::matching::{Candidate, Match, match_record};
use domain::sync::Direction;
use domain::{Entity, LastOperation, RecordStatus, Side};

use super::choices::Choice;
use super::direction::{self, Way};
use super::gone;
use super::matching::Target;
use super::outcome::{self, Timing};
use super::prerequisites::{Ready, Waiting};
use super::save::{Act, Write};
use super::sides::Pair;
use crate::store::conflicts::Conflict;
use crate::store::results::{Outcome, Problem};
use crate::store::syncs::SyncRow;

/// What to do with a record.
pub enum Decision {
    Settled(Box<Outcome>),
    Waits(Box<Waiting>),
    Write(Box<Write>),
    /// It is a part of another record now.
    Absorbed,
}

/// What deciding needs besides the record.
#[derive(Clone, Copy)]
pub struct Deciding<'a> {
    pub sync: &'a SyncRow,
    pub source: &'a dyn Connector,
    pub destination: &'a dyn Connector,
    pub timing: Timing,
}

impl Deciding<'_> {
    const fn connector(&self, side: Side) -> &dyn Connector {
        match side {
            Side::Source => self.source,
            Side::Destination => self.destination,
        }
    }
}

/// Decides for one record.
pub fn decide(by: Deciding<'_>, ready: Ready, target: Target) -> Decision {
    match (ready.course.way, target) {
        (_, Target::Absorbed) => Decision::Absorbed,
        (_, Target::Later) => Decision::Settled(Box::new(later(&ready.course.pair, by.timing))),
        (Way::Compare, _) => compare(by, ready),
        (Way::To(_), _) if ready.course.asks => {
            let source = ready.to_destination.as_ref().map(|record| by.destination.normalise(record));
            Decision::Settled(Box::new(gone::asked(&ready.course.pair, source, None, by.timing)))
        }
        (Way::To(to), Target::Candidates(candidates)) => matched(by, ready, to, candidates),
        (Way::To(to), Target::Read) => match ready.course.pair.found(to).cloned() {
            Some(found) => update(by, ready, to, &found),
            None => insert(by, ready, to),
        },
    }
}

/// Both sides changed, or a person chose what both shall hold.
fn compare(by: Deciding<'_>, mut ready: Ready) -> Decision {
    let pair = &ready.course.pair;
    let (Some(source), Some(destination)) = (pair.found(Side::Source).cloned(), pair.found(Side::Destination).cloned())
    else {
        return insert(by, ready, Side::Destination);
    };
    let differs = !outgoing(by, &ready, Side::Destination, Some(&destination))
        .is_some_and(|outgoing| diff(Some(&destination.record), &outgoing).is_empty());
    let chosen = matches!(pair.choice, Some(Choice::Conflict { .. }));
    if !differs && !chosen {
        // They changed alike.
        return Decision::Settled(Box::new(pair.agreed(ready.course.unchanged, by.timing)));
    }
    let to = match (chosen, direction::winner(&by.sync.settings, &source, &destination)) {
        (true, _) if differs => Side::Destination,
        (true, _) => Side::Source,
        (false, Some(winner)) => winner.other(),
        (false, None) => return Decision::Settled(Box::new(asked(by, &ready))),
    };
    match (to, ready.to_source.take()) {
        (Side::Source, Some(Err(waits))) => Decision::Waits(waits),
        (_, to_source) => {
            ready.to_source = to_source;
            let found = if to == Side::Source { source } else { destination };
            update(by, ready, to, &found)
        }
    }
}

fn asked(by: Deciding<'_>, ready: &Ready) -> Outcome {
    let pair = &ready.course.pair;
    let destination = pair.found(Side::Destination).map(|found| found.record.clone());
    let source = ready.to_destination.as_ref().map(|record| by.destination.normalise(record));
    let message = "Both sides were changed since they last agreed. Choose what holds.".to_owned();
    Outcome {
        error: Some(Problem { message, code: Some("conflict".into()), field: None }),
        conflict: Some(Box::new(Conflict { source, destination })),
        attempt: Some(by.timing.tried(None, Vec::new())),
        ..pair.outcome(RecordStatus::Conflict, LastOperation::ConflictFound)
    }
}

fn matched(by: Deciding<'_>, ready: Ready, to: Side, candidates: Vec<(Found, Candidate)>) -> Decision {
    let key = ready.incoming(to).and_then(Canonical::key).unwrap_or_default().to_owned();
    let only: Vec<Candidate> = candidates.iter().map(|(_, candidate)| candidate.clone()).collect();
    match match_record(&key, &only) {
        Match::Insert => insert(by, ready, to),
        Match::Adopt(id) => match candidates.into_iter().find(|(found, _)| found.id == id) {
            Some((found, _)) => adopt(by, ready, to, &found),
            None => insert(by, ready, to),
        },
        Match::Stop(why) => {
            let problem = Problem { message: why, code: Some("match".into()), field: None };
            let operation = outcome::operation_at(LastOperation::FailedToSave, to);
            Decision::Settled(Box::new(ready.course.pair.failed(operation, problem, by.timing)))
        }
    }
}

/// Links the record to the one that was found. When it is the found one that wins, the link is stored and the record
/// comes again at once, the other way round.
fn adopt(by: Deciding<'_>, mut ready: Ready, to: Side, found: &Found) -> Decision {
    let pair = &ready.course.pair;
    let two_way = by.sync.settings.direction == domain::sync::Direction::TwoWay;
    let (source, destination) = match to {
        Side::Destination => (pair.found(Side::Source), Some(found)),
        Side::Source => (Some(found), pair.found(Side::Destination)),
    };
    let first = source.zip(destination).map(|(source, destination)| {
        direction::winner(&by.sync.settings, source, destination).unwrap_or(by.sync.settings.primary)
    });
    if two_way && pair.choice.is_none() && first == Some(to) {
        let back = outcome::put_back(&pair.record, LastOperation::Adopted, by.timing.now, "Goes on at once.".into());
        let linked = pair.outcome(RecordStatus::Prepared, LastOperation::Adopted);
        let place = Some(outcome::place(found, found.record.hash()));
        let (source, destination) =
            if to == Side::Source { (place, linked.destination.clone()) } else { (linked.source.clone(), place) };
        let outcome = Outcome { source, destination, counts: false, next_attempt_at: back.next_attempt_at, ..linked };
        return Decision::Settled(Box::new(outcome));
    }
    if ready.course.pair.choice.is_none() {
        (ready.course.written, ready.course.unchanged) = (LastOperation::Adopted, LastOperation::Adopted);
    }
    update(by, ready, to, found)
}

/// What the side would hold after the write: what came in, in that vendor's own form, and of what the other side has no
/// place for what is there already.
fn outgoing(by: Deciding<'_>, ready: &Ready, to: Side, current: Option<&Found>) -> Option<Canonical> {
    let incoming = ready.incoming(to)?;
    let record = match (current, &ready.course.pair.choice) {
        // What a person typed is meant as it stands.
        (_, Some(Choice::Payload { .. })) | (None, _) => incoming.clone(),
        (Some(current), _) => {
            let seen = by.connector(to.other()).normalise(&current.record);
            merge(&current.record, &seen, incoming)
        }
    };
    Some(by.connector(to).normalise(&record))
}

/// Writes the fields that differ; when none does, there is nothing to do.
fn update(by: Deciding<'_>, ready: Ready, to: Side, found: &Found) -> Decision {
    let Some(outgoing) = outgoing(by, &ready, to, Some(found)) else { return nothing_to_send(by, &ready, to) };
    let pair = &ready.course.pair;
    if diff(Some(&found.record), &outgoing).is_empty() {
        let operation = outcome::operation_at(ready.course.unchanged, to);
        let mut linked = pair.clone();
        linked.put(to, super::sides::Seen::Found(Box::new(found.clone())));
        let outcome = Outcome {
            used_edit: edit_of(pair),
            replayed: pair.record.is_replay,
            ..linked.agreed(operation, by.timing)
        };
        return Decision::Settled(Box::new(outcome));
    }
    if !by.connector(to).abilities(by.sync.entity).update {
        return cannot(by, pair, to, "change");
    }
    let changes = fields::told(Some(&found.record), &outgoing);
    let key = format!("{}.{}.{:?}", pair.record.id.simple(), pair.record.version, outgoing.hash());
    let payload_hash = outgoing.hash();
    let save = Save {
        id: Some(found.id.clone()),
        idempotency_key: key,
        record: outgoing,
        current: Some(found.record.clone()),
    };
    // A conflict's choice goes to both sides: after the first of them the record comes again.
    let comes_again = to == Side::Destination && matches!(pair.choice, Some(Choice::Conflict { .. }));
    let operation = outcome::operation_at(ready.course.written, to);
    let write = Write {
        pair: ready.course.pair,
        side: to,
        act: Act::Save(Box::new(save)),
        operation,
        changes,
        payload_hash: Some(payload_hash),
        comes_again,
        both_ways: by.sync.settings.direction == Direction::TwoWay,
    };
    Decision::Write(Box::new(write))
}

fn insert(by: Deciding<'_>, ready: Ready, to: Side) -> Decision {
    let Some(outgoing) = outgoing(by, &ready, to, None) else { return nothing_to_send(by, &ready, to) };
    if !by.connector(to).abilities(by.sync.entity).insert {
        if by.sync.entity == Entity::Stock {
            return Decision::Settled(Box::new(no_level(by, &ready.course.pair, to, &outgoing)));
        }
        return cannot(by, &ready.course.pair, to, "insert");
    }
    let changes = fields::told(None, &outgoing);
    let payload_hash = outgoing.hash();
    let idempotency_key = ready.course.pair.record.id.to_string();
    let save = Save { id: None, idempotency_key, record: outgoing, current: None };
    let written = match ready.course.written {
        LastOperation::Updated | LastOperation::Adopted => LastOperation::Inserted,
        other => other,
    };
    let write = Write {
        operation: outcome::operation_at(written, to),
        pair: ready.course.pair,
        side: to,
        act: Act::Save(Box::new(save)),
        changes,
        payload_hash: Some(payload_hash),
        comes_again: false,
        both_ways: by.sync.settings.direction == Direction::TwoWay,
    };
    Decision::Write(Box::new(write))
}

/// The edit that is over when this record is.
pub fn edit_of(pair: &Pair) -> Option<uuid::Uuid> {
    match pair.choice.as_ref()? {
        Choice::Payload { edit, .. } | Choice::Conflict { edit, .. } | Choice::Removal { edit, .. } => Some(*edit),
        Choice::Replay { .. } => None,
    }
}

fn cannot(by: Deciding<'_>, pair: &Pair, to: Side, verb: &str) -> Decision {
    let operation = outcome::operation_at(LastOperation::FailedToSave, to);
    let message = cannot_sentence(by.sync, by.connector(to).vendor(), verb);
    Decision::Settled(Box::new(pair.invalid(operation, message, by.timing)))
}

/// A level comes and goes with its product: it waits for that, and looks again by itself.
fn no_level(by: Deciding<'_>, pair: &Pair, to: Side, outgoing: &Canonical) -> Outcome {
    let message = format!(
        "{} has no product with the SKU {}, so there is no stock level to set. Give the product this SKU there; it is \
         looked for again.",
        by.connector(to).vendor().label(),
        outgoing.key().unwrap_or_default()
    );
    let waits = outcome::waits_for_decision(&pair.record, message, by.timing);
    let (status, operation) = (waits.status, waits.operation);
    Outcome {
        counts: false,
        next_attempt_at: waits.next_attempt_at,
        error: waits.error,
        ..pair.outcome(status, operation)
    }
}

/// Says that a vendor's system does not let us do something.
pub fn cannot_sentence(sync: &SyncRow, vendor: domain::Vendor, verb: &str) -> String {
    format!(
        "Syncline cannot {verb} {} in {}. Do it there by hand, or let this sync go the other way only.",
        sync.entity.label().to_lowercase(),
        vendor.label()
    )
}

fn nothing_to_send(by: Deciding<'_>, ready: &Ready, to: Side) -> Decision {
    let operation = outcome::operation_at(LastOperation::FailedToSave, to);
    let message = "There is nothing to write: the other side was not read.".to_owned();
    Decision::Settled(Box::new(ready.course.pair.invalid(operation, message, by.timing)))
}

fn later(pair: &Pair, timing: Timing) -> Outcome {
    let until = timing.now + chrono::TimeDelta::seconds(1);
    let why = "Another record with the same key is being written; looks again after it.";
    outcome::put_back(&pair.record, LastOperation::WaitsForPrerequisite, until, why.into())
}
