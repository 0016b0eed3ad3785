//! Records that a system returned but that cannot be read.

use chrono::{DateTime, Utc};
use domain::{RecordId, Side};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::Result;
use crate::store::syncs::SyncRow;

/// Writes them down as Invalid, with the reason `(id, label, why)`. Says which are new or have another reason now. What
/// somebody skipped stays so.
pub async fn accept_unreadable(
    tx: &mut TenantTx,
    sync: &SyncRow,
    side: Side,
    unreadable: &[(String, String, String)],
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    // In the order of their ids, as pages are written, so that two runs never wait for each other.
    let mut rows: Vec<&(String, String, String)> = unreadable.iter().collect();
    rows.sort_unstable();
    rows.dedup_by(|a, b| a.0 == b.0);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|_| RecordId::new(now).0).collect();
    let column = |pick: fn(&(String, String, String)) -> &String| rows.iter().map(|row| pick(row).clone()).collect();
    let (external_ids, labels, reasons): (Vec<String>, Vec<String>, Vec<String>) =
        (column(|row| &row.0), column(|row| &row.1), column(|row| &row.2));
    let changed = match side {
        Side::Source => sqlx::query_scalar!(
            "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, source_label, description, status,
                last_operation, last_error, created_at, updated_at)
            SELECT $1, id, $2, $3, external_id, label, label, 'invalid', 'failed_to_read', why, $8, $8
            FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[]) AS page (id, external_id, label, why)
            ON CONFLICT ON CONSTRAINT records_source_key DO UPDATE SET
                status = CASE WHEN records.status = 'skipped' THEN 'skipped' ELSE 'invalid' END,
                last_operation = 'failed_to_read', last_error = EXCLUDED.last_error,
                source_hash = NULL, version = records.version + 1, updated_at = EXCLUDED.updated_at
            WHERE records.last_error IS DISTINCT FROM EXCLUDED.last_error
            RETURNING id",
            tx.tenant().0,
            sync.id.0,
            sync.entity.as_str(),
            &ids,
            &external_ids,
            &labels,
            &reasons,
            now
        )
        .fetch_all(&mut **tx)
        .await?,
        Side::Destination => sqlx::query_scalar!(
            "INSERT INTO records (tenant_id, id, sync_id, entity, destination_id, destination_label, description, status,
                last_operation, last_error, created_at, updated_at)
            SELECT $1, id, $2, $3, external_id, label, label, 'invalid', 'failed_to_read', why, $8, $8
            FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[]) AS page (id, external_id, label, why)
            ON CONFLICT ON CONSTRAINT records_destination_key DO UPDATE SET
                status = CASE WHEN records.status = 'skipped' THEN 'skipped' ELSE 'invalid' END,
                last_operation = 'failed_to_read', last_error = EXCLUDED.last_error,
                destination_hash = NULL, version = records.version + 1, updated_at = EXCLUDED.updated_at
            WHERE records.last_error IS DISTINCT FROM EXCLUDED.last_error
            RETURNING id",
            tx.tenant().0,
            sync.id.0,
            sync.entity.as_str(),
            &ids,
            &external_ids,
            &labels,
            &reasons,
            now
        )
        .fetch_all(&mut **tx)
        .await?,
    };
    Ok(changed)
}
