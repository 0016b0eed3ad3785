//! Who may look up and insert a key at a connection. Two syncs into one system must not both find nothing and insert.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::{ConnectionId, Entity};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::Result;

/// Takes the keys that are free for these records, and says which those are. A key may stand here once only.
///
/// A lock is void when its record is neither validly claimed nor about to be written; it goes when the record is settled.
pub async fn take(
    tx: &mut TenantTx,
    connection: ConnectionId,
    entity: Entity,
    wanted: &[(String, Uuid)],
    now: DateTime<Utc>,
) -> Result<HashSet<String>> {
    // In one order for everybody, so that two chunks never wait for each other in a circle.
    let mut wanted: Vec<&(String, Uuid)> = wanted.iter().collect();
    wanted.sort_unstable();
    let (keys, records): (Vec<String>, Vec<Uuid>) = wanted.into_iter().cloned().unzip();
    let taken = sqlx::query_scalar!(
        "INSERT INTO key_locks AS held (tenant_id, connection_id, entity, key, record_id, taken_at)
        SELECT $1, $2, $3, key, record_id, $6
        FROM unnest($4::text[], $5::uuid[]) AS wanted (key, record_id)
        ON CONFLICT (tenant_id, connection_id, entity, key) DO UPDATE SET
            record_id = EXCLUDED.record_id, taken_at = EXCLUDED.taken_at
        WHERE held.record_id = EXCLUDED.record_id OR NOT EXISTS (
            SELECT FROM records
            WHERE records.tenant_id = $1 AND records.id = held.record_id
                AND (records.intent_key IS NOT NULL OR EXISTS (
                    SELECT FROM runs
                    WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                        AND runs.state = 'running'
                ))
        )
        RETURNING key",
        tx.tenant().0,
        connection.0,
        entity.as_str(),
        &keys,
        &records,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(taken.into_iter().collect())
}
