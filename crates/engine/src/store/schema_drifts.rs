//! Changes of the systems' fields, as screens show them.

use domain::sync::{DriftView, FieldDrift};
use domain::{ConnectionId, DriftId, SyncId};

use crate::db::TenantTx;
use crate::error::Result;

/// Those that nobody has acknowledged yet, the newest first; of one sync, or of all.
pub async fn open(tx: &mut TenantTx, only: Option<SyncId>) -> Result<Vec<(SyncId, DriftView)>> {
    let rows = sqlx::query!(
        "SELECT drifts.id, drifts.sync_id, drifts.connection_id, connections.name, drifts.changes, drifts.stopped,
            drifts.found_at
        FROM schema_drifts AS drifts
        JOIN connections ON connections.tenant_id = drifts.tenant_id AND connections.id = drifts.connection_id
        WHERE drifts.tenant_id = $1 AND ($2::uuid IS NULL OR drifts.sync_id = $2) AND drifts.acknowledged_at IS NULL
        ORDER BY drifts.id DESC
        LIMIT 50",
        tx.tenant().0,
        only.map(|id| id.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let changes: Vec<FieldDrift> = serde_json::from_value(row.changes)?;
            let drift = DriftView {
                id: DriftId(row.id),
                connection: ConnectionId(row.connection_id),
                connection_name: row.name,
                changes,
                stopped: row.stopped,
                found_at: row.found_at,
            };
            Ok((SyncId(row.sync_id), drift))
        })
        .collect()
}
