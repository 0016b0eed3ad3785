//! The dispatcher: what is due by the clock becomes runs.

use chrono::{DateTime, Utc};
use domain::run::Trigger;
use domain::schedule::next_in_rhythm;

use crate::store::schedules::Due;
use crate::{Engine, Result, runs, store};

/// Schedules that one tick starts at most; the rest is due at the next one.
const BATCH: i64 = 200;

/// Starts what is due. A missed time runs late rather than twice, and never overlaps the run that is there already.
pub async fn tick(engine: &Engine, now: DateTime<Utc>) -> Result<usize> {
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

async fn start(engine: &Engine, due: &Due, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = engine.db.begin(due.tenant).await?;
    let next = next_in_rhythm(due.due_at, due.every_seconds, now);
    if !store::schedules::mark_run(&mut tx, due, next, now).await? {
        return Ok(false);
    }
    let idle =
        due.phase == domain::run::Phase::Process && store::records_due::count(&mut tx, due.sync, now).await? == 0;
    if idle || store::syncs::obstacle(&mut tx, due.sync).await?.is_some() {
        tx.commit().await?;
        return Ok(false);
    }
    let (_, is_new) = runs::begin(&mut tx, due.sync, due.phase, Trigger::Schedule, None, false, now).await?;
    tx.commit().await?;
    Ok(is_new)
}
