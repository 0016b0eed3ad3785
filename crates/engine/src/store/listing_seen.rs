//! What a full listing has seen, and which records it has not.

use chrono::{DateTime, Utc};
use connectors::Gone;
use domain::{RunId, Side, SyncId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::runs::Taken;
use crate::db::TenantTx;
use crate::error::Result;

/// Keeps the ids of a page, in the transaction that writes its records.
pub async fn note(tx: &mut TenantTx, run: &Taken, side: Side, external_ids: &[String]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO listing_seen (tenant_id, run_id, side, external_id)
        SELECT $1, $2, $3, external_id FROM unnest($4::text[]) AS page (external_id)
        ON CONFLICT DO NOTHING",
        run.tenant.0,
        run.id.0,
        side.as_str(),
        external_ids
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Since when a listing is under way, by both clocks: what changed since then says nothing about being gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// By our clock.
    pub here: DateTime<Utc>,
    /// By the listed system's.
    pub there: DateTime<Utc>,
}

/// How many records one side has, and how many of them the listing did not see: `(known, missing)`.
pub async fn count_missing(
    tx: &mut TenantTx,
    run: RunId,
    sync: SyncId,
    side: Side,
    began: Began,
) -> Result<(i64, i64)> {
    let known = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM records
        WHERE tenant_id = $1 AND sync_id = $2 AND status <> 'deleted'
            AND CASE WHEN $3 = 'source' THEN source_id ELSE destination_id END IS NOT NULL"#,
        tx.tenant().0,
        sync.0,
        side.as_str()
    )
    .fetch_one(&mut **tx)
    .await?;
    let missing = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM records
        WHERE tenant_id = $1 AND sync_id = $2 AND status <> 'deleted' AND NOT tombstone
            AND NOT (status = 'invalid' AND synced_version = 0)
            AND updated_at < $5
            AND CASE WHEN $3 = 'source' THEN source_id ELSE destination_id END IS NOT NULL
            AND COALESCE(CASE WHEN $3 = 'source' THEN source_modified_at ELSE destination_modified_at END < $6, true)
            AND NOT EXISTS (
                SELECT FROM listing_seen AS seen
                WHERE seen.tenant_id = $1 AND seen.run_id = $4 AND seen.side = $3
                    AND seen.external_id = CASE WHEN $3 = 'source' THEN source_id ELSE destination_id END
            )"#,
        tx.tenant().0,
        sync.0,
        side.as_str(),
        run.0,
        began.here,
        began.there
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((known, missing))
}

/// Sets the tombstone's flag on some of the records that the listing did not see; they are read before anything is
/// deleted. Those that a person or a conflict holds get the flag and keep their status. Returns whom it reached; none
/// means that there are no more.
pub async fn mark_missing(
    tx: &mut TenantTx,
    run: &Taken,
    sync: SyncId,
    side: Side,
    began: Began,
    marks: Marks,
) -> Result<Vec<Uuid>> {
    let marked = sqlx::query_scalar!(
        r#"WITH missing AS (
            SELECT id FROM records
            WHERE tenant_id = $1 AND sync_id = $2 AND status <> 'deleted' AND NOT tombstone
                AND NOT (status = 'invalid' AND synced_version = 0)
                AND updated_at < $5
                AND CASE WHEN $3 = 'source' THEN source_id ELSE destination_id END IS NOT NULL
                AND COALESCE(CASE WHEN $3 = 'source' THEN source_modified_at ELSE destination_modified_at END < $6, true)
                AND NOT EXISTS (
                    SELECT FROM listing_seen AS seen
                    WHERE seen.tenant_id = $1 AND seen.run_id = $4 AND seen.side = $3
                        AND seen.external_id = CASE WHEN $3 = 'source' THEN source_id ELSE destination_id END
                )
            ORDER BY id
            LIMIT $7
            FOR UPDATE
        )
        UPDATE records SET
            tombstone = true, tombstone_side = $3, tombstone_at = $8, version = version + 1, attempts = 0,
            status = CASE
                WHEN status IN ('skipped', 'awaiting_approval', 'conflict') THEN status
                ELSE 'prepared'
            END,
            last_operation = CASE
                WHEN status IN ('skipped', 'awaiting_approval', 'conflict') THEN last_operation
                WHEN $3 = 'source' THEN 'not_found'
                ELSE 'changed_at_destination'
            END,
            last_error = NULL, error_code = NULL, error_field = NULL,
            next_attempt_at = $9, updated_at = $8
        FROM missing
        WHERE records.tenant_id = $1 AND records.id = missing.id
        RETURNING records.id"#,
        run.tenant.0,
        sync.0,
        side.as_str(),
        run.id.0,
        began.here,
        began.there,
        marks.limit,
        marks.now,
        marks.due_at
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(marked)
}

/// The same for records that a listing itself names as gone. One that was seen since then has come back.
pub async fn mark_gone(tx: &mut TenantTx, sync: SyncId, side: Side, gone: &[Gone], marks: Marks) -> Result<Vec<Uuid>> {
    if gone.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = gone.iter().map(|gone| gone.id.clone()).collect();
    let times: Vec<Option<DateTime<Utc>>> = gone.iter().map(|gone| gone.modified_at).collect();
    let marked = sqlx::query_scalar!(
        r#"WITH named AS (
            SELECT * FROM unnest($4::text[], $5::timestamptz[]) AS named (external_id, modified_at)
        ),
        -- A condition on either side at once would use neither side's index.
        known AS (
            SELECT records.id, records.source_modified_at <= named.modified_at AS is_news
            FROM named
            JOIN records ON records.tenant_id = $1 AND records.sync_id = $2 AND records.source_id = named.external_id
            WHERE $3 = 'source'
            UNION ALL
            SELECT records.id, records.destination_modified_at <= named.modified_at
            FROM named
            JOIN records ON records.tenant_id = $1 AND records.sync_id = $2
                AND records.destination_id = named.external_id
            WHERE $3 = 'destination'
        ),
        gone AS (
            SELECT records.id
            FROM records
            WHERE records.tenant_id = $1 AND records.id IN (SELECT known.id FROM known WHERE COALESCE(is_news, true))
                AND records.status <> 'deleted' AND NOT records.tombstone
                AND NOT (records.status = 'invalid' AND records.synced_version = 0)
            ORDER BY records.id
            FOR UPDATE
        )
        UPDATE records SET
            tombstone = true, tombstone_side = $3, tombstone_at = $6, version = version + 1, attempts = 0,
            status = CASE
                WHEN status IN ('skipped', 'awaiting_approval', 'conflict') THEN status
                ELSE 'prepared'
            END,
            last_operation = CASE
                WHEN status IN ('skipped', 'awaiting_approval', 'conflict') THEN last_operation
                WHEN $3 = 'source' THEN 'not_found'
                ELSE 'changed_at_destination'
            END,
            last_error = NULL, error_code = NULL, error_field = NULL,
            next_attempt_at = $7, updated_at = $6
        FROM gone
        WHERE records.tenant_id = $1 AND records.id = gone.id
        RETURNING records.id"#,
        tx.tenant().0,
        sync.0,
        side.as_str(),
        &ids,
        &times as &[Option<DateTime<Utc>>],
        marks.now,
        marks.due_at
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(marked)
}

/// How the flags are set.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    pub limit: i64,
    pub now: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
}

/// Deletes some of what full listings of the sync have left behind that are over, this run's own included.
pub async fn forget(tx: &mut TenantTx, run: &Taken, sync: SyncId, own: bool, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM listing_seen
        WHERE (tenant_id, run_id, side, external_id) IN (
            SELECT seen.tenant_id, seen.run_id, seen.side, seen.external_id
            FROM listing_seen AS seen
            JOIN runs ON runs.tenant_id = seen.tenant_id AND runs.id = seen.run_id
            WHERE seen.tenant_id = $1 AND runs.sync_id = $2
                AND ((runs.id = $3 AND $4) OR runs.state NOT IN ('queued', 'running', 'waiting'))
            LIMIT $5
        )",
        run.tenant.0,
        sync.0,
        run.id.0,
        own,
        limit
    )
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}
