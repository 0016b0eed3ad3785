//! Runs of all tenants whose worker died or whose wake-up call was lost: the sweeper's.

use chrono::{DateTime, TimeDelta, Utc};
use domain::run::Phase;
use domain::{RunId, TenantId};

use crate::db::SystemTx;
use crate::error::Result;

/// A run that needs a new job.
#[derive(Debug, Clone, Copy)]
pub struct Orphan {
    pub tenant: TenantId,
    pub run: RunId,
    pub phase: Phase,
    /// The epoch that died, when a worker did.
    pub crashed_epoch: Option<i32>,
}

/// Gives runs that nobody is at a new epoch: running ones whose heartbeat stopped (a crash), waiting ones that were not
/// woken, queued ones whose job was lost.
pub async fn revive_across_tenants(tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Orphan>> {
    let rows = sqlx::query!(
        r#"WITH orphans AS (
            SELECT tenant_id, id, state AS was, epoch AS old_epoch
            FROM runs
            WHERE (state = 'running' AND heartbeat_at < $1)
                OR (state = 'waiting' AND wake_at < $2)
                OR (state = 'queued' AND heartbeat_at < $3 AND NOT EXISTS (
                    -- It is only waiting in line. This is how the queue writes the job's ids.
                    SELECT FROM apalis.jobs
                    WHERE jobs.status = 'Pending'
                        AND jobs.job = convert_to(format('{"tenant":"%s","run":"%s"}', runs.tenant_id, runs.id), 'UTF8')
                ))
            ORDER BY created_at
            LIMIT $4
            FOR UPDATE SKIP LOCKED
        )
        UPDATE runs SET
            state = 'queued', epoch = epoch + 1, wake_at = NULL, heartbeat_at = $5,
            crashes = crashes + CASE WHEN orphans.was = 'running' THEN 1 ELSE 0 END
        FROM orphans
        WHERE runs.tenant_id = orphans.tenant_id AND runs.id = orphans.id
        RETURNING runs.tenant_id, runs.id, runs.phase, orphans.was AS "was!", orphans.old_epoch AS "old_epoch!""#,
        now - TimeDelta::seconds(15),
        now - TimeDelta::seconds(30),
        now - TimeDelta::seconds(20),
        limit,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Orphan {
                tenant: TenantId(row.tenant_id),
                run: RunId(row.id),
                phase: row.phase.parse()?,
                crashed_epoch: (row.was == "running").then_some(row.old_epoch),
            })
        })
        .collect()
}
