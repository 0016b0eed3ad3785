//! Claiming records that are due, and marking what is about to be written.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::canonical::ContentHash;
use domain::{Side, SyncId};
use uuid::Uuid;

use super::records::hash;
use super::runs::Taken;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::testing::{self, Safeguard};

/// A record that this slice has claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: Uuid,
    pub source: Known,
    pub destination: Known,
    pub description: String,
    pub version: i64,
    pub forced: bool,
    /// This try included.
    pub attempts: i32,
    /// The workers that died over it while it was claimed alone.
    pub crashes: i32,
    pub intent: Option<Intent>,
    /// On which side it is said to be gone, and since when.
    pub tombstone: Option<(Side, DateTime<Utc>)>,
    /// Somebody wants an earlier version processed.
    pub is_replay: bool,
    /// A person's edit waits to be written.
    pub is_edited: bool,
}

/// What is stored about one side of a record.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub id: Option<String>,
    pub label: Option<String>,
    pub modified_at: Option<DateTime<Utc>>,
    /// As it was last read.
    pub hash: Option<ContentHash>,
    /// As it was when both sides agreed.
    pub synced: Option<ContentHash>,
}

/// What was about to be written when an earlier try ended without bookkeeping.
#[derive(Debug, Clone)]
pub struct Intent {
    pub side: Side,
    pub key: String,
    pub hash: Option<ContentHash>,
    pub deadline_at: DateTime<Utc>,
}

impl Claimed {
    #[must_use]
    pub const fn side(&self, side: Side) -> &Known {
        match side {
            Side::Source => &self.source,
            Side::Destination => &self.destination,
        }
    }
}

struct Row {
    id: Uuid,
    source_id: Option<String>,
    source_label: Option<String>,
    source_modified_at: Option<DateTime<Utc>>,
    source_hash: Option<Vec<u8>>,
    synced_source_hash: Option<Vec<u8>>,
    destination_id: Option<String>,
    destination_label: Option<String>,
    destination_modified_at: Option<DateTime<Utc>>,
    destination_hash: Option<Vec<u8>>,
    synced_destination_hash: Option<Vec<u8>>,
    description: String,
    version: i64,
    forced: bool,
    attempts: i32,
    crashes: i32,
    intent_side: Option<String>,
    intent_key: Option<String>,
    intent_hash: Option<Vec<u8>>,
    intent_deadline_at: Option<DateTime<Utc>>,
    tombstone: bool,
    tombstone_side: Option<String>,
    tombstone_at: Option<DateTime<Utc>>,
    is_replay: bool,
    is_edited: bool,
}

impl TryFrom<Row> for Claimed {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        // Intents from before there were two-way syncs all went to the destination.
        let side = row.intent_side.map(|side| side.parse()).transpose()?.unwrap_or(Side::Destination);
        let gone = row.tombstone_side.map(|side| side.parse()).transpose()?.unwrap_or(Side::Source);
        let intent = row.intent_key.zip(row.intent_deadline_at);
        Ok(Self {
            id: row.id,
            source: Known {
                id: row.source_id,
                label: row.source_label,
                modified_at: row.source_modified_at,
                hash: hash(row.source_hash),
                synced: hash(row.synced_source_hash),
            },
            destination: Known {
                id: row.destination_id,
                label: row.destination_label,
                modified_at: row.destination_modified_at,
                hash: hash(row.destination_hash),
                synced: hash(row.synced_destination_hash),
            },
            description: row.description,
            version: row.version,
            forced: row.forced,
            attempts: row.attempts,
            crashes: row.crashes,
            intent: intent.map(|(key, deadline_at)| Intent { side, key, hash: hash(row.intent_hash), deadline_at }),
            tombstone: row.tombstone_at.filter(|_| row.tombstone).map(|at| (gone, at)),
            is_replay: row.is_replay,
            is_edited: row.is_edited,
        })
    }
}

/// What the death of its worker says about a claimed record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Its run deals with nothing else, from this claim to its end: a death counts against it.
    Alone,
    /// There are others that may have been the reason.
    AmongOthers,
}

/// Claims records that are due: a commit that claims a record also counts the attempt. Claims of a run's earlier epochs,
/// and of runs that are not running, are void.
///
/// Never those over which a worker died: see [`super::suspects::claim`].
pub async fn claim(
    tx: &mut TenantTx,
    run: &Taken,
    sync: SyncId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Claimed>> {
    let due = sqlx::query_scalar!(
        "SELECT records.id
        FROM records
        WHERE records.tenant_id = $1 AND records.sync_id = $2 AND records.status IN ('prepared', 'failed')
            AND records.next_attempt_at <= $3 AND NOT records.suspect
            AND (records.claimed_run IS NULL OR EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.state = 'cancelled'
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
    mark(tx, run, &due, Claim::AmongOthers, now).await
}

/// Claims those of these records that are due and free and that no worker has died over, beside others that are in work.
pub async fn claim_beside(
    tx: &mut TenantTx,
    run: &Taken,
    ids: &[Uuid],
    claim: Claim,
    now: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    let free = sqlx::query_scalar!(
        "SELECT records.id
        FROM records
        WHERE records.tenant_id = $1 AND records.id = ANY($2) AND records.status IN ('prepared', 'failed')
            AND records.next_attempt_at <= $3 AND NOT records.suspect
            AND (records.claimed_run IS NULL OR EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.state = 'cancelled'
            ))
        FOR UPDATE OF records SKIP LOCKED",
        tx.tenant().0,
        ids,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    let claim = if free.len() == 1 { claim } else { Claim::AmongOthers };
    mark(tx, run, &free, claim, now).await
}

/// Claims this record, over which a worker may have died, if it is due and free.
pub async fn claim_one(
    tx: &mut TenantTx,
    run: &Taken,
    id: Uuid,
    claim: Claim,
    now: DateTime<Utc>,
) -> Result<Option<Claimed>> {
    let free = sqlx::query_scalar!(
        "SELECT records.id
        FROM records
        WHERE records.tenant_id = $1 AND records.id = $2 AND records.status IN ('prepared', 'failed')
            AND records.next_attempt_at <= $3
            AND (records.claimed_run IS NULL OR NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ))
        FOR UPDATE OF records SKIP LOCKED",
        tx.tenant().0,
        id,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(mark(tx, run, &free, claim, now).await?.pop())
}

/// Whether this epoch of the run has the record in hand.
pub async fn is_claimed(tx: &mut TenantTx, run: &Taken, id: Uuid) -> Result<bool> {
    let claimed = sqlx::query_scalar!(
        r#"SELECT EXISTS (
            SELECT FROM records WHERE tenant_id = $1 AND id = $2 AND claimed_run = $3 AND claimed_epoch = $4
        ) AS "claimed!""#,
        tx.tenant().0,
        id,
        run.id.0,
        run.epoch
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(claimed)
}

pub(super) async fn mark(
    tx: &mut TenantTx,
    run: &Taken,
    ids: &[Uuid],
    claim: Claim,
    now: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // A claim that is still there belongs to an epoch that died at it, or whose run was cancelled: then the try that it
    // counted came to nothing. Only a death over a record alone counts against it.
    let rows = sqlx::query_as!(
        Row,
        r#"WITH cancelled AS (
            SELECT runs.id
            FROM records
            JOIN runs ON runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.state = 'cancelled'
            WHERE records.tenant_id = $1 AND records.id = ANY($2)
        )
        UPDATE records SET
            crashes = crashes + CASE
                WHEN claimed_run IS NULL OR claimed_run IN (SELECT id FROM cancelled) OR NOT claimed_alone THEN 0
                ELSE 1
            END,
            suspect = suspect OR (claimed_run IS NOT NULL AND claimed_run NOT IN (SELECT id FROM cancelled)),
            attempts = CASE
                WHEN claimed_run IN (SELECT id FROM cancelled) THEN GREATEST(attempts, 1)
                ELSE attempts + 1
            END,
            claimed_run = $3, claimed_epoch = $4, claimed_alone = $6, last_attempt_at = $5
        WHERE tenant_id = $1 AND id = ANY($2)
        RETURNING id, source_id, source_label, source_modified_at, source_hash, synced_source_hash, destination_id,
            destination_label, destination_modified_at, destination_hash, synced_destination_hash, description, version,
            forced, attempts, crashes, intent_side, intent_key, intent_hash, intent_deadline_at, tombstone,
            tombstone_side, tombstone_at, replay_version IS NOT NULL AS "is_replay!", EXISTS (
                SELECT FROM record_edits
                WHERE record_edits.tenant_id = $1 AND record_edits.record_id = records.id
                    AND record_edits.used_at IS NULL AND record_edits.kind <> 'link'
            ) AS "is_edited!""#,
        tx.tenant().0,
        ids,
        run.id.0,
        run.epoch,
        now,
        claim == Claim::Alone
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Claimed::try_from).collect()
}

/// The next records that are due, or else the newest ones, as claiming would find them; nothing is changed.
pub async fn peek(tx: &mut TenantTx, sync: SyncId, now: DateTime<Utc>, limit: i64) -> Result<Vec<Claimed>> {
    let due = sqlx::query_scalar!(
        "SELECT id FROM records
        WHERE tenant_id = $1 AND sync_id = $2 AND status IN ('prepared', 'failed') AND next_attempt_at <= $3
        ORDER BY priority DESC, next_attempt_at
        LIMIT $4",
        tx.tenant().0,
        sync.0,
        now,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids = if due.is_empty() { newest(tx, sync, limit).await? } else { due };
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, source_id, source_label, source_modified_at, source_hash, synced_source_hash, destination_id,
            destination_label, destination_modified_at, destination_hash, synced_destination_hash, description, version,
            forced, attempts, crashes, intent_side, intent_key, intent_hash, intent_deadline_at, tombstone,
            tombstone_side, tombstone_at, replay_version IS NOT NULL AS "is_replay!", EXISTS (
                SELECT FROM record_edits
                WHERE record_edits.tenant_id = $1 AND record_edits.record_id = records.id
                    AND record_edits.used_at IS NULL AND record_edits.kind <> 'link'
            ) AS "is_edited!"
        FROM records
        WHERE tenant_id = $1 AND id = ANY($2)
        ORDER BY array_position($2, id)
        LIMIT $3"#,
        tx.tenant().0,
        &ids,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Claimed::try_from).collect()
}

async fn newest(tx: &mut TenantTx, sync: SyncId, limit: i64) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM records
        WHERE tenant_id = $1 AND sync_id = $2
        ORDER BY updated_at DESC, id DESC
        LIMIT $3",
        tx.tenant().0,
        sync.0,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids)
}

/// What is about to be sent for a record.
#[derive(Debug, Clone)]
pub struct Intended {
    pub record: Uuid,
    pub version: i64,
    pub side: Side,
    pub key: String,
    /// Of the payload; a removal has none.
    pub hash: Option<ContentHash>,
    /// Until when it may still arrive.
    pub deadline_at: DateTime<Utc>,
}

/// Writes down what is about to be sent, before it is sent, for a chunk of records in one statement. Says which records
/// these are: one that has changed since it was read, or that is there no more, is not to be written.
pub async fn intend(tx: &mut TenantTx, run: &Taken, intents: &[Intended], now: DateTime<Utc>) -> Result<HashSet<Uuid>> {
    let ids: Vec<Uuid> = intents.iter().map(|intent| intent.record).collect();
    if testing::lacks(Safeguard::Intent) {
        return Ok(ids.into_iter().collect());
    }
    let keys: Vec<String> = intents.iter().map(|intent| intent.key.clone()).collect();
    let hashes: Vec<Option<Vec<u8>>> =
        intents.iter().map(|intent| intent.hash.map(|hash| hash.as_bytes().to_vec())).collect();
    let read = |intent: &Intended| if testing::lacks(Safeguard::Version) { i64::MAX } else { intent.version };
    let versions: Vec<i64> = intents.iter().map(|intent| intent.version).collect();
    let sides: Vec<String> = intents.iter().map(|intent| intent.side.as_str().to_owned()).collect();
    let deadlines: Vec<DateTime<Utc>> = intents.iter().map(|intent| intent.deadline_at).collect();
    let intended = sqlx::query_scalar!(
        "UPDATE records SET
            intent_key = intents.key, intent_hash = intents.hash, intent_version = intents.version,
            intent_side = intents.side, intent_deadline_at = intents.deadline_at, intent_at = $8
        FROM unnest($2::uuid[], $3::text[], $4::bytea[], $5::bigint[], $6::text[], $7::timestamptz[], $11::bigint[])
            AS intents (id, key, hash, version, side, deadline_at, as_read)
        WHERE records.tenant_id = $1 AND records.id = intents.id AND records.version <= intents.as_read
            AND records.claimed_run = $9 AND records.claimed_epoch = $10
        RETURNING records.id",
        tx.tenant().0,
        &ids,
        &keys,
        &hashes as &[Option<Vec<u8>>],
        &versions,
        &sides,
        &deadlines,
        now,
        run.id.0,
        run.epoch,
        &intents.iter().map(read).collect::<Vec<i64>>()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(intended.into_iter().collect())
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
