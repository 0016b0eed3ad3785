//! Settling records: what came of a try, for many records in one statement each.

use chrono::{DateTime, Utc};
use connectors::Exchange;
use domain::canonical::{Change, ContentHash};
use domain::{AttemptId, LastOperation, RecordStatus, Side};
use uuid::Uuid;

use super::conflicts::{self, Conflict};
use super::edits;
use super::runs::Taken;
use crate::db::TenantTx;
use crate::error::Result;
use crate::testing::{self, Safeguard};

/// What came of one record.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub id: Uuid,
    /// The version that was processed: when the record has a newer one by now, it is Prepared again.
    pub version: i64,
    pub status: RecordStatus,
    pub operation: LastOperation,
    /// The number of the try.
    pub number: i32,
    /// `false` gives the attempt back: the record could not be tried, for no fault of its own. What it did to its workers
    /// is not forgotten then.
    pub counts: bool,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub error: Option<Problem>,
    /// What is known of either side now, beyond what was stored before.
    pub source: Option<Place>,
    pub destination: Option<Place>,
    /// The hashes of which both sides agree now.
    pub synced: Option<(ContentHash, ContentHash)>,
    /// The write's fate is known, or nothing was sent: the intent is settled.
    pub settles_intent: bool,
    /// When it was really tried, it is written to the record's history.
    pub attempt: Option<Tried>,
    pub tombstone: Tombstone,
    /// The record of this side was removed: the link to it goes.
    pub unlink: Option<Side>,
    /// Both sides, for a person to choose.
    pub conflict: Option<Box<Conflict>>,
    /// The edit that was written.
    pub used_edit: Option<Uuid>,
    /// The earlier version that was wanted was written.
    pub replayed: bool,
}

/// What becomes of the flag that says that a record is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tombstone {
    Keep,
    Clear,
    Set(Side, DateTime<Utc>),
}

/// Why a record is not where it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    pub code: Option<String>,
    pub field: Option<String>,
}

/// A record as one side holds it.
#[derive(Debug, Clone)]
pub struct Place {
    pub id: String,
    pub label: String,
    pub url: Option<String>,
    pub modified_at: Option<DateTime<Utc>>,
    pub hash: ContentHash,
}

/// A try, for the record's history.
#[derive(Debug, Clone)]
pub struct Tried {
    pub started_at: DateTime<Utc>,
    pub duration_ms: i32,
    pub exchange: Option<Exchange>,
    pub changes: Vec<Change>,
    /// What went wrong beside it, without being the record's failure.
    pub warning: Option<String>,
}

/// Writes outcomes to the records that this run's epoch has claimed and frees them.
pub async fn settle(tx: &mut TenantTx, run: &Taken, outcomes: &[Outcome], now: DateTime<Utc>) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    #[cfg(feature = "testing")]
    steal_claims(tx, run, outcomes).await?;
    let text = |pick: fn(&Outcome) -> Option<String>| outcomes.iter().map(pick).collect::<Vec<_>>();
    let bytes = |pick: fn(&Outcome) -> Option<ContentHash>| {
        outcomes.iter().map(|o| pick(o).map(|hash| hash.as_bytes().to_vec())).collect::<Vec<_>>()
    };
    let time = |pick: fn(&Outcome) -> Option<DateTime<Utc>>| outcomes.iter().map(pick).collect::<Vec<_>>();
    let ids: Vec<Uuid> = outcomes.iter().map(|o| o.id).collect();
    let processed = |o: &Outcome| if testing::lacks(Safeguard::Version) { i64::MAX } else { o.version };
    let versions: Vec<i64> = outcomes.iter().map(processed).collect();
    let given_back: Vec<i32> = outcomes.iter().map(|o| i32::from(!o.counts)).collect();
    let settles: Vec<bool> = outcomes.iter().map(|o| o.settles_intent).collect();
    let replayed: Vec<bool> = outcomes.iter().map(|o| o.replayed).collect();
    sqlx::query!(
        "WITH o AS (
            SELECT * FROM unnest($4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::int[], $9::timestamptz[],
                $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[],
                $17::bytea[], $18::text[], $19::text[], $20::text[], $21::timestamptz[], $22::bytea[], $23::bytea[],
                $24::bytea[], $25::boolean[], $26::text[], $27::timestamptz[], $28::text[], $29::boolean[])
                AS o (id, version, status, operation, given_back, next_attempt_at, error, code, field,
                    destination_id, destination_label, destination_url, destination_modified_at, destination_hash,
                    source_id, source_label, source_url, source_modified_at, source_hash, synced_source,
                    synced_destination, settles, tombstone, tombstone_at, unlink, replayed)
        ),
        unlocked AS (
            DELETE FROM key_locks USING o
            WHERE key_locks.tenant_id = $1 AND key_locks.record_id = o.id AND o.settles
        ),
        chosen AS (
            DELETE FROM record_conflicts USING o
            WHERE record_conflicts.tenant_id = $1 AND record_conflicts.record_id = o.id AND o.status <> 'conflict'
        )
        UPDATE records SET
            status = CASE
                WHEN records.version > o.version AND records.status = 'skipped' THEN 'skipped'
                WHEN records.version > o.version THEN 'prepared'
                ELSE o.status
            END,
            last_operation = o.operation,
            attempts = CASE
                WHEN o.status IN ('processed', 'deleted') OR records.version > o.version THEN 0
                ELSE records.attempts - o.given_back
            END,
            crashes = CASE WHEN o.given_back = 1 THEN records.crashes ELSE 0 END,
            suspect = o.given_back = 1 AND records.suspect,
            next_attempt_at = CASE WHEN records.version > o.version THEN $30 ELSE o.next_attempt_at END,
            last_error = o.error, error_code = o.code, error_field = o.field,
            destination_id = CASE
                WHEN o.unlink = 'destination' THEN NULL
                ELSE COALESCE(o.destination_id, records.destination_id)
            END,
            destination_label = COALESCE(o.destination_label, records.destination_label),
            destination_url = COALESCE(o.destination_url, records.destination_url),
            -- What was read last stands, also when something later had been announced that no read ever shows.
            destination_modified_at = CASE
                WHEN records.version > o.version THEN GREATEST(o.destination_modified_at, records.destination_modified_at)
                ELSE COALESCE(o.destination_modified_at, records.destination_modified_at)
            END,
            destination_hash = CASE
                WHEN records.version > o.version AND records.destination_hash IS NOT NULL THEN records.destination_hash
                ELSE COALESCE(o.destination_hash, records.destination_hash)
            END,
            source_id = CASE WHEN o.unlink = 'source' THEN NULL ELSE COALESCE(o.source_id, records.source_id) END,
            source_label = COALESCE(o.source_label, records.source_label),
            source_url = COALESCE(o.source_url, records.source_url),
            source_modified_at = CASE
                WHEN records.version > o.version THEN GREATEST(o.source_modified_at, records.source_modified_at)
                ELSE COALESCE(o.source_modified_at, records.source_modified_at)
            END,
            source_hash = CASE
                WHEN records.version > o.version AND records.source_hash IS NOT NULL THEN records.source_hash
                ELSE COALESCE(o.source_hash, records.source_hash)
            END,
            synced_source_hash = COALESCE(o.synced_source, records.synced_source_hash),
            synced_destination_hash = COALESCE(o.synced_destination, records.synced_destination_hash),
            synced_version = CASE
                WHEN o.synced_source IS NULL THEN records.synced_version
                ELSE LEAST(o.version, records.version)
            END,
            forced = records.forced AND (o.status NOT IN ('processed', 'deleted') OR records.version > o.version),
            priority = CASE WHEN o.status = 'processed' AND records.version = o.version THEN 0 ELSE records.priority END,
            tombstone = CASE
                WHEN o.tombstone IS NULL OR records.version > o.version THEN records.tombstone
                ELSE o.tombstone <> 'clear'
            END,
            tombstone_side = CASE
                WHEN o.tombstone IS NULL OR records.version > o.version THEN records.tombstone_side
                WHEN o.tombstone <> 'clear' THEN o.tombstone
                -- On which side it was gone: the other side's listings show what was kept there, which is no news.
                WHEN o.status = 'deleted' THEN records.tombstone_side
            END,
            tombstone_at = CASE
                WHEN o.tombstone IS NULL OR records.version > o.version THEN records.tombstone_at
                WHEN o.tombstone = 'clear' AND o.status = 'deleted' THEN records.tombstone_at
                ELSE o.tombstone_at
            END,
            replay_version = CASE WHEN o.replayed THEN NULL ELSE records.replay_version END,
            announced_at = CASE WHEN records.version > o.version THEN records.announced_at END,
            intent_side = CASE WHEN o.settles THEN NULL ELSE records.intent_side END,
            intent_key = CASE WHEN o.settles THEN NULL ELSE records.intent_key END,
            intent_hash = CASE WHEN o.settles THEN NULL ELSE records.intent_hash END,
            intent_version = CASE WHEN o.settles THEN NULL ELSE records.intent_version END,
            intent_at = CASE WHEN o.settles THEN NULL ELSE records.intent_at END,
            intent_deadline_at = CASE WHEN o.settles THEN NULL ELSE records.intent_deadline_at END,
            claimed_run = NULL, claimed_epoch = NULL,
            updated_at = $30
        FROM o
        WHERE records.tenant_id = $1 AND records.id = o.id AND records.claimed_run = $2 AND records.claimed_epoch = $3",
        run.tenant.0,
        run.id.0,
        run.epoch,
        &ids,
        &versions,
        &text(|o| Some(o.status.as_str().to_owned())) as &[Option<String>],
        &text(|o| Some(o.operation.as_str().to_owned())) as &[Option<String>],
        &given_back,
        &time(|o| o.next_attempt_at) as &[Option<DateTime<Utc>>],
        &text(|o| o.error.as_ref().map(|e| e.message.clone())) as &[Option<String>],
        &text(|o| o.error.as_ref().and_then(|e| e.code.clone())) as &[Option<String>],
        &text(|o| o.error.as_ref().and_then(|e| e.field.clone())) as &[Option<String>],
        &text(|o| o.destination.as_ref().map(|place| place.id.clone())) as &[Option<String>],
        &text(|o| o.destination.as_ref().map(|place| place.label.clone())) as &[Option<String>],
        &text(|o| o.destination.as_ref().and_then(|place| place.url.clone())) as &[Option<String>],
        &time(|o| o.destination.as_ref().and_then(|place| place.modified_at)) as &[Option<DateTime<Utc>>],
        &bytes(|o| o.destination.as_ref().map(|place| place.hash)) as &[Option<Vec<u8>>],
        &text(|o| o.source.as_ref().map(|place| place.id.clone())) as &[Option<String>],
        &text(|o| o.source.as_ref().map(|place| place.label.clone())) as &[Option<String>],
        &text(|o| o.source.as_ref().and_then(|place| place.url.clone())) as &[Option<String>],
        &time(|o| o.source.as_ref().and_then(|place| place.modified_at)) as &[Option<DateTime<Utc>>],
        &bytes(|o| o.source.as_ref().map(|place| place.hash)) as &[Option<Vec<u8>>],
        &bytes(|o| o.synced.map(|(source, _)| source)) as &[Option<Vec<u8>>],
        &bytes(|o| o.synced.map(|(_, destination)| destination)) as &[Option<Vec<u8>>],
        &settles,
        &text(|o| o.tombstone.as_text()) as &[Option<String>],
        &time(|o| o.tombstone.at()) as &[Option<DateTime<Utc>>],
        &text(|o| o.unlink.map(|side| side.as_str().to_owned())) as &[Option<String>],
        &replayed,
        now
    )
    .execute(&mut **tx)
    .await?;
    let conflicts: Vec<(Uuid, &Conflict)> =
        outcomes.iter().filter_map(|o| Some((o.id, o.conflict.as_deref()?))).collect();
    conflicts::keep(tx, &conflicts, now).await?;
    let used: Vec<Uuid> = outcomes.iter().filter_map(|o| o.used_edit).collect();
    edits::use_up(tx, &used, now).await?;
    insert_attempts(tx, run, outcomes, now).await
}

/// Without the safeguard of epochs a worker whose run was taken over commits as if the records were still its own.
#[cfg(feature = "testing")]
async fn steal_claims(tx: &mut TenantTx, run: &Taken, outcomes: &[Outcome]) -> Result<()> {
    if testing::lacks(Safeguard::Epoch) {
        let ids: Vec<Uuid> = outcomes.iter().map(|o| o.id).collect();
        sqlx::query("UPDATE records SET claimed_run = $2, claimed_epoch = $3 WHERE tenant_id = $1 AND id = ANY($4)")
            .bind(run.tenant.0)
            .bind(run.id.0)
            .bind(run.epoch)
            .bind(ids)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

impl Tombstone {
    fn as_text(self) -> Option<String> {
        match self {
            Self::Keep => None,
            Self::Clear => Some("clear".to_owned()),
            Self::Set(side, _) => Some(side.as_str().to_owned()),
        }
    }

    const fn at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Set(_, at) => Some(at),
            Self::Keep | Self::Clear => None,
        }
    }
}

async fn insert_attempts(tx: &mut TenantTx, run: &Taken, outcomes: &[Outcome], now: DateTime<Utc>) -> Result<()> {
    let tried: Vec<(&Outcome, &Tried)> = outcomes.iter().filter_map(|o| Some((o, o.attempt.as_ref()?))).collect();
    if tried.is_empty() {
        return Ok(());
    }
    let text = |pick: fn(&Outcome, &Tried) -> Option<String>| tried.iter().map(|(o, t)| pick(o, t)).collect::<Vec<_>>();
    let ids: Vec<Uuid> = tried.iter().map(|_| AttemptId::new(now).0).collect();
    let records: Vec<Uuid> = tried.iter().map(|(o, _)| o.id).collect();
    let numbers: Vec<i32> = tried.iter().map(|(o, _)| o.number).collect();
    let versions: Vec<i64> = tried.iter().map(|(o, _)| o.version).collect();
    let started: Vec<DateTime<Utc>> = tried.iter().map(|(_, t)| t.started_at).collect();
    let durations: Vec<i32> = tried.iter().map(|(_, t)| t.duration_ms).collect();
    let operations: Vec<String> = tried.iter().map(|(o, _)| o.operation.as_str().to_owned()).collect();
    let errors = text(|o, t| o.error.as_ref().map(|e| e.message.clone()).or_else(|| t.warning.clone()));
    let codes = text(|o, _| o.error.as_ref().and_then(|e| e.code.clone()));
    let fields = text(|o, _| o.error.as_ref().and_then(|e| e.field.clone()));
    let requests = text(|_, t| t.exchange.as_ref().map(|e| e.request.replace('\0', "")));
    let responses = text(|_, t| t.exchange.as_ref().map(|e| e.response.replace('\0', "")));
    let changes = tried.iter().map(|(_, t)| Ok(serde_json::to_value(&t.changes)?)).collect::<Result<Vec<_>>>()?;
    sqlx::query!(
        "INSERT INTO attempts (tenant_id, id, record_id, run_id, number, version, started_at, duration_ms, operation,
            error, error_code, error_field, request, response, changes)
        SELECT $1, id, record_id, $2, number, version, started_at, duration_ms, operation, error, code, field, request,
            response, changes
        FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::bigint[], $7::timestamptz[], $8::int[], $9::text[],
            $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::jsonb[])
            AS t (id, record_id, number, version, started_at, duration_ms, operation, error, code, field, request,
                response, changes)",
        run.tenant.0,
        run.id.0,
        &ids,
        &records,
        &numbers,
        &versions,
        &started,
        &durations,
        &operations,
        &errors as &[Option<String>],
        &codes as &[Option<String>],
        &fields as &[Option<String>],
        &requests as &[Option<String>],
        &responses as &[Option<String>],
        &changes
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Frees claimed records as if they had not been tried; how often they killed their worker stays. With `unsent`, nothing
/// was sent for them: what was intended is taken back.
pub async fn give_back(tx: &mut TenantTx, run: &Taken, ids: &[Uuid], unsent: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE records SET
            claimed_run = NULL, claimed_epoch = NULL, attempts = GREATEST(attempts - 1, 0),
            intent_side = CASE WHEN $5 THEN NULL ELSE intent_side END,
            intent_key = CASE WHEN $5 THEN NULL ELSE intent_key END,
            intent_hash = CASE WHEN $5 THEN NULL ELSE intent_hash END,
            intent_version = CASE WHEN $5 THEN NULL ELSE intent_version END,
            intent_at = CASE WHEN $5 THEN NULL ELSE intent_at END,
            intent_deadline_at = CASE WHEN $5 THEN NULL ELSE intent_deadline_at END
        WHERE tenant_id = $1 AND id = ANY($2) AND claimed_run = $3 AND claimed_epoch = $4",
        run.tenant.0,
        ids,
        run.id.0,
        run.epoch,
        unsent
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
