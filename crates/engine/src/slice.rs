//! A slice: a bounded piece of one run (its share of records, or 5 seconds), which ends by settling what it did, giving
//! its leases back and enqueueing its successor in one transaction.
//!
//! A slice may die at any await. What it committed stays, what it did not is done again by the successor that the
//! sweeper calls for, and whatever it still tries to commit after that is refused by its epoch.

mod compare;
mod contention;
mod context;
mod dry_run;
mod health;
mod heartbeat;
mod line;
mod obstacle;
mod open;
mod prepare;
mod process;
mod reconcile;
mod sign_ins;
mod test;

use domain::activity::Tone;
use domain::connection::TestOutcome;
use domain::run::{Phase, RunState, Trigger};
use futures::FutureExt;

use crate::db::TenantTx;
use crate::jobs::Job;
use crate::store::runs::Taken;
use crate::{Clock, Engine, Error, Result, jobs, runs, store};

use context::{Context, locked};
pub(crate) use prepare::{BELIEVED_AFTER, Range};

/// A slice's share: records that it deals with while others stand in the line.
const MAX_RECORDS: usize = 500;
/// How long a slice goes on taking new work.
const BUDGET: chrono::TimeDelta = chrono::TimeDelta::seconds(5);
/// After so many crashes in a row the run itself is given up.
const MAX_CRASHES: i32 = 10;

/// How a run goes on after a slice.
#[derive(Debug, Clone, PartialEq)]
enum Next {
    /// There is more to do: to the back of the line.
    Continue,
    /// Not before that time, for that reason.
    Wait { until: chrono::DateTime<chrono::Utc>, message: String, setbacks: i32 },
    /// The run is over.
    Done { state: RunState, message: Option<String>, outcome: Option<TestOutcome> },
}

/// Does one slice of a job's run. `Ok` also when there was nothing to do.
///
/// # Errors
/// Of the database only: the sweeper calls for a successor.
pub async fn run(engine: &Engine, job: Job, clock: &Clock) -> Result<()> {
    let Some(mut context) = contention::open(engine, job, clock).await? else { return Ok(()) };
    // Boxed, here and below: the compiler cannot see by itself that what borrows across so many awaits can be sent.
    let result = heartbeat::beside(&context.pulse(), work(&mut context).boxed()).await;
    let next = match result {
        Ok(next) => next,
        Err(Error::Superseded) => {
            tracing::info!(run.id = %job.run, tenant.id = %job.tenant, "the run was taken over; this slice stops");
            context.log_out_unknown().await;
            contention::give_back(&context).await?;
            return give_back_slots(&context).await;
        }
        Err(error) if error.is_contention() || error.is_outage() => {
            tracing::warn!(run.id = %job.run, tenant.id = %job.tenant, %error, "the database was in the way; the slice ends here");
            contention::give_up(&mut context).boxed().await?
        }
        Err(error) => {
            // The run is the sweeper's, but no worker has died over these records.
            if let Err(error) = contention::give_back(&context).await {
                tracing::warn!(run.id = %job.run, tenant.id = %job.tenant, %error, "claims could not be given back");
            }
            return Err(error);
        }
    };
    match contention::close(&mut context, next).boxed().await {
        Err(Error::Superseded) => {
            contention::give_back(&context).await?;
            give_back_slots(&context).await
        }
        other => other,
    }
}

/// The run is another's, or was cancelled: the slots that this epoch held are free, for it sends nothing more.
async fn give_back_slots(context: &Context) -> Result<()> {
    let mut tx = context.begin().await?;
    store::leases::give_back(&mut tx, &context.run, context.now()).await?;
    tx.commit().await
}

async fn work(context: &mut Context) -> Result<Next> {
    let next = match context.run.phase {
        Phase::Prepare | Phase::FullPrepare | Phase::RangePrepare => prepare::slice(context).await?,
        Phase::Process => process::slice(context).await?,
        Phase::Test => test::slice(context).await?,
        Phase::DryRun => dry_run::slice(context).await?,
        Phase::Reconcile => reconcile::slice(context).await?,
        Phase::Compare => compare::slice(context).await?,
    };
    // While the heart still beats: a vendor may take its time to log out. A run that goes on at once keeps its sessions.
    if next != Next::Continue {
        context.log_out().await;
    }
    Ok(next)
}

/// Ends the slice in one transaction.
async fn close(context: &mut Context, next: Next) -> Result<()> {
    let now = context.now();
    let run = context.run.clone();
    let mut tx = context.engine.db.begin(run.tenant).await?;
    // The connections' rows are locked first, then the run's, then the leases', as everywhere.
    if ended_well(&run, &next) {
        locked(&context.health).note_end(&context.connection_ids());
    }
    context.keep_health(&mut tx, "several records in a row got no answer").await?;
    match &next {
        Next::Continue => {
            store::runs::release(&mut tx, &run, None, None, 0, now).await?;
            enqueue(&mut tx, &run, now).await?;
        }
        Next::Wait { until, message, setbacks } => {
            store::runs::release(&mut tx, &run, Some(*until), Some(message), *setbacks, now).await?;
            enqueue(&mut tx, &run, jobs::not_before(*until)).await?;
        }
        Next::Done { state, message, outcome } => {
            store::runs::finish(&mut tx, &run, *state, message.as_deref(), outcome.as_ref(), now).await?;
            announce(&mut tx, &run, *state, message.as_deref(), now).await?;
            chain(&mut tx, &run, *state, now).await?;
            look_again(&mut tx, &run, *state, now).await?;
        }
    }
    context.keep_sessions(&mut tx).await?;
    store::leases::give_back(&mut tx, &run, now).await?;
    store::activity::show_run(&mut tx, run.id, now).await?;
    tx.commit().await?;
    locked(&context.health).clear();
    Ok(())
}

/// Whether the slice has found its connections well. A test says itself what it found out about a saved connection.
fn ended_well(run: &Taken, next: &Next) -> bool {
    let well = match next {
        Next::Continue => true,
        Next::Wait { .. } => false,
        Next::Done { state, .. } => matches!(state, RunState::Succeeded | RunState::CompletedWithErrors),
    };
    well && run.phase != Phase::Test
}

async fn enqueue(tx: &mut TenantTx, run: &Taken, at: chrono::DateTime<chrono::Utc>) -> Result<()> {
    jobs::enqueue(tx, run.phase, &[Job { tenant: run.tenant, run: run.id }], at).await
}

/// A line in the timeline for runs that did something or failed; a prepare that found nothing is no news.
async fn announce(
    tx: &mut TenantTx,
    run: &Taken,
    state: RunState,
    message: Option<&str>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    let Some(sync) = run.sync else { return Ok(()) };
    let view = store::runs::view(tx, run.id).await?;
    let (name, counts) = (view.sync_name.unwrap_or_default().to_lowercase(), view.counts);
    let phase = run.phase.label();
    let line = match state {
        RunState::Failed => {
            let why = message.unwrap_or("It ended without a reason.");
            Some((Tone::Failure, format!("{phase} of {name} failed. {why}")))
        }
        _ if run.phase == Phase::Process && counts.failed > 0 => {
            let text = format!(
                "{phase} of {name}: {} done, {} written, {} failed.",
                counts.done, counts.changed, counts.failed
            );
            Some((Tone::Warning, text))
        }
        _ if run.phase == Phase::Process && counts.done > 0 => {
            Some((Tone::Success, format!("{phase} of {name}: {} done, {} written.", counts.done, counts.changed)))
        }
        _ if counts.changed > 0 => Some((
            Tone::Success,
            format!("{phase} of {name} found {} changes among {} records.", counts.changed, counts.done),
        )),
        _ => None,
    };
    let Some((tone, text)) = line else { return Ok(()) };
    store::activity::say(tx, tone, text, None, Some(format!("syncs/{sync}")), now).await
}

/// Lets process follow a prepare that was told so.
async fn chain(tx: &mut TenantTx, run: &Taken, state: RunState, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    if !run.chain || !matches!(state, RunState::Succeeded | RunState::CompletedWithErrors) {
        return Ok(());
    }
    if let Some(sync) = run.sync {
        runs::begin(tx, sync, Phase::Process, Trigger::Chained, None, false, now).await?;
    }
    Ok(())
}

/// A filter that was changed after a prepare had begun, which looks at what is excluded first of all, has another one
/// follow: the sync may have no schedule.
async fn look_again(tx: &mut TenantTx, run: &Taken, state: RunState, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    let Some(sync) = run.sync.filter(|_| matches!(run.phase, Phase::Prepare | Phase::FullPrepare)) else {
        return Ok(());
    };
    if !matches!(state, RunState::Succeeded | RunState::CompletedWithErrors)
        || store::refilter::asked_at(tx, sync).await?.is_none()
        || store::syncs::obstacle(tx, sync, Phase::Prepare).await?.is_some()
    {
        return Ok(());
    }
    runs::begin(tx, sync, Phase::Prepare, Trigger::Chained, None, run.chain, now).await?;
    Ok(())
}
