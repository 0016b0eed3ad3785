//! What runs found out.

use chrono::{DateTime, Utc};
use domain::run::Phase;
use domain::{RunId, SyncId};
use serde::Serialize;
use serde_json::Value;

use super::runs::Taken;
use crate::db::TenantTx;
use crate::error::{Error, Result};

/// Keeps what a run found; only its epoch may.
pub async fn keep(tx: &mut TenantTx, run: &Taken, report: &impl Serialize) -> Result<()> {
    let updated = sqlx::query!(
        "UPDATE runs SET report = $4 WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND state = 'running'",
        run.tenant.0,
        run.id.0,
        run.epoch,
        serde_json::to_value(report)?
    )
    .execute(&mut **tx)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::Superseded) }
}

/// What a run found; `None` = nothing yet.
pub async fn of_run(tx: &mut TenantTx, id: RunId) -> Result<Option<Value>> {
    let report = sqlx::query_scalar!("SELECT report FROM runs WHERE tenant_id = $1 AND id = $2", tx.tenant().0, id.0)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(report.flatten())
}

/// The report of the newest run of a phase that came to its end, and when that was.
pub async fn newest(tx: &mut TenantTx, sync: SyncId, phase: Phase) -> Result<Option<(DateTime<Utc>, Value)>> {
    let row = sqlx::query!(
        r#"SELECT finished_at AS "at!", report AS "report!" FROM runs
        WHERE tenant_id = $1 AND sync_id = $2 AND phase = $3 AND state IN ('succeeded', 'completed_with_errors')
            AND report IS NOT NULL
        ORDER BY created_at DESC
        LIMIT 1"#,
        tx.tenant().0,
        sync.0,
        phase.as_str()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (row.at, row.report)))
}
