//! Links between the two sides: which record of one is which of the other.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::history::SideView;
use domain::{ConnectionId, Entity, RecordId, Side, SyncId};

use crate::db::TenantTx;
use crate::error::Result;

/// What records of one connection are called at another, by any sync between the two, whichever is its source.
pub async fn partners(
    tx: &mut TenantTx,
    from: ConnectionId,
    to: ConnectionId,
    entity: Entity,
    ids: &[String],
) -> Result<HashMap<String, String>> {
    let rows = sqlx::query!(
        r#"SELECT records.source_id AS "here!", records.destination_id AS "there!"
        FROM records
        JOIN syncs ON syncs.tenant_id = $1 AND syncs.id = records.sync_id AND syncs.entity = $4
            AND syncs.source_connection_id = $2 AND syncs.destination_connection_id = $3
        WHERE records.tenant_id = $1 AND records.source_id = ANY($5) AND records.destination_id IS NOT NULL
        UNION ALL
        SELECT records.destination_id, records.source_id
        FROM records
        JOIN syncs ON syncs.tenant_id = $1 AND syncs.id = records.sync_id AND syncs.entity = $4
            AND syncs.source_connection_id = $3 AND syncs.destination_connection_id = $2
        WHERE records.tenant_id = $1 AND records.destination_id = ANY($5) AND records.source_id IS NOT NULL"#,
        tx.tenant().0,
        from.0,
        to.0,
        entity.as_str(),
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.here, row.there)).collect())
}

/// A record of the sync that is known by an id of one side.
#[derive(Debug, Clone)]
pub struct Holder {
    pub record: RecordId,
    pub external_id: String,
    pub description: String,
    /// It is known by that side alone, and nothing is under way for it: it can become part of another record.
    pub is_free: bool,
}

/// The records of a sync that are known by these ids of a side.
pub async fn holders(tx: &mut TenantTx, sync: SyncId, side: Side, ids: &[String]) -> Result<Vec<Holder>> {
    let rows = sqlx::query!(
        r#"SELECT id, CASE WHEN $3 = 'source' THEN source_id ELSE destination_id END AS "external_id!", description,
            (source_id IS NULL OR destination_id IS NULL) AND intent_key IS NULL AND NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ) AS "is_free!"
        FROM records
        WHERE tenant_id = $1 AND sync_id = $2
            AND (($3 = 'source' AND source_id = ANY($4)) OR ($3 = 'destination' AND destination_id = ANY($4)))
        ORDER BY id
        FOR UPDATE"#,
        tx.tenant().0,
        sync.0,
        side.as_str(),
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let holder = rows.into_iter().map(|row| Holder {
        record: RecordId(row.id),
        external_id: row.external_id,
        description: row.description,
        is_free: row.is_free,
    });
    Ok(holder.collect())
}

/// Two records are one: the one that is known by one side alone goes.
pub async fn absorb(tx: &mut TenantTx, alone: RecordId) -> Result<()> {
    sqlx::query!("DELETE FROM records WHERE tenant_id = $1 AND id = $2", tx.tenant().0, alone.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Writes the link. What both sides agreed on was about another pair, and is not known of this one.
pub async fn link(tx: &mut TenantTx, id: RecordId, side: Side, to: &SideView, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE records SET
            source_id = CASE WHEN $3 = 'source' THEN $4 ELSE source_id END,
            source_label = CASE WHEN $3 = 'source' THEN $5 ELSE source_label END,
            source_url = CASE WHEN $3 = 'source' THEN $6 ELSE source_url END,
            source_modified_at = CASE WHEN $3 = 'source' THEN $7 ELSE source_modified_at END,
            source_hash = CASE WHEN $3 = 'source' THEN NULL ELSE source_hash END,
            destination_id = CASE WHEN $3 = 'destination' THEN $4 ELSE destination_id END,
            destination_label = CASE WHEN $3 = 'destination' THEN $5 ELSE destination_label END,
            destination_url = CASE WHEN $3 = 'destination' THEN $6 ELSE destination_url END,
            destination_modified_at = CASE WHEN $3 = 'destination' THEN $7 ELSE destination_modified_at END,
            destination_hash = CASE WHEN $3 = 'destination' THEN NULL ELSE destination_hash END,
            synced_version = 0, synced_source_hash = NULL, synced_destination_hash = NULL,
            tombstone = tombstone AND tombstone_side IS DISTINCT FROM $3,
            tombstone_at = CASE WHEN tombstone_side = $3 THEN NULL ELSE tombstone_at END,
            tombstone_side = NULLIF(tombstone_side, $3), updated_at = $8
        WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        id.0,
        side.as_str(),
        to.id,
        to.label,
        to.url,
        to.modified_at,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
