//! Sessions whose connection was edited or deleted, until they are logged out.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{ConnectionId, TenantId, Vendor};
use uuid::Uuid;

use crate::db::{SystemTx, TenantTx};
use crate::error::Result;

/// By then whoever used the session has stopped: its lease's deadline has passed.
const AFTER: TimeDelta = TimeDelta::seconds(20);
/// How long a session that cannot be logged out keeps its slot: the vendors' own time-out.
const VENDORS_TIME_OUT: TimeDelta = TimeDelta::minutes(20);

/// Hands the sessions of a connection over to the keeper, with the settings that they were opened with.
pub async fn hand_over(tx: &mut TenantTx, connection: ConnectionId, now: DateTime<Utc>) -> Result<u64> {
    let handed = sqlx::query!(
        "INSERT INTO ended_sessions (tenant_id, id, connection_id, vendor, settings, session_sealed, not_before)
        SELECT leases.tenant_id, gen_random_uuid(), connections.id, connections.vendor, connections.settings,
            leases.session_sealed, $3
        FROM leases
        JOIN connections ON connections.tenant_id = leases.tenant_id AND connections.id = leases.connection_id
        WHERE leases.tenant_id = $1 AND leases.connection_id = $2 AND leases.session_sealed IS NOT NULL",
        tx.tenant().0,
        connection.0,
        now + AFTER
    )
    .execute(&mut **tx)
    .await?;
    Ok(handed.rows_affected())
}

/// Keeps the slots of a connection from being used as long as its handed-over sessions may still be open. A session
/// counts at the vendor until it is logged out or times out.
pub async fn keep_slots(tx: &mut TenantTx, connection: ConnectionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE leases SET
            run_id = $2, epoch = 0, deadline_at = $3, session_sealed = NULL, session_used_at = NULL
        WHERE tenant_id = $1 AND connection_id = $2 AND session_sealed IS NOT NULL",
        tx.tenant().0,
        connection.0,
        now + VENDORS_TIME_OUT
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A session to be logged out.
#[derive(Debug, Clone)]
pub struct Ended {
    pub tenant: TenantId,
    pub id: Uuid,
    pub connection: ConnectionId,
    pub vendor: Vendor,
    pub settings: BTreeMap<String, String>,
    pub session_sealed: Vec<u8>,
}

/// Takes what is to be logged out now; each is tried again every minute until the vendor's time-out has ended it.
pub async fn take_due_across_tenants(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<Vec<Ended>> {
    sqlx::query!(
        "DELETE FROM ended_sessions WHERE not_before <= $1 AND tries * interval '1 minute' >= $2::text::interval",
        now,
        format!("{} minutes", VENDORS_TIME_OUT.num_minutes())
    )
    .execute(&mut **tx)
    .await?;
    let rows = sqlx::query!(
        "WITH due AS (
            SELECT tenant_id, id FROM ended_sessions WHERE not_before <= $1 ORDER BY not_before LIMIT 32
            FOR UPDATE SKIP LOCKED
        )
        UPDATE ended_sessions SET not_before = $1 + interval '1 minute', tries = tries + 1
        FROM due
        WHERE ended_sessions.tenant_id = due.tenant_id AND ended_sessions.id = due.id
        RETURNING ended_sessions.tenant_id, ended_sessions.id, connection_id, vendor, settings, session_sealed",
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Ended {
                tenant: TenantId(row.tenant_id),
                id: row.id,
                connection: ConnectionId(row.connection_id),
                vendor: row.vendor.parse()?,
                settings: serde_json::from_value(row.settings)?,
                session_sealed: row.session_sealed,
            })
        })
        .collect()
}

/// It is logged out: its slot is free, when no other of the connection's sessions waits for the same.
pub async fn forget(tx: &mut TenantTx, ended: &Ended) -> Result<()> {
    sqlx::query!("DELETE FROM ended_sessions WHERE tenant_id = $1 AND id = $2", tx.tenant().0, ended.id)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "UPDATE leases SET run_id = NULL, epoch = NULL, deadline_at = NULL
        WHERE (tenant_id, connection_id, slot) IN (
            SELECT tenant_id, connection_id, slot FROM leases
            WHERE tenant_id = $1 AND connection_id = $2 AND run_id = $2
            ORDER BY slot
            LIMIT 1
        )",
        tx.tenant().0,
        ended.connection.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
