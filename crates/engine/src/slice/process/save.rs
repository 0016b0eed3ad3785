//! Saving: the chunk's intents are committed in one statement, then the writes are sent ([`super::send`]) and settled as
//! the answers come.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use connectors::{Annotation, Error as Vendor, Exchange, Failure, Found, Removal, Save, Saved};
use domain::canonical::{Change, ContentHash, diff};
use domain::{LastOperation, RecordStatus, Side};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::chunk::Counted;
use super::decide;
use super::outcome::{self, Timing};
use super::pipeline::{self, Flow};
use super::settle;
use super::sides::Pair;
use crate::slice::context::{Context, End};
use crate::slice::obstacle::{self, Obstacle};
use crate::store::records_due::Intended;
use crate::store::results::{Outcome, Problem, Tombstone};
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// How long after its intent a write may still be sent; the intents' deadlines allow for it.
pub const SENDING: TimeDelta = TimeDelta::seconds(10);
/// The tag and the name of the value that are written back to a source's record.
const TAG: &str = "syncline";
const NUMBER: &str = "erp_number";

/// A write that is about to be sent.
pub struct Write {
    pub pair: Pair,
    /// Where it goes.
    pub side: Side,
    pub act: Act,
    /// What the record's last operation will be when it succeeds.
    pub operation: LastOperation,
    pub changes: Vec<Change>,
    /// Of what is about to be written.
    pub payload_hash: Option<ContentHash>,
    /// The record is not done with this write.
    pub comes_again: bool,
    /// What somebody does at this side is brought to the other one.
    pub both_ways: bool,
}

/// What is sent.
pub enum Act {
    Save(Box<Save>),
    Remove { id: String, how: Removal, edit: Option<Uuid> },
}

/// A record that is to go at one side because it is gone at the other.
pub struct Removing {
    pub pair: Pair,
    pub at: Side,
    pub how: Removal,
    /// The edit by which a person decided so.
    pub edit: Option<Uuid>,
}

/// Writes that are intended.
pub struct Load {
    pub writes: Vec<Write>,
    pub timing: Timing,
    pub intended_at: DateTime<Utc>,
    /// The records of their chunk, those that were settled before included.
    pub chunk: Vec<Uuid>,
}

/// What came of an act that succeeded.
pub enum Done {
    Saved(Box<Saved>),
    Removed(Option<Exchange>),
}

impl From<Removing> for Write {
    fn from(removing: Removing) -> Self {
        let Removing { pair, at, how, edit } = removing;
        let id = pair.found(at).map(|found| found.id.clone()).unwrap_or_default();
        let operation = match how {
            Removal::Deactivate => LastOperation::Deactivated,
            Removal::Delete => outcome::operation_at(LastOperation::DeletedInDestination, at),
        };
        let act = Act::Remove { id, how, edit };
        Self {
            pair,
            side: at,
            act,
            operation,
            changes: Vec::new(),
            payload_hash: None,
            comes_again: false,
            both_ways: false,
        }
    }
}

impl Write {
    /// Whether the destination's record is new: it is inserted, or an insert that was lost has made it.
    pub fn is_new_in_destination(&self) -> bool {
        let inserts = matches!(&self.act, Act::Save(save) if save.id.is_none());
        self.side == Side::Destination && (inserts || self.pair.written == Some(Side::Destination))
    }

    /// An insert's key is the record's id alone; every other act's carries the version too.
    fn key(&self) -> String {
        match &self.act {
            Act::Save(save) => save.idempotency_key.clone(),
            Act::Remove { .. } => format!("{}.{}.remove", self.pair.record.id.simple(), self.pair.record.version),
        }
    }
}

/// Intends, sends and settles writes.
pub async fn save_all(
    context: &Context,
    sync: &SyncRow,
    writes: Vec<Write>,
    counted: Counted,
    timing: Timing,
) -> Result<Option<Obstacle>> {
    if writes.is_empty() {
        return Ok(None);
    }
    let records: Vec<Uuid> = writes.iter().map(|write| write.pair.record.id).collect();
    context.note_under_way(&records);
    let load = intend(context, sync, writes, timing, records).await?;
    let (loads, one) = mpsc::unbounded_channel();
    drop(loads.send(load));
    drop(loads);
    let stop = pipeline::deliver(context, sync, one, counted, &Flow::new()).await?;
    Ok(stop.map(|stop| stop.obstacle))
}

/// Sends one write.
pub async fn act(end: &End, sync: &SyncRow, write: &Write) -> std::result::Result<Done, Failure> {
    match &write.act {
        Act::Save(save) => end.connector.save(save).await.map(|saved| Done::Saved(Box::new(saved))),
        Act::Remove { id, how, .. } => match end.connector.remove(sync.entity, id, *how).await {
            Ok(exchange) => Ok(Done::Removed(Some(exchange))),
            Err(Failure { error: Vendor::NotFound, exchange }) => Ok(Done::Removed(exchange)),
            Err(failure) => Err(failure),
        },
    }
}

/// What came of noting the destination's number at the source.
pub enum Noted {
    /// It stands there, or is not wanted.
    Yes,
    /// It cannot be noted; why is said beside the record.
    No(String),
    /// The source wants to be left alone now.
    Later(Obstacle),
}

/// Notes the destination's number on the source's record. Doing it twice changes nothing.
pub async fn write_back(context: &Context, end: &End, sync: &SyncRow, id: &str, label: &str) -> Noted {
    if let Some(obstacle) = context.halted(end.connection) {
        return Noted::Later(obstacle);
    }
    let note = Annotation { tag: Some(TAG.to_owned()), values: vec![(NUMBER.to_owned(), label.to_owned())] };
    match end.connector.annotate(sync.entity, id, &note).await {
        Ok(_) => Noted::Yes,
        Err(Failure { error: error @ Vendor::RateLimited { .. }, .. }) => {
            let obstacle = Obstacle { connection: end.connection, name: end.name.clone(), error };
            context.heed(&obstacle);
            Noted::Later(obstacle)
        }
        Err(failure) => Noted::No(cannot_note(label, &failure.error)),
    }
}

fn cannot_note(label: &str, error: &Vendor) -> String {
    format!("It was written, but its number {label} could not be noted in the source: {error}")
}

/// Commits the intents. A record that has changed since it was read is not written: it is given back, and read again.
pub async fn intend(
    context: &Context,
    sync: &SyncRow,
    writes: Vec<Write>,
    timing: Timing,
    chunk: Vec<Uuid>,
) -> Result<Load> {
    let (as_read, intended_at) = commit_intents(context, sync, &writes).await?;
    let (writes, moved): (Vec<Write>, Vec<Write>) =
        writes.into_iter().partition(|write| as_read.contains(&write.pair.record.id));
    let moved: Vec<Uuid> = moved.iter().map(|write| write.pair.record.id).collect();
    settle::give_back(context, &moved, false).await?;
    context.forget_under_way(&moved);
    Ok(Load { writes, timing, intended_at, chunk })
}

async fn commit_intents(context: &Context, sync: &SyncRow, writes: &[Write]) -> Result<(HashSet<Uuid>, DateTime<Utc>)> {
    let mut tried = 0;
    loop {
        match intend_once(context, sync, writes).await {
            Err(error) if error.is_contention() && tried < settle::RETRIES => {
                tried += 1;
                context.forget_stored_sessions();
            }
            other => return other,
        }
    }
}

async fn intend_once(context: &Context, sync: &SyncRow, writes: &[Write]) -> Result<(HashSet<Uuid>, DateTime<Utc>)> {
    let now = context.now();
    let run = context.run.clone();
    let settle = |side: Side| -> Result<TimeDelta> {
        let settle = context.end_at(sync, side)?.connector.settle();
        Ok(TimeDelta::from_std(settle).unwrap_or(TimeDelta::seconds(60)))
    };
    // The last write of the chunk may be sent some seconds after this.
    let (destination, source) = (settle(Side::Destination)?, settle(Side::Source)?);
    let deadline = |side: Side| match side {
        Side::Destination => now + SENDING + destination,
        Side::Source => now + SENDING + source,
    };
    let intents: Vec<Intended> = writes
        .iter()
        .map(|write| Intended {
            record: write.pair.record.id,
            version: write.pair.record.version,
            side: write.side,
            key: write.key(),
            hash: write.payload_hash,
            deadline_at: deadline(write.side),
        })
        .collect();
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &run, Progress::default(), now).await?;
    let as_read = store::records_due::intend(&mut tx, &run, &intents, now).await?;
    context.keep_sessions(&mut tx).await?;
    tx.commit().await?;
    Ok((as_read, now))
}

/// What came of a write that was answered with a success.
pub fn done_outcome(write: Write, done: Done, timing: Timing, noted: Noted) -> Outcome {
    match done {
        Done::Saved(saved) => saved_outcome(write, *saved, timing, noted),
        Done::Removed(exchange) => removed_outcome(write, exchange, timing),
    }
}

fn saved_outcome(write: Write, saved: Saved, timing: Timing, noted: Noted) -> Outcome {
    // Only an insert is looked for by its key alone.
    let is_found_again = matches!(&write.act, Act::Save(save) if save.id.is_none()) && !write.comes_again;
    let label = saved.found.label.clone();
    let sent = if write.both_ways { sent_beside_an_edit(&write.act, &saved.found) } else { None };
    let mut pair = write.pair;
    pair.put(write.side, super::sides::Seen::Found(Box::new(saved.found)));
    let mut tried = timing.tried(Some(saved.exchange), write.changes);
    match &noted {
        Noted::Yes => {}
        Noted::Later(_) if is_found_again => {}
        Noted::Later(obstacle) => tried.warning = Some(cannot_note(&label, &obstacle.error)),
        Noted::No(why) => tried.warning = Some(why.clone()),
    }
    if write.comes_again {
        return Outcome {
            counts: false,
            next_attempt_at: Some(timing.now),
            attempt: Some(tried),
            ..pair.outcome(RecordStatus::Prepared, write.operation)
        };
    }
    let agreed = Outcome {
        attempt: Some(tried),
        used_edit: decide::edit_of(&pair),
        replayed: pair.record.is_replay,
        ..pair.agreed(write.operation, timing)
    };
    if let Some(sent) = sent {
        return edited_meanwhile(agreed, write.side, sent, timing.now);
    }
    match noted {
        Noted::Later(obstacle) if is_found_again => noted_later(agreed, &label, &obstacle, timing.now),
        _ => agreed,
    }
}

/// What was sent, when the answer also holds another's edit: somebody changed a field between our read and the write that
/// the write left alone.
fn sent_beside_an_edit(act: &Act, answer: &Found) -> Option<ContentHash> {
    let Act::Save(save) = act else { return None };
    let current = save.current.as_ref()?;
    let ours: HashSet<String> = diff(Some(current), &save.record).into_iter().map(|change| change.path).collect();
    let theirs = diff(Some(current), &answer.record).into_iter().any(|change| !ours.contains(&change.path));
    theirs.then(|| save.record.hash())
}

/// Both sides agree on what was sent, and the side that was written has changed since: the record is processed again, and
/// takes the edit to the other side.
fn edited_meanwhile(agreed: Outcome, side: Side, sent: ContentHash, now: DateTime<Utc>) -> Outcome {
    let synced = agreed.synced.map(|(source, destination)| match side {
        Side::Source => (sent, destination),
        Side::Destination => (source, sent),
    });
    Outcome { status: RecordStatus::Prepared, counts: false, next_attempt_at: Some(now), synced, ..agreed }
}

/// The insert stays intended, as if its answer had been lost: when the source may be asked again, the record is found at the
/// destination by its key, and noted then.
pub fn noted_later(written: Outcome, label: &str, obstacle: &Obstacle, now: DateTime<Utc>) -> Outcome {
    let wait = match &obstacle.error {
        Vendor::RateLimited { retry_after } => obstacle::asked_wait(*retry_after),
        _ => TimeDelta::zero(),
    };
    let message = format!(
        "It was written as {label}. “{}” asked to slow down, so its number is noted there a little later.",
        obstacle.name
    );
    let error = Some(Problem { message, code: None, field: None });
    Outcome { next_attempt_at: Some(now + wait), error, ..settle::again(written, now) }
}

/// What was deleted is not linked any more, so that it can be inserted again should its other side come back to life.
fn removed_outcome(write: Write, exchange: Option<Exchange>, timing: Timing) -> Outcome {
    let (how, edit) = match write.act {
        Act::Remove { how, edit, .. } => (how, edit),
        Act::Save(_) => (Removal::Deactivate, None),
    };
    let outcome = write.pair.outcome(RecordStatus::Deleted, write.operation);
    Outcome {
        attempt: Some(timing.tried(exchange, write.changes)),
        tombstone: Tombstone::Clear,
        unlink: (how == Removal::Delete).then_some(write.side),
        used_edit: edit,
        ..outcome
    }
}

/// What came of one that failed; `unknown` = it may have been carried out nevertheless.
pub fn failed_outcome(write: Write, failure: Failure, timing: Timing, unknown: bool) -> Outcome {
    let problem = outcome::problem(&failure.error);
    let tried = timing.tried(failure.exchange, write.changes);
    let operation = outcome::operation_at(LastOperation::FailedToSave, write.side);
    let failed = outcome::failed(&write.pair.record, operation, problem, tried, timing);
    Outcome { settles_intent: !unknown, ..failed }
}
