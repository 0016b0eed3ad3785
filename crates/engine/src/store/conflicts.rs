//! Both sides of records that wait for a person's choice, each in the destination's terms.

use chrono::{DateTime, Utc};
use domain::canonical::Canonical;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::Result;

/// What both sides held when both had changed; `None` = gone there.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    pub source: Option<Canonical>,
    pub destination: Option<Canonical>,
}

/// Keeps them until the records leave their status. A record that has one already gets the newer one.
pub async fn keep(tx: &mut TenantTx, conflicts: &[(Uuid, &Conflict)], now: DateTime<Utc>) -> Result<()> {
    if conflicts.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = conflicts.iter().map(|(id, _)| *id).collect();
    let json = |side: &Option<Canonical>| side.as_ref().map(serde_json::to_value).transpose();
    let sources: Vec<_> = conflicts.iter().map(|(_, c)| json(&c.source)).collect::<serde_json::Result<_>>()?;
    let destinations: Vec<_> =
        conflicts.iter().map(|(_, c)| json(&c.destination)).collect::<serde_json::Result<_>>()?;
    sqlx::query!(
        "INSERT INTO record_conflicts (tenant_id, record_id, source, destination, found_at)
        SELECT $1, id, source, destination, $5
        FROM unnest($2::uuid[], $3::jsonb[], $4::jsonb[]) AS found (id, source, destination)
        ON CONFLICT (tenant_id, record_id) DO UPDATE SET
            source = EXCLUDED.source, destination = EXCLUDED.destination, found_at = EXCLUDED.found_at",
        tx.tenant().0,
        &ids,
        &sources as &[Option<serde_json::Value>],
        &destinations as &[Option<serde_json::Value>],
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
