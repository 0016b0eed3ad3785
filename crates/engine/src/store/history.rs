//! The Sync History: its pages here, and in the modules below what is kept of one record and what people do to records.

pub mod acts;
pub mod edits;
pub mod held;
pub mod links;
pub mod reports;
pub mod versions;

use chrono::{DateTime, Utc};
use domain::history::{HistoryFilter, RecordRow};
use domain::{Entity, RecordId, RecordStatus, SyncId};
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::Result;

/// A place in the history: rows are ordered by their last change, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub at: DateTime<Utc>,
    pub id: Uuid,
}

/// Which way a page goes from its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Towards {
    Older,
    Newer,
}

/// The ids of a page, in the order of the history.
pub async fn page_ids(
    tx: &mut TenantTx,
    filter: &HistoryFilter,
    towards: Towards,
    from: Option<Position>,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let mut ids = match filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => search_ids(tx, filter, text, towards, from, limit).await?,
        None => filtered_ids(tx, filter, towards, from, limit).await?,
    };
    if towards == Towards::Newer {
        ids.reverse();
    }
    Ok(ids)
}

async fn search_ids(
    tx: &mut TenantTx,
    filter: &HistoryFilter,
    text: &str,
    towards: Towards,
    from: Option<Position>,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM search_records($1, $2, $3, $4, $5, $6, $7, $8)"#,
        text,
        filter.sync.map(|id| id.0),
        filter.entity.map(Entity::as_str),
        filter.status.map(RecordStatus::as_str),
        if towards == Towards::Older { "older" } else { "newer" },
        from.map(|position| position.at),
        from.map(|position| position.id),
        i32::try_from(limit).unwrap_or(i32::MAX)
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids)
}

/// The filters are put together here rather than tested for NULL in one statement, so that each combination gets the plan
/// of its own index; all values are bound.
fn push_filter(query: &mut QueryBuilder<Postgres>, tenant: Uuid, filter: &HistoryFilter) {
    query.push(" WHERE tenant_id = ").push_bind(tenant);
    if let Some(sync) = filter.sync {
        query.push(" AND sync_id = ").push_bind(sync.0);
    }
    if let Some(entity) = filter.entity {
        query.push(" AND entity = ").push_bind(entity.as_str());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
}

async fn filtered_ids(
    tx: &mut TenantTx,
    filter: &HistoryFilter,
    towards: Towards,
    from: Option<Position>,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let mut query = QueryBuilder::new("SELECT id FROM records");
    push_filter(&mut query, tx.tenant().0, filter);
    let (comparison, order) = match towards {
        Towards::Older => (" AND (updated_at, id) < (", " ORDER BY updated_at DESC, id DESC LIMIT "),
        Towards::Newer => (" AND (updated_at, id) > (", " ORDER BY updated_at, id LIMIT "),
    };
    if let Some(position) = from {
        query.push(comparison).push_bind(position.at).push(", ").push_bind(position.id).push(")");
    }
    query.push(order).push_bind(limit);
    let rows = query.build().fetch_all(&mut **tx).await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}

/// How many records match, counted up to `limit`.
pub async fn count(tx: &mut TenantTx, filter: &HistoryFilter, limit: i64) -> Result<i64> {
    Ok(matching_ids(tx, filter, limit).await?.len().try_into().unwrap_or(i64::MAX))
}

/// The ids of at most `limit` records that match, the oldest change first, so that an action that raises a record to the
/// top does not meet it again.
pub async fn matching_ids(tx: &mut TenantTx, filter: &HistoryFilter, limit: i64) -> Result<Vec<Uuid>> {
    page_ids(tx, filter, Towards::Newer, None, limit).await
}

/// Rows for screens, in the order of the ids.
pub async fn rows(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<RecordRow>> {
    let rows = sqlx::query!(
        r#"SELECT records.id, records.sync_id, records.entity, records.source_id, records.source_label, records.source_url,
            records.destination_id, records.destination_label, records.destination_url, records.description,
            records.status, records.last_operation, records.last_error, records.error_field, records.attempts,
            records.next_attempt_at, records.last_attempt_at, records.source_modified_at,
            records.destination_modified_at, EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            ) AS "in_work!", records.version,
            records.updated_at
        FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (id, place)
        JOIN records ON records.tenant_id = $1 AND records.id = wanted.id
        ORDER BY wanted.place"#,
        tx.tenant().0,
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let entity: Entity = row.entity.parse()?;
            let status: RecordStatus = row.status.parse()?;
            Ok(RecordRow {
                id: RecordId(row.id),
                sync: SyncId(row.sync_id),
                sync_name: entity.label().to_owned(),
                entity,
                source_id: row.source_id,
                source_label: row.source_label,
                source_url: row.source_url,
                destination_id: row.destination_id,
                destination_label: row.destination_label,
                destination_url: row.destination_url,
                description: row.description,
                status,
                last_operation: row.last_operation.parse()?,
                last_error: row.last_error,
                error_field: row.error_field,
                attempts: row.attempts,
                next_attempt_at: row.next_attempt_at.filter(|_| status.is_due_some_day()),
                last_attempt_at: row.last_attempt_at,
                source_modified_at: row.source_modified_at,
                destination_modified_at: row.destination_modified_at,
                in_work: row.in_work,
                version: row.version,
                updated_at: row.updated_at,
            })
        })
        .collect()
}

/// The records that a record waits for.
pub async fn awaited(tx: &mut TenantTx, id: RecordId) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "SELECT waits_for FROM record_waits WHERE tenant_id = $1 AND record_id = $2 LIMIT 50",
        tx.tenant().0,
        id.0
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids)
}
