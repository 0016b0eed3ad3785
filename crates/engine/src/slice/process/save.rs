//! Saving: the chunk's intents are committed in one statement, then each record is written, as many at once as the
//! connection allows, and settled in batches as the answers come.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use chrono::TimeDelta;
use connectors::{Error as Vendor, Failure, Saved};
use domain::{LastOperation, RecordStatus};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use uuid::Uuid;

use super::chunk::{self, Counted};
use super::decide::Write;
use super::outcome::{self, Timing};
use crate::slice::context::Context;
use crate::slice::obstacle::Obstacle;
use crate::store::results::Outcome;
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// Results that are settled together.
const BATCH: usize = 50;
/// After so many failures of the system in a row nothing more of the chunk is sent.
const UNANSWERED: u32 = 5;

/// A write with its times and what the vendor answered; `None` = it was not sent.
type Answer = (Write, Timing, Option<std::result::Result<Saved, Failure>>);

/// Writes records and settles them.
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
    intend(context, &writes).await?;
    let intended_at = context.now();
    // The connector is lent out of the context, so that answers can be settled while others are under way.
    let end = context.ends.remove(1);
    let (connection, name) = (end.connection, end.name.clone());
    let stop = AtomicBool::new(false);
    let unanswered = AtomicU32::new(0);
    let clock = context.clock.clone();
    let mut collected = Collected::default();
    let result = {
        let (connector, stop, unanswered) = (end.connector.as_ref(), &stop, &unanswered);
        let send = |write: Write| -> BoxFuture<'_, Answer> {
            let clock = clock.clone();
            Box::pin(async move {
                // The intents' deadline allows for writes that are sent until then.
                let spent = clock() - intended_at >= super::super::BUDGET + TimeDelta::seconds(5);
                if spent || stop.load(Ordering::Relaxed) {
                    return (write, timing, None);
                }
                let started_at = clock();
                let answer = connector.save(&write.save).await;
                note(&answer, stop, unanswered);
                (write, Timing { started_at, now: clock(), ..timing }, Some(answer))
            })
        };
        let pending: Vec<_> = writes.into_iter().map(send).collect();
        let mut answers = stream::iter(pending).buffer_unordered(connector.concurrency().max(1));
        let mut result = Ok(());
        while let Some((write, timing, answer)) = answers.next().await {
            collected.take(write, timing, answer);
            if collected.outcomes.len() >= BATCH {
                result = chunk::settle(context, sync, std::mem::take(&mut collected.outcomes), counted).await;
                if result.is_err() {
                    break;
                }
            }
        }
        result
    };
    context.ends.insert(1, end);
    result?;
    finish(context, sync, collected, counted, (connection, name)).await
}

/// Stops the chunk when the failure is the connection's.
fn note(answer: &std::result::Result<Saved, Failure>, stop: &AtomicBool, unanswered: &AtomicU32) {
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

async fn intend(context: &mut Context, writes: &[Write]) -> Result<()> {
    let now = context.now();
    let run = context.run.clone();
    let settle = TimeDelta::from_std(context.destination()?.connector.settle()).unwrap_or(TimeDelta::seconds(60));
    // The last write of the chunk may be sent some seconds after this.
    let deadline = now + settle + super::super::BUDGET + TimeDelta::seconds(5);
    let intents: Vec<_> = writes
        .iter()
        .map(|write| (write.record.id, write.save.idempotency_key.clone(), write.payload_hash, write.record.version))
        .collect();
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &run, Progress::default(), now).await?;
    store::records_due::intend(&mut tx, &intents, deadline, now).await?;
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
    fn take(&mut self, write: Write, timing: Timing, answer: Option<std::result::Result<Saved, Failure>>) {
        match answer {
            None => self.unsent.push(write.record.id),
            Some(Ok(saved)) => {
                self.answered = true;
                self.outcomes.push(saved_outcome(write, saved, timing));
            }
            Some(Err(Failure {
                error: error @ (Vendor::RateLimited { .. } | Vendor::Unauthorised { .. }), ..
            })) => {
                self.unsent.push(write.record.id);
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

fn saved_outcome(write: Write, saved: Saved, timing: Timing) -> Outcome {
    let hash = saved.found.record.hash();
    Outcome {
        destination: Some(outcome::destination(&saved.found)),
        synced: Some((write.source_hash, hash)),
        attempt: Some(timing.tried(Some(saved.exchange), write.changes)),
        settles_intent: true,
        ..outcome::blank(&write.record, RecordStatus::Processed, write.operation)
    }
}

fn failed_outcome(write: Write, failure: Failure, timing: Timing, unknown: bool) -> Outcome {
    let problem = outcome::problem(&failure.error);
    let tried = timing.tried(failure.exchange, write.changes);
    let failed = outcome::failed(&write.record, LastOperation::FailedToSave, problem, tried, timing);
    Outcome { settles_intent: !unknown, ..failed }
}

/// Settles the rest. Writes that were not answered count as tries when others were answered meanwhile; when none was,
/// it is the system that is down, and the records are given back with their intents.
async fn finish(
    context: &mut Context,
    sync: &SyncRow,
    mut collected: Collected,
    counted: Counted,
    (connection, name): (domain::ConnectionId, String),
) -> Result<Option<Obstacle>> {
    let mut obstacle = collected.obstacle.take();
    if collected.answered {
        collected.outcomes.extend(collected.unanswered.into_iter().map(|(outcome, _)| outcome));
    } else {
        let ids: Vec<Uuid> = collected.unanswered.iter().map(|(outcome, _)| outcome.id).collect();
        chunk::give_back(context, &ids, false).await?;
        obstacle = obstacle.or_else(|| collected.unanswered.pop().map(|(_, error)| error));
    }
    chunk::settle(context, sync, collected.outcomes, counted).await?;
    chunk::give_back(context, &collected.unsent, true).await?;
    Ok(obstacle.map(|error| Obstacle { connection, name, error }))
}
