//! Organisations, and the wrapped data key of each.

use chrono::{DateTime, Utc};
use domain::TenantId;

use crate::db::{SystemTx, TenantTx};
use crate::error::Result;
use crate::keys::{DataKey, Keys};

/// A row to insert.
pub struct NewTenant<'a> {
    pub id: TenantId,
    pub name: &'a str,
    pub data_key: &'a [u8],
    pub master_key_version: i32,
    pub now: DateTime<Utc>,
}

/// Inserts it under this slug; false when the slug is taken.
pub async fn insert_across_tenants(tx: &mut SystemTx, tenant: &NewTenant<'_>, slug: &str) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO tenants (id, slug, name, data_key_sealed, master_key_version, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT ON CONSTRAINT tenants_slug_key DO NOTHING",
        tenant.id.0,
        slug,
        tenant.name,
        tenant.data_key,
        tenant.master_key_version,
        tenant.now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The transaction's tenant's data key, unwrapped.
///
/// # Errors
/// [`crate::Error::Unsealing`] when the master key is another than the one that wrapped it.
pub async fn data_key(tx: &mut TenantTx, keys: &Keys) -> Result<DataKey> {
    let tenant = tx.tenant();
    let row = sqlx::query!(
        "SELECT data_key_sealed, master_key_version
        FROM tenants
        WHERE id = $1
        LIMIT 1",
        tenant.0
    )
    .fetch_one(&mut **tx)
    .await?;
    keys.data_key(tenant, &row.data_key_sealed, row.master_key_version)
}
