//! Settling records: what came of a try, for many records in one statement each.

use chrono::{DateTime, Utc};
use connectors::Exchange;
use domain::canonical::{Change, ContentHash};
use domain::{AttemptId, LastOperation, RecordStatus};
use uuid::Uuid;

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
    /// `false` gives the attempt back: the record could not be tried, for no fault of its own.
    pub counts: bool,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub error: Option<Problem>,
    /// The destination's record, when it is known now.
    pub destination: Option<Destination>,
    /// The hashes of which both sides agree now.
    pub synced: Option<(ContentHash, ContentHash)>,
    /// The write's fate is known, or nothing was sent: the intent is settled.
    pub settles_intent: bool,
    /// When it was really tried, it is written to the record's history.
    pub attempt: Option<Tried>,
}

/// Why a record is not where it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    pub code: Option<String>,
    pub field: Option<String>,
}

/// The other side of a record.
#[derive(Debug, Clone)]
pub struct Destination {
    pub id: String,
    pub label: String,
    pub url: Option<String>,
    pub modified_at: Option<DateTime<Utc>>,
}

/// A try, for the record's history.
#[derive(Debug, Clone)]
pub struct Tried {
    pub started_at: DateTime<Utc>,
    pub duration_ms: i32,
    pub exchange: Option<Exchange>,
    pub changes: Vec<Change>,
}

/// Writes outcomes to the records that this run's epoch has claimed and frees them.
pub async fn settle(tx: &mut TenantTx, run: &Taken, outcomes: &[Outcome], now: DateTime<Utc>) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let column = |pick: fn(&Outcome) -> Option<String>| outcomes.iter().map(pick).collect::<Vec<_>>();
    let ids: Vec<Uuid> = outcomes.iter().map(|o| o.id).collect();
    let processed = |o: &Outcome| if testing::lacks(Safeguard::Version) { i64::MAX } else { o.version };
    let versions: Vec<i64> = outcomes.iter().map(processed).collect();
    let statuses: Vec<String> = outcomes.iter().map(|o| o.status.as_str().to_owned()).collect();
    let operations: Vec<String> = outcomes.iter().map(|o| o.operation.as_str().to_owned()).collect();
    let given_back: Vec<i32> = outcomes.iter().map(|o| i32::from(!o.counts)).collect();
    let next: Vec<Option<DateTime<Utc>>> = outcomes.iter().map(|o| o.next_attempt_at).collect();
    let errors = column(|o| o.error.as_ref().map(|e| e.message.clone()));
    let codes = column(|o| o.error.as_ref().and_then(|e| e.code.clone()));
    let fields = column(|o| o.error.as_ref().and_then(|e| e.field.clone()));
    let destinations = column(|o| o.destination.as_ref().map(|d| d.id.clone()));
    let labels = column(|o| o.destination.as_ref().map(|d| d.label.clone()));
    let urls = column(|o| o.destination.as_ref().and_then(|d| d.url.clone()));
    let modified: Vec<Option<DateTime<Utc>>> =
        outcomes.iter().map(|o| o.destination.as_ref().and_then(|d| d.modified_at)).collect();
    let source_hashes: Vec<Option<Vec<u8>>> =
        outcomes.iter().map(|o| o.synced.map(|(source, _)| source.as_bytes().to_vec())).collect();
    let destination_hashes: Vec<Option<Vec<u8>>> =
        outcomes.iter().map(|o| o.synced.map(|(_, destination)| destination.as_bytes().to_vec())).collect();
    let settles: Vec<bool> = outcomes.iter().map(|o| o.settles_intent).collect();
    sqlx::query!(
        "UPDATE records SET
            status = CASE
                WHEN records.version > o.version AND records.status = 'skipped' THEN 'skipped'
                WHEN records.version > o.version AND o.status <> 'deleted' THEN 'prepared'
                ELSE o.status
            END,
            last_operation = o.operation,
            attempts = CASE
                WHEN o.status = 'processed' OR records.version > o.version THEN 0
                ELSE records.attempts - o.given_back
            END,
            crashes = 0,
            next_attempt_at = CASE WHEN records.version > o.version THEN $19 ELSE o.next_attempt_at END,
            last_error = o.error, error_code = o.code, error_field = o.field,
            destination_id = COALESCE(o.destination_id, records.destination_id),
            destination_label = COALESCE(o.label, records.destination_label),
            destination_url = COALESCE(o.url, records.destination_url),
            destination_modified_at = COALESCE(o.modified_at, records.destination_modified_at),
            synced_source_hash = COALESCE(o.source_hash, records.synced_source_hash),
            synced_destination_hash = COALESCE(o.destination_hash, records.synced_destination_hash),
            synced_version = CASE WHEN o.source_hash IS NULL THEN records.synced_version ELSE LEAST(o.version, records.version) END,
            forced = records.forced AND (o.status <> 'processed' OR records.version > o.version),
            priority = CASE WHEN o.status = 'processed' AND records.version = o.version THEN 0 ELSE records.priority END,
            intent_key = CASE WHEN o.settles THEN NULL ELSE records.intent_key END,
            intent_hash = CASE WHEN o.settles THEN NULL ELSE records.intent_hash END,
            intent_version = CASE WHEN o.settles THEN NULL ELSE records.intent_version END,
            intent_at = CASE WHEN o.settles THEN NULL ELSE records.intent_at END,
            intent_deadline_at = CASE WHEN o.settles THEN NULL ELSE records.intent_deadline_at END,
            claimed_run = NULL, claimed_epoch = NULL,
            updated_at = $19
        FROM unnest($4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::int[], $9::timestamptz[], $10::text[],
            $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::bytea[],
            $18::bytea[], $20::boolean[])
            AS o (id, version, status, operation, given_back, next_attempt_at, error, code, field, destination_id, label,
                url, modified_at, source_hash, destination_hash, settles)
        WHERE records.tenant_id = $1 AND records.id = o.id AND records.claimed_run = $2 AND records.claimed_epoch = $3",
        run.tenant.0,
        run.id.0,
        run.epoch,
        &ids,
        &versions,
        &statuses,
        &operations,
        &given_back,
        &next as &[Option<DateTime<Utc>>],
        &errors as &[Option<String>],
        &codes as &[Option<String>],
        &fields as &[Option<String>],
        &destinations as &[Option<String>],
        &labels as &[Option<String>],
        &urls as &[Option<String>],
        &modified as &[Option<DateTime<Utc>>],
        &source_hashes as &[Option<Vec<u8>>],
        &destination_hashes as &[Option<Vec<u8>>],
        now,
        &settles
    )
    .execute(&mut **tx)
    .await?;
    insert_attempts(tx, run, outcomes, now).await
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
    let errors = text(|o, _| o.error.as_ref().map(|e| e.message.clone()));
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

/// Frees claimed records as if they had not been tried. With `unsent`, nothing was sent for them: what was intended is
/// taken back.
pub async fn give_back(tx: &mut TenantTx, run: &Taken, ids: &[Uuid], unsent: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE records SET
            claimed_run = NULL, claimed_epoch = NULL, crashes = 0, attempts = GREATEST(attempts - 1, 0),
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
