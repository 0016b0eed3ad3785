//! Counters per sync and status: totals plus the changes that were not folded into them yet.

use std::collections::HashMap;

use domain::sync::StatusCounts;
use domain::{Entity, RecordStatus, SyncId};

use crate::db::{SystemTx, TenantTx};
use crate::error::Result;

/// The counts of each sync.
pub async fn by_sync(tx: &mut TenantTx, only: Option<SyncId>) -> Result<HashMap<SyncId, StatusCounts>> {
    let rows = sqlx::query!(
        r#"SELECT sync_id AS "sync_id!", status AS "status!", sum(n)::bigint AS "n!"
        FROM (
            SELECT sync_id, status, n FROM record_counts WHERE tenant_id = $1
            UNION ALL
            SELECT sync_id, status, delta FROM record_count_deltas WHERE tenant_id = $1
        ) AS counted
        WHERE $2::uuid IS NULL OR sync_id = $2
        GROUP BY sync_id, status
        HAVING sum(n) > 0"#,
        tx.tenant().0,
        only.map(|id| id.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut counts: HashMap<SyncId, StatusCounts> = HashMap::new();
    for row in rows {
        let status: RecordStatus = row.status.parse()?;
        counts.entry(SyncId(row.sync_id)).or_default().0.push((status, row.n));
    }
    Ok(counts)
}

/// The counts of all syncs that match, added up.
pub async fn totals(tx: &mut TenantTx, sync: Option<SyncId>, entity: Option<Entity>) -> Result<StatusCounts> {
    let rows = sqlx::query!(
        r#"SELECT status AS "status!", sum(n)::bigint AS "n!"
        FROM (
            SELECT sync_id, status, n FROM record_counts WHERE tenant_id = $1
            UNION ALL
            SELECT sync_id, status, delta FROM record_count_deltas WHERE tenant_id = $1
        ) AS counted
        JOIN syncs ON syncs.tenant_id = $1 AND syncs.id = counted.sync_id
        WHERE ($2::uuid IS NULL OR sync_id = $2) AND ($3::text IS NULL OR syncs.entity = $3)
        GROUP BY status
        HAVING sum(n) > 0"#,
        tx.tenant().0,
        sync.map(|id| id.0),
        entity.map(Entity::as_str)
    )
    .fetch_all(&mut **tx)
    .await?;
    let counts = rows.into_iter().map(|row| Ok((row.status.parse::<RecordStatus>()?, row.n)));
    Ok(StatusCounts(counts.collect::<Result<_>>()?))
}

/// Folds appended changes into the totals.
pub async fn fold_across_tenants(tx: &mut SystemTx, limit: i64) -> Result<u64> {
    let folded = sqlx::query!(
        "WITH taken AS (
            DELETE FROM record_count_deltas
            WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM record_count_deltas ORDER BY tenant_id, id LIMIT $1 FOR UPDATE SKIP LOCKED
            )
            RETURNING tenant_id, sync_id, status, delta
        )
        INSERT INTO record_counts (tenant_id, sync_id, status, n)
        SELECT tenant_id, sync_id, status, sum(delta)
        FROM taken
        GROUP BY tenant_id, sync_id, status
        ORDER BY tenant_id, sync_id, status
        ON CONFLICT (tenant_id, sync_id, status) DO UPDATE SET n = record_counts.n + EXCLUDED.n",
        limit
    )
    .execute(&mut **tx)
    .await?;
    Ok(folded.rows_affected())
}
