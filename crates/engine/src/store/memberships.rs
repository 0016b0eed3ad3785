//! Who belongs to which organisation. Read across tenants, by the person.

use chrono::{DateTime, Utc};
use domain::account::{Organisation, Role};
use domain::{TenantId, UserId};

use crate::Member;
use crate::db::SystemTx;
use crate::error::Result;

/// A membership, with the organisation that the person used last.
pub struct Found {
    pub member: Member,
    pub last_tenant: Option<TenantId>,
}

pub async fn insert_across_tenants(
    tx: &mut SystemTx,
    tenant: TenantId,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO memberships (tenant_id, user_id, role, created_at)
        VALUES ($1, $2, $3, $4)",
        tenant.0,
        user.0,
        role.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn find_across_tenants(tx: &mut SystemTx, user: UserId, slug: &str) -> Result<Option<Found>> {
    let row = sqlx::query!(
        "SELECT tenants.id, tenants.slug, tenants.name, memberships.role, users.email, users.last_tenant_id
        FROM users
        JOIN memberships ON memberships.user_id = users.id
        JOIN tenants ON tenants.id = memberships.tenant_id
        WHERE users.id = $1 AND tenants.slug = $2
        LIMIT 1",
        user.0,
        slug
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let tenant = TenantId(row.id);
    let organisation = Organisation { id: tenant, slug: row.slug, name: row.name, role: row.role.parse()? };
    let member = Member { tenant, user, email: row.email, organisation };
    Ok(Some(Found { member, last_tenant: row.last_tenant_id.map(TenantId) }))
}

/// At most 200 organisations, by name.
pub async fn of_user_across_tenants(tx: &mut SystemTx, user: UserId) -> Result<Vec<Organisation>> {
    let rows = sqlx::query!(
        "SELECT tenants.id, tenants.slug, tenants.name, memberships.role
        FROM memberships
        JOIN tenants ON tenants.id = memberships.tenant_id
        WHERE memberships.user_id = $1
        ORDER BY lower(tenants.name), tenants.id
        LIMIT 200",
        user.0
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Organisation { id: row.id.into(), slug: row.slug, name: row.name, role: row.role.parse()? }))
        .collect()
}

/// The organisation used last while the person still belongs to it, else the first by name.
pub async fn last_slug_across_tenants(tx: &mut SystemTx, user: UserId) -> Result<Option<String>> {
    let slug = sqlx::query_scalar!(
        "SELECT tenants.slug
        FROM memberships
        JOIN tenants ON tenants.id = memberships.tenant_id
        JOIN users ON users.id = memberships.user_id
        WHERE memberships.user_id = $1
        ORDER BY (users.last_tenant_id IS NOT DISTINCT FROM tenants.id) DESC, lower(tenants.name), tenants.id
        LIMIT 1",
        user.0
    );
    Ok(slug.fetch_optional(&mut **tx).await?)
}
