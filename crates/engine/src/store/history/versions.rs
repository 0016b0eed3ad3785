//! The versions of one record.

use domain::canonical::Canonical;
use domain::history::{VERSION_PAGE, VersionPage, VersionView};
use domain::{RecordId, Side};

use crate::db::TenantTx;
use crate::error::{Error, Result};

/// The newest versions of a record, or the newest before a version.
pub async fn of_record(tx: &mut TenantTx, id: RecordId, before: Option<i64>) -> Result<VersionPage> {
    let rows = sqlx::query!(
        "SELECT version, side, seen_at, modified_at FROM record_versions
        WHERE tenant_id = $1 AND record_id = $2 AND ($3::bigint IS NULL OR version < $3)
        ORDER BY version DESC
        LIMIT $4",
        tx.tenant().0,
        id.0,
        before,
        VERSION_PAGE + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let view = |side: &str, version, seen_at, modified_at| {
        Ok::<_, Error>(VersionView { version, side: side.parse()?, seen_at, modified_at })
    };
    let has_more = rows.len() as i64 > VERSION_PAGE;
    let versions: Vec<VersionView> = rows
        .into_iter()
        .take(VERSION_PAGE as usize)
        .map(|row| view(&row.side, row.version, row.seen_at, row.modified_at))
        .collect::<Result<_>>()?;
    let older = versions.last().filter(|_| has_more).map(|version| version.version);
    Ok(VersionPage { versions, older })
}

/// One version with what it says.
pub async fn get(tx: &mut TenantTx, id: RecordId, version: i64) -> Result<(VersionView, Canonical)> {
    let row = sqlx::query!(
        "SELECT side, seen_at, modified_at, payload FROM record_versions
        WHERE tenant_id = $1 AND record_id = $2 AND version = $3",
        tx.tenant().0,
        id.0,
        version
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::NotFound)?;
    let view = VersionView { version, side: row.side.parse()?, seen_at: row.seen_at, modified_at: row.modified_at };
    Ok((view, serde_json::from_value(row.payload)?))
}

/// What one side said in its newest version, and in the one before.
pub async fn newest(tx: &mut TenantTx, id: RecordId, side: Side) -> Result<(Option<Canonical>, Option<Canonical>)> {
    let rows = sqlx::query_scalar!(
        "SELECT payload FROM record_versions
        WHERE tenant_id = $1 AND record_id = $2 AND side = $3
        ORDER BY version DESC
        LIMIT 2",
        tx.tenant().0,
        id.0,
        side.as_str()
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut payloads = rows.into_iter().map(serde_json::from_value::<Canonical>);
    Ok((payloads.next().transpose()?, payloads.next().transpose()?))
}
