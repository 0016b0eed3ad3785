//! One record, for what a person sees of it and does to it alone.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Entity, LastOperation, RecordId, RecordStatus, Side, SyncId};

use crate::db::TenantTx;
use crate::error::{Error, Result};

/// A record, under lock if something is done to it.
#[derive(Debug, Clone)]
pub struct Held {
    pub id: RecordId,
    pub sync: SyncId,
    pub entity: Entity,
    pub source_id: Option<String>,
    pub destination_id: Option<String>,
    pub description: String,
    pub status: RecordStatus,
    pub version: i64,
    /// Gone there, as far as is known.
    pub gone: Option<Side>,
    pub replay_version: Option<i64>,
    /// A worker is at it.
    pub in_work: bool,
    /// A write was sent whose fate is not known.
    pub is_unsettled: bool,
}

/// Locks a record until the transaction ends.
pub async fn hold(tx: &mut TenantTx, id: RecordId) -> Result<Held> {
    sqlx::query!("SELECT id FROM records WHERE tenant_id = $1 AND id = $2 FOR UPDATE", tx.tenant().0, id.0)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound)?;
    look(tx, id).await
}

/// The record as it is, without waiting for whoever has it under lock: for what is only shown.
pub async fn look(tx: &mut TenantTx, id: RecordId) -> Result<Held> {
    let row = sqlx::query!(
        r#"SELECT sync_id, entity, source_id, destination_id, description, status, version, replay_version,
            CASE WHEN tombstone THEN COALESCE(tombstone_side, 'source') END AS gone,
            intent_key IS NOT NULL AS "is_unsettled!", EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ) AS "in_work!"
        FROM records
        WHERE tenant_id = $1 AND id = $2"#,
        tx.tenant().0,
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::NotFound)?;
    Ok(Held {
        id,
        sync: SyncId(row.sync_id),
        entity: row.entity.parse()?,
        source_id: row.source_id,
        destination_id: row.destination_id,
        description: row.description,
        status: row.status.parse()?,
        version: row.version,
        gone: row.gone.map(|side| side.parse()).transpose()?,
        replay_version: row.replay_version,
        in_work: row.in_work,
        is_unsettled: row.is_unsettled,
    })
}

/// Makes a record due at once because of what a person did, and says its version from here on. One in work keeps its
/// claim: the raised version makes it Prepared again when the work ends.
pub async fn prepare(
    tx: &mut TenantTx,
    id: RecordId,
    operation: LastOperation,
    replay_version: Option<i64>,
    now: DateTime<Utc>,
) -> Result<i64> {
    let version = sqlx::query_scalar!(
        "UPDATE records SET
            status = 'prepared', last_operation = $3, priority = 20, attempts = 0, next_attempt_at = $4,
            version = version + CASE WHEN claimed_run IS NULL THEN 0 ELSE 1 END,
            replay_version = $6,
            last_error = NULL, error_code = NULL, error_field = NULL, updated_at = $5
        WHERE tenant_id = $1 AND id = $2
        RETURNING version",
        tx.tenant().0,
        id.0,
        operation.as_str(),
        // Due a moment ago: the run that follows in the same transaction must find it.
        now - TimeDelta::milliseconds(1),
        now,
        replay_version
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(version)
}
