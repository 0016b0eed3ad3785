//! What a listing of the source says.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Incoming, Known, no_key};
use crate::db::TenantTx;
use crate::error::Result;
use crate::store::syncs::SyncRow;

/// Processed records that are listed in the state of which both sides agree: the source shows what was written to it.
/// Nothing is to be done for them; their version stays.
pub(super) async fn note_echoes(tx: &mut TenantTx, sync: &SyncRow, page: &Incoming) -> Result<()> {
    sqlx::query!(
        "UPDATE records SET
            source_hash = page.hash, source_modified_at = COALESCE(page.modified_at, records.source_modified_at),
            source_label = page.label, source_url = page.url
        FROM unnest($3::text[], $4::bytea[], $5::timestamptz[], $6::text[], $7::text[])
            AS page (external_id, hash, modified_at, label, url)
        WHERE records.tenant_id = $1 AND records.sync_id = $2 AND records.source_id = page.external_id
            AND records.status = 'processed' AND NOT records.tombstone AND records.synced_source_hash = page.hash
            AND records.source_hash IS DISTINCT FROM page.hash",
        tx.tenant().0,
        sync.id.0,
        &page.columns.external_ids,
        &page.columns.hashes,
        &page.columns.modified as &[Option<DateTime<Utc>>],
        &page.columns.labels,
        &page.columns.urls as &[Option<String>]
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A conflict is processed again: what a person has to choose between is what both sides hold now.
///
/// Invariant: a tombstone is never taken away here. A listing may lag behind; only the read at processing time revives.
pub(super) async fn accept(
    tx: &mut TenantTx,
    sync: &SyncRow,
    page: &Incoming,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    // A record that stands twice in a page would be updated twice by one statement, which PostgreSQL refuses: the newest
    // state of it wins.
    let changed = sqlx::query_scalar!(
        r#"WITH incoming AS (
            SELECT DISTINCT ON (external_id) *
            FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::bytea[], $10::text[],
                $11::text[], $12::jsonb[], $15::boolean[])
                AS page (id, external_id, label, url, modified_at, hash, match_key, description, payload, passes)
            ORDER BY external_id, modified_at DESC NULLS LAST
        ),
        accepted AS (
            INSERT INTO records (tenant_id, id, sync_id, entity, source_id, source_label, source_url, source_modified_at,
                source_hash, match_key, description, status, last_operation, last_error, next_attempt_at, created_at,
                updated_at)
            SELECT $1, id, $2, $3, external_id, label, url, modified_at, hash, match_key, description,
                CASE WHEN match_key IS NULL THEN 'invalid' WHEN passes THEN 'prepared' ELSE 'filtered' END,
                CASE WHEN passes OR match_key IS NULL THEN 'found' ELSE 'filtered' END,
                CASE WHEN match_key IS NULL THEN $14 END, $13, $13, $13
            FROM incoming
            ON CONFLICT ON CONSTRAINT records_source_key DO UPDATE SET
                source_label = EXCLUDED.source_label,
                source_url = EXCLUDED.source_url,
                source_modified_at = COALESCE(EXCLUDED.source_modified_at, records.source_modified_at),
                source_hash = EXCLUDED.source_hash,
                match_key = EXCLUDED.match_key,
                description = EXCLUDED.description,
                version = records.version + 1,
                status = CASE
                    WHEN records.status IN ('skipped', 'awaiting_approval') THEN records.status
                    ELSE EXCLUDED.status
                END,
                last_operation = CASE
                    WHEN records.status IN ('skipped', 'awaiting_approval') THEN records.last_operation
                    WHEN EXCLUDED.status = 'filtered' THEN 'filtered'
                    ELSE 'changed_at_source'
                END,
                last_error = EXCLUDED.last_error, error_code = NULL, error_field = NULL,
                attempts = 0,
                next_attempt_at = EXCLUDED.next_attempt_at,
                announced_at = NULL,
                updated_at = EXCLUDED.updated_at
            WHERE (records.source_hash IS DISTINCT FROM EXCLUDED.source_hash
                    OR (records.status = 'deleted' AND records.tombstone_side IS DISTINCT FROM 'destination')
                    OR (records.status = 'filtered' AND EXCLUDED.status = 'prepared')
                    OR ($16 AND records.status IN ('failed', 'aborted')))
                AND (records.source_modified_at IS NULL OR EXCLUDED.source_modified_at IS NULL
                    OR EXCLUDED.source_modified_at >= records.source_modified_at)
            RETURNING id, source_id, version
        ),
        kept AS (
            INSERT INTO record_versions (tenant_id, record_id, version, hash, payload, modified_at, seen_at, side)
            SELECT $1, accepted.id, accepted.version, incoming.hash, incoming.payload, incoming.modified_at, $13, 'source'
            FROM accepted
            JOIN incoming ON incoming.external_id = accepted.source_id
        )
        SELECT id AS "id!" FROM accepted"#,
        tx.tenant().0,
        sync.id.0,
        sync.entity.as_str(),
        &page.columns.ids,
        &page.columns.external_ids,
        &page.columns.labels,
        &page.columns.urls as &[Option<String>],
        &page.columns.modified as &[Option<DateTime<Utc>>],
        &page.columns.hashes,
        &page.columns.keys as &[Option<String>],
        &page.columns.descriptions,
        &page.columns.payloads,
        now,
        no_key(sync),
        &page.passes,
        page.known == Known::TryAgain
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(changed)
}
