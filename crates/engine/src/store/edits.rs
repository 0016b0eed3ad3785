//! What a person changed by hand, as processing takes it: each edit is written once.
//!
//! Contract with the screens that make the rows: kind `payload` is the record to be written to the destination in place
//! of the mapped one; kind `conflict` is the record that both sides shall hold; both in the destination's terms. A
//! `conflict` without a payload says what shall happen to the side that is left of a record that is gone on the other. Kind
//! `link` is only a note.

use chrono::{DateTime, Utc};
use domain::Side;
use domain::canonical::Canonical;
use domain::history::Removal;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::Result;

/// An edit that waits to be written.
#[derive(Debug, Clone)]
pub struct Edit {
    pub id: Uuid,
    pub record: Uuid,
    /// The record's version for which it was made.
    pub version: i64,
    /// It settles a conflict; otherwise it replaces the outgoing payload.
    pub settles_conflict: bool,
    pub payload: Option<Canonical>,
    pub removal: Option<Removal>,
}

/// The newest unused edit of each of these records.
pub async fn unused(tx: &mut TenantTx, records: &[Uuid]) -> Result<Vec<Edit>> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (record_id) id, record_id, version, kind, payload, removal
        FROM record_edits
        WHERE tenant_id = $1 AND record_id = ANY($2) AND used_at IS NULL AND kind IN ('payload', 'conflict')
        ORDER BY record_id, id DESC",
        tx.tenant().0,
        records
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Edit {
                id: row.id,
                record: row.record_id,
                version: row.version,
                settles_conflict: row.kind == "conflict",
                payload: row.payload.map(serde_json::from_value).transpose()?,
                removal: row.removal.map(|removal| removal.parse()).transpose()?,
            })
        })
        .collect()
}

/// Marks edits as written, and with them the older ones of the same records, which they replaced.
pub async fn use_up(tx: &mut TenantTx, edits: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    if edits.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE record_edits SET used_at = $3
        FROM record_edits AS written
        WHERE written.tenant_id = $1 AND written.id = ANY($2) AND record_edits.tenant_id = $1
            AND record_edits.record_id = written.record_id AND record_edits.id <= written.id
            AND record_edits.used_at IS NULL AND record_edits.kind IN ('payload', 'conflict')",
        tx.tenant().0,
        edits,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The earlier versions that somebody wants processed: `(record, side it was read on, what it was)`.
pub async fn replays(tx: &mut TenantTx, records: &[Uuid]) -> Result<Vec<(Uuid, Side, Canonical)>> {
    let rows = sqlx::query!(
        "SELECT records.id, record_versions.side, record_versions.payload
        FROM records
        JOIN record_versions ON record_versions.tenant_id = $1 AND record_versions.record_id = records.id
            AND record_versions.version = records.replay_version
        WHERE records.tenant_id = $1 AND records.id = ANY($2)",
        tx.tenant().0,
        records
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|row| Ok((row.id, row.side.parse()?, serde_json::from_value(row.payload)?))).collect()
}
