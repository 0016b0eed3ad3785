//! A chunk of claimed records, from reading both sides to settling what came of each.

use std::collections::HashSet;

use connectors::Removal;
use domain::{LastOperation, RecordStatus, Side};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::decide::{self, Deciding, Decision};
use super::direction::{self, Course, Step};
use super::outcome::{self, Timing};
use super::save::{self, Noted, Removing, Write};
use super::sides::{self, Pair};
use super::{choices, intents, matching, prerequisites, settle};
use crate::db::TenantTx;
use crate::slice::context::Context;
use crate::slice::obstacle::Obstacle;
use crate::store::records_due::Claimed;
use crate::store::results::Outcome;
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// Whether the chunk's records are the run's own or prerequisites of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    InRun,
    Aside,
}

/// Processes claimed records. Says what stopped it when it was not the records' fault; what was not dealt with then is
/// given back.
///
/// Boxed, because prerequisites are processed by it in the midst of it.
pub fn process<'a>(
    context: &'a Context,
    sync: &'a SyncRow,
    claimed: Vec<Claimed>,
    counted: Counted,
) -> BoxFuture<'a, Result<Option<Obstacle>>> {
    Box::pin(async move {
        if claimed.len() == 1 {
            return process_chunk(context, sync, claimed, counted).await;
        }
        let again = claimed.iter().map(|record| record.id).collect();
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
pub async fn one_by_one(
    context: &Context,
    sync: &SyncRow,
    records: Vec<Uuid>,
    counted: Counted,
) -> Result<Option<Obstacle>> {
    for record in records {
        if context.is_spent() {
            return Ok(None);
        }
        let mut tx = context.begin().await?;
        // Those that were settled meanwhile are not due any more.
        let claimed = claim_one(&mut tx, context, record).await?;
        tx.commit().await?;
        let Some(record) = claimed else { continue };
        let timing = Timing { started_at: context.now(), now: context.now(), max_attempts: sync.max_attempts };
        match process_chunk(context, sync, vec![record.clone()], counted).await? {
            Some(Obstacle { error: error @ connectors::Error::Malformed { .. }, .. }) => {
                let mut tx = context.begin().await?;
                let again = claim_one(&mut tx, context, record.id).await?;
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
                settle::settle(context, sync, again.iter().map(outcome).collect(), counted).await?;
            }
            Some(obstacle) => return Ok(Some(obstacle)),
            None => {}
        }
    }
    Ok(None)
}

async fn claim_one(tx: &mut TenantTx, context: &Context, record: Uuid) -> Result<Option<Claimed>> {
    store::records_due::claim_one(tx, &context.run, record, context.claim(), context.now()).await
}

async fn process_chunk(
    context: &Context,
    sync: &SyncRow,
    claimed: Vec<Claimed>,
    counted: Counted,
) -> Result<Option<Obstacle>> {
    match make_ready(context, sync, claimed, counted).await? {
        Readied::Writes { writes, timing } => save::save_all(context, sync, writes, counted, timing).await,
        Readied::Stopped(obstacle) => Ok(Some(obstacle)),
    }
}

/// What became of claimed records before anything of their own is written.
pub enum Readied {
    /// These are to be written; the others are settled.
    Writes { writes: Vec<Write>, timing: Timing },
    /// A connection failed on the way; what was not dealt with is given back.
    Stopped(Obstacle),
}

/// Does everything for claimed records up to their own writes: reads both sides, settles what needs no write, removes
/// what has to go, brings what they need, and decides.
pub async fn make_ready(context: &Context, sync: &SyncRow, claimed: Vec<Claimed>, counted: Counted) -> Result<Readied> {
    let timing = Timing { started_at: context.now(), now: context.now(), max_attempts: sync.max_attempts };
    let (readable, outcomes) = set_aside(claimed, timing);
    settle::settle(context, sync, outcomes, counted).await?;
    if readable.is_empty() {
        return Ok(Readied::Writes { writes: Vec::new(), timing });
    }
    let ids: Vec<Uuid> = readable.iter().map(|record| record.id).collect();
    let pairs = match read(context, sync, readable, counted, timing).await? {
        Ok(pairs) => pairs,
        Err(obstacle) => {
            settle::give_back(context, &ids, false).await?;
            return Ok(Readied::Stopped(obstacle));
        }
    };
    let timing = Timing { now: context.now(), ..timing };
    let (mut outcomes, mut removals, mut courses) = (Vec::new(), Vec::new(), Vec::new());
    for pair in pairs {
        match direction::plan(sync, pair, timing) {
            Step::Settled(outcome) => outcomes.push(*outcome),
            Step::Remove(removing) => removals.push(*removing),
            Step::Go(course) => courses.push(*course),
        }
    }
    let writes = removable(context, sync, removals, &mut outcomes, timing)?;
    settle::settle(context, sync, outcomes, counted).await?;
    // What is removed frees the keys by which the others are looked up.
    if let Some(obstacle) = save::save_all(context, sync, writes, counted, timing).await? {
        let ids: Vec<Uuid> = courses.iter().map(|course| course.pair.record.id).collect();
        settle::give_back(context, &ids, false).await?;
        return Ok(Readied::Stopped(obstacle));
    }
    take_on(context, sync, courses, counted, timing).await
}

/// Brings what the records need, finds their other halves and decides.
async fn take_on(
    context: &Context,
    sync: &SyncRow,
    courses: Vec<Course>,
    counted: Counted,
    timing: Timing,
) -> Result<Readied> {
    let (mut ready, waiting) = match prerequisites::resolve(context, sync, courses, timing).await? {
        prerequisites::Resolved::Ready { ready, waiting } => (ready, waiting),
        prerequisites::Resolved::Stopped { unfinished, obstacle } => {
            settle::give_back(context, &unfinished, false).await?;
            return Ok(Readied::Stopped(obstacle));
        }
    };
    settle::settle_waiting(context, sync, waiting, counted).await?;
    let targets = match matching::look_up(context, sync, &mut ready).await? {
        Ok(targets) => targets,
        Err(obstacle) => {
            let ids: Vec<Uuid> = ready.iter().map(|ready| ready.course.pair.record.id).collect();
            settle::give_back(context, &ids, false).await?;
            return Ok(Readied::Stopped(obstacle));
        }
    };
    let timing = Timing { now: context.now(), ..timing };
    let found_again: HashSet<Uuid> = ready.iter().filter(|ready| was_lost(&ready.course.pair)).map(id_of).collect();
    let (mut settled, mut writes) = (Vec::new(), Vec::new());
    {
        let by = Deciding {
            sync,
            source: context.end_at(sync, Side::Source)?.connector.as_ref(),
            destination: context.end_at(sync, Side::Destination)?.connector.as_ref(),
            timing,
        };
        for (ready, target) in ready.into_iter().zip(targets) {
            match decide::decide(by, ready, target) {
                Decision::Settled(outcome) => settled.push((*outcome, Vec::new())),
                Decision::Waits(waits) => settled.push(*waits),
                Decision::Write(write) => writes.push(*write),
                Decision::Absorbed => {}
            }
        }
    }
    let obstacle = note_found_again(context, sync, &found_again, &mut settled).await?;
    settle::settle_waiting(context, sync, settled, counted).await?;
    let Some(obstacle) = obstacle else { return Ok(Readied::Writes { writes, timing }) };
    let ids: Vec<Uuid> = writes.iter().map(|write| write.pair.record.id).collect();
    settle::give_back(context, &ids, false).await?;
    Ok(Readied::Stopped(obstacle))
}

/// An insert into the destination whose answer was lost has arrived.
fn was_lost(pair: &Pair) -> bool {
    pair.written == Some(Side::Destination)
}

fn id_of(ready: &prerequisites::Ready) -> Uuid {
    ready.course.pair.record.id
}

/// Records that killed their workers too often, and those whose last write may still arrive.
fn set_aside(claimed: Vec<Claimed>, timing: Timing) -> (Vec<Claimed>, Vec<Outcome>) {
    let (mut readable, mut outcomes) = (Vec::new(), Vec::new());
    for record in claimed {
        if record.crashes >= outcome::MAX_CRASHES {
            outcomes.push(outcome::poisonous(&record, timing));
        } else if intents::is_unsettled(&record, timing.now) {
            outcomes.push(intents::unsettled(&record, timing));
        } else {
            readable.push(record);
        }
    }
    (readable, outcomes)
}

/// Reads both sides, finds out what became of lost writes, and raises the versions of what changed.
async fn read(
    context: &Context,
    sync: &SyncRow,
    claimed: Vec<Claimed>,
    counted: Counted,
    timing: Timing,
) -> Result<std::result::Result<Vec<Pair>, Obstacle>> {
    let pairs = match sides::read(context, sync, claimed).await? {
        Ok(pairs) => pairs,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    let (mut pairs, refused) = match intents::resolve(context, sync, pairs).await? {
        Ok(resolved) => resolved,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    sides::store_changes(context, &mut pairs).await?;
    choices::load(context, &mut pairs).await?;
    // The look-up was refused, so the fate of their writes is as unknown as before.
    let failed = |(record, error): &(Claimed, connectors::Error)| {
        let tried = timing.tried(None, Vec::new());
        outcome::failed(record, LastOperation::FailedToRead, outcome::problem(error), tried, timing)
    };
    settle::settle(context, sync, refused.iter().map(failed).collect(), counted).await?;
    Ok(Ok(pairs))
}

/// The removals that the systems can do; the others can never be carried out.
fn removable(
    context: &Context,
    sync: &SyncRow,
    removals: Vec<Removing>,
    outcomes: &mut Vec<Outcome>,
    timing: Timing,
) -> Result<Vec<Write>> {
    let mut writes = Vec::new();
    for removing in removals {
        let connector = &context.end_at(sync, removing.at)?.connector;
        let abilities = connector.abilities(sync.entity);
        let (can, verb) = match removing.how {
            Removal::Deactivate => (abilities.deactivate, "deactivate"),
            Removal::Delete => (abilities.delete, "delete"),
        };
        if can {
            writes.push(Write::from(removing));
        } else {
            let message = decide::cannot_sentence(sync, connector.vendor(), verb);
            let operation = outcome::operation_at(LastOperation::FailedToSave, removing.at);
            outcomes.push(removing.pair.invalid(operation, message, timing));
        }
    }
    Ok(writes)
}

/// An insert whose answer was lost and that was found again is noted at the source like one that was answered. Says what
/// the source has said when it wants to be left alone.
async fn note_found_again(
    context: &Context,
    sync: &SyncRow,
    found_again: &HashSet<Uuid>,
    settled: &mut [(Outcome, Vec<Uuid>)],
) -> Result<Option<Obstacle>> {
    if !sync.settings.write_back {
        return Ok(None);
    }
    let (end, mut obstacle) = (context.end_at(sync, Side::Source)?, None);
    let is_there = |outcome: &Outcome| outcome.status == RecordStatus::Processed && found_again.contains(&outcome.id);
    for (outcome, _) in settled.iter_mut().filter(|(outcome, _)| is_there(outcome)) {
        let (Some(source), Some(destination)) = (&outcome.source, &outcome.destination) else { continue };
        let label = destination.label.clone();
        match save::write_back(context, end, sync, &source.id, &label).await {
            Noted::Yes => {}
            Noted::No(why) => outcome.attempt.iter_mut().for_each(|attempt| attempt.warning = Some(why.clone())),
            Noted::Later(later) => {
                *outcome = save::noted_later(outcome.clone(), &label, &later, context.now());
                obstacle.get_or_insert(later);
            }
        }
    }
    Ok(obstacle)
}
