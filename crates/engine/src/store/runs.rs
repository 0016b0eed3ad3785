//! Runs: starting, taking on, and the commits that only the current epoch may make.

use chrono::{DateTime, TimeDelta, Utc};
use domain::connection::TestOutcome;
use domain::run::{Phase, RunCounts, RunState, RunView, Trigger};
use domain::{ConnectionId, RunId, SyncId, TenantId};
use serde_json::Value;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::{Error, Result};

/// What a new run is to do.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    pub sync: Option<SyncId>,
    pub connection: Option<ConnectionId>,
    pub phase: Phase,
    pub trigger: Trigger,
    pub actor: Option<&'a str>,
    /// Process follows when the prepare has come to its end.
    pub chain: bool,
    pub input_sealed: Option<Vec<u8>>,
    /// What it is asked for beyond its phase.
    pub request: Option<Value>,
}

/// What a process run says that waits only because its records were put back: newly due ones may wake it.
pub const WAITS_FOR_RECORDS: &str = "Waits for records that were put back for a moment.";

/// A run that this worker has taken on; only its epoch may commit.
#[derive(Debug, Clone)]
pub struct Taken {
    pub tenant: TenantId,
    pub id: RunId,
    pub sync: Option<SyncId>,
    pub connection: Option<ConnectionId>,
    pub phase: Phase,
    pub epoch: i32,
    pub cursor: Option<Value>,
    /// What it is asked for beyond its phase.
    pub request: Option<Value>,
    pub input_sealed: Option<Vec<u8>>,
    pub chain: bool,
    pub setbacks: i32,
    pub counts: RunCounts,
    pub crashes: i32,
}

/// How much a commit adds to a run's counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: i64,
    pub changed: i64,
    pub failed: i64,
}

/// Makes a run, or says which one is active already.
pub async fn insert_or_active(tx: &mut TenantTx, new: &NewRun<'_>, now: DateTime<Utc>) -> Result<(RunId, bool)> {
    let id = RunId::new(now);
    let inserted = sqlx::query!(
        "INSERT INTO runs (tenant_id, id, sync_id, connection_id, phase, state, trigger, actor, chain, input_sealed,
            request, heartbeat_at, created_at)
        VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $8, $9, $11, $10, $10)
        ON CONFLICT (tenant_id, sync_id, phase)
            WHERE sync_id IS NOT NULL AND phase <> 'compare' AND state IN ('queued', 'running', 'waiting') DO NOTHING",
        tx.tenant().0,
        id.0,
        new.sync.map(|id| id.0),
        new.connection.map(|id| id.0),
        new.phase.as_str(),
        new.trigger.as_str(),
        new.actor,
        new.chain,
        new.input_sealed.as_deref(),
        now,
        new.request
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok((id, true));
    }
    let active = sqlx::query_scalar!(
        "SELECT id FROM runs
        WHERE tenant_id = $1 AND sync_id = $2 AND phase = $3 AND state IN ('queued', 'running', 'waiting')",
        tx.tenant().0,
        new.sync.map(|id| id.0),
        new.phase.as_str()
    )
    .fetch_optional(&mut **tx)
    .await?;
    match active {
        Some(id) => Ok((RunId(id), false)),
        // It ended between the two statements.
        None => Box::pin(insert_or_active(tx, new, now)).await,
    }
}

/// Takes a run on: a new epoch, a first heartbeat. `None` when there is nothing to do for this job: another worker has
/// the run, it ended, or it waits for a later time.
pub async fn take(tx: &mut TenantTx, id: RunId, now: DateTime<Utc>) -> Result<Option<Taken>> {
    let row = sqlx::query!(
        "UPDATE runs SET
            state = 'running', epoch = epoch + 1, heartbeat_at = $3, wake_at = NULL,
            started_at = COALESCE(started_at, $3)
        WHERE tenant_id = $1 AND id = $2 AND (state = 'queued' OR (state = 'waiting' AND wake_at <= $4))
        RETURNING sync_id, connection_id, phase, epoch, cursor, request, input_sealed, chain, setbacks, crashes, total, done,
            changed, failed",
        tx.tenant().0,
        id.0,
        now,
        now + TimeDelta::seconds(1)
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Taken {
        tenant: tx.tenant(),
        id,
        sync: row.sync_id.map(SyncId),
        connection: row.connection_id.map(ConnectionId),
        phase: row.phase.parse()?,
        epoch: row.epoch,
        cursor: row.cursor,
        request: row.request,
        input_sealed: row.input_sealed,
        chain: row.chain,
        setbacks: row.setbacks,
        crashes: row.crashes,
        counts: RunCounts { total: row.total, done: row.done, changed: row.changed, failed: row.failed },
    }))
}

/// Adds to the run's counts and renews its heartbeat; every commit of a slice goes through here first, so that what an
/// older epoch tries to commit is refused.
pub async fn advance(tx: &mut TenantTx, run: &Taken, progress: Progress, now: DateTime<Utc>) -> Result<()> {
    let updated = sqlx::query!(
        "UPDATE runs SET done = done + $4, changed = changed + $5, failed = failed + $6, heartbeat_at = $7
        WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND state = 'running'",
        run.tenant.0,
        run.id.0,
        run.epoch,
        progress.done,
        progress.changed,
        progress.failed,
        now
    )
    .execute(&mut **tx)
    .await?;
    let ours = updated.rows_affected() == 1 || crate::testing::lacks(crate::testing::Safeguard::Epoch);
    if ours { Ok(()) } else { Err(Error::Superseded) }
}

/// Keeps where the phase stands.
pub async fn keep_cursor(tx: &mut TenantTx, run: &Taken, cursor: &Value, total: Option<i64>) -> Result<()> {
    sqlx::query!(
        "UPDATE runs SET cursor = $4, total = COALESCE($5, total) WHERE tenant_id = $1 AND id = $2 AND epoch = $3",
        run.tenant.0,
        run.id.0,
        run.epoch,
        cursor,
        total
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Lets the run go, to be taken on by its successor from `wake_at` on (`None` = at once).
pub async fn release(
    tx: &mut TenantTx,
    run: &Taken,
    wake_at: Option<DateTime<Utc>>,
    message: Option<&str>,
    setbacks: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    let updated = sqlx::query!(
        "UPDATE runs SET
            state = CASE WHEN $4::timestamptz IS NULL THEN 'queued' ELSE 'waiting' END,
            wake_at = $4, message = $5, setbacks = $6, heartbeat_at = $7,
            crashes = CASE WHEN $4::timestamptz IS NULL THEN 0 ELSE crashes END
        WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND state = 'running'",
        run.tenant.0,
        run.id.0,
        run.epoch,
        wake_at,
        message,
        setbacks,
        now
    )
    .execute(&mut **tx)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::Superseded) }
}

/// Wakes a run that waits for records; `false` when it has gone on by itself. It needs a job.
pub async fn wake(tx: &mut TenantTx, id: RunId, now: DateTime<Utc>) -> Result<bool> {
    let woken = sqlx::query!(
        "UPDATE runs SET wake_at = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'waiting' AND message = $4",
        tx.tenant().0,
        id.0,
        now,
        WAITS_FOR_RECORDS
    )
    .execute(&mut **tx)
    .await?;
    Ok(woken.rows_affected() == 1)
}

/// Ends the run. Sealed input goes with it.
pub async fn finish(
    tx: &mut TenantTx,
    run: &Taken,
    state: RunState,
    message: Option<&str>,
    outcome: Option<&TestOutcome>,
    now: DateTime<Utc>,
) -> Result<()> {
    let outcome = outcome.map(serde_json::to_value).transpose()?;
    let updated = sqlx::query!(
        "UPDATE runs SET
            state = $4, message = $5, outcome = $6, finished_at = $7, heartbeat_at = NULL, wake_at = NULL,
            input_sealed = NULL
        WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND state = 'running'",
        run.tenant.0,
        run.id.0,
        run.epoch,
        state.as_str(),
        message,
        outcome,
        now
    )
    .execute(&mut **tx)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::Superseded) }
}

/// Ends active runs from outside: the epoch moves, so that a worker that is at one of them can commit nothing more.
pub async fn cancel(tx: &mut TenantTx, ids: &[Uuid], message: &str, now: DateTime<Utc>) -> Result<u64> {
    let updated = sqlx::query!(
        "UPDATE runs SET
            state = 'cancelled', epoch = epoch + 1, message = $3, finished_at = $4, heartbeat_at = NULL, wake_at = NULL,
            input_sealed = NULL
        WHERE tenant_id = $1 AND id = ANY($2) AND state IN ('queued', 'running', 'waiting')",
        tx.tenant().0,
        ids,
        message,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected())
}

/// Takes running runs away from their workers, to be taken on anew: what they were doing rests on what has changed.
pub async fn interrupt(
    tx: &mut TenantTx,
    connection: Option<ConnectionId>,
    syncs: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<(RunId, Phase)>> {
    let rows = sqlx::query!(
        "UPDATE runs SET state = 'queued', epoch = epoch + 1, heartbeat_at = $4
        WHERE tenant_id = $1 AND state = 'running' AND input_sealed IS NULL
            AND (connection_id = $2 OR sync_id = ANY($3))
        RETURNING id, phase",
        tx.tenant().0,
        connection.map(|id| id.0),
        syncs,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|row| Ok((RunId(row.id), row.phase.parse()?))).collect()
}

/// Whether no run of these phases, whoever's it is, waits for a worker, and none of this tenant's for a session of these
/// connections. The answer says nothing else about other tenants.
pub async fn is_line_empty(
    tx: &mut TenantTx,
    phases: &[Phase],
    connections: &[Uuid],
    now: DateTime<Utc>,
    soon: DateTime<Utc>,
) -> Result<bool> {
    let phases: Vec<String> = phases.iter().map(|phase| phase.as_str().to_owned()).collect();
    let is_empty =
        sqlx::query_scalar!(r#"SELECT is_line_empty($1, $2, $3, $4) AS "empty!""#, &phases, connections, now, soon)
            .fetch_one(&mut **tx)
            .await?;
    Ok(is_empty)
}

/// Which runs to show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which {
    pub id: Option<RunId>,
    pub sync: Option<SyncId>,
    /// Only those that are not over.
    pub active: bool,
}

/// Runs for screens, the newest first.
pub async fn views(tx: &mut TenantTx, which: Which, limit: i64) -> Result<Vec<RunView>> {
    let rows = sqlx::query!(
        r#"SELECT runs.id, runs.sync_id, runs.connection_id, runs.phase, runs.state, runs.trigger, runs.actor,
            runs.total, runs.done, runs.changed, runs.failed, runs.created_at, runs.started_at, runs.finished_at,
            runs.wake_at, runs.message, runs.outcome, syncs.entity AS "entity?"
        FROM runs
        LEFT JOIN syncs ON syncs.tenant_id = runs.tenant_id AND syncs.id = runs.sync_id
        WHERE runs.tenant_id = $1
            AND ($2::uuid IS NULL OR runs.id = $2)
            AND ($3::uuid IS NULL OR runs.sync_id = $3)
            AND (NOT $4 OR runs.state IN ('queued', 'running', 'waiting'))
        ORDER BY runs.created_at DESC
        LIMIT $5"#,
        tx.tenant().0,
        which.id.map(|id| id.0),
        which.sync.map(|id| id.0),
        which.active,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let entity = row.entity.map(|text| text.parse::<domain::Entity>()).transpose()?;
            Ok(RunView {
                id: RunId(row.id),
                sync: row.sync_id.map(SyncId),
                sync_name: entity.map(|entity| entity.label().to_owned()),
                connection: row.connection_id.map(ConnectionId),
                phase: row.phase.parse()?,
                state: row.state.parse()?,
                trigger: row.trigger.parse()?,
                actor: row.actor,
                counts: RunCounts { total: row.total, done: row.done, changed: row.changed, failed: row.failed },
                created_at: row.created_at,
                started_at: row.started_at,
                finished_at: row.finished_at,
                wake_at: row.wake_at,
                message: row.message,
                outcome: row.outcome.map(serde_json::from_value).transpose()?,
            })
        })
        .collect()
}

/// One run.
pub async fn view(tx: &mut TenantTx, id: RunId) -> Result<RunView> {
    views(tx, Which { id: Some(id), ..Which::default() }, 1).await?.pop().ok_or(Error::NotFound)
}

/// The active runs that use a connection, or any of these syncs.
pub async fn active_of(tx: &mut TenantTx, connection: Option<ConnectionId>, syncs: &[Uuid]) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM runs
        WHERE tenant_id = $1 AND state IN ('queued', 'running', 'waiting')
            AND (connection_id = $2 OR sync_id = ANY($3))",
        tx.tenant().0,
        connection.map(|id| id.0),
        syncs
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids)
}

/// Records processed and failed, by the hour in which their run began, from `since` on.
pub async fn processed_by_hour(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<Vec<(DateTime<Utc>, i64, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT date_trunc('hour', created_at, 'UTC') AS "hour!", sum(GREATEST(done - failed, 0))::bigint AS "processed!",
            sum(failed)::bigint AS "failed!"
        FROM runs
        WHERE tenant_id = $1 AND phase = 'process' AND created_at >= $2
        GROUP BY 1
        LIMIT 48"#,
        tx.tenant().0,
        since
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.hour, row.processed, row.failed)).collect())
}

/// What a run was asked for beside its phase.
pub async fn request(tx: &mut TenantTx, id: RunId) -> Result<Option<Value>> {
    let request = sqlx::query_scalar!("SELECT request FROM runs WHERE tenant_id = $1 AND id = $2", tx.tenant().0, id.0)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(request.flatten())
}

/// How many connection tests that people asked for are not over.
pub async fn count_active(tx: &mut TenantTx, phase: Phase) -> Result<i64> {
    // Who counts waits for who has counted and may be about to add one.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0)) AS \"locked: String\"",
        tx.tenant().0.to_string()
    )
    .fetch_one(&mut **tx)
    .await?;
    let active = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM runs
        WHERE tenant_id = $1 AND phase = $2 AND trigger <> 'probe' AND state IN ('queued', 'running', 'waiting')"#,
        tx.tenant().0,
        phase.as_str()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(active)
}
