//! What runs found out.

use domain::RunId;
use serde_json::Value;

use super::runs::Taken;
use crate::db::TenantTx;
use crate::error::Result;

/// Keeps what a run found; only its epoch may.
pub async fn keep(tx: &mut TenantTx, run: &Taken, report: &Value) -> Result<()> {
    sqlx::query!(
        "UPDATE runs SET report = $4 WHERE tenant_id = $1 AND id = $2 AND epoch = $3",
        run.tenant.0,
        run.id.0,
        run.epoch,
        report
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a run found; `None` = nothing yet.
pub async fn of_run(tx: &mut TenantTx, id: RunId) -> Result<Option<Value>> {
    let report = sqlx::query_scalar!("SELECT report FROM runs WHERE tenant_id = $1 AND id = $2", tx.tenant().0, id.0)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(report.flatten())
}
