//! What reads at processing time say about the destination's side of records. (The source's is [`super::records`].)

use chrono::{DateTime, TimeDelta, Utc};
use connectors::Found;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::error::Result;

/// No replica lags behind for so long: what is read later than this after an announced change is believed, also when it
/// says that it is older.
pub const LAG: TimeDelta = TimeDelta::minutes(5);

/// Takes states of the destination that are other than the stored ones and raises those records' versions; says which
/// versions they have now. A state that is seen for the first time raises nothing.
pub async fn refresh_destination(
    tx: &mut TenantTx,
    reads: &[(Uuid, &Found)],
    now: DateTime<Utc>,
) -> Result<Vec<(Uuid, i64)>> {
    if reads.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = reads.iter().map(|(id, _)| *id).collect();
    let found = || reads.iter().map(|(_, found)| *found);
    let labels: Vec<String> = found().map(|found| found.label.clone()).collect();
    let urls: Vec<Option<String>> = found().map(|found| found.url.clone()).collect();
    let modified: Vec<Option<DateTime<Utc>>> = found().map(|found| found.modified_at).collect();
    let hashes: Vec<Vec<u8>> = found().map(|found| found.record.hash().as_bytes().to_vec()).collect();
    let keys: Vec<Option<String>> = found().map(|found| found.record.key().map(str::to_owned)).collect();
    let descriptions: Vec<String> = found().map(|found| found.record.description()).collect();
    let payloads = found().map(|found| serde_json::to_value(&found.record)).collect::<serde_json::Result<Vec<_>>>()?;
    let rows = sqlx::query!(
        r#"WITH incoming AS (
            SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[], $7::text[],
                $8::text[], $9::jsonb[])
                AS reads (id, label, url, modified_at, hash, match_key, description, payload)
        ),
        raised AS (
            UPDATE records SET
                version = records.version + CASE WHEN records.destination_hash IS NULL THEN 0 ELSE 1 END,
                destination_hash = incoming.hash,
                destination_modified_at = GREATEST(incoming.modified_at, records.destination_modified_at),
                destination_label = incoming.label, destination_url = incoming.url,
                match_key = CASE WHEN records.source_id IS NULL THEN incoming.match_key ELSE records.match_key END,
                description = CASE WHEN records.source_id IS NULL THEN incoming.description ELSE records.description END
            FROM incoming
            WHERE records.tenant_id = $1 AND records.id = incoming.id
                AND records.destination_hash IS DISTINCT FROM incoming.hash
                AND (records.destination_modified_at IS NULL OR incoming.modified_at IS NULL
                    OR incoming.modified_at >= records.destination_modified_at OR records.destination_modified_at <= $11)
            RETURNING records.id, records.version
        ),
        kept AS (
            INSERT INTO record_versions (tenant_id, record_id, version, hash, payload, modified_at, seen_at, side)
            SELECT $1, raised.id, raised.version, incoming.hash, incoming.payload, incoming.modified_at, $10, 'destination'
            FROM raised
            JOIN incoming USING (id)
            ON CONFLICT (tenant_id, record_id, version) DO NOTHING
        )
        SELECT id AS "id!", version AS "version!" FROM raised"#,
        tx.tenant().0,
        &ids,
        &labels,
        &urls as &[Option<String>],
        &modified as &[Option<DateTime<Utc>>],
        &hashes,
        &keys as &[Option<String>],
        &descriptions,
        &payloads,
        now,
        now - LAG
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.version)).collect())
}
