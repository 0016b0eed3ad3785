//! Why a sync waits for a person, and what the person said.

use chrono::{DateTime, Utc};
use domain::SyncId;
use domain::sync::Hold;

use crate::db::TenantTx;
use crate::error::{Error, Result};

/// Stops a sync until a person has decided. A sync that waits already goes on waiting for what it waits for.
pub async fn place(tx: &mut TenantTx, sync: SyncId, hold: Hold, message: &str, now: DateTime<Utc>) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE syncs SET hold = $3, hold_message = $4, held_at = $5, updated_at = $5
        WHERE tenant_id = $1 AND id = $2 AND hold IS NULL",
        tx.tenant().0,
        sync.0,
        hold.as_str(),
        message,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Lets a sync go on that was held for this reason; `false` when it was not.
pub async fn lift(tx: &mut TenantTx, sync: SyncId, hold: Hold, now: DateTime<Utc>) -> Result<bool> {
    let updated = sqlx::query!(
        "UPDATE syncs SET hold = NULL, hold_message = NULL, held_at = NULL, updated_at = $4
        WHERE tenant_id = $1 AND id = $2 AND hold = $3",
        tx.tenant().0,
        sync.0,
        hold.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// What a person said about records that a full listing does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletions {
    /// So many may be carried out, by the next full prepare.
    pub allowed: i64,
    /// So many are there nevertheless, and stay.
    pub dismissed: i64,
}

pub async fn deletions(tx: &mut TenantTx, sync: SyncId) -> Result<Deletions> {
    let row = sqlx::query!(
        "SELECT deletions_allowed, deletions_dismissed FROM syncs WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        sync.0
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::NotFound)?;
    Ok(Deletions { allowed: row.deletions_allowed.into(), dismissed: row.deletions_dismissed.into() })
}

/// Notes how many records a listing missed when the sync was held because of it.
pub async fn note_missing(tx: &mut TenantTx, sync: SyncId, missing: i64) -> Result<()> {
    sqlx::query!(
        "UPDATE syncs SET deletions_found = $3 WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        sync.0,
        clamp(missing)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// So many deletions at once are agreed to; zero when that was used up.
pub async fn allow(tx: &mut TenantTx, sync: SyncId, count: i64) -> Result<()> {
    sqlx::query!(
        "UPDATE syncs SET deletions_allowed = $3, deletions_dismissed = 0 WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        sync.0,
        clamp(count)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What was missing when the sync was held is there nevertheless.
pub async fn dismiss(tx: &mut TenantTx, sync: SyncId) -> Result<()> {
    sqlx::query!(
        "UPDATE syncs SET deletions_dismissed = deletions_found, deletions_allowed = 0 WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        sync.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn clamp(count: i64) -> i32 {
    i32::try_from(count.max(0)).unwrap_or(i32::MAX)
}
