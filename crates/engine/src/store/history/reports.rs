//! What a run for one record was asked and what it found.

use domain::RunId;
use domain::history::{RecordReport, RecordRequest};

use crate::db::TenantTx;
use crate::error::{Error, Result};

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
