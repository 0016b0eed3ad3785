//! Leases: the slots of a connection's concurrency, over all processes together.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ConnectionId;
use uuid::Uuid;

use super::runs::Taken;
use crate::db::{SystemTx, TenantTx};
use crate::error::Result;

/// How long a slot stays taken after its holder's last heartbeat. The holder sends nothing after it.
pub const LEASE: TimeDelta = TimeDelta::seconds(20);

/// A slot that a slice holds.
#[derive(Debug, Clone)]
pub struct Slot {
    pub connection: ConnectionId,
    pub slot: i32,
    /// The vendor's session that the slot stands for, sealed.
    pub session_sealed: Option<Vec<u8>>,
}

/// Makes a connection's slots to be `wanted` many. Surplus ones retire: nobody takes them any more.
pub async fn resize(tx: &mut TenantTx, connection: ConnectionId, wanted: i32) -> Result<()> {
    sqlx::query!(
        "INSERT INTO leases (tenant_id, connection_id, slot)
        SELECT $1, $2, slot FROM generate_series(0, $3::int - 1) AS slot
        ON CONFLICT (tenant_id, connection_id, slot) DO UPDATE SET retired = false",
        tx.tenant().0,
        connection.0,
        wanted
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE leases SET retired = true WHERE tenant_id = $1 AND connection_id = $2 AND slot >= $3",
        tx.tenant().0,
        connection.0,
        wanted
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes one slot of each connection, or none at all. A slot with a session is preferred: resuming is cheaper than
/// signing in.
pub async fn take(
    tx: &mut TenantTx,
    run: &Taken,
    connections: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Option<Vec<Slot>>> {
    let rows = sqlx::query!(
        r#"WITH free AS MATERIALIZED (
            SELECT wanted.id AS connection_id, lease.slot
            FROM unnest($2::uuid[]) AS wanted (id)
            CROSS JOIN LATERAL (
                SELECT slot
                FROM leases
                WHERE tenant_id = $1 AND connection_id = wanted.id AND NOT retired
                    AND (run_id IS NULL OR deadline_at < $5) AND (unknown_until IS NULL OR unknown_until <= $5)
                ORDER BY (session_sealed IS NULL), slot
                LIMIT 1
                FOR UPDATE SKIP LOCKED
            ) AS lease
        )
        UPDATE leases SET run_id = $3, epoch = $4, deadline_at = $6, unknown_until = NULL
        FROM free
        WHERE leases.tenant_id = $1 AND leases.connection_id = free.connection_id AND leases.slot = free.slot
            AND (SELECT count(*) FROM free) = cardinality($2)
        RETURNING leases.connection_id, leases.slot, leases.session_sealed"#,
        run.tenant.0,
        connections,
        run.id.0,
        run.epoch,
        now,
        now + LEASE
    )
    .fetch_all(&mut **tx)
    .await?;
    let slot = |row: (Uuid, i32, Option<Vec<u8>>)| Slot {
        connection: ConnectionId(row.0),
        slot: row.1,
        session_sealed: row.2,
    };
    let slots: Vec<Slot> =
        rows.into_iter().map(|row| slot((row.connection_id, row.slot, row.session_sealed))).collect();
    Ok((slots.len() == connections.len()).then_some(slots))
}

/// Prolongs what the run's epoch holds.
pub async fn prolong(tx: &mut TenantTx, run: &Taken, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE leases SET deadline_at = $4
        WHERE tenant_id = $1 AND run_id = $2 AND epoch = $3",
        run.tenant.0,
        run.id.0,
        run.epoch,
        now + LEASE
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Until when all the slots of one of the connections stay taken by sessions that nobody knows or could end; `None` when
/// a slot is only in use.
pub async fn lost_until(
    tx: &mut TenantTx,
    connections: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Option<(ConnectionId, DateTime<Utc>)>> {
    // A slot whose session was handed over to the keeper is held in the connection's own name.
    let row = sqlx::query!(
        r#"SELECT connection_id, min(CASE WHEN run_id = connection_id THEN deadline_at ELSE unknown_until END) AS "until!"
        FROM leases
        WHERE tenant_id = $1 AND connection_id = ANY($2) AND NOT retired
        GROUP BY connection_id
        HAVING bool_and(COALESCE(
            (run_id = connection_id AND deadline_at >= $3)
                OR (unknown_until > $3 AND (run_id IS NULL OR deadline_at < $3)),
            false
        ))
        ORDER BY 2 DESC
        LIMIT 1"#,
        tx.tenant().0,
        connections,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (ConnectionId(row.connection_id), row.until)))
}

/// Remembers, before a sign-in is sent, until when a session may be open that nobody knows. `false` when the slot is not
/// the run's any more, or an earlier sign-in's session may still be open.
pub async fn begin_sign_in(
    tx: &mut TenantTx,
    run: &Taken,
    slot: &Slot,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE leases SET unknown_until = $6
        WHERE tenant_id = $1 AND connection_id = $2 AND slot = $3 AND run_id = $4 AND epoch = $5 AND deadline_at >= $7
            AND (unknown_until IS NULL OR unknown_until <= $7)",
        run.tenant.0,
        slot.connection.0,
        slot.slot,
        run.id.0,
        run.epoch,
        until,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// The sign-in that was begun has opened no session, or one that was logged out.
pub async fn forget_sign_in(tx: &mut TenantTx, run: &Taken, slot: &Slot) -> Result<()> {
    sqlx::query!(
        "UPDATE leases SET unknown_until = NULL
        WHERE tenant_id = $1 AND connection_id = $2 AND slot = $3 AND run_id = $4 AND epoch = $5",
        run.tenant.0,
        slot.connection.0,
        slot.slot,
        run.id.0,
        run.epoch
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps the session that a slot stands for from now on, before it is used further. One that was signed in is known by it.
pub async fn keep_session(
    tx: &mut TenantTx,
    run: &Taken,
    slot: &Slot,
    session_sealed: Option<&[u8]>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE leases SET
            session_sealed = $6, session_used_at = $7, unknown_until = CASE WHEN $6::bytea IS NULL THEN unknown_until END
        WHERE tenant_id = $1 AND connection_id = $2 AND slot = $3 AND run_id = $4 AND epoch = $5",
        run.tenant.0,
        slot.connection.0,
        slot.slot,
        run.id.0,
        run.epoch,
        session_sealed,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives back what the run's epoch holds; sessions stay with their slots.
pub async fn give_back(tx: &mut TenantTx, run: &Taken, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE leases SET run_id = NULL, epoch = NULL, deadline_at = NULL, session_used_at = $4
        WHERE tenant_id = $1 AND run_id = $2 AND epoch = $3",
        run.tenant.0,
        run.id.0,
        run.epoch,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A slot whose session nobody has used for a while, taken so that it can be logged out.
#[derive(Debug, Clone)]
pub struct IdleSession {
    pub tenant: domain::TenantId,
    pub connection: ConnectionId,
    pub slot: i32,
    pub session_sealed: Vec<u8>,
}

/// Takes slots with sessions unused since `idle_since`, under a marker of their own instead of a run's id.
pub async fn take_idle_across_tenants(
    tx: &mut SystemTx,
    marker: Uuid,
    idle_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<IdleSession>> {
    let rows = sqlx::query!(
        r#"WITH idle AS (
            SELECT tenant_id, connection_id, slot
            FROM leases
            WHERE session_sealed IS NOT NULL AND (run_id IS NULL OR deadline_at < $3)
                AND (tenant_id, connection_id, slot) IN (
                    SELECT tenant_id, connection_id, slot
                    FROM (
                        SELECT tenant_id, connection_id, slot,
                            row_number() OVER (PARTITION BY tenant_id ORDER BY session_used_at) AS place
                        FROM leases
                        WHERE session_sealed IS NOT NULL AND (session_used_at < $2 OR retired)
                            AND (run_id IS NULL OR deadline_at < $3)
                    ) AS candidates
                    WHERE place <= 4
                    ORDER BY place
                    LIMIT 64
                )
            FOR UPDATE SKIP LOCKED
        )
        UPDATE leases SET run_id = $1, epoch = 0, deadline_at = $4
        FROM idle
        WHERE leases.tenant_id = idle.tenant_id AND leases.connection_id = idle.connection_id AND leases.slot = idle.slot
        RETURNING leases.tenant_id, leases.connection_id, leases.slot, leases.session_sealed AS "session_sealed!""#,
        marker,
        idle_since,
        now,
        now + TimeDelta::seconds(60)
    )
    .fetch_all(&mut **tx)
    .await?;
    let idle = rows.into_iter().map(|row| IdleSession {
        tenant: domain::TenantId(row.tenant_id),
        connection: ConnectionId(row.connection_id),
        slot: row.slot,
        session_sealed: row.session_sealed,
    });
    Ok(idle.collect())
}

/// Frees a slot whose session was logged out.
pub async fn forget_session(tx: &mut TenantTx, connection: ConnectionId, slot: i32, marker: Uuid) -> Result<()> {
    sqlx::query!(
        "UPDATE leases SET run_id = NULL, epoch = NULL, deadline_at = NULL, session_sealed = NULL, session_used_at = NULL
        WHERE tenant_id = $1 AND connection_id = $2 AND slot = $3 AND run_id = $4",
        tx.tenant().0,
        connection.0,
        slot,
        marker
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets the sessions of a connection that leads elsewhere now. They end by the vendor's own time-out.
pub async fn forget_sessions(tx: &mut TenantTx, connection: ConnectionId) -> Result<()> {
    sqlx::query!(
        "UPDATE leases SET session_sealed = NULL, session_used_at = NULL, unknown_until = NULL
        WHERE tenant_id = $1 AND connection_id = $2",
        tx.tenant().0,
        connection.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
