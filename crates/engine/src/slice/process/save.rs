//! Saving: the chunk's intents are committed in one statement, then each record is written, as many at once as the
//! connection allows, and settled in batches as the answers come.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use chrono::TimeDelta;
use connectors::{Annotation, Error as Vendor, Exchange, Failure, Removal, Save, Saved};
use domain::canonical::{Change, ContentHash};
use domain::{LastOperation, RecordStatus, Side};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use uuid::Uuid;

use super::chunk::Counted;
use super::decide;
use super::outcome::{self, Timing};
use super::settle;
use super::sides::Pair;
use crate::slice::context::{Context, End};
use crate::slice::obstacle::Obstacle;
use crate::store::records_due::Intended;
use crate::store::results::{Outcome, Tombstone};
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// Results that are settled together.
const BATCH: usize = 50;
/// After so many failures of the system in a row nothing more of the chunk is sent.
const UNANSWERED: u32 = 5;
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

/// What came of an act that succeeded.
enum Done {
    Saved(Box<Saved>),
    Removed(Option<Exchange>),
}

/// An act's answer; `None` = it was not sent.
type Answered = Option<std::result::Result<Done, Failure>>;
/// A write with its times, what the vendor answered, and what went wrong beside it.
type Answer = (Write, Timing, Answered, Option<String>);

impl From<Removing> for Write {
    fn from(removing: Removing) -> Self {
        let Removing { pair, at, how, edit } = removing;
        let id = pair.found(at).map(|found| found.id.clone()).unwrap_or_default();
        let operation = match how {
            Removal::Deactivate => LastOperation::Deactivated,
            Removal::Delete => outcome::operation_at(LastOperation::DeletedInDestination, at),
        };
        let act = Act::Remove { id, how, edit };
        Self { pair, side: at, act, operation, changes: Vec::new(), payload_hash: None, comes_again: false }
    }
}

impl Write {
    /// Whether the destination's record is new: it is inserted, or an insert that was lost has made it.
    fn is_new_in_destination(&self) -> bool {
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

/// Writes records and settles them, one side after the other.
pub async fn save_all(
    context: &mut Context,
    sync: &SyncRow,
    writes: Vec<Write>,
    counted: Counted,
    timing: Timing,
) -> Result<Option<Obstacle>> {
    if writes.is_empty() {
        return Ok(None);
    }
    intend(context, sync, &writes).await?;
    let intended_at = context.now();
    let mut obstacle = None;
    let (mut rest, mut side) = (writes, Some(Side::Destination));
    while let Some(now) = side {
        let (writes, others): (Vec<Write>, Vec<Write>) = rest.into_iter().partition(|write| write.side == now);
        (rest, side) = (others, (now == Side::Destination).then_some(Side::Source));
        if !writes.is_empty() {
            let sending = Sending { sync, side: now, counted, timing, intended_at };
            obstacle = send_all(context, sending, writes).await?.or(obstacle);
        }
    }
    Ok(obstacle)
}

#[derive(Clone, Copy)]
struct Sending<'a> {
    sync: &'a SyncRow,
    side: Side,
    counted: Counted,
    timing: Timing,
    intended_at: chrono::DateTime<chrono::Utc>,
}

async fn send_all(context: &mut Context, sending: Sending<'_>, writes: Vec<Write>) -> Result<Option<Obstacle>> {
    // The ends are lent out of the context, so that answers can be settled while others are under way.
    let ends = std::mem::take(&mut context.ends);
    let result = send_with(context, &ends, sending, writes).await;
    context.ends = ends;
    let (collected, connection, name) = result?;
    finish(context, sending, collected, (connection, name)).await
}

async fn send_with(
    context: &mut Context,
    ends: &[End],
    sending: Sending<'_>,
    writes: Vec<Write>,
) -> Result<(Collected, domain::ConnectionId, String)> {
    let at = |side: Side| {
        let end = ends.iter().find(|end| end.connection == sending.sync.connection(side));
        end.ok_or_else(|| crate::Error::Internal("a slice without one of its connections".into()))
    };
    let (end, other) = (at(sending.side)?, at(sending.side.other())?);
    let (stop, unanswered) = (AtomicBool::new(false), AtomicU32::new(0));
    let clock = context.clock.clone();
    let writes_back = sending.sync.settings.write_back;
    let send = |write: Write| -> BoxFuture<'_, Answer> {
        let (clock, stop, unanswered) = (clock.clone(), &stop, &unanswered);
        Box::pin(async move {
            // The intents' deadline allows for writes that are sent until then.
            let spent = clock() - sending.intended_at >= super::super::BUDGET + TimeDelta::seconds(5);
            if spent || stop.load(Ordering::Relaxed) {
                return (write, sending.timing, None, None);
            }
            let started_at = clock();
            let answer = act(end, sending.sync, &write).await;
            note(&answer, stop, unanswered);
            let warning = match &answer {
                Ok(Done::Saved(saved)) if writes_back && write.is_new_in_destination() => {
                    match write.pair.found(Side::Source) {
                        Some(source) => write_back(other, sending.sync, &source.id, &saved.found.label).await,
                        None => None,
                    }
                }
                _ => None,
            };
            (write, Timing { started_at, now: clock(), ..sending.timing }, Some(answer), warning)
        })
    };
    let pending: Vec<_> = writes.into_iter().map(send).collect();
    let mut answers = stream::iter(pending).buffer_unordered(end.connector.concurrency().max(1));
    let mut collected = Collected::default();
    while let Some((write, timing, answer, warning)) = answers.next().await {
        if let Some(answer) = &answer {
            let failure = answer.as_ref().err().map(|failure| &failure.error);
            context.health.note(end.connection, write.pair.record.id, failure);
        }
        collected.take(write, timing, answer, warning);
        if collected.outcomes.len() >= BATCH {
            let outcomes = std::mem::take(&mut collected.outcomes);
            settle::settle(context, sending.sync, outcomes, sending.counted).await?;
        }
    }
    Ok((collected, end.connection, end.name.clone()))
}

async fn act(end: &End, sync: &SyncRow, write: &Write) -> std::result::Result<Done, Failure> {
    match &write.act {
        Act::Save(save) => end.connector.save(save).await.map(|saved| Done::Saved(Box::new(saved))),
        Act::Remove { id, how, .. } => match end.connector.remove(sync.entity, id, *how).await {
            Ok(exchange) => Ok(Done::Removed(Some(exchange))),
            Err(Failure { error: Vendor::NotFound, exchange }) => Ok(Done::Removed(exchange)),
            Err(failure) => Err(failure),
        },
    }
}

/// Notes the destination's number on the source's record. Doing it twice changes nothing; that it failed is only said.
pub async fn write_back(end: &End, sync: &SyncRow, id: &str, label: &str) -> Option<String> {
    let note = Annotation { tag: Some(TAG.to_owned()), values: vec![(NUMBER.to_owned(), label.to_owned())] };
    let failure = end.connector.annotate(sync.entity, id, &note).await.err()?;
    Some(format!("It was written, but its number {label} could not be noted in the source: {}", failure.error))
}

/// Stops the chunk when the failure is the connection's.
fn note(answer: &std::result::Result<Done, Failure>, stop: &AtomicBool, unanswered: &AtomicU32) {
    match answer {
        Ok(_) | Err(Failure { error: Vendor::Rejected { .. } | Vendor::NotFound, .. }) => {
            unanswered.store(0, Ordering::Relaxed);
        }
        Err(Failure { error: Vendor::RateLimited { .. } | Vendor::Unauthorised { .. }, .. }) => {
            stop.store(true, Ordering::Relaxed);
        }
        Err(Failure { error: Vendor::Unavailable { .. } | Vendor::Malformed { .. }, .. }) => {
            if unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= UNANSWERED {
                stop.store(true, Ordering::Relaxed);
            }
        }
    }
}

async fn intend(context: &mut Context, sync: &SyncRow, writes: &[Write]) -> Result<()> {
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

async fn intend_once(context: &mut Context, sync: &SyncRow, writes: &[Write]) -> Result<()> {
    let now = context.now();
    let run = context.run.clone();
    let settle = |side: Side| -> Result<TimeDelta> {
        let settle = context.end_at(sync, side)?.connector.settle();
        Ok(TimeDelta::from_std(settle).unwrap_or(TimeDelta::seconds(60)))
    };
    // The last write of the chunk may be sent some seconds after this; those to the source come after the others.
    let sending = super::super::BUDGET + TimeDelta::seconds(5);
    let (destination, source) = (settle(Side::Destination)?, settle(Side::Source)?);
    let deadline = |side: Side| match side {
        Side::Destination => now + sending + destination,
        Side::Source => now + sending + source,
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
    store::records_due::intend(&mut tx, &intents, now).await?;
    context.keep_sessions(&mut tx).await?;
    tx.commit().await
}

/// What has come of the chunk so far.
#[derive(Default)]
struct Collected {
    outcomes: Vec<Outcome>,
    /// Records for which nothing was sent.
    unsent: Vec<Uuid>,
    /// Records whose write was not answered: their fate is unknown.
    unanswered: Vec<(Outcome, Vendor)>,
    answered: bool,
    obstacle: Option<Vendor>,
}

impl Collected {
    fn take(&mut self, write: Write, timing: Timing, answer: Answered, warning: Option<String>) {
        match answer {
            None => self.unsent.push(write.pair.record.id),
            Some(Ok(done)) => {
                self.answered = true;
                self.outcomes.push(done_outcome(write, done, timing, warning));
            }
            Some(Err(Failure {
                error: error @ (Vendor::RateLimited { .. } | Vendor::Unauthorised { .. }), ..
            })) => {
                self.unsent.push(write.pair.record.id);
                self.obstacle.get_or_insert(error);
            }
            Some(Err(failure)) => {
                let error = failure.error.clone();
                let unknown = matches!(error, Vendor::Unavailable { .. } | Vendor::Malformed { .. });
                let outcome = failed_outcome(write, failure, timing, unknown);
                if unknown {
                    self.unanswered.push((outcome, error));
                } else {
                    self.answered = true;
                    self.outcomes.push(outcome);
                }
            }
        }
    }
}

fn done_outcome(write: Write, done: Done, timing: Timing, warning: Option<String>) -> Outcome {
    match done {
        Done::Saved(saved) => saved_outcome(write, *saved, timing, warning),
        Done::Removed(exchange) => removed_outcome(write, exchange, timing),
    }
}

fn saved_outcome(write: Write, saved: Saved, timing: Timing, warning: Option<String>) -> Outcome {
    let mut pair = write.pair;
    pair.put(write.side, super::sides::Seen::Found(Box::new(saved.found)));
    let mut tried = timing.tried(Some(saved.exchange), write.changes);
    tried.warning = warning;
    if write.comes_again {
        return Outcome {
            counts: false,
            next_attempt_at: Some(timing.now),
            attempt: Some(tried),
            ..pair.outcome(RecordStatus::Prepared, write.operation)
        };
    }
    Outcome {
        attempt: Some(tried),
        used_edit: decide::edit_of(&pair),
        replayed: pair.record.is_replay,
        ..pair.agreed(write.operation, timing)
    }
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

fn failed_outcome(write: Write, failure: Failure, timing: Timing, unknown: bool) -> Outcome {
    let problem = outcome::problem(&failure.error);
    let tried = timing.tried(failure.exchange, write.changes);
    let operation = outcome::operation_at(LastOperation::FailedToSave, write.side);
    let failed = outcome::failed(&write.pair.record, operation, problem, tried, timing);
    Outcome { settles_intent: !unknown, ..failed }
}

/// Settles the rest. Writes that were not answered count as tries when others were answered meanwhile; when none was,
/// it is the system that is down, and the records are given back with their intents.
async fn finish(
    context: &mut Context,
    sending: Sending<'_>,
    mut collected: Collected,
    (connection, name): (domain::ConnectionId, String),
) -> Result<Option<Obstacle>> {
    let mut obstacle = collected.obstacle.take();
    if collected.answered {
        collected.outcomes.extend(collected.unanswered.into_iter().map(|(outcome, _)| outcome));
    } else {
        let ids: Vec<Uuid> = collected.unanswered.iter().map(|(outcome, _)| outcome.id).collect();
        settle::give_back(context, &ids, false).await?;
        obstacle = obstacle.or_else(|| collected.unanswered.pop().map(|(_, error)| error));
    }
    settle::settle(context, sending.sync, collected.outcomes, sending.counted).await?;
    settle::give_back(context, &collected.unsent, true).await?;
    Ok(obstacle.map(|error| Obstacle { connection, name, error }))
}
