//! Sessions, by the hash of the id in the cookie. Nobody's tenant data: only the system role reads them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::UserId;
use serde_json::Value;
use uuid::Uuid;

use crate::db::SystemTx;
use crate::error::Result;

/// A session.
pub struct Row {
    pub id_hash: Vec<u8>,
    /// `None` while nobody is signed in.
    pub user_id: Option<Uuid>,
    pub data: Value,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Inserts or updates; one that is there keeps its beginning and its browser, and lives at most `longest` from then.
pub async fn save_across_tenants(tx: &mut SystemTx, row: &Row, longest: TimeDelta) -> Result<()> {
    let longest_seconds = longest.num_seconds() as f64;
    sqlx::query!(
        "INSERT INTO sessions (id_hash, user_id, data, address, user_agent, created_at, last_seen_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id_hash) DO UPDATE
        SET
            user_id = EXCLUDED.user_id,
            data = EXCLUDED.data,
            last_seen_at = EXCLUDED.last_seen_at,
            expires_at = LEAST(EXCLUDED.expires_at, sessions.created_at + make_interval(secs => $9))",
        row.id_hash,
        row.user_id,
        row.data,
        row.address,
        row.user_agent,
        row.created_at,
        row.last_seen_at,
        row.expires_at,
        longest_seconds
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The session, unless it has expired.
pub async fn find_across_tenants(tx: &mut SystemTx, id_hash: &[u8], now: DateTime<Utc>) -> Result<Option<Row>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id_hash, user_id, data, address, user_agent, created_at, last_seen_at, expires_at
        FROM sessions
        WHERE id_hash = $1 AND expires_at > $2
        LIMIT 1",
        id_hash,
        now
    );
    Ok(row.fetch_optional(&mut **tx).await?)
}

/// A person's sessions that have not expired, at most 100, the one used last first.
pub async fn of_user_across_tenants(tx: &mut SystemTx, user: UserId, now: DateTime<Utc>) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id_hash, user_id, data, address, user_agent, created_at, last_seen_at, expires_at
        FROM sessions
        WHERE user_id = $1 AND expires_at > $2
        ORDER BY last_seen_at DESC
        LIMIT 100",
        user.0,
        now
    );
    Ok(rows.fetch_all(&mut **tx).await?)
}

pub async fn touch_across_tenants(
    tx: &mut SystemTx,
    id_hash: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions
        SET last_seen_at = $2, expires_at = $3
        WHERE id_hash = $1",
        id_hash,
        now,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete_across_tenants(tx: &mut SystemTx, id_hash: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM sessions WHERE id_hash = $1", id_hash).execute(&mut **tx).await?;
    Ok(())
}

pub async fn delete_of_user_across_tenants(tx: &mut SystemTx, user: UserId) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM sessions WHERE user_id = $1", user.0).execute(&mut **tx).await?;
    Ok(done.rows_affected())
}

/// Deletes expired sessions, at most 10,000 at a time; says how many.
pub async fn sweep_across_tenants(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM sessions
        WHERE id_hash IN (SELECT id_hash FROM sessions WHERE expires_at <= $1 LIMIT 10000)",
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
