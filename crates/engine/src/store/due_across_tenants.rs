//! Which syncs have records that fell due by themselves, and which runs wait while theirs are: the dispatcher's.

use chrono::{DateTime, Utc};
use domain::{RunId, SyncId, TenantId};

use super::runs::WAITS_FOR_RECORDS;
use crate::db::SystemTx;
use crate::error::Result;

/// Syncs that process at once, have records due, and are not at it already. Syncs that wait for a person, and those one of
/// whose systems is paused or asked to wait, are left out: a run of theirs could do nothing.
///
/// Asked every second; `has_due_records` costs the same however many records wait.
pub async fn syncs_across_tenants(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(TenantId, SyncId)>> {
    let rows = sqlx::query!(
        r#"SELECT syncs.tenant_id, syncs.id
        FROM syncs
        JOIN connections AS source ON source.tenant_id = syncs.tenant_id AND source.id = syncs.source_connection_id
        JOIN connections AS destination
            ON destination.tenant_id = syncs.tenant_id AND destination.id = syncs.destination_connection_id
        WHERE (syncs.real_time = 'process' OR syncs.real_time_back = 'process')
            AND syncs.state = 'active' AND syncs.hold IS NULL
            AND source.state = 'active' AND source.breaker_opened_at IS NULL
            AND COALESCE(source.wait_until <= $1, true)
            AND destination.state = 'active' AND destination.breaker_opened_at IS NULL
            AND COALESCE(destination.wait_until <= $1, true)
            AND NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = syncs.tenant_id AND runs.sync_id = syncs.id AND runs.phase = 'process'
                    AND runs.state IN ('queued', 'running', 'waiting')
            )
            AND has_due_records(syncs.tenant_id, syncs.id, $1)
        ORDER BY syncs.id
        LIMIT $2"#,
        now,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), SyncId(row.id))).collect())
}

/// Process runs that wait for records which were put back, while others of their sync have fallen due.
pub async fn waiting_runs_across_tenants(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(TenantId, RunId)>> {
    let rows = sqlx::query!(
        "SELECT runs.tenant_id, runs.id
        FROM runs
        WHERE runs.state = 'waiting' AND runs.phase = 'process' AND runs.message = $2 AND runs.wake_at > $1
            AND has_due_records(runs.tenant_id, runs.sync_id, $1)
        ORDER BY runs.wake_at
        LIMIT $3",
        now,
        WAITS_FOR_RECORDS,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), RunId(row.id))).collect())
}
