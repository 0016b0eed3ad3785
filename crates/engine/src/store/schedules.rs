//! Schedules: which phase of which sync is due.

use chrono::{DateTime, Utc};
use domain::run::Phase;
use domain::schedule::ScheduleView;
use domain::{Entity, ScheduleId, SyncId, TenantId};

use crate::db::{SystemTx, TenantTx};
use crate::error::{Error, Result};

pub async fn insert(
    tx: &mut TenantTx,
    sync: SyncId,
    phase: Phase,
    every_seconds: i32,
    next_run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO schedules (tenant_id, id, sync_id, phase, every_seconds, next_run_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tx.tenant().0,
        ScheduleId::new(now).0,
        sync.0,
        phase.as_str(),
        every_seconds,
        next_run_at,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Schedules for screens: all of them, or those of one sync.
pub async fn views(tx: &mut TenantTx, only: Option<SyncId>) -> Result<Vec<ScheduleView>> {
    let rows = sqlx::query!(
        "SELECT schedules.id, schedules.sync_id, schedules.phase, schedules.every_seconds, schedules.enabled,
            schedules.next_run_at, schedules.last_run_at, syncs.entity
        FROM schedules
        JOIN syncs ON syncs.tenant_id = schedules.tenant_id AND syncs.id = schedules.sync_id
        WHERE schedules.tenant_id = $1 AND ($2::uuid IS NULL OR schedules.sync_id = $2)
        ORDER BY array_position(ARRAY['order', 'customer', 'product'], syncs.entity), schedules.sync_id,
            array_position(ARRAY['prepare', 'process', 'full_prepare'], schedules.phase)
        LIMIT 1000",
        tx.tenant().0,
        only.map(|id| id.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let entity: Entity = row.entity.parse()?;
            Ok(ScheduleView {
                id: ScheduleId(row.id),
                sync: SyncId(row.sync_id),
                sync_name: entity.label().to_owned(),
                phase: row.phase.parse()?,
                every_seconds: row.every_seconds,
                enabled: row.enabled,
                next_run_at: row.enabled.then_some(row.next_run_at),
                last_run_at: row.last_run_at,
            })
        })
        .collect()
}

pub async fn set_interval(tx: &mut TenantTx, id: ScheduleId, every_seconds: i32, next: DateTime<Utc>) -> Result<()> {
    let updated = sqlx::query!(
        "UPDATE schedules SET every_seconds = $3, next_run_at = $4 WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        id.0,
        every_seconds,
        next
    )
    .execute(&mut **tx)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

pub async fn enable(tx: &mut TenantTx, id: ScheduleId, now: DateTime<Utc>) -> Result<()> {
    let updated = sqlx::query!(
        "UPDATE schedules SET enabled = true, next_run_at = GREATEST(next_run_at, $3) WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        id.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

pub async fn disable(tx: &mut TenantTx, id: ScheduleId) -> Result<()> {
    let updated =
        sqlx::query!("UPDATE schedules SET enabled = false WHERE tenant_id = $1 AND id = $2", tx.tenant().0, id.0)
            .execute(&mut **tx)
            .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// A schedule whose time has come.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    pub tenant: TenantId,
    pub id: ScheduleId,
    pub sync: SyncId,
    pub phase: Phase,
    pub every_seconds: i32,
    pub due_at: DateTime<Utc>,
}

/// Schedules that are due, the longest overdue first. They stay due until [`mark_run`]; two dispatchers that see the same
/// one are told apart there.
pub async fn due_across_tenants(tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        "SELECT tenant_id, id, sync_id, phase, every_seconds, next_run_at
        FROM (
            SELECT *, row_number() OVER (PARTITION BY tenant_id ORDER BY next_run_at) AS place
            FROM schedules
            WHERE enabled AND next_run_at <= $1
        ) AS due
        -- Everybody's longest overdue ones come first, so that nobody's many keep others waiting.
        ORDER BY place, next_run_at
        LIMIT $2",
        now,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Due {
                tenant: TenantId(row.tenant_id),
                id: ScheduleId(row.id),
                sync: SyncId(row.sync_id),
                phase: row.phase.parse()?,
                every_seconds: row.every_seconds,
                due_at: row.next_run_at,
            })
        })
        .collect()
}

/// Moves a schedule on to its next time; `false` when another dispatcher was quicker.
pub async fn mark_run(tx: &mut TenantTx, due: &Due, next: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE schedules SET next_run_at = $4, last_run_at = $5
        WHERE tenant_id = $1 AND id = $2 AND next_run_at = $3 AND enabled",
        tx.tenant().0,
        due.id.0,
        due.due_at,
        next,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}
