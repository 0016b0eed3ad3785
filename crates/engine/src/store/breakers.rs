//! Breakers: which records failed one after the other at a connection, and what happens when there are too many.
//!
//! Locks are taken in this order everywhere: connections, runs, syncs, records (ascending ids), leases.

use chrono::{DateTime, Utc};
use domain::connection::Breaker;
use domain::run::Phase;
use domain::{ConnectionId, RunId, TenantId};
use uuid::Uuid;

use crate::db::{SystemTx, TenantTx};
use crate::error::Result;

/// Failures of so many different records, without a success between, open the breaker.
pub const OPENS_AT: i32 = 5;

/// Waiting records that one closing breaker makes due; the rest comes by its own backoff.
const SPREAD: i64 = 20_000;

/// Adds failures to the connection's row of them, after the last success if there was one, and says whether that opened
/// the breaker now.
pub async fn note(
    tx: &mut TenantTx,
    id: ConnectionId,
    after_success: bool,
    failing: &[Uuid],
    now: DateTime<Utc>,
) -> Result<bool> {
    let opened = sqlx::query_scalar!(
        r#"WITH failing AS MATERIALIZED (
            SELECT breaker_opened_at, ARRAY(
                SELECT DISTINCT record
                FROM unnest(CASE WHEN $3 THEN $4 ELSE failing_records || $4 END) AS failed (record)
                LIMIT 5
            ) AS records
            FROM connections
            WHERE tenant_id = $1 AND id = $2
            FOR UPDATE
        ), opening AS (
            SELECT records, breaker_opened_at IS NULL AND cardinality(records) >= $5 AS opens FROM failing
        )
        UPDATE connections SET
            failing_records = opening.records,
            breaker_opened_at = CASE WHEN opens THEN $6 ELSE breaker_opened_at END,
            breaker_probe_at = CASE WHEN opens THEN $6 + make_interval(secs => 15) ELSE breaker_probe_at END,
            breaker_pause_seconds = CASE WHEN opens THEN 15 ELSE breaker_pause_seconds END
        FROM opening
        WHERE connections.tenant_id = $1 AND connections.id = $2
        RETURNING opens AS "opens!""#,
        tx.tenant().0,
        id.0,
        after_success,
        failing,
        OPENS_AT,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(opened.unwrap_or(false))
}

/// The connection's breaker, if it is open.
pub async fn get(tx: &mut TenantTx, id: ConnectionId) -> Result<Option<Breaker>> {
    let row = sqlx::query!(
        "SELECT breaker_opened_at, breaker_probe_at FROM connections WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.and_then(|row| Some(Breaker { opened_at: row.breaker_opened_at?, probe_at: row.breaker_probe_at? })))
}

/// Closes the breaker; `false` when it was not open.
pub async fn close(tx: &mut TenantTx, id: ConnectionId) -> Result<bool> {
    let closed = sqlx::query!(
        "UPDATE connections SET
            breaker_opened_at = NULL, breaker_probe_at = NULL, breaker_pause_seconds = 15, failing_records = '{}'
        WHERE tenant_id = $1 AND id = $2 AND breaker_opened_at IS NOT NULL",
        tx.tenant().0,
        id.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(closed.rows_affected() == 1)
}

/// The next probe comes at `at` at the earliest: the system said how long to wait.
pub async fn postpone_probe(tx: &mut TenantTx, id: ConnectionId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE connections SET breaker_probe_at = GREATEST(breaker_probe_at, $3)
        WHERE tenant_id = $1 AND id = $2 AND breaker_opened_at IS NOT NULL",
        tx.tenant().0,
        id.0,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Wakes the waiting runs of the syncs that use a connection, with their backoff forgotten; each of them needs a job.
pub async fn wake_runs(tx: &mut TenantTx, id: ConnectionId, now: DateTime<Utc>) -> Result<Vec<(RunId, Phase)>> {
    let rows = sqlx::query!(
        "UPDATE runs SET wake_at = $3, setbacks = 0
        FROM syncs
        WHERE runs.tenant_id = $1 AND runs.state = 'waiting' AND syncs.tenant_id = runs.tenant_id
            AND syncs.id = runs.sync_id AND $2 IN (syncs.source_connection_id, syncs.destination_connection_id)
        RETURNING runs.id, runs.phase",
        tx.tenant().0,
        id.0,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|row| Ok((RunId(row.id), row.phase.parse()?))).collect()
}

/// Makes the records due within a minute that wait because the connection's system did not answer, each at its own
/// moment.
pub async fn spread_records(tx: &mut TenantTx, id: ConnectionId, now: DateTime<Utc>) -> Result<u64> {
    let spread = sqlx::query!(
        "WITH waiting AS (
            SELECT records.id
            FROM records
            JOIN syncs ON syncs.tenant_id = records.tenant_id AND syncs.id = records.sync_id
            WHERE records.tenant_id = $1 AND $2 IN (syncs.source_connection_id, syncs.destination_connection_id)
                AND records.status = 'failed' AND records.error_code = 'unavailable' AND records.next_attempt_at > $3
            ORDER BY records.id
            LIMIT $4
            FOR UPDATE OF records SKIP LOCKED
        )
        UPDATE records SET
            next_attempt_at = LEAST(
                next_attempt_at, $3 + make_interval(secs => (hashtext(records.id::text) & 65535) / 65536.0 * 60)
            )
        FROM waiting
        WHERE records.tenant_id = $1 AND records.id = waiting.id",
        tx.tenant().0,
        id.0,
        now,
        SPREAD
    )
    .execute(&mut **tx)
    .await?;
    Ok(spread.rows_affected())
}

/// A connection whose breaker wants a probe.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    pub tenant: TenantId,
    pub connection: ConnectionId,
}

/// Takes the connections that are to be probed now: the pause until the next probe doubles, up to five minutes. One
/// whose last probe is not over yet, or that a person has paused, is left alone.
pub async fn take_due_across_tenants(tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        "WITH due AS (
            SELECT tenant_id, id
            FROM connections
            WHERE breaker_opened_at IS NOT NULL AND breaker_probe_at <= $1 AND state = 'active'
                AND NOT EXISTS (
                    SELECT FROM runs
                    WHERE runs.tenant_id = connections.tenant_id AND runs.connection_id = connections.id
                        AND runs.trigger = 'probe' AND runs.state IN ('queued', 'running', 'waiting')
                )
            ORDER BY breaker_probe_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        UPDATE connections SET
            breaker_pause_seconds = LEAST(breaker_pause_seconds * 2, 300),
            breaker_probe_at = $1 + make_interval(secs => LEAST(breaker_pause_seconds * 2, 300))
        FROM due
        WHERE connections.tenant_id = due.tenant_id AND connections.id = due.id
        RETURNING connections.tenant_id, connections.id",
        now,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let due = |row: (Uuid, Uuid)| Due { tenant: TenantId(row.0), connection: ConnectionId(row.1) };
    Ok(rows.into_iter().map(|row| due((row.tenant_id, row.id))).collect())
}
