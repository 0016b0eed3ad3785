//! Records that a filter excluded, looked at again when it was changed; and the newest payloads, to try a filter on.

use chrono::{DateTime, Utc};
use domain::canonical::Canonical;
use domain::{RecordStatus, SyncId};
use serde_json::Value;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::Result;

/// Notes that the filter was changed.
pub async fn ask(tx: &mut TenantTx, sync: SyncId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("UPDATE syncs SET refilter_at = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant().0, sync.0, now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// When the filter was changed, if what it excluded has not been looked at since.
pub async fn asked_at(tx: &mut TenantTx, sync: SyncId) -> Result<Option<DateTime<Utc>>> {
    let at =
        sqlx::query_scalar!("SELECT refilter_at FROM syncs WHERE tenant_id = $1 AND id = $2", tx.tenant().0, sync.0)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(at.flatten())
}

/// Everything has been looked at that was excluded until then.
pub async fn done(tx: &mut TenantTx, sync: SyncId, asked_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE syncs SET refilter_at = NULL WHERE tenant_id = $1 AND id = $2 AND refilter_at = $3",
        tx.tenant().0,
        sync.0,
        asked_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An excluded record with the newest of its payloads.
#[derive(Debug, Clone)]
pub struct Excluded {
    pub id: Uuid,
    pub updated_at: DateTime<Utc>,
    pub record: Option<Canonical>,
}

/// The next records that the filter had excluded, the newest first, behind a position.
pub async fn excluded(
    tx: &mut TenantTx,
    sync: SyncId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Excluded>> {
    let rows = sqlx::query!(
        r#"SELECT records.id, records.updated_at, newest.payload AS "payload?"
        FROM records
        LEFT JOIN LATERAL (
            SELECT payload FROM record_versions
            WHERE record_versions.tenant_id = $1 AND record_versions.record_id = records.id
                AND (record_versions.side = 'source' OR records.source_id IS NULL)
            ORDER BY version DESC
            LIMIT 1
        ) AS newest ON true
        WHERE records.tenant_id = $1 AND records.sync_id = $2 AND records.status = 'filtered'
            AND (records.updated_at, records.id) < ($3, $4)
        ORDER BY records.updated_at DESC, records.id DESC
        LIMIT $5"#,
        tx.tenant().0,
        sync.0,
        before.0,
        before.1,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Excluded { id: row.id, updated_at: row.updated_at, record: read(row.payload)? }))
        .collect()
}

/// Makes excluded records due.
pub async fn include(tx: &mut TenantTx, ids: &[Uuid], now: DateTime<Utc>) -> Result<u64> {
    let updated = sqlx::query!(
        "UPDATE records SET
            status = 'prepared', last_operation = 'settings_changed', attempts = 0, next_attempt_at = $3, updated_at = $3
        WHERE tenant_id = $1 AND id = ANY($2) AND status = 'filtered'",
        tx.tenant().0,
        ids,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected())
}

/// The newest payloads of the records that changed last.
pub async fn newest(tx: &mut TenantTx, sync: SyncId, limit: i64) -> Result<Vec<Canonical>> {
    let statuses: Vec<String> = RecordStatus::ALL.iter().map(|status| status.as_str().to_owned()).collect();
    let rows = sqlx::query_scalar!(
        r#"SELECT newest.payload AS "payload!"
        FROM (
            -- Each status has its own place in the index.
            SELECT of_status.*
            FROM unnest($4::text[]) AS statuses (status)
            CROSS JOIN LATERAL (
                SELECT id, source_id, updated_at FROM records
                WHERE tenant_id = $1 AND sync_id = $2 AND status = statuses.status
                ORDER BY updated_at DESC, id DESC
                LIMIT $3
            ) AS of_status
            ORDER BY updated_at DESC
            LIMIT $3
        ) AS recent
        JOIN LATERAL (
            SELECT payload FROM record_versions
            WHERE record_versions.tenant_id = $1 AND record_versions.record_id = recent.id
                AND (record_versions.side = 'source' OR recent.source_id IS NULL)
            ORDER BY version DESC
            LIMIT 1
        ) AS newest ON true"#,
        tx.tenant().0,
        sync.0,
        limit,
        &statuses
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|payload| Ok(serde_json::from_value(payload)?)).collect()
}

fn read(payload: Option<Value>) -> Result<Option<Canonical>> {
    Ok(payload.map(serde_json::from_value).transpose()?)
}
