//! Retention: what is older than the retention time goes, in the background, a little at a time.
//!
//! Attempts and activity are dropped by the month, which leaves no bloat; what lies among rows that stay (versions, runs,
//! jobs) is deleted in small transactions. Nothing waits longer than a second for a lock: it is tried again an hour later.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::store::retention::Dropped;
use crate::{Engine, Result, store};

/// Live screens ask for the last minute at most; the rest of their events goes after this time.
const LIVE_EVENTS: TimeDelta = TimeDelta::minutes(15);
/// Finished jobs are kept for whoever looks at the queue's tables.
const JOBS: TimeDelta = TimeDelta::hours(24);
/// Rows that one statement deletes.
const CHUNK: i64 = 5_000;
/// Tenants that are asked for at once.
const TENANTS: i64 = 500;

/// Every hour: partitions for the months to come, and what is old goes. A step that fails does not keep the others from
/// being done.
pub async fn hourly(engine: &Engine, now: DateTime<Utc>) -> Result<()> {
    let before = now - engine.config.retention();
    let done = [
        make_partitions(engine, now).await,
        drop_partitions(engine, before).await,
        forget_events_and_jobs(engine, now).await,
        forget_runs(engine, before, now).await,
        thin_versions(engine, before, now).await,
    ];
    done.into_iter().collect()
}

async fn make_partitions(engine: &Engine, now: DateTime<Utc>) -> Result<()> {
    let mut tx = engine.db.begin_across_tenants().await?;
    store::activity::ensure_partitions_across_tenants(&mut tx, now).await?;
    tx.commit().await
}

async fn drop_partitions(engine: &Engine, before: DateTime<Utc>) -> Result<()> {
    loop {
        let mut tx = engine.db.begin_across_tenants().await?;
        let dropped = store::retention::drop_partition_across_tenants(&mut tx, before).await?;
        tx.commit().await?;
        match dropped {
            Dropped::Month(name) => {
                tracing::info!(partition.name = name, "dropped what is older than the retention time")
            }
            Dropped::Busy => {
                tracing::info!("a month that is too old is in use; it is dropped later");
                return Ok(());
            }
            Dropped::Nothing => return Ok(()),
        }
    }
}

async fn forget_events_and_jobs(engine: &Engine, now: DateTime<Utc>) -> Result<()> {
    loop {
        let mut tx = engine.db.begin_across_tenants().await?;
        let events = store::activity::forget_live_across_tenants(&mut tx, now - LIVE_EVENTS, CHUNK).await?;
        let jobs = store::queue::purge_across_tenants(&mut tx, now - JOBS, CHUNK).await?;
        tx.commit().await?;
        if events < CHUNK as u64 && jobs < CHUNK as u64 {
            return Ok(());
        }
    }
}

async fn forget_runs(engine: &Engine, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    loop {
        let mut tx = engine.db.begin_across_tenants().await?;
        let seen = store::retention::forget_seen_across_tenants(&mut tx, now, CHUNK).await?;
        let runs = store::retention::forget_runs_across_tenants(&mut tx, before, CHUNK).await?;
        tx.commit().await?;
        if seen < CHUNK as u64 && runs < CHUNK as u64 {
            return Ok(());
        }
    }
}

async fn thin_versions(engine: &Engine, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let mut tx = engine.db.begin_across_tenants().await?;
        let tenants = store::retention::tenants_after_across_tenants(&mut tx, after, TENANTS).await?;
        tx.commit().await?;
        let Some(last) = tenants.last() else { return Ok(()) };
        after = *last;
        for tenant in tenants {
            thin_versions_of(engine, tenant, before, now).await?;
        }
    }
}

async fn thin_versions_of(engine: &Engine, tenant: Uuid, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    loop {
        let mut tx = engine.db.begin_across_tenants().await?;
        let thinned = store::retention::thin_versions_across_tenants(&mut tx, tenant, before, now, CHUNK).await?;
        tx.commit().await?;
        // Fewer than were looked for: the rest is being replayed, or there is none.
        if thinned < CHUNK as u64 {
            return Ok(());
        }
    }
}
