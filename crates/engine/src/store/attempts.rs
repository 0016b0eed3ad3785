//! Attempts of one record, for its page.

use domain::RecordId;
use domain::history::AttemptView;
use domain::{AttemptId, RunId};

use crate::db::TenantTx;
use crate::error::Result;

/// The newest attempts at a record.
pub async fn of_record(tx: &mut TenantTx, id: RecordId, limit: i64) -> Result<Vec<AttemptView>> {
    let rows = sqlx::query!(
        // What is stored counts the tries since the last success or the last person's hand; people count them all.
        r#"SELECT id, run_id, row_number() OVER (ORDER BY id)::int AS "number!", version, started_at, duration_ms,
            operation, error, error_code, error_field, request, response, changes
        FROM attempts
        WHERE tenant_id = $1 AND record_id = $2
        ORDER BY id DESC
        LIMIT $3"#,
        tx.tenant().0,
        id.0,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AttemptView {
                id: AttemptId(row.id),
                run: RunId(row.run_id),
                number: row.number,
                version: row.version,
                started_at: row.started_at,
                duration_ms: row.duration_ms,
                operation: row.operation.parse()?,
                error: row.error,
                error_code: row.error_code,
                error_field: row.error_field,
                request: row.request,
                response: row.response,
                changes: row.changes.map(serde_json::from_value).transpose()?.unwrap_or_default(),
            })
        })
        .collect()
}
