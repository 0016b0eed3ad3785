//! The dispatcher: what is due by the clock becomes runs.

use chrono::{DateTime, Utc};
use domain::run::{Phase, Trigger};
use domain::schedule::next_in_rhythm;
use domain::{SyncId, TenantId};

use crate::jobs::Job;
use crate::store::schedules::Due;
use crate::{Engine, Result, jobs, runs, store};

/// Schedules that one tick starts at most; the rest is due at the next one.
const BATCH: i64 = 200;

/// Starts what is due: schedules whose time has come, and the processing of records that fell due in syncs that process at
/// once (changes that have been quiet for long enough, failures whose pause is over). Wakes runs that wait beside due
/// records.
pub async fn tick(engine: &Engine, now: DateTime<Utc>) -> Result<usize> {
    wake_waiting(engine, now).await?;
    Ok(start_schedules(engine, now).await? + start_due(engine, now).await?)
}

/// A run that waits for records which were put back does not keep newly due ones waiting.
async fn wake_waiting(engine: &Engine, now: DateTime<Utc>) -> Result<()> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let waiting = store::due_across_tenants::waiting_runs_across_tenants(&mut tx, now, BATCH).await?;
    tx.commit().await?;
    for (tenant, run) in waiting {
        if let Err(error) = wake(engine, Job { tenant, run }, now).await {
            tracing::warn!(run.id = %run, tenant.id = %tenant, %error, "could not wake a run");
        }
    }
    Ok(())
}

async fn wake(engine: &Engine, job: Job, now: DateTime<Utc>) -> Result<()> {
    let mut tx = engine.db.begin(job.tenant).await?;
    if store::runs::wake(&mut tx, job.run, now).await? {
        jobs::enqueue(&mut tx, Phase::Process, &[job], now).await?;
    }
    tx.commit().await
}

/// A missed time runs late rather than twice, and never overlaps the run that is there already.
async fn start_schedules(engine: &Engine, now: DateTime<Utc>) -> Result<usize> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let due = store::schedules::due_across_tenants(&mut tx, now, BATCH).await?;
    tx.commit().await?;
    let mut started = 0;
    for schedule in &due {
        match start(engine, schedule, now).await {
            Ok(true) => started += 1,
            Ok(false) => {}
            // One tenant's failure must not keep the others' schedules waiting.
            Err(error) => {
                tracing::warn!(schedule.id = %schedule.id, tenant.id = %schedule.tenant, %error, "could not start")
            }
        }
    }
    Ok(started)
}

/// A sync that is at it already takes what fell due along, the most urgent first.
async fn start_due(engine: &Engine, now: DateTime<Utc>) -> Result<usize> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let due = store::due_across_tenants::syncs_across_tenants(&mut tx, now, BATCH).await?;
    tx.commit().await?;
    let mut started = 0;
    for (tenant, sync) in due {
        match process(engine, tenant, sync, now).await {
            Ok(true) => started += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(sync.id = %sync, tenant.id = %tenant, %error, "could not process what fell due")
            }
        }
    }
    Ok(started)
}

async fn process(engine: &Engine, tenant: TenantId, sync: SyncId, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = engine.db.begin(tenant).await?;
    if store::syncs::obstacle(&mut tx, sync, Phase::Process).await?.is_some() {
        return Ok(false);
    }
    let (_, is_new) = runs::begin(&mut tx, sync, Phase::Process, Trigger::Due, None, false, now).await?;
    tx.commit().await?;
    Ok(is_new)
}

async fn start(engine: &Engine, due: &Due, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = engine.db.begin(due.tenant).await?;
    let next = next_in_rhythm(due.due_at, due.every_seconds, now);
    if !store::schedules::mark_run(&mut tx, due, next, now).await? {
        return Ok(false);
    }
    let idle = due.phase == Phase::Process && store::records_due::count(&mut tx, due.sync, now).await? == 0;
    if idle || store::syncs::obstacle(&mut tx, due.sync, due.phase).await?.is_some() {
        tx.commit().await?;
        return Ok(false);
    }
    let (_, is_new) = runs::begin(&mut tx, due.sync, due.phase, Trigger::Schedule, None, false, now).await?;
    tx.commit().await?;
    Ok(is_new)
}
