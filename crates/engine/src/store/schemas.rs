//! The fields that a connection's entities have, and what changed about them.

use chrono::{DateTime, Utc};
use connectors::SchemaField;
use domain::sync::{DriftPolicy, FieldDrift};
use domain::{ConnectionId, DriftId, Entity, SyncId, Vendor};

use crate::db::TenantTx;
use crate::error::Result;

/// The fields as they were told last, and when.
pub async fn get(
    tx: &mut TenantTx,
    connection: ConnectionId,
    entity: Entity,
) -> Result<Option<(Vec<SchemaField>, DateTime<Utc>)>> {
    let row = sqlx::query!(
        "SELECT fields, checked_at FROM schemas WHERE tenant_id = $1 AND connection_id = $2 AND entity = $3",
        tx.tenant().0,
        connection.0,
        entity.as_str()
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| Ok((serde_json::from_value(row.fields)?, row.checked_at))).transpose()
}

/// The same, so that nobody else compares with it before this transaction has put another one in its place.
pub async fn lock(tx: &mut TenantTx, connection: ConnectionId, entity: Entity) -> Result<Option<Vec<SchemaField>>> {
    let fields = sqlx::query_scalar!(
        "SELECT fields FROM schemas WHERE tenant_id = $1 AND connection_id = $2 AND entity = $3 FOR UPDATE",
        tx.tenant().0,
        connection.0,
        entity.as_str()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(fields.map(serde_json::from_value).transpose()?)
}

/// Keeps the fields as they are now.
pub async fn put(
    tx: &mut TenantTx,
    connection: ConnectionId,
    entity: Entity,
    fields: &[SchemaField],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO schemas (tenant_id, connection_id, entity, fields, checked_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, connection_id, entity) DO UPDATE SET
            fields = EXCLUDED.fields, checked_at = EXCLUDED.checked_at",
        tx.tenant().0,
        connection.0,
        entity.as_str(),
        serde_json::to_value(fields)?,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A sync that reads or writes an entity of a connection.
#[derive(Debug, Clone)]
pub struct User {
    pub sync: SyncId,
    pub policy: DriftPolicy,
    pub source_vendor: Vendor,
    pub destination_vendor: Vendor,
    /// The connection is its source.
    pub is_source: bool,
}

/// The syncs that a connection's fields of an entity concern.
pub async fn users(tx: &mut TenantTx, connection: ConnectionId, entity: Entity) -> Result<Vec<User>> {
    let rows = sqlx::query!(
        r#"SELECT syncs.id, syncs.drift_policy, source.vendor AS source_vendor, destination.vendor AS destination_vendor,
            syncs.source_connection_id = $2 AS "is_source!"
        FROM syncs
        JOIN connections AS source ON source.tenant_id = $1 AND source.id = syncs.source_connection_id
        JOIN connections AS destination ON destination.tenant_id = $1 AND destination.id = syncs.destination_connection_id
        WHERE syncs.tenant_id = $1 AND syncs.entity = $3
            AND (syncs.source_connection_id = $2 OR syncs.destination_connection_id = $2)
        ORDER BY syncs.id
        LIMIT 500"#,
        tx.tenant().0,
        connection.0,
        entity.as_str()
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(User {
                sync: SyncId(row.id),
                policy: row.drift_policy.parse()?,
                source_vendor: row.source_vendor.parse()?,
                destination_vendor: row.destination_vendor.parse()?,
                is_source: row.is_source,
            })
        })
        .collect()
}

/// Writes down what changed, for one sync.
pub async fn insert_drift(
    tx: &mut TenantTx,
    sync: SyncId,
    connection: ConnectionId,
    changes: &[FieldDrift],
    stopped: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO schema_drifts (tenant_id, id, sync_id, connection_id, changes, stopped, found_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tx.tenant().0,
        DriftId::new(now).0,
        sync.0,
        connection.0,
        serde_json::to_value(changes)?,
        stopped,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Somebody has seen it; `false` when it is none of the sync's, or was acknowledged before.
pub async fn acknowledge(
    tx: &mut TenantTx,
    sync: SyncId,
    drift: DriftId,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE schema_drifts SET acknowledged_at = $4, acknowledged_by = $5
        WHERE tenant_id = $1 AND sync_id = $2 AND id = $3 AND acknowledged_at IS NULL",
        tx.tenant().0,
        sync.0,
        drift.0,
        now,
        by
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Whether a change that nobody has acknowledged stops the sync.
pub async fn is_stopped(tx: &mut TenantTx, sync: SyncId) -> Result<bool> {
    let stopped = sqlx::query_scalar!(
        r#"SELECT EXISTS (
            SELECT FROM schema_drifts
            WHERE tenant_id = $1 AND sync_id = $2 AND stopped AND acknowledged_at IS NULL
        ) AS "stopped!""#,
        tx.tenant().0,
        sync.0
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(stopped)
}
