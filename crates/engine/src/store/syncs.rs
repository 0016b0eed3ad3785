//! Syncs: one entity between two connections.

use chrono::{DateTime, Utc};
use domain::connection::ConnectionState;
use domain::run::Phase;
use domain::sync::{EndView, Hold, HoldView, NewSync, StatusCounts, SyncSettings, SyncState, SyncView};
use domain::{ConnectionId, Entity, Side, SyncId};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::{Error, Result};

/// A sync as a slice needs it.
#[derive(Debug, Clone)]
pub struct SyncRow {
    pub id: SyncId,
    pub entity: Entity,
    pub source: ConnectionId,
    pub destination: ConnectionId,
    pub state: SyncState,
    pub max_attempts: i32,
    pub watermark_at: Option<DateTime<Utc>>,
    pub destination_watermark_at: Option<DateTime<Utc>>,
    pub settings: SyncSettings,
    /// Nothing goes on until a person has decided.
    pub hold: Option<Hold>,
    /// So many deletions at once a person has agreed to.
    pub deletions_allowed: i32,
}

impl SyncRow {
    /// The connection at a side.
    #[must_use]
    pub const fn connection(&self, side: Side) -> ConnectionId {
        match side {
            Side::Source => self.source,
            Side::Destination => self.destination,
        }
    }
}

/// Makes a sync, or says which one the pair has for this entity already: `(id, it is new)`.
pub async fn insert_or_existing(tx: &mut TenantTx, new: &NewSync, now: DateTime<Utc>) -> Result<(SyncId, bool)> {
    let id = SyncId::new(now);
    let inserted = sqlx::query!(
        "INSERT INTO syncs (tenant_id, id, entity, source_connection_id, destination_connection_id, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT ON CONSTRAINT syncs_pair_key DO NOTHING",
        tx.tenant().0,
        id.0,
        new.entity.as_str(),
        new.source.0,
        new.destination.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok((id, true));
    }
    let existing = sqlx::query_scalar!(
        "SELECT id FROM syncs
        WHERE tenant_id = $1 AND source_connection_id = $2 AND destination_connection_id = $3 AND entity = $4",
        tx.tenant().0,
        new.source.0,
        new.destination.0,
        new.entity.as_str()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((SyncId(existing), false))
}

/// One sync.
pub async fn get(tx: &mut TenantTx, id: SyncId) -> Result<SyncRow> {
    rows(tx, Some(id), None).await?.pop().ok_or(Error::NotFound)
}

/// The syncs between two connections, in this direction.
pub async fn of_pair(tx: &mut TenantTx, source: ConnectionId, destination: ConnectionId) -> Result<Vec<SyncRow>> {
    rows(tx, None, Some((source, destination))).await
}

async fn rows(
    tx: &mut TenantTx,
    id: Option<SyncId>,
    pair: Option<(ConnectionId, ConnectionId)>,
) -> Result<Vec<SyncRow>> {
    let rows = sqlx::query!(
        "SELECT id, entity, source_connection_id, destination_connection_id, state, max_attempts, watermark_at,
            destination_watermark_at, direction, primary_side, conflict_policy, deletion_policy, drift_policy, write_back,
            real_time, real_time_back, quiet_seconds, longest_wait_seconds, filter, hold, deletions_allowed
        FROM syncs
        WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR id = $2)
            AND ($3::uuid IS NULL OR source_connection_id = $3)
            AND ($4::uuid IS NULL OR destination_connection_id = $4)
        LIMIT 500",
        tx.tenant().0,
        id.map(|id| id.0),
        pair.map(|(source, _)| source.0),
        pair.map(|(_, destination)| destination.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SyncRow {
                id: SyncId(row.id),
                entity: row.entity.parse()?,
                source: ConnectionId(row.source_connection_id),
                destination: ConnectionId(row.destination_connection_id),
                state: row.state.parse()?,
                max_attempts: row.max_attempts,
                watermark_at: row.watermark_at,
                destination_watermark_at: row.destination_watermark_at,
                settings: SyncSettings {
                    direction: row.direction.parse()?,
                    primary: row.primary_side.parse()?,
                    conflict_policy: row.conflict_policy.parse()?,
                    deletion_policy: row.deletion_policy.parse()?,
                    drift_policy: row.drift_policy.parse()?,
                    write_back: row.write_back,
                    max_attempts: row.max_attempts,
                    real_time: row.real_time.parse()?,
                    real_time_back: row.real_time_back.parse()?,
                    quiet_seconds: row.quiet_seconds,
                    longest_wait_seconds: row.longest_wait_seconds,
                    filter: row.filter.map(serde_json::from_value).transpose()?,
                },
                hold: row.hold.map(|hold| hold.parse()).transpose()?,
                deletions_allowed: row.deletions_allowed,
            })
        })
        .collect()
}

pub async fn set_state(tx: &mut TenantTx, id: SyncId, state: SyncState, now: DateTime<Utc>) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE syncs SET state = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2 AND state <> $3",
        tx.tenant().0,
        id.0,
        state.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Locks a sync until the transaction ends, so that two people who change its settings come one after the other.
pub async fn lock(tx: &mut TenantTx, id: SyncId) -> Result<()> {
    sqlx::query_scalar!("SELECT id FROM syncs WHERE tenant_id = $1 AND id = $2 FOR UPDATE", tx.tenant().0, id.0)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(())
}

/// Stores the settings of a sync.
pub async fn set_settings(tx: &mut TenantTx, id: SyncId, settings: &SyncSettings, now: DateTime<Utc>) -> Result<()> {
    let filter = settings.filter.as_ref().map(serde_json::to_value).transpose()?;
    sqlx::query!(
        "UPDATE syncs SET
            direction = $3, primary_side = $4, conflict_policy = $5, deletion_policy = $6, drift_policy = $7,
            write_back = $8, max_attempts = $9, real_time = $10, real_time_back = $11, quiet_seconds = $12,
            longest_wait_seconds = $13, filter = $14, updated_at = $15
        WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        id.0,
        settings.direction.as_str(),
        settings.primary.as_str(),
        settings.conflict_policy.as_str(),
        settings.deletion_policy.as_str(),
        settings.drift_policy.as_str(),
        settings.write_back,
        settings.max_attempts,
        settings.real_time.as_str(),
        settings.real_time_back.as_str(),
        settings.quiet_seconds,
        settings.longest_wait_seconds,
        filter,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete(tx: &mut TenantTx, id: SyncId) -> Result<()> {
    let deleted = sqlx::query!("DELETE FROM syncs WHERE tenant_id = $1 AND id = $2", tx.tenant().0, id.0)
        .execute(&mut **tx)
        .await?;
    if deleted.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Has everything of a connection listed anew: it leads to another system.
pub async fn forget_watermarks(tx: &mut TenantTx, connection: ConnectionId) -> Result<()> {
    sqlx::query!(
        "UPDATE syncs SET
            watermark_at = CASE WHEN source_connection_id = $2 THEN NULL ELSE watermark_at END,
            destination_watermark_at =
                CASE WHEN destination_connection_id = $2 THEN NULL ELSE destination_watermark_at END
        WHERE tenant_id = $1 AND (source_connection_id = $2 OR destination_connection_id = $2)",
        tx.tenant().0,
        connection.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Moves the watermark of one side on; it never goes back.
pub async fn raise_watermark(tx: &mut TenantTx, id: SyncId, side: Side, to: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE syncs SET
            watermark_at = CASE WHEN $3 = 'source' THEN GREATEST(watermark_at, $4) ELSE watermark_at END,
            destination_watermark_at = CASE
                WHEN $3 = 'source' THEN destination_watermark_at
                ELSE GREATEST(destination_watermark_at, $4)
            END
        WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        id.0,
        side.as_str(),
        to
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Why a phase of a sync cannot run now; `None` when it can. What holds a sync holds nothing that only reads: it may be
/// what a person needs to decide.
pub async fn obstacle(tx: &mut TenantTx, id: SyncId, phase: Phase) -> Result<Option<String>> {
    let row = sqlx::query!(
        r#"SELECT syncs.state, syncs.hold, source.name AS source_name, source.state AS source_state,
            destination.name AS destination_name, destination.state AS destination_state
        FROM syncs
        JOIN connections AS source ON source.tenant_id = syncs.tenant_id AND source.id = syncs.source_connection_id
        JOIN connections AS destination
            ON destination.tenant_id = syncs.tenant_id AND destination.id = syncs.destination_connection_id
        WHERE syncs.tenant_id = $1 AND syncs.id = $2"#,
        tx.tenant().0,
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::NotFound)?;
    if row.state.parse::<SyncState>()? == SyncState::Paused {
        return Ok(Some("This sync is paused. Resume it first.".into()));
    }
    match row.hold.filter(|_| !phase.only_reads()).map(|hold| hold.parse::<Hold>()).transpose()? {
        Some(Hold::Deletions) => {
            return Ok(Some("This sync waits until somebody has decided about many deletions. See its page.".into()));
        }
        Some(Hold::Drift) => {
            return Ok(Some("This sync waits until somebody has looked at fields that changed. See its page.".into()));
        }
        None => {}
    }
    for (name, state) in [(row.source_name, row.source_state), (row.destination_name, row.destination_state)] {
        match state.parse::<ConnectionState>()? {
            ConnectionState::Active => {}
            ConnectionState::Paused => {
                return Ok(Some(format!("The connection “{name}” is paused. Resume it first.")));
            }
            ConnectionState::Unauthorised => {
                return Ok(Some(format!("“{name}” refused its credentials. Edit the connection and test it.")));
            }
        }
    }
    Ok(None)
}

/// Syncs for screens, without their counts and runs: all of them, or one.
pub async fn views(tx: &mut TenantTx, only: Option<SyncId>) -> Result<Vec<SyncView>> {
    let rows = sqlx::query!(
        r#"SELECT syncs.id, syncs.entity, syncs.state, syncs.direction, syncs.hold, syncs.hold_message, syncs.held_at, syncs.deletions_found,
            syncs.max_attempts, syncs.watermark_at, syncs.created_at, syncs.updated_at,
            source.id AS source_id, source.name AS source_name, source.vendor AS source_vendor,
            source.state AS source_state, destination.id AS destination_id, destination.name AS destination_name,
            destination.vendor AS destination_vendor, destination.state AS destination_state
        FROM syncs
        JOIN connections AS source ON source.tenant_id = syncs.tenant_id AND source.id = syncs.source_connection_id
        JOIN connections AS destination
            ON destination.tenant_id = syncs.tenant_id AND destination.id = syncs.destination_connection_id
        WHERE syncs.tenant_id = $1 AND ($2::uuid IS NULL OR syncs.id = $2)
        ORDER BY array_position(ARRAY['order', 'customer', 'product', 'payment', 'shipment', 'stock'], syncs.entity), source.name, destination.name
        LIMIT 500"#,
        tx.tenant().0,
        only.map(|id| id.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    let end = |id: Uuid, name: String, vendor: String, state: String| {
        Ok::<_, Error>(EndView { connection: ConnectionId(id), name, vendor: vendor.parse()?, state: state.parse()? })
    };
    rows.into_iter()
        .map(|row| {
            let entity: Entity = row.entity.parse()?;
            Ok(SyncView {
                id: SyncId(row.id),
                name: entity.label().to_owned(),
                entity,
                source: end(row.source_id, row.source_name, row.source_vendor, row.source_state)?,
                destination: end(
                    row.destination_id,
                    row.destination_name,
                    row.destination_vendor,
                    row.destination_state,
                )?,
                state: row.state.parse()?,
                direction: row.direction.parse()?,
                hold: hold(row.hold, row.hold_message, row.held_at.unwrap_or(row.updated_at), row.deletions_found)?,
                max_attempts: row.max_attempts,
                counts: StatusCounts::default(),
                watermark_at: row.watermark_at,
                active: Vec::new(),
                agreement: None,
                created_at: row.created_at,
            })
        })
        .collect()
}

fn hold(hold: Option<String>, message: Option<String>, at: DateTime<Utc>, deletions: i32) -> Result<Option<HoldView>> {
    let Some(hold) = hold else { return Ok(None) };
    Ok(Some(HoldView { hold: hold.parse()?, message: message.unwrap_or_default(), at, deletions }))
}
