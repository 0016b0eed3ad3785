//! The queue's tables, kept small. The library that owns them deletes nothing.

use chrono::{DateTime, Utc};

use crate::db::SystemTx;
use crate::error::Result;

/// Deletes finished jobs, and workers that have not been seen, older than `before`.
pub async fn purge_across_tenants(tx: &mut SystemTx, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    let jobs = sqlx::query!(
        "DELETE FROM apalis.jobs
        WHERE id IN (
            SELECT id FROM apalis.jobs WHERE status IN ('Done', 'Killed', 'Failed') AND done_at < $1 LIMIT $2
        )",
        before,
        limit
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "DELETE FROM apalis.workers
        WHERE last_seen < $1 AND NOT EXISTS (SELECT FROM apalis.jobs WHERE jobs.lock_by = workers.id)",
        before
    )
    .execute(&mut **tx)
    .await?;
    Ok(jobs.rows_affected())
}
