//! Actions on many records at once.

use chrono::{DateTime, TimeDelta, Utc};
use domain::status::RecordAction;
use domain::{RecordStatus, Side, SyncId};
use uuid::Uuid;

use super::edits::choose_side;
use crate::db::TenantTx;
use crate::error::Result;

/// A record that an action changed.
#[derive(Debug, Clone, Copy)]
pub struct Acted {
    pub id: Uuid,
    pub sync: SyncId,
}

/// What an action that prepares or skips writes.
struct Written {
    status: &'static str,
    operation: &'static str,
    forced: bool,
    priority: i16,
}

/// The statuses to which an action does anything ([`RecordAction::applies_to`] is the rule).
fn applies(action: RecordAction) -> Vec<String> {
    let statuses = RecordStatus::ALL.iter().filter(|status| action.applies_to(**status));
    statuses.map(|status| status.as_str().to_owned()).collect()
}

/// Prepares or skips those of the records that the action applies to, and says which. A record in work keeps its claim:
/// the raised version makes it Prepared again when the work ends. What was to be chosen in a conflict is found anew when
/// the record is processed.
async fn write(
    tx: &mut TenantTx,
    action: RecordAction,
    written: Written,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Acted>> {
    // Due a moment ago: the run that the action starts in the same transaction must find them.
    let due = now - TimeDelta::milliseconds(1);
    let rows = sqlx::query!(
        "WITH acted AS (
            UPDATE records SET
                status = $4, last_operation = $5, forced = forced OR $6, priority = $7, attempts = 0,
                next_attempt_at = $8, version = version + CASE WHEN claimed_run IS NULL THEN 0 ELSE 1 END,
                last_error = CASE WHEN $4 = 'skipped' THEN last_error END,
                error_code = CASE WHEN $4 = 'skipped' THEN error_code END,
                error_field = CASE WHEN $4 = 'skipped' THEN error_field END,
                updated_at = $9
            WHERE tenant_id = $1 AND id = ANY($2) AND status = ANY($3)
            RETURNING id, sync_id
        ),
        settled AS (
            DELETE FROM record_conflicts USING acted
            WHERE record_conflicts.tenant_id = $1 AND record_conflicts.record_id = acted.id
        )
        SELECT id, sync_id FROM acted",
        tx.tenant().0,
        ids,
        &applies(action),
        written.status,
        written.operation,
        written.forced,
        written.priority,
        due,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| Acted { id: row.id, sync: SyncId(row.sync_id) }).collect())
}

/// Does an action to those of the records that it applies to, in the name of `actor`.
pub async fn act(
    tx: &mut TenantTx,
    action: RecordAction,
    ids: &[Uuid],
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Acted>> {
    let prepared = |operation, forced, priority| Written { status: "prepared", operation, forced, priority };
    let written = match action {
        RecordAction::Retry => prepared("manually_prepared", false, 10),
        RecordAction::SetPrepared => prepared("manually_prepared", false, 0),
        RecordAction::SyncNow => prepared("forced", true, 20),
        RecordAction::Skip => Written { status: "skipped", operation: "manually_skipped", forced: false, priority: 0 },
        RecordAction::SetProcessed => return set_processed(tx, ids, now).await,
        RecordAction::SourceWins => return choose_side(tx, ids, Side::Source, actor, now).await,
        RecordAction::DestinationWins => return choose_side(tx, ids, Side::Destination, actor, now).await,
        RecordAction::Forget => return forget(tx, ids, now).await,
    };
    write(tx, action, written, ids, now).await
}

/// Both sides are right as they are: what each was last seen with is what the next change is measured against. Edits that
/// wait to be written would contradict it, and go; a record in work is left, because its write may be under way.
async fn set_processed(tx: &mut TenantTx, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Acted>> {
    let rows = sqlx::query!(
        "WITH acted AS (
            UPDATE records SET
                status = 'processed', last_operation = 'manually_synchronised', forced = false, priority = 0,
                attempts = 0, next_attempt_at = NULL, last_error = NULL, error_code = NULL, error_field = NULL,
                replay_version = NULL, synced_version = version,
                synced_source_hash = COALESCE(source_hash, synced_source_hash),
                synced_destination_hash = COALESCE(destination_hash, synced_destination_hash), updated_at = $4
            WHERE tenant_id = $1 AND id = ANY($2) AND status = ANY($3) AND source_id IS NOT NULL
                AND destination_id IS NOT NULL AND NOT tombstone
                AND NOT EXISTS (
                    SELECT FROM runs
                    WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                        AND runs.state = 'running'
                )
            RETURNING id, sync_id
        ),
        settled AS (
            DELETE FROM record_conflicts USING acted
            WHERE record_conflicts.tenant_id = $1 AND record_conflicts.record_id = acted.id
        ),
        withdrawn AS (
            DELETE FROM record_edits USING acted
            WHERE record_edits.tenant_id = $1 AND record_edits.record_id = acted.id AND used_at IS NULL AND kind <> 'link'
        )
        SELECT id, sync_id FROM acted",
        tx.tenant().0,
        ids,
        &applies(RecordAction::SetProcessed),
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    let acted: Vec<Acted> = rows.into_iter().map(|row| Acted { id: row.id, sync: SyncId(row.sync_id) }).collect();
    let mended: Vec<Uuid> = acted.iter().map(|acted| acted.id).collect();
    crate::store::waits::resume(tx, &mended, now).await?;
    Ok(acted)
}

/// Deletes records from the history, with all that is known of them. One in work, or one whose last write may still
/// arrive, is left: it would be inserted a second time when it is found anew.
async fn forget(tx: &mut TenantTx, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Acted>> {
    let free = sqlx::query!(
        "SELECT id, sync_id FROM records
        WHERE tenant_id = $1 AND id = ANY($2) AND intent_key IS NULL
            AND NOT EXISTS (
                SELECT FROM runs
                WHERE runs.tenant_id = $1 AND runs.id = records.claimed_run AND runs.epoch = records.claimed_epoch
                    AND runs.state = 'running'
            )
        ORDER BY id
        FOR UPDATE",
        tx.tenant().0,
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let acted: Vec<Acted> = free.into_iter().map(|row| Acted { id: row.id, sync: SyncId(row.sync_id) }).collect();
    let gone: Vec<Uuid> = acted.iter().map(|acted| acted.id).collect();
    // What waited for one of them looks again, and says what it misses.
    crate::store::waits::resume(tx, &gone, now).await?;
    sqlx::query!("DELETE FROM attempts WHERE tenant_id = $1 AND record_id = ANY($2)", tx.tenant().0, &gone)
        .execute(&mut **tx)
        .await?;
    sqlx::query!("DELETE FROM records WHERE tenant_id = $1 AND id = ANY($2)", tx.tenant().0, &gone)
        .execute(&mut **tx)
        .await?;
    Ok(acted)
}
