//! What is old goes, a little at a time, for all tenants.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::db::SystemTx;
use crate::error::Result;

/// What came of dropping a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    Month(String),
    /// Somebody used the table all the time; later.
    Busy,
    Nothing,
}

/// Drops one partition all of whose rows are older than `before`.
pub async fn drop_partition_across_tenants(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<Dropped> {
    let dropped = sqlx::query_scalar!("SELECT drop_partition($1)", before).fetch_one(&mut **tx).await?;
    Ok(match dropped {
        None => Dropped::Nothing,
        Some(name) if name == "busy" => Dropped::Busy,
        Some(name) => Dropped::Month(name),
    })
}

/// Deletes runs that were over before that time, with what they found out.
pub async fn forget_runs_across_tenants(tx: &mut SystemTx, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM runs
        WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM runs WHERE finished_at < $1 ORDER BY finished_at LIMIT $2)",
        before,
        limit
    )
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes what listings had seen whose run is over, in the last two days at least.
pub async fn forget_seen_across_tenants(tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM listing_seen
        WHERE (tenant_id, run_id, side, external_id) IN (
            SELECT seen.tenant_id, seen.run_id, seen.side, seen.external_id
            FROM runs
            JOIN listing_seen AS seen ON seen.tenant_id = runs.tenant_id AND seen.run_id = runs.id
            WHERE runs.finished_at > $1
            LIMIT $2
        )",
        now - TimeDelta::days(2),
        limit
    )
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}

/// The tenants, some at a time, after this one.
pub async fn tenants_after_across_tenants(tx: &mut SystemTx, after: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!("SELECT id FROM tenants WHERE id > $1 ORDER BY id LIMIT $2", after, limit);
    Ok(ids.fetch_all(&mut **tx).await?)
}

/// Deletes versions of one tenant that are older than `before` and have a newer one of their side beside them.
///
/// A version becomes ready to go when it grows old or when its successor comes; so only what did either in the last week
/// is looked at, however long the history is.
pub async fn thin_versions_across_tenants(
    tx: &mut SystemTx,
    tenant: Uuid,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<u64> {
    let deleted = sqlx::query!(
        "WITH old AS (
            SELECT old.record_id, old.version
            FROM record_versions AS old
            JOIN record_versions AS newer
                ON newer.tenant_id = old.tenant_id AND newer.record_id = old.record_id AND newer.side = old.side
                    AND newer.version > old.version
            WHERE old.tenant_id = $1 AND old.seen_at < $2 AND old.seen_at >= $3
            UNION
            SELECT old.record_id, old.version
            FROM record_versions AS newer
            JOIN record_versions AS old
                ON old.tenant_id = newer.tenant_id AND old.record_id = newer.record_id AND old.side = newer.side
                    AND old.version < newer.version
            WHERE newer.tenant_id = $1 AND newer.seen_at >= $4 AND old.seen_at < $2
            LIMIT $5
        )
        DELETE FROM record_versions
        USING old
        WHERE record_versions.tenant_id = $1 AND record_versions.record_id = old.record_id
            AND record_versions.version = old.version
            AND NOT EXISTS (
                SELECT FROM records
                WHERE records.tenant_id = $1 AND records.id = old.record_id AND records.replay_version = old.version
            )",
        tenant,
        before,
        before - TimeDelta::days(7),
        now - TimeDelta::days(7),
        limit
    )
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}
