//! The sweeper: runs that nobody is at get a new epoch and a new job.

use chrono::{DateTime, Utc};

use crate::jobs::Job;
use crate::{Engine, Result, jobs, store};

/// Runs that one tick revives at most.
const BATCH: i64 = 200;

/// Revives runs whose worker died (no heartbeat for 15 s) or whose wake-up call was lost.
pub async fn tick(engine: &Engine, now: DateTime<Utc>) -> Result<usize> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let orphans = store::runs_across_tenants::revive_across_tenants(&mut tx, now, BATCH).await?;
    for orphan in &orphans {
        let job = Job { tenant: orphan.tenant, run: orphan.run };
        jobs::enqueue(&mut tx, orphan.phase, &[job], now).await?;
        if let Some(epoch) = orphan.crashed_epoch {
            tracing::warn!(run.id = %orphan.run, tenant.id = %orphan.tenant, run.epoch = epoch, "a run's worker died; it goes on");
        }
    }
    tx.commit().await?;
    Ok(orphans.len())
}
