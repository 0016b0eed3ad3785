//! The timeline, and the events of live screens.

use chrono::{DateTime, Utc};
use domain::activity::{ActivityFilter, ActivityItem, By, EventBody, Line, Tone};
use domain::{ActivityId, RunId};

use super::runs;
use crate::db::{SystemTx, TenantTx};
use crate::error::Result;

/// The channel on which a tenant's streams are told that there is something new; its payload is the tenant's id.
pub const CHANNEL: &str = "syncline_activity";

/// Appends an event; the tenant's streams hear of it when the transaction commits.
pub async fn append(tx: &mut TenantTx, body: &EventBody, now: DateTime<Utc>) -> Result<()> {
    let kind = match body {
        EventBody::Line { .. } => "line",
        EventBody::Run { .. } => "run",
        EventBody::Records { .. } => "records",
    };
    sqlx::query!(
        "WITH appended AS (
            INSERT INTO activity (tenant_id, id, kind, body, at) VALUES ($1, $2, $3, $4, $5)
        )
        SELECT pg_notify($6, $1::uuid::text)",
        tx.tenant().0,
        ActivityId::new(now).0,
        kind,
        serde_json::to_value(body)?,
        now,
        CHANNEL
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Appends a line for people.
pub async fn say(
    tx: &mut TenantTx,
    tone: Tone,
    text: String,
    actor: Option<&str>,
    link: Option<String>,
    now: DateTime<Utc>,
) -> Result<()> {
    let line = Line { tone, text, actor: actor.map(str::to_owned), link };
    append(tx, &EventBody::Line { line }, now).await
}

/// Tells live screens how a run stands.
pub async fn show_run(tx: &mut TenantTx, id: RunId, now: DateTime<Utc>) -> Result<()> {
    let run = Box::new(runs::view(tx, id).await?);
    append(tx, &EventBody::Run { run }, now).await
}

/// Lines for people, the newest first. [`ActivityFilter::shows`] says the same of one line.
pub async fn lines(tx: &mut TenantTx, filter: &ActivityFilter, limit: i64) -> Result<Vec<ActivityItem>> {
    let rows = sqlx::query!(
        "SELECT id, at, body FROM activity
        WHERE tenant_id = $1 AND kind = 'line' AND ($2::uuid IS NULL OR id < $2)
            AND ($4::text IS NULL OR body->'line'->'line'->>'tone' = $4)
            AND ($5::bool IS NULL OR (body->'line'->'line'->>'actor' IS NOT NULL) = $5)
            AND ($6::text IS NULL OR position($6 IN body->'line'->'line'->>'link') > 0)
            AND ($7::text IS NULL
                OR position(lower($7) IN lower(body->'line'->'line'->>'text')) > 0
                OR position(lower($7) IN lower(body->'line'->'line'->>'actor')) > 0)
        ORDER BY id DESC
        LIMIT $3",
        tx.tenant().0,
        filter.before.map(|id| id.0),
        limit,
        filter.tone.map(Tone::as_str),
        filter.by.map(|by| by == By::People),
        filter.sync.map(|sync| sync.to_string()),
        filter.text.as_deref()
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        if let EventBody::Line { line } = serde_json::from_value(row.body)? {
            items.push(ActivityItem { id: ActivityId(row.id), at: row.at, line });
        }
    }
    Ok(items)
}

/// Deletes events that only live screens needed.
pub async fn forget_live_across_tenants(tx: &mut SystemTx, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM activity
        WHERE (tenant_id, id) IN (
            SELECT tenant_id, id FROM activity WHERE kind <> 'line' AND id < $1 LIMIT $2
        )",
        domain::ids::uuid_floor(before),
        limit
    )
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}

/// Makes the partitions of this month and the next two.
pub async fn ensure_partitions_across_tenants(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<()> {
    sqlx::query_scalar!(r#"SELECT ensure_partitions($1)::text AS "done""#, now).fetch_one(&mut **tx).await?;
    Ok(())
}
