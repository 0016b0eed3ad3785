//! What a run for one record was asked and what it found.

use domain::RunId;
use domain::history::{RecordReport, RecordRequest};

use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::store::runs::Taken;

/// Keeps what a run has found; only its epoch may.
pub async fn keep(tx: &mut TenantTx, run: &Taken, report: &RecordReport) -> Result<()> {
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

/// What a compare run was asked and what it has found.
pub async fn get(tx: &mut TenantTx, id: RunId) -> Result<(RecordRequest, Option<RecordReport>)> {
    let row = sqlx::query!(
        r#"SELECT request AS "request!", report FROM runs
        WHERE tenant_id = $1 AND id = $2 AND phase = 'compare' AND request IS NOT NULL"#,
        tx.tenant().0,
        id.0
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::NotFound)?;
    Ok((serde_json::from_value(row.request)?, row.report.map(serde_json::from_value).transpose()?))
}
