//! Which record waits for which.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::Result;

/// Replaces what these records wait for: `(record, waits for)`; records without a pair wait for nothing any more. A record
/// that somebody has deleted meanwhile neither waits nor is waited for.
pub async fn replace(tx: &mut TenantTx, records: &[Uuid], waits: &[(Uuid, Uuid)]) -> Result<()> {
    sqlx::query!("DELETE FROM record_waits WHERE tenant_id = $1 AND record_id = ANY($2)", tx.tenant().0, records)
        .execute(&mut **tx)
        .await?;
    if waits.is_empty() {
        return Ok(());
    }
    let (waiting, awaited): (Vec<Uuid>, Vec<Uuid>) = waits.iter().copied().unzip();
    sqlx::query!(
        "INSERT INTO record_waits (tenant_id, record_id, waits_for)
        SELECT $1, waiting.id, awaited.id
        FROM (SELECT DISTINCT * FROM unnest($2::uuid[], $3::uuid[])) AS w (record_id, waits_for)
        JOIN records AS waiting ON waiting.tenant_id = $1 AND waiting.id = w.record_id
        JOIN records AS awaited ON awaited.tenant_id = $1 AND awaited.id = w.waits_for
        FOR KEY SHARE OF waiting, awaited
        ON CONFLICT DO NOTHING",
        tx.tenant().0,
        &waiting,
        &awaited
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Makes the records due that waited for one of these, now that they are mended.
pub async fn resume(tx: &mut TenantTx, mended: &[Uuid], now: DateTime<Utc>) -> Result<u64> {
    if mended.is_empty() {
        return Ok(0);
    }
    let resumed = sqlx::query!(
        "WITH over AS (
            DELETE FROM record_waits WHERE tenant_id = $1 AND waits_for = ANY($2) RETURNING record_id
        )
        UPDATE records SET next_attempt_at = $3
        FROM (SELECT DISTINCT record_id FROM over) AS waiting
        WHERE records.tenant_id = $1 AND records.id = waiting.record_id AND records.status IN ('prepared', 'failed')",
        tx.tenant().0,
        mended,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(resumed.rows_affected())
}
