//! Connections: settings, sealed credentials and health.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::connection::{Breaker, ConnectionState, ConnectionView, Dependant};
use domain::{ConnectionId, SyncId, Vendor};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::{Error, Result};

/// A connection as a slice needs it: its credentials are still sealed.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub id: ConnectionId,
    pub name: String,
    pub vendor: Vendor,
    pub settings: BTreeMap<String, String>,
    /// By field, base64.
    pub credentials: BTreeMap<String, String>,
    pub state: ConnectionState,
    pub wait_until: Option<DateTime<Utc>>,
    pub breaker: Option<Breaker>,
}

/// What is stored of a form.
#[derive(Debug, Clone)]
pub struct Stored<'a> {
    pub name: &'a str,
    pub settings: &'a BTreeMap<String, String>,
    pub credentials: &'a BTreeMap<String, String>,
}

fn name_taken(error: sqlx::Error) -> Error {
    if Error::is_constraint(&error, "connections_name_key") {
        return Error::invalid("name", "Another connection has this name. Choose another one.");
    }
    error.into()
}

pub async fn insert(tx: &mut TenantTx, vendor: Vendor, new: &Stored<'_>, now: DateTime<Utc>) -> Result<ConnectionId> {
    let id = ConnectionId::new(now);
    sqlx::query!(
        "INSERT INTO connections (tenant_id, id, name, vendor, settings, credentials_sealed, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        tx.tenant().0,
        id.0,
        new.name,
        vendor.as_str(),
        serde_json::to_value(new.settings)?,
        serde_json::to_value(new.credentials)?,
        now
    )
    .execute(&mut **tx)
    .await
    .map_err(name_taken)?;
    Ok(id)
}

/// Stores an edited form; mended credentials end a state of refused ones.
pub async fn update(tx: &mut TenantTx, id: ConnectionId, new: &Stored<'_>, now: DateTime<Utc>) -> Result<()> {
    let updated = sqlx::query!(
        "UPDATE connections SET
            name = $3, settings = $4, credentials_sealed = $5, updated_at = $6, wait_until = NULL, last_error = NULL,
            last_error_at = NULL, failures_in_row = 0, failing_records = '{}', breaker_opened_at = NULL,
            breaker_probe_at = NULL, breaker_pause_seconds = 15,
            state = CASE WHEN state = 'unauthorised' THEN 'active' ELSE state END
        WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        id.0,
        new.name,
        serde_json::to_value(new.settings)?,
        serde_json::to_value(new.credentials)?,
        now
    )
    .execute(&mut **tx)
    .await
    .map_err(name_taken)?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Sets the state and says whether that changed anything. What a person has paused stays so when its credentials are
/// refused: mending them would resume it.
pub async fn set_state(
    tx: &mut TenantTx,
    id: ConnectionId,
    state: ConnectionState,
    now: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE connections SET state = $3, updated_at = $4
        WHERE tenant_id = $1 AND id = $2 AND state <> $3 AND (state <> 'paused' OR $3 <> 'unauthorised')",
        tx.tenant().0,
        id.0,
        state.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}

pub async fn delete(tx: &mut TenantTx, id: ConnectionId) -> Result<()> {
    let deleted = sqlx::query!("DELETE FROM connections WHERE tenant_id = $1 AND id = $2", tx.tenant().0, id.0)
        .execute(&mut **tx)
        .await?;
    if deleted.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// What the vendor's last answers mean for everybody who uses the connection.
pub async fn note_success(tx: &mut TenantTx, ids: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE connections SET last_ok_at = $3, last_error = NULL, last_error_at = NULL, failures_in_row = 0,
            wait_until = CASE WHEN wait_until > $3 THEN wait_until END
        WHERE tenant_id = $1 AND id = ANY($2)",
        tx.tenant().0,
        ids,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks connections until the transaction ends, in the order in which everybody does.
pub async fn lock(tx: &mut TenantTx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "SELECT id FROM connections WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE",
        tx.tenant().0,
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// Notes a failure of the connection itself, and until when everybody waits.
pub async fn note_failure(
    tx: &mut TenantTx,
    id: ConnectionId,
    message: &str,
    wait_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE connections SET
            last_error = $3, last_error_at = $4, failures_in_row = failures_in_row + 1,
            wait_until = GREATEST(wait_until, $5)
        WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        id.0,
        message,
        now,
        wait_until
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Both columns are set together.
fn breaker(opened_at: Option<DateTime<Utc>>, probe_at: Option<DateTime<Utc>>) -> Option<Breaker> {
    Some(Breaker { opened_at: opened_at?, probe_at: probe_at? })
}

/// Connections with their sealed credentials.
pub async fn sealed(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Sealed>> {
    let rows = sqlx::query!(
        "SELECT id, name, vendor, settings, credentials_sealed, state, wait_until, breaker_opened_at, breaker_probe_at
        FROM connections
        WHERE tenant_id = $1 AND id = ANY($2)
        LIMIT 10",
        tx.tenant().0,
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Sealed {
                id: ConnectionId(row.id),
                name: row.name,
                vendor: row.vendor.parse()?,
                settings: serde_json::from_value(row.settings)?,
                credentials: serde_json::from_value(row.credentials_sealed)?,
                state: row.state.parse()?,
                wait_until: row.wait_until,
                breaker: breaker(row.breaker_opened_at, row.breaker_probe_at),
            })
        })
        .collect()
}

/// Connections for screens: all of them, or one.
pub async fn views(tx: &mut TenantTx, only: Option<ConnectionId>) -> Result<Vec<ConnectionView>> {
    let rows = sqlx::query!(
        r#"SELECT id, name, vendor, settings, state, last_ok_at, last_error, last_error_at, wait_until, breaker_opened_at,
            breaker_probe_at, created_at,
            ARRAY(SELECT jsonb_object_keys(credentials_sealed)) AS "secrets!: Vec<String>",
            (
                SELECT count(*)
                FROM syncs
                WHERE syncs.tenant_id = connections.tenant_id
                    AND connections.id IN (syncs.source_connection_id, syncs.destination_connection_id)
            ) AS "syncs!"
        FROM connections
        WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id = $2)
        ORDER BY lower(name)
        LIMIT 500"#,
        tx.tenant().0,
        only.map(|id| id.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ConnectionView {
                id: ConnectionId(row.id),
                name: row.name,
                vendor: row.vendor.parse()?,
                state: row.state.parse()?,
                settings: serde_json::from_value(row.settings)?,
                stored_secrets: row.secrets,
                last_ok_at: row.last_ok_at,
                last_error: row.last_error,
                last_error_at: row.last_error_at,
                wait_until: row.wait_until,
                breaker: breaker(row.breaker_opened_at, row.breaker_probe_at),
                lost_until: None,
                syncs: u32::try_from(row.syncs).unwrap_or(u32::MAX),
                created_at: row.created_at,
            })
        })
        .collect()
}

/// The syncs that use a connection.
pub async fn dependants(tx: &mut TenantTx, id: ConnectionId) -> Result<Vec<Dependant>> {
    let rows = sqlx::query!(
        r#"SELECT syncs.id, syncs.entity, other.name,
            COALESCE((
                SELECT sum(n)::bigint FROM (
                    SELECT n FROM record_counts
                    WHERE record_counts.tenant_id = syncs.tenant_id AND record_counts.sync_id = syncs.id
                    UNION ALL
                    SELECT delta FROM record_count_deltas
                    WHERE record_count_deltas.tenant_id = syncs.tenant_id AND record_count_deltas.sync_id = syncs.id
                ) AS counted
            ), 0) AS "records!"
        FROM syncs
        JOIN connections AS other
            ON other.tenant_id = syncs.tenant_id AND other.id <> $2
                AND other.id IN (syncs.source_connection_id, syncs.destination_connection_id)
        WHERE syncs.tenant_id = $1 AND $2 IN (syncs.source_connection_id, syncs.destination_connection_id)
        ORDER BY syncs.entity
        LIMIT 500"#,
        tx.tenant().0,
        id.0
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let entity: domain::Entity = row.entity.parse()?;
            Ok(Dependant {
                sync: SyncId(row.id),
                name: format!("{} with {}", entity.label(), row.name),
                records: row.records,
            })
        })
        .collect()
}
