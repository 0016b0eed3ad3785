//! The pairs that do not agree, and the records that a repair makes or prepares.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::canonical::Change;
use domain::reconcile::{Agreement, Finding, FindingKind, Sums};
use domain::{FindingId, RecordId, RunId, SyncId};
use uuid::Uuid;

use super::runs::Taken;
use super::syncs::SyncRow;
use crate::db::TenantTx;
use crate::error::Result;

/// A pair that does not agree, as a run has found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub kind: FindingKind,
    pub record: Option<Uuid>,
    pub source_id: Option<String>,
    pub destination_id: Option<String>,
    pub label: String,
    pub changes: Vec<Change>,
}

pub async fn insert(tx: &mut TenantTx, run: &Taken, sync: SyncId, found: &[Found], now: DateTime<Utc>) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = found.iter().map(|_| FindingId::new(now).0).collect();
    let kinds: Vec<String> = found.iter().map(|f| f.kind.as_str().to_owned()).collect();
    let records: Vec<Option<Uuid>> = found.iter().map(|f| f.record).collect();
    let sources: Vec<Option<String>> = found.iter().map(|f| f.source_id.clone()).collect();
    let destinations: Vec<Option<String>> = found.iter().map(|f| f.destination_id.clone()).collect();
    let labels: Vec<String> = found.iter().map(|f| f.label.clone()).collect();
    let changes = found.iter().map(|f| Ok(serde_json::to_value(&f.changes)?)).collect::<Result<Vec<_>>>()?;
    sqlx::query!(
        "INSERT INTO reconcile_findings (tenant_id, id, run_id, sync_id, kind, record_id, source_id, destination_id,
            label, changes)
        SELECT $1, id, $2, $3, kind, record_id, source_id, destination_id, label, changes
        FROM unnest($4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::jsonb[])
            AS found (id, kind, record_id, source_id, destination_id, label, changes)",
        run.tenant.0,
        run.id.0,
        sync.0,
        &ids,
        &kinds,
        &records as &[Option<Uuid>],
        &sources as &[Option<String>],
        &destinations as &[Option<String>],
        &labels,
        &changes
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends the comparison: its sums stay with the run, and the findings of earlier runs of the sync go.
pub async fn conclude(tx: &mut TenantTx, run: &Taken, sync: SyncId, sums: &Sums) -> Result<()> {
    sqlx::query!(
        "UPDATE runs SET report = $3 WHERE tenant_id = $1 AND id = $2",
        run.tenant.0,
        run.id.0,
        serde_json::to_value(sums)?
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "DELETE FROM reconcile_findings WHERE tenant_id = $1 AND sync_id = $2 AND run_id <> $3",
        run.tenant.0,
        sync.0,
        run.id.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the newest complete run of each sync has found.
pub async fn agreements(tx: &mut TenantTx, only: Option<SyncId>) -> Result<HashMap<SyncId, Agreement>> {
    let rows = sqlx::query!(
        r#"SELECT syncs.id AS sync_id, newest.id AS run_id, newest.report AS "report!", newest.finished_at AS "at!",
            (
                SELECT count(*) FROM reconcile_findings
                WHERE reconcile_findings.tenant_id = $1 AND reconcile_findings.run_id = newest.id
                    AND reconcile_findings.repaired_at IS NOT NULL
            ) AS "repaired!"
        FROM syncs
        CROSS JOIN LATERAL (
            SELECT runs.id, runs.report, runs.finished_at
            FROM runs
            WHERE runs.tenant_id = $1 AND runs.sync_id = syncs.id AND runs.phase = 'reconcile'
                AND runs.state = 'succeeded' AND runs.report IS NOT NULL
            ORDER BY runs.created_at DESC
            LIMIT 1
        ) AS newest
        WHERE syncs.tenant_id = $1 AND ($2::uuid IS NULL OR syncs.id = $2)
        LIMIT 500"#,
        tx.tenant().0,
        only.map(|id| id.0)
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let sums: Sums = serde_json::from_value(row.report)?;
            let agreement = Agreement { run: RunId(row.run_id), at: row.at, sums, repaired: row.repaired };
            Ok((SyncId(row.sync_id), agreement))
        })
        .collect()
}

/// A page of a run's findings.
pub async fn page(
    tx: &mut TenantTx,
    run: RunId,
    kind: Option<FindingKind>,
    after: Option<FindingId>,
    limit: i64,
) -> Result<Vec<Finding>> {
    let rows = sqlx::query!(
        r#"SELECT found.id, found.kind, found.record_id, found.source_id, found.destination_id, found.label, found.changes,
            found.repaired_at, records.status AS "status?"
        FROM reconcile_findings AS found
        LEFT JOIN records ON records.tenant_id = found.tenant_id AND records.id = found.record_id
        WHERE found.tenant_id = $1 AND found.run_id = $2 AND ($3::text IS NULL OR found.kind = $3)
            AND ($4::uuid IS NULL OR found.id > $4)
        ORDER BY found.id
        LIMIT $5"#,
        tx.tenant().0,
        run.0,
        kind.map(FindingKind::as_str),
        after.map(|id| id.0),
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Finding {
                id: FindingId(row.id),
                kind: row.kind.parse()?,
                record: row.record_id.map(RecordId),
                status: row.status.map(|status| status.parse()).transpose()?,
                source_id: row.source_id,
                destination_id: row.destination_id,
                label: row.label,
                changes: serde_json::from_value(row.changes)?,
                repaired_at: row.repaired_at,
            })
        })
        .collect()
}

/// How many findings a repair would take, and how many conflicts it would leave to a person.
pub async fn count_repairable(
    tx: &mut TenantTx,
    run: RunId,
    ids: Option<&[Uuid]>,
    kind: Option<FindingKind>,
) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT
            count(*) FILTER (WHERE NOT (syncs.conflict_policy = 'ask' AND records.status IS NOT DISTINCT FROM 'conflict'))
                AS "repairable!",
            count(*) FILTER (WHERE syncs.conflict_policy = 'ask' AND records.status = 'conflict') AS "asked!"
        FROM reconcile_findings AS found
        JOIN runs ON runs.tenant_id = found.tenant_id AND runs.id = found.run_id
        JOIN syncs ON syncs.tenant_id = found.tenant_id AND syncs.id = runs.sync_id
        LEFT JOIN records ON records.tenant_id = found.tenant_id AND records.id = found.record_id
        WHERE found.tenant_id = $1 AND found.run_id = $2 AND ($3::uuid[] IS NULL OR found.id = ANY($3))
            AND ($4::text IS NULL OR found.kind = $4) AND found.kind <> 'duplicated' AND found.repaired_at IS NULL"#,
        tx.tenant().0,
        run.0,
        ids,
        kind.map(FindingKind::as_str)
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((row.repairable, row.asked))
}

/// A finding that a repair has taken.
#[derive(Debug, Clone)]
pub struct Taking {
    pub id: Uuid,
    pub record: Option<Uuid>,
    pub source_id: Option<String>,
    pub destination_id: Option<String>,
    pub label: String,
}

/// Marks findings as repaired: these, or any of a kind. Who comes second finds none. Where a sync asks about conflicts, those
/// are left: another synchronisation would only ask again.
pub async fn take(
    tx: &mut TenantTx,
    run: RunId,
    ids: Option<&[Uuid]>,
    kind: Option<FindingKind>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Taking>> {
    let rows = sqlx::query!(
        "UPDATE reconcile_findings AS found SET repaired_at = $6
        FROM (
            SELECT open.id FROM reconcile_findings AS open
            WHERE open.tenant_id = $1 AND open.run_id = $2 AND ($3::uuid[] IS NULL OR open.id = ANY($3))
                AND ($4::text IS NULL OR open.kind = $4) AND open.kind <> 'duplicated' AND open.repaired_at IS NULL
                AND NOT EXISTS (
                    SELECT FROM records
                    JOIN syncs ON syncs.tenant_id = records.tenant_id AND syncs.id = records.sync_id
                    WHERE records.tenant_id = $1 AND records.id = open.record_id AND records.status = 'conflict'
                        AND syncs.conflict_policy = 'ask'
                )
            ORDER BY open.id
            LIMIT $5
            FOR UPDATE
        ) AS taken
        WHERE found.tenant_id = $1 AND found.id = taken.id
        RETURNING found.id, found.record_id, found.source_id, found.destination_id, found.label",
        tx.tenant().0,
        run.0,
        ids,
        kind.map(FindingKind::as_str),
        limit,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    let taken = rows.into_iter().map(|row| Taking {
        id: row.id,
        record: row.record_id,
        source_id: row.source_id,
        destination_id: row.destination_id,
        label: row.label,
    });
    Ok(taken.collect())
}

/// Prepares records again, whatever their hashes say: the version is raised, and the next process run writes them.
/// Records that somebody decided about meanwhile are left alone. A conflict is decided anew, by the policy that the sync has
/// by now. Says which were prepared.
pub async fn prepare(tx: &mut TenantTx, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Uuid>> {
    // Due a moment ago: the run that the repair starts in the same transaction must find them.
    let due = now - TimeDelta::milliseconds(1);
    let ids = sqlx::query_scalar!(
        r#"WITH repaired AS (
            UPDATE records SET
                status = 'prepared', last_operation = 'repaired', version = version + 1, forced = true, priority = 10,
                attempts = 0, next_attempt_at = $3, last_error = NULL, error_code = NULL, error_field = NULL,
                updated_at = $4
            WHERE tenant_id = $1 AND id = ANY($2)
                AND status IN ('processed', 'prepared', 'failed', 'aborted', 'conflict')
            RETURNING id
        ),
        settled AS (
            DELETE FROM record_conflicts USING repaired
            WHERE record_conflicts.tenant_id = $1 AND record_conflicts.record_id = repaired.id
        )
        SELECT id AS "id!" FROM repaired"#,
        tx.tenant().0,
        ids,
        due,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids)
}

/// Makes records of what only one side knew. Says which are new.
pub async fn make(tx: &mut TenantTx, sync: &SyncRow, takings: &[&Taking], now: DateTime<Utc>) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = takings.iter().map(|_| RecordId::new(now).0).collect();
    let sources: Vec<Option<String>> = takings.iter().map(|taking| taking.source_id.clone()).collect();
    // The link is made by matching, which looks at the destination again.
    let destinations: Vec<Option<String>> =
        takings.iter().map(|taking| taking.destination_id.clone().filter(|_| taking.source_id.is_none())).collect();
    let labels: Vec<String> = takings.iter().map(|taking| taking.label.clone()).collect();
    let due = now - TimeDelta::milliseconds(1);
    let made = sqlx::query_scalar!(
        "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, destination_id, description, status,
            last_operation, priority, next_attempt_at, created_at, updated_at)
        SELECT $1, id, $2, $3, source_id, destination_id, label, 'prepared', 'repaired', 10, $8, $9, $9
        FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[]) AS wanted (id, source_id, destination_id, label)
        ON CONFLICT DO NOTHING
        RETURNING id",
        tx.tenant().0,
        sync.id.0,
        sync.entity.as_str(),
        &ids,
        &sources as &[Option<String>],
        &destinations as &[Option<String>],
        &labels,
        due,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(made)
}
