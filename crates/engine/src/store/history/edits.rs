//! What people changed by hand (`record_edits`), and the conflicts that wait for them (`record_conflicts`).
//!
//! Processing consumes an edit that has no `used_at` yet, once. Of the kinds `payload` and `conflict` at most one waits
//! per record: a newer one takes its place. A `conflict` without a payload says that the record stays gone, and in
//! `removal` what happens to the side that is left; one with a payload brings it back where it is gone.

use chrono::{DateTime, TimeDelta, Utc};
use domain::canonical::{Canonical, Change};
use domain::history::{EditKind, EditView, Removal};
use domain::{EditId, RecordId, Side, SyncId};
use uuid::Uuid;

use super::acts::Acted;
use crate::db::TenantTx;
use crate::error::{Error, Result};

/// A new edit.
#[derive(Debug, Clone)]
pub struct NewEdit<'a> {
    pub record: RecordId,
    pub version: i64,
    pub kind: EditKind,
    pub actor: &'a str,
    /// In the destination's terms.
    pub payload: Option<&'a Canonical>,
    pub removal: Option<Removal>,
    pub changes: &'a [Change],
}

/// Writes an edit in place of the one that waits.
pub async fn insert(tx: &mut TenantTx, edit: &NewEdit<'_>, now: DateTime<Utc>) -> Result<()> {
    if edit.kind != EditKind::Link {
        sqlx::query!(
            "DELETE FROM record_edits
            WHERE tenant_id = $1 AND record_id = $2 AND used_at IS NULL AND kind <> 'link'",
            tx.tenant().0,
            edit.record.0
        )
        .execute(&mut **tx)
        .await?;
    }
    sqlx::query!(
        "INSERT INTO record_edits (tenant_id, id, record_id, version, kind, actor, made_at, payload, removal, changes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tx.tenant().0,
        domain::ids::uuid_at(now),
        edit.record.0,
        edit.version,
        edit.kind.as_str(),
        edit.actor,
        now,
        edit.payload.map(serde_json::to_value).transpose()?,
        edit.removal.map(Removal::as_str),
        serde_json::to_value(edit.changes)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    kind: String,
    actor: String,
    made_at: DateTime<Utc>,
    version: i64,
    changes: serde_json::Value,
    removal: Option<String>,
    used_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for EditView {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            kind: row.kind.parse()?,
            actor: row.actor,
            made_at: row.made_at,
            version: row.version,
            changes: serde_json::from_value(row.changes)?,
            removal: row.removal.map(|removal| removal.parse()).transpose()?,
            used_at: row.used_at,
        })
    }
}

/// The newest edits of a record.
pub async fn of_record(tx: &mut TenantTx, id: RecordId, limit: i64) -> Result<Vec<EditView>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, kind, actor, made_at, version, changes, removal, used_at FROM record_edits
        WHERE tenant_id = $1 AND record_id = $2
        ORDER BY id DESC
        LIMIT $3",
        tx.tenant().0,
        id.0,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(EditView::try_from).collect()
}

/// The newest change by hand of what the record holds, written or not.
pub async fn newest(tx: &mut TenantTx, id: RecordId) -> Result<Option<(EditId, EditView)>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, kind, actor, made_at, version, changes, removal, used_at FROM record_edits
        WHERE tenant_id = $1 AND record_id = $2 AND kind <> 'link'
        ORDER BY id DESC
        LIMIT 1",
        tx.tenant().0,
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| Ok((EditId(row.id), row.try_into()?))).transpose()
}

/// Both sides of a conflict, in the destination's terms; a side that is gone has nothing.
#[derive(Debug, Clone)]
pub struct Sides {
    pub source: Option<Canonical>,
    pub destination: Option<Canonical>,
    pub found_at: DateTime<Utc>,
}

/// The conflict that waits for a person.
pub async fn conflict(tx: &mut TenantTx, id: RecordId) -> Result<Option<Sides>> {
    let row = sqlx::query!(
        "SELECT source, destination, found_at FROM record_conflicts WHERE tenant_id = $1 AND record_id = $2",
        tx.tenant().0,
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        Ok(Sides {
            source: row.source.map(serde_json::from_value).transpose()?,
            destination: row.destination.map(serde_json::from_value).transpose()?,
            found_at: row.found_at,
        })
    })
    .transpose()
}

/// The conflict is chosen.
pub async fn settle_conflict(tx: &mut TenantTx, id: RecordId) -> Result<()> {
    sqlx::query!("DELETE FROM record_conflicts WHERE tenant_id = $1 AND record_id = $2", tx.tenant().0, id.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// One side wins in each of these conflicts: an edit each. Where the side that wins is gone, the sync's deletion policy
/// says what happens to the other.
pub async fn choose_side(
    tx: &mut TenantTx,
    ids: &[Uuid],
    side: Side,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Acted>> {
    let due = now - TimeDelta::milliseconds(1);
    let edit_ids: Vec<Uuid> = ids.iter().map(|_| domain::ids::uuid_at(now)).collect();
    let rows = sqlx::query!(
        "WITH chosen AS (
            SELECT records.id, records.sync_id, edits.id AS edit_id, records.version, syncs.deletion_policy,
                CASE WHEN $4 = 'source' THEN record_conflicts.source ELSE record_conflicts.destination END AS payload
            FROM unnest($2::uuid[], $3::uuid[]) AS edits (record_id, id)
            JOIN records ON records.tenant_id = $1 AND records.id = edits.record_id AND records.status = 'conflict'
            JOIN record_conflicts ON record_conflicts.tenant_id = $1 AND record_conflicts.record_id = records.id
            JOIN syncs ON syncs.tenant_id = $1 AND syncs.id = records.sync_id
            FOR UPDATE OF records
        ),
        withdrawn AS (
            DELETE FROM record_edits USING chosen
            WHERE record_edits.tenant_id = $1 AND record_edits.record_id = chosen.id AND used_at IS NULL
                AND kind <> 'link'
        ),
        noted AS (
            INSERT INTO record_edits (tenant_id, id, record_id, version, kind, actor, made_at, payload, removal, changes)
            SELECT $1, edit_id, id, version, 'conflict', $7, $5, payload,
                CASE WHEN payload IS NULL THEN deletion_policy END, '[]'
            FROM chosen
        ),
        settled AS (
            DELETE FROM record_conflicts USING chosen
            WHERE record_conflicts.tenant_id = $1 AND record_conflicts.record_id = chosen.id
        )
        UPDATE records SET
            status = 'prepared', last_operation = 'conflict_resolved', priority = 20, attempts = 0, next_attempt_at = $6,
            last_error = NULL, error_code = NULL, error_field = NULL, updated_at = $5
        FROM chosen
        WHERE records.tenant_id = $1 AND records.id = chosen.id
        RETURNING records.id, records.sync_id",
        tx.tenant().0,
        ids,
        &edit_ids,
        side.as_str(),
        now,
        due,
        actor
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| Acted { id: row.id, sync: SyncId(row.sync_id) }).collect())
}
