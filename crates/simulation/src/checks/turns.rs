//! That things came in their order: no older state was written after a newer one, and no two workers held one record.

use std::collections::BTreeMap;

use anyhow::Result;
use domain::sync::Direction;
use sqlx::Row;

use crate::annals::Said;
use crate::wire::Seen;
use crate::world::World;

/// Values that an ERP was sent after a later value of the same field had been written there.
pub fn gone_back(world: &World<'_>) -> Vec<String> {
    let (mut newest, mut found) = (BTreeMap::new(), Vec::new());
    let seen = world.wire.seen();
    for write in seen.iter().filter(|write| write.vendor == "acumatica" && (200..300).contains(&write.status)) {
        for Said { thing, field, edit } in world.annals.told_by(&write.body) {
            // Where customers go both ways, the ERP's people may have wanted the older value back.
            let both_ways = world.tenants[thing.tenant].customers.direction == Direction::TwoWay;
            // An order's lines keep the titles that its products had when it was placed.
            let is_its_own = write.path.contains(entity_of(thing.table));
            if !is_its_own || (thing.table == "customers" && both_ways) {
                continue;
            }
            let last = newest.entry((thing.clone(), field)).or_insert(edit);
            if edit < *last {
                let Seen { at, path, body, .. } = write;
                found.push(format!(
                    "order: at {at} {path} wrote the {field} of {}'s edit {edit} after that of its edit {last}: {body}",
                    thing.id
                ));
            }
            *last = edit.max(*last);
        }
    }
    found
}

fn entity_of(table: &str) -> &'static str {
    match table {
        "customers" => "/Customer",
        "products" => "/StockItem",
        _ => "/SalesOrder",
    }
}

/// Tries of one record that were settled although another one of it was settled meanwhile.
pub async fn held_by_two(world: &mut World<'_>) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "WITH tries AS (
            -- A try's id carries the time at which it was settled.
            SELECT record_id, id, number, operation, started_at,
                to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AS settled_at
            FROM attempts
        )
        SELECT format('%s %s: try %s (%s) from %s to %s, and try %s (%s) from %s to %s', t.slug, r.description, a.number,
            a.operation, a.started_at, a.settled_at, b.number, b.operation, b.started_at, b.settled_at) AS what
        FROM tries a
        JOIN tries b ON b.record_id = a.record_id AND b.id <> a.id
            AND a.started_at < b.settled_at AND b.started_at < a.settled_at AND b.settled_at < a.settled_at
        JOIN records r ON r.id = a.record_id
        JOIN tenants t ON t.id = r.tenant_id",
    )
    .fetch_all(world.stage.database.looker())
    .await?;
    Ok(rows.iter().map(|row| format!("order: two workers held {}", row.get::<String, _>("what"))).collect())
}
