//! Tries to sign in or up, by the hash of what they count against, in windows.

use chrono::{DateTime, Utc};

use crate::db::SystemTx;
use crate::error::Result;

/// Where a key stands after a try was counted.
pub struct Counted {
    pub failures: i32,
    pub window_ends_at: DateTime<Utc>,
}

/// Counts a try; a window that ended begins anew and ends at `ends_at`.
pub async fn count_across_tenants(
    tx: &mut SystemTx,
    key: &[u8],
    now: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<Counted> {
    let counted = sqlx::query_as!(
        Counted,
        "INSERT INTO signin_limits (key_hash, failures, window_ends_at)
        VALUES ($1, 1, $3)
        ON CONFLICT (key_hash) DO UPDATE
        SET
            failures = CASE
                WHEN signin_limits.window_ends_at <= $2 THEN 1
                ELSE LEAST(signin_limits.failures + 1, 1000000)
            END,
            window_ends_at = CASE
                WHEN signin_limits.window_ends_at <= $2 THEN $3
                ELSE signin_limits.window_ends_at
            END
        RETURNING failures, window_ends_at",
        key,
        now,
        ends_at
    );
    Ok(counted.fetch_one(&mut **tx).await?)
}

pub async fn uncount_across_tenants(tx: &mut SystemTx, key: &[u8]) -> Result<()> {
    sqlx::query!(
        "UPDATE signin_limits
        SET failures = GREATEST(failures - 1, 0)
        WHERE key_hash = $1",
        key
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete_across_tenants(tx: &mut SystemTx, key: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM signin_limits WHERE key_hash = $1", key).execute(&mut **tx).await?;
    Ok(())
}

/// Forgets windows that ended, at most 10,000 at a time; says how many.
pub async fn sweep_across_tenants(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM signin_limits
        WHERE key_hash IN (SELECT key_hash FROM signin_limits WHERE window_ends_at <= $1 LIMIT 10000)",
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
