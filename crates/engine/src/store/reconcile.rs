//! What a reconcile run has listed of both sides, until it is compared, and what it compares it with.

use chrono::{DateTime, Utc};
use domain::{ConnectionId, Entity, RecordStatus, Side, SyncId};
use serde_json::Value;
use uuid::Uuid;

use super::runs::Taken;
use crate::db::TenantTx;
use crate::error::Result;

/// A record as one side's listing showed it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub external_id: String,
    /// Folded, as keys are compared.
    pub key: Option<String>,
    pub label: String,
    pub payload: Value,
}

/// Where the record of a row stands in the Sync History.
#[derive(Debug, Clone)]
pub struct Standing {
    pub id: Uuid,
    pub status: RecordStatus,
    /// Its ids at both sides, as far as they are known.
    pub source_id: Option<String>,
    pub destination_id: Option<String>,
    /// It is gone on a side, and that has not been carried out yet.
    pub tombstone: bool,
    /// Something happened to it since the run began: what was listed may be from before.
    pub moved: bool,
}

/// A record of the source with what the destination has of it.
#[derive(Debug, Clone)]
pub struct Pair {
    pub source: Listed,
    pub record: Option<Standing>,
    /// The one that it is linked to; else the one that has its key and is not linked to another.
    pub destination: Option<Listed>,
    /// Another record of the source has the same key.
    pub has_twin: bool,
}

/// A record of the destination that may belong to nothing at the source.
#[derive(Debug, Clone)]
pub struct Leftover {
    pub destination: Listed,
    pub record: Option<Standing>,
    /// The source's record that it is linked to was listed.
    pub source_is_there: bool,
    /// A record of the source has its key.
    pub key_is_there: bool,
}

/// Keeps a page of a listing; a record that is listed twice counts as it was seen last.
pub async fn put(tx: &mut TenantTx, run: &Taken, side: Side, listed: &[Listed]) -> Result<()> {
    let ids: Vec<String> = listed.iter().map(|row| row.external_id.clone()).collect();
    let keys: Vec<Option<String>> = listed.iter().map(|row| row.key.clone()).collect();
    let labels: Vec<String> = listed.iter().map(|row| row.label.clone()).collect();
    let payloads: Vec<Value> = listed.iter().map(|row| row.payload.clone()).collect();
    sqlx::query!(
        "INSERT INTO reconcile_rows (tenant_id, run_id, side, external_id, key, label, payload)
        SELECT DISTINCT ON (external_id) $1::uuid, $2::uuid, $3, external_id, key, label, payload
        FROM unnest($4::text[], $5::text[], $6::text[], $7::jsonb[]) WITH ORDINALITY
            AS page (external_id, key, label, payload, place)
        ORDER BY external_id, place DESC
        ON CONFLICT (tenant_id, run_id, side, external_id) DO UPDATE SET
            key = EXCLUDED.key, label = EXCLUDED.label, payload = EXCLUDED.payload",
        run.tenant.0,
        run.id.0,
        side.as_str(),
        &ids,
        &keys as &[Option<String>],
        &labels,
        &payloads
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many records a side has.
pub async fn count(tx: &mut TenantTx, run: &Taken, side: Side) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM reconcile_rows WHERE tenant_id = $1 AND run_id = $2 AND side = $3"#,
        run.tenant.0,
        run.id.0,
        side.as_str()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(count)
}

/// The next records of the source in the order of their ids, each with its other half.
pub async fn pairs(
    tx: &mut TenantTx,
    run: &Taken,
    sync: SyncId,
    after: &str,
    began: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Pair>> {
    let rows = sqlx::query!(
        r#"SELECT source.external_id, source.key, source.label, source.payload,
            records.id AS "record_id?", records.status AS "status?", records.destination_id AS "linked_id?",
            records.tombstone AS "tombstone?", records.updated_at >= $5 AS "moved?",
            other.external_id AS "other_id?", other.key AS "other_key?", other.label AS "other_label?",
            other.payload AS "other_payload?",
            EXISTS (
                SELECT FROM reconcile_rows AS twin
                WHERE twin.tenant_id = $1 AND twin.run_id = $2 AND twin.side = 'source' AND twin.key = source.key
                    AND twin.external_id <> source.external_id
            ) AS "has_twin!"
        FROM (
            SELECT external_id, key, label, payload FROM reconcile_rows
            WHERE tenant_id = $1 AND run_id = $2 AND side = 'source' AND external_id > $4
            ORDER BY external_id
            LIMIT $6
        ) AS source
        LEFT JOIN records
            ON records.tenant_id = $1 AND records.sync_id = $3 AND records.source_id = source.external_id
        LEFT JOIN LATERAL (
            SELECT linked.external_id, linked.key, linked.label, linked.payload
            FROM reconcile_rows AS linked
            WHERE linked.tenant_id = $1 AND linked.run_id = $2 AND linked.side = 'destination'
                AND linked.external_id = records.destination_id
            UNION ALL
            (
                SELECT same.external_id, same.key, same.label, same.payload
                FROM reconcile_rows AS same
                WHERE same.tenant_id = $1 AND same.run_id = $2 AND same.side = 'destination' AND same.key = source.key
                    AND records.destination_id IS NULL
                    AND NOT EXISTS (
                        SELECT FROM records AS holder
                        WHERE holder.tenant_id = $1 AND holder.sync_id = $3
                            AND holder.destination_id = same.external_id AND holder.source_id IS NOT NULL
                    )
                ORDER BY same.external_id
                LIMIT 1
            )
        ) AS other ON true
        ORDER BY source.external_id"#,
        run.tenant.0,
        run.id.0,
        sync.0,
        after,
        began,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let record = match (row.record_id, row.status) {
                (Some(id), Some(status)) => Some(Standing {
                    id,
                    status: status.parse()?,
                    source_id: Some(row.external_id.clone()),
                    destination_id: row.linked_id,
                    tombstone: row.tombstone.unwrap_or(false),
                    moved: row.moved.unwrap_or(false),
                }),
                _ => None,
            };
            let destination = row.other_id.zip(row.other_payload).map(|(external_id, payload)| Listed {
                external_id,
                key: row.other_key,
                label: row.other_label.unwrap_or_default(),
                payload,
            });
            let source = Listed { external_id: row.external_id, key: row.key, label: row.label, payload: row.payload };
            Ok(Pair { source, record, destination, has_twin: row.has_twin })
        })
        .collect()
}

/// The next records of the destination in the order of their ids, with what the source has of them.
pub async fn leftovers(
    tx: &mut TenantTx,
    run: &Taken,
    sync: SyncId,
    after: &str,
    began: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Leftover>> {
    let rows = sqlx::query!(
        r#"SELECT destination.external_id, destination.key, destination.label, destination.payload,
            records.id AS "record_id?", records.status AS "status?", records.source_id AS "linked_id?",
            records.tombstone AS "tombstone?", records.updated_at >= $5 AS "moved?",
            EXISTS (
                SELECT FROM reconcile_rows AS linked
                WHERE linked.tenant_id = $1 AND linked.run_id = $2 AND linked.side = 'source'
                    AND linked.external_id = records.source_id
            ) AS "source_is_there!",
            EXISTS (
                SELECT FROM reconcile_rows AS same
                WHERE same.tenant_id = $1 AND same.run_id = $2 AND same.side = 'source' AND same.key = destination.key
            ) AS "key_is_there!"
        FROM (
            SELECT external_id, key, label, payload FROM reconcile_rows
            WHERE tenant_id = $1 AND run_id = $2 AND side = 'destination' AND external_id > $4
            ORDER BY external_id
            LIMIT $6
        ) AS destination
        LEFT JOIN records
            ON records.tenant_id = $1 AND records.sync_id = $3 AND records.destination_id = destination.external_id
        ORDER BY destination.external_id"#,
        run.tenant.0,
        run.id.0,
        sync.0,
        after,
        began,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let record = match (row.record_id, row.status) {
                (Some(id), Some(status)) => Some(Standing {
                    id,
                    status: status.parse()?,
                    source_id: row.linked_id,
                    destination_id: Some(row.external_id.clone()),
                    tombstone: row.tombstone.unwrap_or(false),
                    moved: row.moved.unwrap_or(false),
                }),
                _ => None,
            };
            let destination =
                Listed { external_id: row.external_id, key: row.key, label: row.label, payload: row.payload };
            let (source_is_there, key_is_there) = (row.source_is_there, row.key_is_there);
            Ok(Leftover { destination, record, source_is_there, key_is_there })
        })
        .collect()
}

/// A key that several records of one side have.
#[derive(Debug, Clone)]
pub struct Doubled {
    pub key: String,
    /// Their ids and labels, five at most.
    pub ids: Vec<String>,
    pub labels: Vec<String>,
    pub count: i64,
}

/// The next keys that stand twice on a side. With `known_only`, those that the other side has too.
pub async fn doubled(
    tx: &mut TenantTx,
    run: &Taken,
    side: Side,
    known_only: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Doubled>> {
    let rows = sqlx::query!(
        r#"SELECT key AS "key!", count(*) AS "count!",
            (array_agg(external_id ORDER BY external_id))[1:5] AS "ids!",
            (array_agg(label ORDER BY external_id))[1:5] AS "labels!"
        FROM reconcile_rows
        WHERE tenant_id = $1 AND run_id = $2 AND side = $3 AND key > $4
            AND (NOT $5 OR EXISTS (
                SELECT FROM reconcile_rows AS same
                WHERE same.tenant_id = $1 AND same.run_id = $2 AND same.side <> $3 AND same.key = reconcile_rows.key
            ))
        GROUP BY key
        HAVING count(*) > 1
        ORDER BY key
        LIMIT $6"#,
        run.tenant.0,
        run.id.0,
        side.as_str(),
        after,
        known_only,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let doubled =
        rows.into_iter().map(|row| Doubled { key: row.key, ids: row.ids, labels: row.labels, count: row.count });
    Ok(doubled.collect())
}

/// What records that are referred to at `from` are called at `to`: `(entity, id at from, id at to)`.
pub async fn links(
    tx: &mut TenantTx,
    from: ConnectionId,
    to: ConnectionId,
    wanted: &[(Entity, String)],
) -> Result<Vec<(Entity, String, String)>> {
    let entities: Vec<String> = wanted.iter().map(|(entity, _)| entity.as_str().to_owned()).collect();
    let ids: Vec<String> = wanted.iter().map(|(_, id)| id.clone()).collect();
    let rows = sqlx::query!(
        r#"WITH wanted AS (SELECT * FROM unnest($4::text[], $5::text[]) AS wanted (entity, id))
        SELECT wanted.entity AS "entity!", wanted.id AS "id!", records.destination_id AS "other!"
        FROM wanted
        JOIN syncs ON syncs.tenant_id = $1 AND syncs.entity = wanted.entity AND syncs.source_connection_id = $2
            AND syncs.destination_connection_id = $3
        JOIN records ON records.tenant_id = $1 AND records.sync_id = syncs.id AND records.source_id = wanted.id
        WHERE records.destination_id IS NOT NULL
        UNION ALL
        SELECT wanted.entity, wanted.id, records.source_id
        FROM wanted
        JOIN syncs ON syncs.tenant_id = $1 AND syncs.entity = wanted.entity AND syncs.source_connection_id = $3
            AND syncs.destination_connection_id = $2
        JOIN records ON records.tenant_id = $1 AND records.sync_id = syncs.id AND records.destination_id = wanted.id
        WHERE records.source_id IS NOT NULL"#,
        tx.tenant().0,
        from.0,
        to.0,
        &entities,
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|row| Ok((row.entity.parse()?, row.id, row.other))).collect()
}

/// Drops up to `limit` rows of this run; says how many.
pub async fn drop_rows(tx: &mut TenantTx, run: &Taken, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM reconcile_rows
        WHERE tenant_id = $1 AND run_id = $2 AND (side, external_id) IN (
            SELECT side, external_id FROM reconcile_rows WHERE tenant_id = $1 AND run_id = $2 LIMIT $3
        )",
        run.tenant.0,
        run.id.0,
        limit
    )
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}

/// Drops what earlier runs of the sync, which were cancelled or failed, have left; says how many rows.
pub async fn drop_rows_of_earlier(tx: &mut TenantTx, run: &Taken, sync: SyncId, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM reconcile_rows
        WHERE tenant_id = $1 AND (run_id, side, external_id) IN (
            SELECT listed.run_id, listed.side, listed.external_id
            FROM runs
            JOIN reconcile_rows AS listed ON listed.tenant_id = $1 AND listed.run_id = runs.id
            WHERE runs.tenant_id = $1 AND runs.sync_id = $3 AND runs.phase = 'reconcile' AND runs.id <> $2
            LIMIT $4
        )",
        run.tenant.0,
        run.id.0,
        sync.0,
        limit
    )
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}
