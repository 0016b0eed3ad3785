//! Records: what prepare writes, and what reads at processing time add.

use chrono::{DateTime, Utc};
use connectors::Found;
use domain::canonical::ContentHash;
use domain::{RecordId, RecordStatus, SyncId};
use serde_json::Value;
use uuid::Uuid;

use super::syncs::SyncRow;
use crate::db::TenantTx;
use crate::error::Result;

/// What came of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Records that are new or changed: they are Prepared now, unless somebody had skipped them.
    pub changed: Vec<Uuid>,
}

#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    source_ids: Vec<String>,
    labels: Vec<String>,
    urls: Vec<Option<String>>,
    modified: Vec<Option<DateTime<Utc>>>,
    hashes: Vec<Vec<u8>>,
    keys: Vec<Option<String>>,
    descriptions: Vec<String>,
    payloads: Vec<Value>,
}

impl Columns {
    fn of(found: &[Found], now: DateTime<Utc>) -> Result<Self> {
        let mut columns = Self::default();
        for found in found {
            columns.ids.push(RecordId::new(now).0);
            columns.source_ids.push(found.id.clone());
            columns.labels.push(found.label.clone());
            columns.urls.push(found.url.clone());
            columns.modified.push(found.modified_at);
            columns.hashes.push(found.record.hash().as_bytes().to_vec());
            columns.keys.push(found.record.key().map(str::to_owned));
            columns.descriptions.push(found.record.description());
            columns.payloads.push(serde_json::to_value(&found.record)?);
        }
        Ok(columns)
    }
}

/// Writes a page of a listing to the Sync History. A record that is known in this state already is left alone; an older
/// state never replaces a newer one; a record without a unique key becomes Invalid.
pub async fn accept(tx: &mut TenantTx, sync: &SyncRow, found: &[Found], now: DateTime<Utc>) -> Result<Accepted> {
    if found.is_empty() {
        return Ok(Accepted::default());
    }
    let columns = Columns::of(found, now)?;
    // A record that stands twice in a page would be updated twice by one statement, which PostgreSQL refuses: the newest
    // state of it wins.
    let changed = sqlx::query!(
        r#"WITH incoming AS (
            SELECT DISTINCT ON (source_id) *
            FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::bytea[], $10::text[],
                $11::text[], $12::jsonb[])
                AS page (id, source_id, label, url, modified_at, hash, match_key, description, payload)
            ORDER BY source_id, modified_at DESC NULLS LAST
        ),
        accepted AS (
            INSERT INTO records (tenant_id, id, sync_id, entity, source_id, source_label, source_url, source_modified_at,
                source_hash, match_key, description, status, last_operation, last_error, next_attempt_at, created_at,
                updated_at)
            SELECT $1, id, $2, $3, source_id, label, url, modified_at, hash, match_key, description,
                CASE WHEN match_key IS NULL THEN 'invalid' ELSE 'prepared' END, 'found',
                CASE WHEN match_key IS NULL THEN $14 END, $13, $13, $13
            FROM incoming
            ON CONFLICT ON CONSTRAINT records_source_key DO UPDATE SET
                source_label = EXCLUDED.source_label,
                source_url = EXCLUDED.source_url,
                source_modified_at = EXCLUDED.source_modified_at,
                source_hash = EXCLUDED.source_hash,
                match_key = EXCLUDED.match_key,
                description = EXCLUDED.description,
                version = records.version + 1,
                status = CASE
                    WHEN records.status IN ('skipped', 'awaiting_approval', 'conflict') THEN records.status
                    ELSE EXCLUDED.status
                END,
                last_operation = CASE WHEN records.status = 'skipped' THEN records.last_operation ELSE 'changed_at_source' END,
                last_error = EXCLUDED.last_error, error_code = NULL, error_field = NULL,
                tombstone = false,
                attempts = 0,
                next_attempt_at = EXCLUDED.next_attempt_at,
                updated_at = EXCLUDED.updated_at
            WHERE (records.source_hash IS DISTINCT FROM EXCLUDED.source_hash OR records.tombstone
                    OR records.status = 'deleted')
                AND (records.source_modified_at IS NULL OR EXCLUDED.source_modified_at IS NULL
                    OR EXCLUDED.source_modified_at >= records.source_modified_at)
            RETURNING id, source_id, version
        ),
        kept AS (
            INSERT INTO record_versions (tenant_id, record_id, version, hash, payload, modified_at, seen_at)
            SELECT $1, accepted.id, accepted.version, incoming.hash, incoming.payload, incoming.modified_at, $13
            FROM accepted
            JOIN incoming USING (source_id)
        )
        SELECT id AS "id!" FROM accepted"#,
        tx.tenant().0,
        sync.id.0,
        sync.entity.as_str(),
        &columns.ids,
        &columns.source_ids,
        &columns.labels,
        &columns.urls as &[Option<String>],
        &columns.modified as &[Option<DateTime<Utc>>],
        &columns.hashes,
        &columns.keys as &[Option<String>],
        &columns.descriptions,
        &columns.payloads,
        now,
        no_key(sync)
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(Accepted { changed: changed.into_iter().map(|row| row.id).collect() })
}

fn no_key(sync: &SyncRow) -> String {
    let key = sync.entity.key_label();
    format!(
        "This {} has no {key}, by which it is found at the other side. Give it one in the source; it is then prepared again.",
        sync.entity.singular()
    )
}

/// Writes records that the source returned but that cannot be read: they are Invalid, with the reason. Says which are new
/// or have another reason now.
pub async fn accept_unreadable(
    tx: &mut TenantTx,
    sync: &SyncRow,
    unreadable: &[(String, String, String)],
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    let mut changed = Vec::new();
    for (source_id, label, why) in unreadable {
        let id = sqlx::query_scalar!(
            "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, source_label, description, status,
                last_operation, last_error, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $6, 'invalid', 'failed_to_read', $7, $8, $8)
            ON CONFLICT ON CONSTRAINT records_source_key DO UPDATE SET
                status = 'invalid', last_operation = 'failed_to_read', last_error = EXCLUDED.last_error,
                source_hash = NULL, version = records.version + 1, updated_at = EXCLUDED.updated_at
            WHERE records.last_error IS DISTINCT FROM EXCLUDED.last_error
            RETURNING id",
            tx.tenant().0,
            RecordId::new(now).0,
            sync.id.0,
            sync.entity.as_str(),
            source_id,
            label,
            why,
            now
        )
        .fetch_optional(&mut **tx)
        .await?;
        changed.extend(id);
    }
    Ok(changed)
}

/// Raises the versions of claimed records whose source says something else now than when they were prepared, and keeps
/// those versions. Returns each record's version from here on.
pub async fn refresh(tx: &mut TenantTx, reads: &[(Uuid, &Found)], now: DateTime<Utc>) -> Result<Vec<(Uuid, i64)>> {
    if reads.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<Found> = reads.iter().map(|(_, found)| (*found).clone()).collect();
    let columns = Columns::of(&found, now)?;
    let ids: Vec<Uuid> = reads.iter().map(|(id, _)| *id).collect();
    let rows = sqlx::query!(
        r#"WITH incoming AS (
            SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[], $7::text[],
                $8::text[], $9::jsonb[])
                AS reads (id, label, url, modified_at, hash, match_key, description, payload)
        ),
        raised AS (
            UPDATE records SET
                version = records.version + CASE WHEN records.source_hash IS NULL THEN 0 ELSE 1 END,
                source_hash = incoming.hash, source_modified_at = incoming.modified_at, source_label = incoming.label,
                source_url = incoming.url, match_key = incoming.match_key, description = incoming.description
            FROM incoming
            WHERE records.tenant_id = $1 AND records.id = incoming.id
                AND records.source_hash IS DISTINCT FROM incoming.hash
                AND (records.source_modified_at IS NULL OR incoming.modified_at IS NULL
                    OR incoming.modified_at >= records.source_modified_at)
            RETURNING records.id, records.version, records.source_hash
        ),
        kept AS (
            INSERT INTO record_versions (tenant_id, record_id, version, hash, payload, modified_at, seen_at)
            SELECT $1, raised.id, raised.version, incoming.hash, incoming.payload, incoming.modified_at, $10
            FROM raised
            JOIN incoming USING (id)
            ON CONFLICT (tenant_id, record_id, version) DO NOTHING
        )
        SELECT id AS "id!", version AS "version!" FROM raised"#,
        tx.tenant().0,
        &ids,
        &columns.labels,
        &columns.urls as &[Option<String>],
        &columns.modified as &[Option<DateTime<Utc>>],
        &columns.hashes,
        &columns.keys as &[Option<String>],
        &columns.descriptions,
        &columns.payloads,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.version)).collect())
}

/// Makes records of a prerequisite's sync that no listing has found yet: they are read when they are processed.
pub async fn ensure(tx: &mut TenantTx, sync: &SyncRow, source_ids: &[String], now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<Uuid> = source_ids.iter().map(|_| RecordId::new(now).0).collect();
    sqlx::query!(
        "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, description, status, last_operation,
            next_attempt_at, created_at, updated_at)
        SELECT $1, id, $2, $3, source_id, source_id, 'prepared', 'found', $6, $6, $6
        FROM unnest($4::uuid[], $5::text[]) AS wanted (id, source_id)
        ON CONFLICT ON CONSTRAINT records_source_key DO NOTHING",
        tx.tenant().0,
        sync.id.0,
        sync.entity.as_str(),
        &ids,
        source_ids,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A prerequisite as an order sees it.
#[derive(Debug, Clone)]
pub struct Linked {
    pub id: Uuid,
    pub source_id: String,
    pub destination_id: Option<String>,
    pub match_key: Option<String>,
    pub status: RecordStatus,
    pub description: String,
    pub last_error: Option<String>,
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// The records of a sync with these source ids.
pub async fn linked(tx: &mut TenantTx, sync: SyncId, source_ids: &[String]) -> Result<Vec<Linked>> {
    let rows = sqlx::query!(
        r#"SELECT id, source_id AS "source_id!", destination_id, match_key, status, description, last_error,
            next_attempt_at
        FROM records
        WHERE tenant_id = $1 AND sync_id = $2 AND source_id = ANY($3)"#,
        tx.tenant().0,
        sync.0,
        source_ids
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Linked {
                id: row.id,
                source_id: row.source_id,
                destination_id: row.destination_id,
                match_key: row.match_key,
                status: row.status.parse()?,
                description: row.description,
                last_error: row.last_error,
                next_attempt_at: row.next_attempt_at,
            })
        })
        .collect()
}

/// Who is linked to records of the destination: `(destination id, description of the linked record)`.
pub async fn holders(tx: &mut TenantTx, sync: SyncId, destination_ids: &[String]) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"SELECT destination_id AS "destination_id!", description
        FROM records
        WHERE tenant_id = $1 AND sync_id = $2 AND destination_id = ANY($3)"#,
        tx.tenant().0,
        sync.0,
        destination_ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.destination_id, row.description)).collect())
}

/// A stored hash.
#[must_use]
pub fn hash(bytes: Option<Vec<u8>>) -> Option<ContentHash> {
    bytes.and_then(|bytes| ContentHash::from_slice(&bytes))
}
