//! Announced changes: which syncs they concern, and marking many records in one statement.

mod mark;

pub use mark::{Marked, mark};

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use connectors::Found;
use domain::{ConnectionId, RecordId, Side, SyncId, Vendor};
use uuid::Uuid;

use super::syncs::{self, SyncRow};
use crate::db::TenantTx;
use crate::error::Result;
use crate::events::Merged;
use crate::slice::BELIEVED_AFTER;

/// A sync that a connection's events concern.
#[derive(Debug, Clone)]
pub struct Target {
    pub sync: SyncRow,
    /// On which side of it the connection is.
    pub side: Side,
    pub vendor: Vendor,
}

/// The syncs whose source the connection is, and those that go both ways whose destination it is.
pub async fn targets(tx: &mut TenantTx, connection: ConnectionId) -> Result<Vec<Target>> {
    let rows = sqlx::query!(
        r#"SELECT syncs.id, connections.vendor, syncs.source_connection_id = $2 AS "is_source!"
        FROM syncs
        JOIN connections ON connections.tenant_id = $1 AND connections.id = $2
        WHERE syncs.tenant_id = $1
            AND (syncs.source_connection_id = $2
                OR (syncs.destination_connection_id = $2 AND syncs.direction = 'two_way'))
        LIMIT 500"#,
        tx.tenant().0,
        connection.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut targets = Vec::with_capacity(rows.len());
    for row in rows {
        let side = if row.is_source { Side::Source } else { Side::Destination };
        targets.push(Target { sync: syncs::get(tx, SyncId(row.id)).await?, side, vendor: row.vendor.parse()? });
    }
    Ok(targets)
}

/// What is to be marked, column by column.
#[derive(Debug, Default)]
pub struct Marks {
    ids: Vec<Uuid>,
    external_ids: Vec<String>,
    modified: Vec<Option<DateTime<Utc>>>,
    deleted: Vec<bool>,
    due: Vec<DateTime<Utc>>,
    priority: i16,
    /// Until when a change that was announced now waits for quiet.
    quiet_until: DateTime<Utc>,
    /// How long a change may be kept waiting in all.
    longest: f64,
}

impl Marks {
    /// A change is due when it has been quiet for a while, a deletion when it can be believed.
    pub fn of(events: &[Merged<'_>], target: &Target, priority: i16, now: DateTime<Utc>) -> Self {
        let settings = &target.sync.settings;
        let quiet_until = now + TimeDelta::seconds(settings.quiet_seconds.into());
        let longest = f64::from(settings.longest_wait_seconds);
        let mut marks = Self { priority, quiet_until, longest, ..Self::default() };
        for event in events {
            marks.ids.push(RecordId::new(now).0);
            marks.external_ids.push(event.id.to_owned());
            marks.modified.push(event.modified_at);
            marks.deleted.push(event.deleted);
            marks.due.push(if event.ends_deleted { quiet_until + BELIEVED_AFTER } else { quiet_until });
        }
        marks
    }
}

/// Which of these records are processed and known in the state that is shown: `(external id, hash)`.
pub async fn known_as_shown(
    tx: &mut TenantTx,
    target: &Target,
    shown: &[(String, Vec<u8>)],
) -> Result<HashSet<String>> {
    let (ids, hashes): (Vec<String>, Vec<Vec<u8>>) = shown.iter().cloned().unzip();
    let known = match target.side {
        Side::Source => sqlx::query_scalar!(
            r#"SELECT shown.id AS "id!" FROM unnest($3::text[], $4::bytea[]) AS shown (id, hash)
            JOIN records ON records.tenant_id = $1 AND records.sync_id = $2 AND records.source_id = shown.id
            WHERE records.status = 'processed' AND NOT records.tombstone
                AND records.source_hash = shown.hash AND records.synced_source_hash = shown.hash"#,
            tx.tenant().0,
            target.sync.id.0,
            &ids,
            &hashes
        )
        .fetch_all(&mut **tx)
        .await?,
        Side::Destination => sqlx::query_scalar!(
            r#"SELECT shown.id AS "id!" FROM unnest($3::text[], $4::bytea[]) AS shown (id, hash)
            JOIN records ON records.tenant_id = $1 AND records.sync_id = $2 AND records.destination_id = shown.id
            WHERE records.status = 'processed' AND NOT records.tombstone AND records.synced_destination_hash = shown.hash
                AND COALESCE(records.destination_hash = shown.hash, true)"#,
            tx.tenant().0,
            target.sync.id.0,
            &ids,
            &hashes
        )
        .fetch_all(&mut **tx)
        .await?,
    };
    Ok(known.into_iter().collect())
}

/// Which of these records are gone at that side, or were said to be.
pub async fn gone(tx: &mut TenantTx, target: &Target, external_ids: &[String]) -> Result<HashSet<String>> {
    let gone = sqlx::query_scalar!(
        r#"SELECT CASE WHEN $3 = 'source' THEN source_id ELSE destination_id END AS "id!" FROM records
        WHERE tenant_id = $1 AND sync_id = $2 AND (tombstone OR status = 'deleted') AND tombstone_side = $3
            AND (($3 = 'source' AND source_id = ANY($4)) OR ($3 = 'destination' AND destination_id = ANY($4)))"#,
        tx.tenant().0,
        target.sync.id.0,
        target.side.as_str(),
        external_ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(gone.into_iter().collect())
}

/// How many of these are older than what is known.
pub async fn count_older(tx: &mut TenantTx, target: &Target, found: &[Found]) -> Result<i64> {
    let ids: Vec<String> = found.iter().map(|found| found.id.clone()).collect();
    let modified: Vec<Option<DateTime<Utc>>> = found.iter().map(|found| found.modified_at).collect();
    let older = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM unnest($4::text[], $5::timestamptz[]) AS shown (id, modified_at)
        JOIN records ON records.tenant_id = $1 AND records.sync_id = $2
            AND (($3 = 'source' AND records.source_id = shown.id AND records.source_modified_at > shown.modified_at)
                OR ($3 = 'destination' AND records.destination_id = shown.id
                    AND records.destination_modified_at > shown.modified_at))"#,
        tx.tenant().0,
        target.sync.id.0,
        target.side.as_str(),
        &ids,
        &modified as &[Option<DateTime<Utc>>]
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(older)
}

/// Lets records wait until it has been quiet.
pub async fn debounce(
    tx: &mut TenantTx,
    target: &Target,
    ids: &[Uuid],
    priority: i16,
    now: DateTime<Utc>,
) -> Result<()> {
    let quiet_until = now + TimeDelta::seconds(target.sync.settings.quiet_seconds.into());
    sqlx::query!(
        "UPDATE records SET next_attempt_at = $4, announced_at = $3, priority = GREATEST(priority, $5)
        WHERE tenant_id = $1 AND id = ANY($2) AND status = 'prepared'",
        tx.tenant().0,
        ids,
        now,
        quiet_until,
        priority
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Counts events that were older than what was known.
pub async fn count_discarded(tx: &mut TenantTx, sync: SyncId, count: i64) -> Result<()> {
    sqlx::query!(
        "UPDATE syncs SET events_discarded = events_discarded + $3 WHERE tenant_id = $1 AND id = $2",
        tx.tenant().0,
        sync.0,
        count
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
