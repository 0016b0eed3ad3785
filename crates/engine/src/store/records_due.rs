//! Claiming records that are due, and marking what is about to be written.

use chrono::{DateTime, Utc};
use domain::SyncId;
use domain::canonical::ContentHash;
use uuid::Uuid;

use super::records::hash;
use super::runs::Taken;
use crate::db::TenantTx;
use crate::error::Result;
use crate::testing::{self, Safeguard};

/// A record that this slice has claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: Uuid,
    pub source_id: String,
    pub destination_id: Option<String>,
    pub description: String,
    pub version: i64,
    pub source_modified_at: Option<DateTime<Utc>>,
    pub synced_source_hash: Option<ContentHash>,
    pub synced_destination_hash: Option<ContentHash>,
    pub forced: bool,
    /// This try included.
    pub attempts: i32,
    pub crashes: i32,
    pub intent: Option<Intent>,
}

/// What was about to be written when an earlier try ended without bookkeeping.
#[derive(Debug, Clone)]
pub struct Intent {
    pub key: String,
    pub hash: Option<ContentHash>,
    pub deadline_at: DateTime<Utc>,
}

/// Claims records that are due: a commit that claims a record also counts the attempt. Claims of a run's earlier epochs,
/// and of runs that are not running, are void.
pub async fn claim(
    tx: &mut TenantTx,
    run: &Taken,
    sync: SyncId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Claimed>> {
    let ids = sqlx::query_scalar!(
        "SELECT records.id
        FROM records
        WHERE records.tenant_id = $1 AND records.sync_id = $2 AND records.status IN ('prepared', 'failed')
            AND records.next_attempt_at <= $3 AND records.source_id IS NOT NULL
            AND (records.claimed_run IS NULL OR NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ))
        ORDER BY records.priority DESC, records.next_attempt_at
        LIMIT $4
        FOR UPDATE OF records SKIP LOCKED",
        tx.tenant().0,
        sync.0,
        now,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    mark(tx, run, &ids, now).await
}

/// Claims these records if they are due and free.
pub async fn claim_these(tx: &mut TenantTx, run: &Taken, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Claimed>> {
    let free = sqlx::query_scalar!(
        "SELECT records.id
        FROM records
        WHERE records.tenant_id = $1 AND records.id = ANY($2) AND records.status IN ('prepared', 'failed')
            AND records.next_attempt_at <= $3 AND records.source_id IS NOT NULL
            AND (records.claimed_run IS NULL OR NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ))
        FOR UPDATE OF records SKIP LOCKED",
        tx.tenant().0,
        ids,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    mark(tx, run, &free, now).await
}

async fn mark(tx: &mut TenantTx, run: &Taken, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Claimed>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // A claim that is still there belongs to an epoch that died at it, or whose run was cancelled.
    let rows = sqlx::query!(
        r#"UPDATE records SET
            crashes = crashes + CASE
                WHEN claimed_run IS NULL THEN 0
                WHEN EXISTS (
                    SELECT FROM runs WHERE runs.tenant_id = $1 AND runs.id = claimed_run AND runs.state = 'cancelled'
                ) THEN 0
                ELSE 1
            END,
            claimed_run = $3, claimed_epoch = $4, attempts = attempts + 1, last_attempt_at = $5
        WHERE tenant_id = $1 AND id = ANY($2)
        RETURNING id, source_id AS "source_id!", destination_id, description, version, source_modified_at,
            synced_source_hash, synced_destination_hash, forced, attempts, crashes, intent_key, intent_hash, intent_deadline_at"#,
        tx.tenant().0,
        ids,
        run.id.0,
        run.epoch,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        id: row.id,
        source_id: row.source_id,
        destination_id: row.destination_id,
        description: row.description,
        version: row.version,
        source_modified_at: row.source_modified_at,
        synced_source_hash: hash(row.synced_source_hash),
        synced_destination_hash: hash(row.synced_destination_hash),
        forced: row.forced,
        attempts: row.attempts,
        crashes: row.crashes,
        intent: row.intent_key.zip(row.intent_deadline_at).map(|(key, deadline_at)| Intent {
            key,
            hash: hash(row.intent_hash),
            deadline_at,
        }),
    });
    Ok(claimed.collect())
}

/// Writes down what is about to be sent, before it is sent, for a chunk of records in one statement.
pub async fn intend(
    tx: &mut TenantTx,
    intents: &[(Uuid, String, ContentHash, i64)],
    deadline_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    if testing::lacks(Safeguard::Intent) {
        return Ok(());
    }
    let ids: Vec<Uuid> = intents.iter().map(|intent| intent.0).collect();
    let keys: Vec<String> = intents.iter().map(|intent| intent.1.clone()).collect();
    let hashes: Vec<Vec<u8>> = intents.iter().map(|intent| intent.2.as_bytes().to_vec()).collect();
    let versions: Vec<i64> = intents.iter().map(|intent| intent.3).collect();
    sqlx::query!(
        "UPDATE records SET
            intent_key = intents.key, intent_hash = intents.hash, intent_version = intents.version, intent_at = $6,
            intent_deadline_at = $7
        FROM unnest($2::uuid[], $3::text[], $4::bytea[], $5::bigint[]) AS intents (id, key, hash, version)
        WHERE records.tenant_id = $1 AND records.id = intents.id",
        tx.tenant().0,
        &ids,
        &keys,
        &hashes,
        &versions,
        now,
        deadline_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many records of a sync a process run would find due.
pub async fn count(tx: &mut TenantTx, sync: SyncId, now: DateTime<Utc>) -> Result<i64> {
    let due = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!"
        FROM records
        WHERE tenant_id = $1 AND sync_id = $2 AND status IN ('prepared', 'failed') AND next_attempt_at <= $3"#,
        tx.tenant().0,
        sync.0,
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(due)
}

/// When the next of a sync's records falls due that was put back for a short while, if that is before `until`.
pub async fn next_soon(
    tx: &mut TenantTx,
    sync: SyncId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let next = sqlx::query_scalar!(
        "SELECT min(next_attempt_at) FROM records
        WHERE tenant_id = $1 AND sync_id = $2 AND status = 'prepared' AND next_attempt_at > $3 AND next_attempt_at <= $4",
        tx.tenant().0,
        sync.0,
        now,
        until
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(next)
}
