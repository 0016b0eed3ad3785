//! Marking announced changes: one statement for many, one for each side.

use chrono::{DateTime, Utc};
use domain::Side;
use uuid::Uuid;

use super::{Marks, Target};
use crate::db::TenantTx;
use crate::error::Result;

/// What came of marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The records that were reached.
    pub marked: Vec<Uuid>,
    /// How many events were older than what was known.
    pub discarded: i64,
}

/// Makes records due that were announced; one that is not known yet is made, by its id, also when it is said to be gone.
/// A record that a person or a conflict holds keeps its status.
///
/// Invariant: a tombstone is never taken away here: only a read that finds the record does that.
pub async fn mark(tx: &mut TenantTx, target: &Target, marks: &Marks, now: DateTime<Utc>) -> Result<Marked> {
    match target.side {
        Side::Source => mark_source(tx, target, marks, now).await,
        Side::Destination => mark_destination(tx, target, marks, now).await,
    }
}

async fn mark_source(tx: &mut TenantTx, target: &Target, marks: &Marks, now: DateTime<Utc>) -> Result<Marked> {
    let row = sqlx::query!(
        r#"WITH incoming AS (
            SELECT * FROM unnest($4::uuid[], $5::text[], $6::timestamptz[], $7::boolean[], $8::timestamptz[])
                AS event (id, external_id, modified_at, deleted, due_at)
        ),
        marked AS (
            INSERT INTO records (tenant_id, id, sync_id, entity, source_id, source_modified_at, description, status,
                last_operation, priority, tombstone, tombstone_side, tombstone_at, next_attempt_at, announced_at, created_at,
                updated_at)
            SELECT $1, id, $2, $3, external_id, modified_at, external_id, 'prepared', 'found', $10, deleted,
                CASE WHEN deleted THEN 'source' END, CASE WHEN deleted THEN $9::timestamptz END, due_at, $9, $9, $9
            FROM incoming
            ON CONFLICT ON CONSTRAINT records_source_key DO UPDATE SET
                source_modified_at = GREATEST(EXCLUDED.source_modified_at, records.source_modified_at),
                -- In work: when that ends, the record is due again.
                version = records.version + CASE WHEN records.claimed_run IS NULL THEN 0 ELSE 1 END,
                status = CASE
                    WHEN records.status IN ('skipped', 'awaiting_approval', 'conflict') THEN records.status
                    ELSE 'prepared'
                END,
                last_operation = CASE
                    WHEN records.status IN ('skipped', 'awaiting_approval', 'conflict') THEN records.last_operation
                    ELSE 'changed_at_source'
                END,
                tombstone = records.tombstone OR EXCLUDED.tombstone,
                tombstone_side = COALESCE(EXCLUDED.tombstone_side, records.tombstone_side),
                tombstone_at = COALESCE(EXCLUDED.tombstone_at, records.tombstone_at),
                attempts = 0, last_error = NULL, error_code = NULL, error_field = NULL,
                priority = GREATEST(records.priority, EXCLUDED.priority),
                -- The first change since the last try began the wait for quiet, which never is longer than the longest.
                announced_at = CASE
                    WHEN records.status = 'prepared' AND records.announced_at IS NOT NULL
                        AND (records.last_attempt_at IS NULL OR records.last_attempt_at < records.announced_at)
                        THEN records.announced_at
                    ELSE $9
                END,
                next_attempt_at = CASE
                    -- Somebody wants it at once.
                    WHEN records.status = 'prepared' AND records.priority > $10
                        THEN LEAST(records.next_attempt_at, EXCLUDED.next_attempt_at)
                    -- It cannot be believed earlier that it is gone.
                    WHEN EXCLUDED.next_attempt_at > $11 THEN EXCLUDED.next_attempt_at
                    WHEN records.status = 'prepared' AND records.announced_at IS NOT NULL
                        AND (records.last_attempt_at IS NULL OR records.last_attempt_at < records.announced_at)
                        THEN LEAST(EXCLUDED.next_attempt_at, records.announced_at + make_interval(secs => $12))
                    ELSE LEAST(EXCLUDED.next_attempt_at, $9 + make_interval(secs => $12))
                END,
                updated_at = EXCLUDED.updated_at
            WHERE (records.source_modified_at IS NULL OR EXCLUDED.source_modified_at IS NULL
                    OR EXCLUDED.source_modified_at >= records.source_modified_at)
                -- A deletion that is known, or carried out, is no news.
                AND NOT (EXCLUDED.tombstone AND EXCLUDED.next_attempt_at > $11
                    AND (records.tombstone OR records.status = 'deleted') AND records.tombstone_side = 'source'
                    AND EXCLUDED.source_modified_at IS NOT DISTINCT FROM records.source_modified_at)
            RETURNING id
        )
        SELECT
            ARRAY(SELECT id FROM marked) AS "marked!",
            (
                SELECT count(*) FROM incoming
                JOIN records ON records.tenant_id = $1 AND records.sync_id = $2 AND records.source_id = incoming.external_id
                WHERE records.source_modified_at > incoming.modified_at
            ) AS "discarded!""#,
        tx.tenant().0,
        target.sync.id.0,
        target.sync.entity.as_str(),
        &marks.ids,
        &marks.external_ids,
        &marks.modified as &[Option<DateTime<Utc>>],
        &marks.deleted,
        &marks.due,
        now,
        marks.priority,
        marks.quiet_until,
        marks.longest
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Marked { marked: row.marked, discarded: row.discarded })
}

async fn mark_destination(tx: &mut TenantTx, target: &Target, marks: &Marks, now: DateTime<Utc>) -> Result<Marked> {
    let row = sqlx::query!(
        r#"WITH incoming AS (
            SELECT * FROM unnest($4::uuid[], $5::text[], $6::timestamptz[], $7::boolean[], $8::timestamptz[])
                AS event (id, external_id, modified_at, deleted, due_at)
        ),
        marked AS (
            INSERT INTO records (tenant_id, id, sync_id, entity, destination_id, destination_modified_at, description, status,
                last_operation, priority, tombstone, tombstone_side, tombstone_at, next_attempt_at, announced_at, created_at,
                updated_at)
            SELECT $1, id, $2, $3, external_id, modified_at, external_id, 'prepared', 'changed_at_destination', $10, deleted,
                CASE WHEN deleted THEN 'destination' END, CASE WHEN deleted THEN $9::timestamptz END, due_at, $9, $9, $9
            FROM incoming
            ON CONFLICT ON CONSTRAINT records_destination_key DO UPDATE SET
                destination_modified_at = GREATEST(EXCLUDED.destination_modified_at, records.destination_modified_at),
                -- In work: when that ends, the record is due again.
                version = records.version + CASE WHEN records.claimed_run IS NULL THEN 0 ELSE 1 END,
                status = CASE
                    WHEN records.status IN ('skipped', 'awaiting_approval', 'conflict') THEN records.status
                    ELSE 'prepared'
                END,
                last_operation = CASE
                    WHEN records.status IN ('skipped', 'awaiting_approval', 'conflict') THEN records.last_operation
                    ELSE 'changed_at_destination'
                END,
                tombstone = records.tombstone OR EXCLUDED.tombstone,
                tombstone_side = COALESCE(EXCLUDED.tombstone_side, records.tombstone_side),
                tombstone_at = COALESCE(EXCLUDED.tombstone_at, records.tombstone_at),
                attempts = 0, last_error = NULL, error_code = NULL, error_field = NULL,
                priority = GREATEST(records.priority, EXCLUDED.priority),
                -- The first change since the last try began the wait for quiet, which never is longer than the longest.
                announced_at = CASE
                    WHEN records.status = 'prepared' AND records.announced_at IS NOT NULL
                        AND (records.last_attempt_at IS NULL OR records.last_attempt_at < records.announced_at)
                        THEN records.announced_at
                    ELSE $9
                END,
                next_attempt_at = CASE
                    -- Somebody wants it at once.
                    WHEN records.status = 'prepared' AND records.priority > $10
                        THEN LEAST(records.next_attempt_at, EXCLUDED.next_attempt_at)
                    -- It cannot be believed earlier that it is gone.
                    WHEN EXCLUDED.next_attempt_at > $11 THEN EXCLUDED.next_attempt_at
                    WHEN records.status = 'prepared' AND records.announced_at IS NOT NULL
                        AND (records.last_attempt_at IS NULL OR records.last_attempt_at < records.announced_at)
                        THEN LEAST(EXCLUDED.next_attempt_at, records.announced_at + make_interval(secs => $12))
                    ELSE LEAST(EXCLUDED.next_attempt_at, $9 + make_interval(secs => $12))
                END,
                updated_at = EXCLUDED.updated_at
            WHERE (records.destination_modified_at IS NULL OR EXCLUDED.destination_modified_at IS NULL
                    OR EXCLUDED.destination_modified_at >= records.destination_modified_at)
                -- A deletion that is known, or carried out, is no news.
                AND NOT (EXCLUDED.tombstone AND EXCLUDED.next_attempt_at > $11
                    AND (records.tombstone OR records.status = 'deleted') AND records.tombstone_side = 'destination'
                    AND EXCLUDED.destination_modified_at IS NOT DISTINCT FROM records.destination_modified_at)
            RETURNING id
        )
        SELECT
            ARRAY(SELECT id FROM marked) AS "marked!",
            (
                SELECT count(*) FROM incoming
                JOIN records ON records.tenant_id = $1 AND records.sync_id = $2 AND records.destination_id = incoming.external_id
                WHERE records.destination_modified_at > incoming.modified_at
            ) AS "discarded!""#,
        tx.tenant().0,
        target.sync.id.0,
        target.sync.entity.as_str(),
        &marks.ids,
        &marks.external_ids,
        &marks.modified as &[Option<DateTime<Utc>>],
        &marks.deleted,
        &marks.due,
        now,
        marks.priority,
        marks.quiet_until,
        marks.longest
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Marked { marked: row.marked, discarded: row.discarded })
}
