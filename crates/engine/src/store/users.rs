//! People. Nobody's tenant data: only the system role reads them.

use chrono::{DateTime, Utc};
use domain::{TenantId, UserId};

use crate::db::SystemTx;
use crate::error::Result;

/// A row to insert; `email` is in lower case already.
pub struct NewUser<'a> {
    pub id: UserId,
    pub email: String,
    pub password_hash: &'a str,
    pub now: DateTime<Utc>,
}

/// What a sign-in needs.
pub struct Credentials {
    pub id: UserId,
    pub password_hash: String,
}

/// # Errors
/// `users_email_key` when somebody has the address.
pub async fn insert_across_tenants(tx: &mut SystemTx, user: &NewUser<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO users (id, email, password_hash, created_at)
        VALUES ($1, $2, $3, $4)",
        user.id.0,
        user.email,
        user.password_hash,
        user.now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn credentials_across_tenants(tx: &mut SystemTx, email: &str) -> Result<Option<Credentials>> {
    let row = sqlx::query!(
        "SELECT id, password_hash
        FROM users
        WHERE email = $1
        LIMIT 1",
        email
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| Credentials { id: row.id.into(), password_hash: row.password_hash }))
}

pub async fn email_across_tenants(tx: &mut SystemTx, user: UserId) -> Result<Option<String>> {
    let email = sqlx::query_scalar!(
        "SELECT email
        FROM users
        WHERE id = $1
        LIMIT 1",
        user.0
    );
    Ok(email.fetch_optional(&mut **tx).await?)
}

pub async fn remember_tenant_across_tenants(tx: &mut SystemTx, user: UserId, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "UPDATE users
        SET last_tenant_id = $2
        WHERE id = $1",
        user.0,
        tenant.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn set_password_across_tenants(tx: &mut SystemTx, user: UserId, hash: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE users
        SET password_hash = $2
        WHERE id = $1",
        user.0,
        hash
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
