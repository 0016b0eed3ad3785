//! Which records are linked to what on either side, and making two rows one that turn out to be the same record.

use chrono::{DateTime, Utc};
use domain::{RecordId, RecordStatus, Side, SyncId};
use uuid::Uuid;

use super::runs::Taken;
use super::syncs::SyncRow;
use crate::db::TenantTx;
use crate::error::{Error, Result};

/// A prerequisite as the record sees it that needs it: `near` is the side on which both are read, `far` the one to which
/// references are translated.
#[derive(Debug, Clone)]
pub struct Linked {
    pub id: Uuid,
    pub near_id: String,
    pub far_id: Option<String>,
    pub match_key: Option<String>,
    pub status: RecordStatus,
    pub description: String,
    pub last_error: Option<String>,
    pub next_attempt_at: Option<DateTime<Utc>>,
}

struct LinkedRow {
    id: Uuid,
    near_id: String,
    far_id: Option<String>,
    match_key: Option<String>,
    status: String,
    description: String,
    last_error: Option<String>,
    next_attempt_at: Option<DateTime<Utc>>,
}

/// The records of a sync that have these ids on a side of it. What is gone on the other side is not there any more, though
/// its id is still known.
pub async fn linked(tx: &mut TenantTx, sync: SyncId, near: Side, ids: &[String]) -> Result<Vec<Linked>> {
    let rows = match near {
        Side::Source => {
            sqlx::query_as!(
                LinkedRow,
                r#"SELECT id, source_id AS "near_id!",
                    CASE WHEN status <> 'deleted' OR tombstone_side IS DISTINCT FROM 'destination' THEN destination_id END AS far_id,
                    match_key, status, description, last_error, next_attempt_at
                FROM records
                WHERE tenant_id = $1 AND sync_id = $2 AND source_id = ANY($3)"#,
                tx.tenant().0,
                sync.0,
                ids
            )
            .fetch_all(&mut **tx)
            .await?
        }
        Side::Destination => {
            sqlx::query_as!(
                LinkedRow,
                r#"SELECT id, destination_id AS "near_id!",
                    CASE WHEN status <> 'deleted' OR tombstone_side IS DISTINCT FROM 'source' THEN source_id END AS far_id,
                    match_key, status, description, last_error, next_attempt_at
                FROM records
                WHERE tenant_id = $1 AND sync_id = $2 AND destination_id = ANY($3)"#,
                tx.tenant().0,
                sync.0,
                ids
            )
            .fetch_all(&mut **tx)
            .await?
        }
    };
    rows.into_iter()
        .map(|row| {
            Ok(Linked {
                id: row.id,
                near_id: row.near_id,
                far_id: row.far_id,
                match_key: row.match_key,
                status: row.status.parse()?,
                description: row.description,
                last_error: row.last_error,
                next_attempt_at: row.next_attempt_at,
            })
        })
        .collect()
}

/// Makes records of a prerequisite's sync that no listing has found yet: they are read when they are processed.
pub async fn ensure(tx: &mut TenantTx, sync: &SyncRow, near: Side, ids: &[String], now: DateTime<Utc>) -> Result<()> {
    let records: Vec<Uuid> = ids.iter().map(|_| RecordId::new(now).0).collect();
    sqlx::query!(
        "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, destination_id, description, status,
            last_operation, next_attempt_at, created_at, updated_at)
        SELECT $1, id, $2, $3, CASE WHEN $7 = 'source' THEN near_id END, CASE WHEN $7 <> 'source' THEN near_id END,
            near_id, 'prepared', 'found', $6, $6, $6
        FROM unnest($4::uuid[], $5::text[]) AS wanted (id, near_id)
        ON CONFLICT DO NOTHING",
        tx.tenant().0,
        sync.id.0,
        sync.entity.as_str(),
        &records,
        ids,
        now,
        near.as_str()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A record of the sync that is linked to an id already.
#[derive(Debug, Clone)]
pub struct Holder {
    pub record: Uuid,
    pub held_id: String,
    pub description: String,
    /// It is known by this side only: it may be the same record as the one that looks for a match.
    pub is_one_sided: bool,
    /// Its other half is gone, and that has been carried out: it lets go of this one when that one comes anew.
    pub is_over: bool,
}

/// Who is linked to these ids on a side.
pub async fn holders(tx: &mut TenantTx, sync: SyncId, side: Side, ids: &[String]) -> Result<Vec<Holder>> {
    let holders =
        match side {
            Side::Source => sqlx::query_as!(
                Holder,
                r#"SELECT id AS record, source_id AS "held_id!", description, destination_id IS NULL AS "is_one_sided!",
                    status = 'deleted' AS "is_over!"
                FROM records
                WHERE tenant_id = $1 AND sync_id = $2 AND source_id = ANY($3)"#,
                tx.tenant().0,
                sync.0,
                ids
            )
            .fetch_all(&mut **tx)
            .await?,
            Side::Destination => sqlx::query_as!(
                Holder,
                r#"SELECT id AS record, destination_id AS "held_id!", description, source_id IS NULL AS "is_one_sided!",
                    status = 'deleted' AS "is_over!"
                FROM records
                WHERE tenant_id = $1 AND sync_id = $2 AND destination_id = ANY($3)"#,
                tx.tenant().0,
                sync.0,
                ids
            )
            .fetch_all(&mut **tx)
            .await?,
        };
    Ok(holders)
}

/// Takes the link to a side away from a record that is over; `false` when it is not over any more.
pub async fn let_go(tx: &mut TenantTx, record: Uuid, side: Side, now: DateTime<Utc>) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE records SET
            source_id = CASE WHEN $3 = 'source' THEN NULL ELSE source_id END,
            destination_id = CASE WHEN $3 = 'source' THEN destination_id END,
            updated_at = $4
        WHERE tenant_id = $1 AND id = $2 AND status = 'deleted'
            AND CASE WHEN $3 = 'source' THEN destination_id ELSE source_id END IS NOT NULL",
        tx.tenant().0,
        record,
        side.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Two rows that turn out to be the same record: the source has the survivor's, the destination the absorbed one's. What
/// else either of them is linked to is gone.
#[derive(Debug, Clone, Copy)]
pub struct Halves {
    pub survivor: Uuid,
    pub absorbed: Uuid,
    /// The one of them whose other half was looked for. What became of its earlier writes is known.
    pub looked_up: Uuid,
}

/// Makes two rows one. What the absorbed one had (its id, versions, attempts, edits, and who waits for it) becomes the
/// survivor's.
///
/// `None` when one of them is being worked on elsewhere or a write of it may still be under way; otherwise the
/// survivor's version.
pub async fn absorb(tx: &mut TenantTx, run: &Taken, halves: &Halves, now: DateTime<Utc>) -> Result<Option<i64>> {
    let Halves { survivor, absorbed, looked_up } = *halves;
    let rows = sqlx::query!(
        r#"SELECT id, version, intent_key IS NULL AS "no_intent!",
            claimed_run IS NOT DISTINCT FROM $3 AND claimed_epoch IS NOT DISTINCT FROM $4 AS "ours!",
            EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ) AS "claimed!"
        FROM records
        WHERE tenant_id = $1 AND id = ANY($2)
        ORDER BY id
        FOR UPDATE"#,
        tx.tenant().0,
        &[survivor, absorbed],
        run.id.0,
        run.epoch
    )
    .fetch_all(&mut **tx)
    .await?;
    let of = |id: Uuid| rows.iter().find(|row| row.id == id);
    let (Some(first), Some(second)) = (of(survivor), of(absorbed)) else { return Ok(None) };
    let first_is_free = first.ours || (first.no_intent && !first.claimed);
    let second_is_free = match absorbed == looked_up {
        true => second.ours,
        false => second.no_intent && (second.ours || !second.claimed),
    };
    if !first_is_free || !second_is_free {
        return Ok(None);
    }
    move_history(tx, survivor, absorbed, first.version).await?;
    take_over(tx, survivor, absorbed, now).await.map(Some)
}

/// Everything that hangs on a record, to another one whose versions end at `version`.
async fn move_history(tx: &mut TenantTx, survivor: Uuid, absorbed: Uuid, version: i64) -> Result<()> {
    let tenant = tx.tenant().0;
    sqlx::query!(
        "UPDATE record_versions SET record_id = $2, version = version + $4 WHERE tenant_id = $1 AND record_id = $3",
        tenant,
        survivor,
        absorbed,
        version
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "WITH attempted AS (
            UPDATE attempts SET record_id = $2 WHERE tenant_id = $1 AND record_id = $3
        ),
        edited AS (
            UPDATE record_edits SET record_id = $2 WHERE tenant_id = $1 AND record_id = $3
        )
        INSERT INTO record_waits (tenant_id, record_id, waits_for)
        SELECT $1, record_id, $2 FROM record_waits WHERE tenant_id = $1 AND waits_for = $3
        ON CONFLICT DO NOTHING",
        tenant,
        survivor,
        absorbed
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn take_over(tx: &mut TenantTx, survivor: Uuid, absorbed: Uuid, now: DateTime<Utc>) -> Result<i64> {
    let gone = sqlx::query!(
        "DELETE FROM records WHERE tenant_id = $1 AND id = $2
        RETURNING version, destination_id, destination_label, destination_url, destination_modified_at, destination_hash",
        tx.tenant().0,
        absorbed
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::NotFound)?;
    let version = sqlx::query_scalar!(
        "UPDATE records SET
            destination_id = $3, destination_label = $4, destination_url = $5, destination_modified_at = $6,
            destination_hash = $7, version = version + $8, updated_at = $9,
            status = CASE
                WHEN status IN ('skipped', 'filtered', 'awaiting_approval', 'conflict') THEN status
                ELSE 'prepared'
            END,
            next_attempt_at = $9, attempts = CASE WHEN claimed_run IS NULL THEN 0 ELSE attempts END
        WHERE tenant_id = $1 AND id = $2
        RETURNING version",
        tx.tenant().0,
        survivor,
        gone.destination_id,
        gone.destination_label,
        gone.destination_url,
        gone.destination_modified_at,
        gone.destination_hash,
        gone.version,
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(version)
}
