//! A chunk of claimed records, from reading the source to settling what came of each.

use std::collections::HashMap;

use connectors::Found;
use domain::{LastOperation, RecordStatus};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::decide::{self, Decision};
use super::destination;
use super::outcome::{self, Timing};
use super::{prerequisites, save};
use crate::slice::context::Context;
use crate::slice::obstacle::Obstacle;
use crate::store::records_due::Claimed;
use crate::store::results::Outcome;
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Error, Result, history, store};

/// Whether the chunk's records are the run's own or prerequisites of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    InRun,
    Aside,
}

/// A record with what was read of it at the source.
pub struct Read {
    pub record: Claimed,
    pub found: Found,
}

/// Processes claimed records. Says what stopped it when it was not the records' fault; what was not dealt with then is
/// given back.
///
/// Boxed, because prerequisites are processed by it in the midst of it.
pub fn process<'a>(
    context: &'a mut Context,
    sync: &'a SyncRow,
    claimed: Vec<Claimed>,
    counted: Counted,
) -> BoxFuture<'a, Result<Option<Obstacle>>> {
    Box::pin(async move {
        if claimed.len() == 1 {
            return process_chunk(context, sync, claimed, counted).await;
        }
        let again = claimed.clone();
        let obstacle = process_chunk(context, sync, claimed, counted).await?;
        match obstacle {
            Some(Obstacle { error: connectors::Error::Malformed { .. }, .. }) => {
                one_by_one(context, sync, again, counted).await
            }
            other => Ok(other),
        }
    })
}

/// An answer about many records could not be understood: each by itself, so that the one that is odd fails alone.
async fn one_by_one(
    context: &mut Context,
    sync: &SyncRow,
    records: Vec<Claimed>,
    counted: Counted,
) -> Result<Option<Obstacle>> {
    for record in records {
        if context.is_spent() {
            return Ok(None);
        }
        let mut tx = context.begin().await?;
        // Those that were settled meanwhile are not due any more.
        let claimed = store::records_due::claim_these(&mut tx, &context.run, &[record.id], context.now()).await?;
        tx.commit().await?;
        let Some(record) = claimed.into_iter().next() else { continue };
        let timing = Timing { started_at: context.now(), now: context.now(), max_attempts: sync.max_attempts };
        match process_chunk(context, sync, vec![record.clone()], counted).await? {
            Some(Obstacle { error: error @ connectors::Error::Malformed { .. }, .. }) => {
                let mut tx = context.begin().await?;
                let again = store::records_due::claim_these(&mut tx, &context.run, &[record.id], context.now()).await?;
                tx.commit().await?;
                let tried = timing.tried(None, Vec::new());
                let outcome = |record| {
                    outcome::failed(
                        record,
                        LastOperation::FailedToRead,
                        outcome::problem(&error),
                        tried.clone(),
                        timing,
                    )
                };
                settle(context, sync, again.iter().map(outcome).collect(), counted).await?;
            }
            Some(obstacle) => return Ok(Some(obstacle)),
            None => {}
        }
    }
    Ok(None)
}

async fn process_chunk(
    context: &mut Context,
    sync: &SyncRow,
    claimed: Vec<Claimed>,
    counted: Counted,
) -> Result<Option<Obstacle>> {
    let timing = Timing { started_at: context.now(), now: context.now(), max_attempts: sync.max_attempts };
    let (claimed, poisonous): (Vec<_>, Vec<_>) =
        claimed.into_iter().partition(|record| record.crashes < outcome::MAX_CRASHES);
    let outcomes = poisonous.iter().map(|record| outcome::poisonous(record, timing)).collect();
    settle(context, sync, outcomes, counted).await?;
    let reads = match read_source(context, sync, claimed, counted, timing).await? {
        Ok(reads) => reads,
        Err(obstacle) => return Ok(Some(obstacle)),
    };
    // Only orders have prerequisites, and what they need has none itself.
    let (ready, waiting) = match prerequisites::resolve(context, sync, reads, timing).await? {
        prerequisites::Resolved::Ready { ready, waiting } => (ready, waiting),
        prerequisites::Resolved::Stopped { unfinished, obstacle } => {
            give_back(context, &unfinished, false).await?;
            return Ok(Some(obstacle));
        }
    };
    settle_waiting(context, sync, waiting, counted).await?;
    let states = match destination::look_up(context, sync, &ready).await? {
        Ok(states) => states,
        Err(obstacle) => {
            let ids: Vec<Uuid> = ready.iter().map(|ready| ready.read.record.id).collect();
            give_back(context, &ids, false).await?;
            return Ok(Some(obstacle));
        }
    };
    let (mut outcomes, mut saves) = (Vec::new(), Vec::new());
    let timing = Timing { now: context.now(), ..timing };
    for (ready, state) in ready.into_iter().zip(states) {
        match decide::decide(context.destination()?.connector.as_ref(), ready, state, timing) {
            Decision::Settled(outcome) => outcomes.push(*outcome),
            Decision::Write(write) => saves.push(*write),
        }
    }
    settle(context, sync, outcomes, counted).await?;
    save::save_all(context, sync, saves, counted, timing).await
}

/// Reads the chunk's records at the source, raises their versions where they changed, and settles those that are gone.
async fn read_source(
    context: &mut Context,
    sync: &SyncRow,
    claimed: Vec<Claimed>,
    counted: Counted,
    timing: Timing,
) -> Result<std::result::Result<Vec<Read>, Obstacle>> {
    if claimed.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let source_ids: Vec<String> = claimed.iter().map(|record| record.source_id.clone()).collect();
    let source = context.source()?;
    let found = match source.connector.read(sync.entity, &source_ids).await {
        Ok(found) => found,
        Err(error) => {
            let obstacle = Obstacle { connection: source.connection, name: source.name.clone(), error };
            let ids: Vec<Uuid> = claimed.iter().map(|record| record.id).collect();
            give_back(context, &ids, false).await?;
            return Ok(Err(obstacle));
        }
    };
    let mut by_id: HashMap<String, Found> = found.into_iter().map(|found| (found.id.clone(), found)).collect();
    let (mut reads, mut gone) = (Vec::new(), Vec::new());
    for record in claimed {
        match by_id.remove(&record.source_id) {
            Some(found) if found.record.key().is_none() => gone.push(no_key(&record, timing)),
            Some(found) if is_older(&record, &found) => gone.push(older(&record, timing)),
            Some(found) => reads.push(Read { record, found }),
            None => gone.push(not_found(&record, timing)),
        }
    }
    let now = context.now();
    let mut tx = context.begin().await?;
    let pairs: Vec<(Uuid, &Found)> = reads.iter().map(|read| (read.record.id, &read.found)).collect();
    let raised: HashMap<Uuid, i64> = store::records::refresh(&mut tx, &pairs, now).await?.into_iter().collect();
    tx.commit().await?;
    for read in &mut reads {
        if let Some(version) = raised.get(&read.record.id) {
            read.record.version = *version;
        }
    }
    settle(context, sync, gone, counted).await?;
    Ok(Ok(reads))
}

/// A lagging replica of the source may answer with a state from before the change that was announced.
fn is_older(record: &Claimed, found: &Found) -> bool {
    found.modified_at.zip(record.source_modified_at).is_some_and(|(read, known)| read < known)
}

fn older(record: &Claimed, timing: Timing) -> Outcome {
    let problem = crate::store::results::Problem {
        message: "The source answered with an older state than it had announced. It is read again.".into(),
        code: None,
        field: None,
    };
    outcome::failed(record, LastOperation::FailedToRead, problem, timing.tried(None, Vec::new()), timing)
}

fn not_found(record: &Claimed, timing: Timing) -> Outcome {
    Outcome {
        attempt: Some(timing.tried(None, Vec::new())),
        ..outcome::blank(record, RecordStatus::Deleted, LastOperation::NotFound)
    }
}

fn no_key(record: &Claimed, timing: Timing) -> Outcome {
    let problem = crate::store::results::Problem {
        message: "It has no unique key any more (number, e-mail address or SKU). Give it one in the source.".into(),
        code: None,
        field: None,
    };
    Outcome {
        error: Some(problem),
        attempt: Some(timing.tried(None, Vec::new())),
        ..outcome::blank(record, RecordStatus::Invalid, LastOperation::FailedToRead)
    }
}

/// Frees records that could not be dealt with.
pub async fn give_back(context: &Context, ids: &[Uuid], unsent: bool) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), context.now()).await?;
    store::results::give_back(&mut tx, &context.run, ids, unsent).await?;
    tx.commit().await
}

/// Settles outcomes, resumes what waited for them, and shows it all, in one transaction.
pub async fn settle(context: &mut Context, sync: &SyncRow, outcomes: Vec<Outcome>, counted: Counted) -> Result<()> {
    settle_waiting(context, sync, outcomes.into_iter().map(|outcome| (outcome, Vec::new())).collect(), counted).await
}

/// The same, with the records that each one waits for.
pub async fn settle_waiting(
    context: &mut Context,
    sync: &SyncRow,
    outcomes: Vec<(Outcome, Vec<Uuid>)>,
    counted: Counted,
) -> Result<()> {
    match settle_together(context, sync, outcomes.clone(), counted).await {
        Err(Error::Database(error)) if Error::is_constraint(&error, "records_destination_key") => {}
        other => return other,
    }
    // One of them claims a destination record that another record is linked to: each by itself, and that one fails.
    for (outcome, awaited) in outcomes {
        match settle_together(context, sync, vec![(outcome.clone(), awaited)], counted).await {
            Err(Error::Database(error)) if Error::is_constraint(&error, "records_destination_key") => {
                settle_together(context, sync, vec![(linked_twice(outcome), Vec::new())], counted).await?;
            }
            other => other?,
        }
    }
    Ok(())
}

/// Two records of the source ended at one record of the destination: the second is a person's to decide.
fn linked_twice(outcome: Outcome) -> Outcome {
    let id = outcome.destination.as_ref().map_or_else(String::new, |destination| destination.id.clone());
    let message = format!(
        "The destination's record {id} is linked to another record already. Two source records cannot share one: give \
         one of them another key, or skip one."
    );
    let problem = crate::store::results::Problem { message, code: Some("match".into()), field: None };
    Outcome {
        status: RecordStatus::Aborted,
        operation: LastOperation::FailedToSave,
        next_attempt_at: None,
        error: Some(problem),
        destination: None,
        synced: None,
        ..outcome
    }
}

async fn settle_together(
    context: &mut Context,
    sync: &SyncRow,
    outcomes: Vec<(Outcome, Vec<Uuid>)>,
    counted: Counted,
) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let now = context.now();
    let run = context.run.clone();
    let waits: Vec<(Uuid, Uuid)> =
        outcomes.iter().flat_map(|(outcome, awaited)| awaited.iter().map(|id| (outcome.id, *id))).collect();
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(outcome, _)| outcome).collect();
    let ids: Vec<Uuid> = outcomes.iter().map(|outcome| outcome.id).collect();
    let mended: Vec<Uuid> =
        outcomes.iter().filter(|o| o.status == RecordStatus::Processed).map(|outcome| outcome.id).collect();
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &run, progress(&outcomes, counted), now).await?;
    store::results::settle(&mut tx, &run, &outcomes, now).await?;
    store::waits::replace(&mut tx, &ids, &waits).await?;
    store::waits::resume(&mut tx, &mended, now).await?;
    history::show(&mut tx, sync.id, &ids, now).await?;
    context.show_run(&mut tx).await?;
    context.keep_sessions(&mut tx).await?;
    tx.commit().await
}

fn progress(outcomes: &[Outcome], counted: Counted) -> Progress {
    use LastOperation as O;
    // What was put back comes again in this run, and is counted then.
    let over = |outcome: &&Outcome| outcome.counts || outcome.status == RecordStatus::Failed;
    let written = |outcome: &&Outcome| {
        matches!(outcome.operation, O::Inserted | O::Updated | O::Adopted | O::ConflictOverridden)
            && outcome.status == RecordStatus::Processed
    };
    let failed =
        |o: &&Outcome| matches!(o.status, RecordStatus::Failed | RecordStatus::Aborted | RecordStatus::Invalid);
    match counted {
        Counted::Aside => Progress::default(),
        Counted::InRun => Progress {
            done: outcomes.iter().filter(over).count() as i64,
            changed: outcomes.iter().filter(written).count() as i64,
            failed: outcomes.iter().filter(failed).count() as i64,
        },
    }
}
