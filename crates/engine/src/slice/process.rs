//! Process: takes one record at a time from one system to the other, or in a two-way sync to whichever side lacks the change.
//!
//! Records are claimed in chunks, so that reads, intents and results are a few statements and requests for many records;
//! each is decided and written on its own, and the failure of one is its own. Chunks overlap: see [`pipeline`].

mod answers;
mod choices;
mod chunk;
mod decide;
mod direction;
mod gone;
mod intents;
mod matching;
mod outcome;
mod pipeline;
mod prerequisites;
mod preview;
mod save;
mod send;
mod settle;
mod sides;
mod waiting;

use chrono::TimeDelta;
use domain::SyncId;
use domain::run::RunState;

pub use preview::preview;

use super::Next;
use super::context::Context;
use super::line::Share;
use super::obstacle::{self, Obstacle};
use crate::store::records_due::Claimed;
use crate::store::syncs::SyncRow;
use crate::{Result, store};
use chunk::Counted;
use pipeline::{Ended, Stop};

/// Records that are claimed at once.
const CHUNK: i64 = 100;
/// A run waits for records that were put back for a shorter time than this; the rest is the next run's.
const PATIENCE: TimeDelta = TimeDelta::seconds(120);

pub async fn slice(context: &mut Context) -> Result<Next> {
    let sync = context.sync()?;
    if context.run.counts.total.is_none() {
        count(context).await?;
    }
    let mut share = Share::default();
    while share.goes_on(context).await? {
        let mut ended = pipeline::run(context, &sync, &mut share).await?;
        // Here nothing is in work any more.
        if matches!(ended, Ended::Dry { worked: false }) {
            ended = alone(context, &sync, &mut share).await?;
        }
        match ended {
            Ended::Dry { worked: false } => return done(context).await,
            Ended::Dry { worked: true } | Ended::Enough => {}
            Ended::Stopped(stop) => {
                if let Some(obstacle) = look_closer(context, &sync, stop).await? {
                    return obstacle::react(context, obstacle).await;
                }
            }
        }
    }
    // However long the line of the others is, one of those comes with each share of it.
    match alone(context, &sync, &mut share).await? {
        Ended::Stopped(stop) => match look_closer(context, &sync, stop).await? {
            Some(obstacle) => obstacle::react(context, obstacle).await,
            None => Ok(Next::Continue),
        },
        _ => Ok(Next::Continue),
    }
}

/// After the others come the records over which a worker died, one at a time and with nothing beside it, so that the one
/// that kills its worker does so alone.
async fn alone(context: &Context, sync: &SyncRow, share: &mut Share) -> Result<Ended> {
    let mut tx = context.begin().await?;
    let claimed = store::suspects::claim(&mut tx, &context.run, sync.id, context.now()).await?;
    let Some((its_sync, suspect)) = claimed else { return Ok(Ended::Dry { worked: false }) };
    context.note_claims(std::slice::from_ref(&suspect));
    let theirs = if its_sync == sync.id { None } else { Some(store::syncs::get(&mut tx, its_sync).await?) };
    tx.commit().await?;
    share.done += 1;
    let obstacle = match &theirs {
        None => context.alone(by_itself(context, sync, suspect, Counted::InRun)).await?,
        Some(theirs) => context.alone(by_itself(context, theirs, suspect, Counted::Aside)).await?,
    };
    let stopped = |obstacle| Ended::Stopped(Stop { obstacle, records: Vec::new() });
    Ok(obstacle.map_or(Ended::Dry { worked: true }, stopped))
}

async fn by_itself(context: &Context, sync: &SyncRow, claimed: Claimed, counted: Counted) -> Result<Option<Obstacle>> {
    let again = vec![claimed.id];
    match chunk::process(context, sync, vec![claimed], counted).await? {
        Some(Obstacle { error: connectors::Error::Malformed { .. }, .. }) => {
            chunk::one_by_one(context, sync, again, counted).await
        }
        other => Ok(other),
    }
}

/// An answer that could not be understood is asked for again, each record by itself, and is that record's failure.
async fn look_closer(context: &Context, sync: &SyncRow, stop: Stop) -> Result<Option<Obstacle>> {
    match stop.obstacle.error {
        connectors::Error::Malformed { .. } if !stop.records.is_empty() => {
            context.alone(chunk::one_by_one(context, sync, stop.records, Counted::InRun)).await
        }
        _ => Ok(Some(stop.obstacle)),
    }
}

async fn claim(context: &Context, sync: SyncId) -> Result<Vec<Claimed>> {
    let mut tried = 0;
    loop {
        match claim_once(context, sync).await {
            Err(error) if error.is_contention() && tried < settle::RETRIES => tried += 1,
            other => return other,
        }
    }
}

async fn claim_once(context: &Context, sync: SyncId) -> Result<Vec<Claimed>> {
    let mut tx = context.begin().await?;
    match store::records_due::claim(&mut tx, &context.run, sync, context.now(), CHUNK).await {
        Ok(claimed) => {
            context.note_claims(&claimed);
            tx.commit().await?;
            Ok(claimed)
        }
        // The next try must find them free: none that are due would mean that the run is over.
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

async fn count(context: &mut Context) -> Result<()> {
    let sync = context.sync()?;
    let mut tx = context.begin().await?;
    let total = store::records_due::count(&mut tx, sync.id, context.now()).await?;
    store::runs::keep_cursor(&mut tx, &context.run, &serde_json::Value::Null, Some(total)).await?;
    tx.commit().await?;
    context.run.counts.total = Some(total);
    Ok(())
}

/// Nothing is due now: the run is over, unless records were put back for a moment.
async fn done(context: &Context) -> Result<Next> {
    let sync = context.sync()?;
    let now = context.now();
    let mut tx = context.begin().await?;
    let soon = store::records_due::next_soon(&mut tx, sync.id, now, now + PATIENCE).await?;
    let run = store::runs::view(&mut tx, context.run.id).await?;
    tx.commit().await?;
    if let Some(until) = soon {
        return Ok(Next::Wait { until, message: store::runs::WAITS_FOR_RECORDS.to_owned(), setbacks: 0 });
    }
    let state = if run.counts.failed > 0 { RunState::CompletedWithErrors } else { RunState::Succeeded };
    Ok(Next::Done { state, message: None, outcome: None })
}
