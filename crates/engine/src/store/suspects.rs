//! Records over which a worker died: each is claimed with nothing beside it, so that the one that kills its worker is found
//! out and takes no other with it.

use chrono::{DateTime, Utc};
use domain::SyncId;
use uuid::Uuid;

use super::records_due::{Claim, Claimed, mark};
use super::runs::Taken;
use crate::db::TenantTx;
use crate::error::Result;

/// Claims one of them for a run that has nothing else in work: one of the sync's own, else one that a record of the sync
/// waits for, which is another sync's. Those that saw the fewest deaths come first: a server that is killed again and again
/// kills a different one each time.
pub async fn claim(
    tx: &mut TenantTx,
    run: &Taken,
    sync: SyncId,
    now: DateTime<Utc>,
) -> Result<Option<(SyncId, Claimed)>> {
    let found = match own(tx, sync, now).await? {
        Some(id) => Some((sync, id)),
        None => awaited(tx, sync, now).await?,
    };
    let Some((sync, id)) = found else { return Ok(None) };
    let claimed = mark(tx, run, &[id], Claim::Alone, now).await?.pop();
    Ok(claimed.map(|claimed| (sync, claimed)))
}

async fn own(tx: &mut TenantTx, sync: SyncId, now: DateTime<Utc>) -> Result<Option<Uuid>> {
    let id = sqlx::query_scalar!(
        "SELECT records.id
        FROM records
        WHERE records.tenant_id = $1 AND records.sync_id = $2 AND records.status IN ('prepared', 'failed')
            AND records.next_attempt_at <= $3
            AND (records.suspect OR (records.claimed_run IS NOT NULL AND NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.state = 'cancelled'
            )))
            AND (records.claimed_run IS NULL OR NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ))
        ORDER BY records.crashes, records.priority DESC, records.next_attempt_at
        LIMIT 1
        FOR UPDATE OF records SKIP LOCKED",
        tx.tenant().0,
        sync.0,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(id)
}

/// Nobody else may come for it: its own sync may have no schedule.
async fn awaited(tx: &mut TenantTx, sync: SyncId, now: DateTime<Utc>) -> Result<Option<(SyncId, Uuid)>> {
    let row = sqlx::query!(
        "SELECT records.sync_id, records.id
        FROM records
        WHERE records.tenant_id = $1 AND records.status IN ('prepared', 'failed') AND records.next_attempt_at <= $3
            AND records.id IN (
                SELECT record_waits.waits_for
                FROM record_waits
                JOIN records AS waiting ON waiting.tenant_id = $1 AND waiting.id = record_waits.record_id
                WHERE record_waits.tenant_id = $1 AND waiting.sync_id = $2
            )
            AND (records.suspect OR (records.claimed_run IS NOT NULL AND NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.state = 'cancelled'
            )))
            AND (records.claimed_run IS NULL OR NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ))
        ORDER BY records.crashes, records.priority DESC, records.next_attempt_at
        LIMIT 1
        FOR UPDATE OF records SKIP LOCKED",
        tx.tenant().0,
        sync.0,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (SyncId(row.sync_id), row.id)))
}
