//! Which syncs have records that fell due by themselves: the dispatcher's.

use chrono::{DateTime, Utc};
use domain::{SyncId, TenantId};

use crate::db::SystemTx;
use crate::error::Result;

/// Syncs that process at once, have records due, and are not at it already. Syncs that wait for a person, and those one of
/// whose systems is paused or asked to wait, are left out: a run of theirs could do nothing.
///
/// Asked every second, so its cost must not grow with the records: the index of what is due is ordered by priority first,
/// so the priorities that occur are walked through (there are a handful), and each is asked for its earliest record.
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
            AND EXISTS (
                WITH RECURSIVE priorities AS (
                    (
                        SELECT records.priority FROM records
                        WHERE records.tenant_id = syncs.tenant_id AND records.sync_id = syncs.id
                            AND records.status IN ('prepared', 'failed')
                        ORDER BY records.priority DESC
                        LIMIT 1
                    )
                    UNION ALL
                    SELECT (
                        SELECT records.priority FROM records
                        WHERE records.tenant_id = syncs.tenant_id AND records.sync_id = syncs.id
                            AND records.status IN ('prepared', 'failed') AND records.priority < priorities.priority
                        ORDER BY records.priority DESC
                        LIMIT 1
                    )
                    FROM priorities
                    WHERE priorities.priority IS NOT NULL
                )
                SELECT FROM priorities
                CROSS JOIN LATERAL (
                    SELECT FROM records
                    WHERE records.tenant_id = syncs.tenant_id AND records.sync_id = syncs.id
                        AND records.status IN ('prepared', 'failed') AND records.priority = priorities.priority
                        AND records.next_attempt_at <= $1
                    ORDER BY records.next_attempt_at
                    LIMIT 1
                ) AS due
            )
        ORDER BY syncs.id
        LIMIT $2"#,
        now,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), SyncId(row.id))).collect())
}
