//! Records: what reads at processing time add to them, and how they are looked up. What prepare writes is in
//! [`super::accept`].

use chrono::{DateTime, Utc};
use connectors::Found;
use domain::canonical::ContentHash;
use domain::{RecordId, RecordStatus, SyncId};
use serde_json::Value;
use uuid::Uuid;

use super::reads::LAG;
use super::syncs::SyncRow;
use crate::db::TenantTx;
use crate::error::Result;

/// Records as a system holds them, column by column, for one statement that writes them all.
#[derive(Default)]
pub(super) struct Columns {
    pub ids: Vec<Uuid>,
    pub external_ids: Vec<String>,
    pub labels: Vec<String>,
    pub urls: Vec<Option<String>>,
    pub modified: Vec<Option<DateTime<Utc>>>,
    pub hashes: Vec<Vec<u8>>,
    pub keys: Vec<Option<String>>,
    pub descriptions: Vec<String>,
    pub payloads: Vec<Value>,
}

impl Columns {
    pub fn of(found: &[Found], now: DateTime<Utc>) -> Result<Self> {
        let mut columns = Self::default();
        for found in found {
            columns.ids.push(RecordId::new(now).0);
            columns.external_ids.push(found.id.clone());
            columns.labels.push(found.label.clone());
            columns.urls.push(found.url.clone());
            columns.modified.push(found.modified_at);
            let payload = serde_json::to_value(&found.record)?;
            columns.hashes.push(ContentHash::of_value(&payload).as_bytes().to_vec());
            columns.keys.push(found.record.key().map(str::to_owned));
            columns.descriptions.push(found.record.description());
            columns.payloads.push(payload);
        }
        Ok(columns)
    }
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
                    OR incoming.modified_at >= records.source_modified_at OR records.source_modified_at <= $11)
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
        now,
        now - LAG
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
