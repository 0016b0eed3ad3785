//! Process: takes one record at a time from one system to the other, or in a two-way sync to whichever side lacks the change.
//!
//! Records are claimed in chunks, so that reads, intents and results are a few statements and requests for many records;
//! each is decided and written on its own, and the failure of one is its own.

mod choices;
mod chunk;
mod decide;
mod direction;
mod gone;
mod intents;
mod matching;
mod outcome;
mod prerequisites;
mod preview;
mod save;
mod settle;
mod sides;
mod waiting;

use chrono::TimeDelta;
use domain::SyncId;
use domain::run::RunState;

pub use preview::preview;

use super::context::Context;
use super::obstacle;
use super::{MAX_RECORDS, Next};
use crate::store::records_due::Claimed;
use crate::{Result, store};

/// Records that are claimed at once.
const CHUNK: i64 = 100;
/// A run waits for records that were put back for a shorter time than this; the rest is the next run's.
const PATIENCE: TimeDelta = TimeDelta::seconds(120);

pub async fn slice(context: &mut Context) -> Result<Next> {
    let sync = context.sync()?;
    if context.run.counts.total.is_none() {
        count(context).await?;
    }
    let mut dealt_with = 0;
    while dealt_with < MAX_RECORDS && !context.is_spent() {
        let claimed = claim(context, sync.id, CHUNK).await?;
        if claimed.is_empty() {
            return done(context).await;
        }
        dealt_with += claimed.len();
        if let Some(obstacle) = chunk::process(context, &sync, claimed, chunk::Counted::InRun).await? {
            return obstacle::react(context, obstacle).await;
        }
    }
    Ok(Next::Continue)
}

async fn claim(context: &Context, sync: SyncId, limit: i64) -> Result<Vec<Claimed>> {
    let mut tried = 0;
    loop {
        match claim_once(context, sync, limit).await {
            Err(error) if error.is_contention() && tried < settle::RETRIES => tried += 1,
            other => return other,
        }
    }
}

async fn claim_once(context: &Context, sync: SyncId, limit: i64) -> Result<Vec<Claimed>> {
    let mut tx = context.begin().await?;
    let claimed = store::records_due::claim(&mut tx, &context.run, sync, context.now(), limit).await?;
    tx.commit().await?;
    Ok(claimed)
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
