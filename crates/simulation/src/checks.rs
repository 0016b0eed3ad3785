//! What must be true at rest, whatever the day was like.

mod fields;
mod turns;
mod writes;

use anyhow::Result;
use domain::sync::Direction;
use sqlx::Row;

use crate::annals::Thing;
use crate::tenants::{CONCURRENT, erp_account, sessions_of};
use crate::world::World;
use fields::Difference;

/// Everything that is not as it must be, in words.
///
/// # Errors
/// When it cannot be found out.
pub async fn violations(world: &mut World<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    found.extend(stuck(world).await?);
    found.extend(counters(world).await?);
    for tenant in 0..world.tenants.len() {
        let differences = fields::differences(world, tenant).await?;
        found.extend(differences.into_iter().map(|difference| difference.what));
        found.extend(limits(world, tenant).await?);
        found.extend(writes::doubled(world, tenant).await?);
    }
    found.extend(strangers(world).await?);
    found.extend(turns::gone_back(world));
    found.extend(turns::held_by_two(world).await?);
    Ok(found)
}

/// What is wrong of a tenant's records however bad the day still is, and what a listing or the next change might heal.
///
/// # Errors
/// When it cannot be found out.
pub async fn at_any_time(world: &mut World<'_>, tenant: usize) -> Result<Vec<String>> {
    let mut found = lost(world, tenant).await?;
    found.extend(writes::doubled(world, tenant).await?);
    Ok(found)
}

/// Records whose last change was announced and taken, that the engine says are processed, and of which the sides do not
/// agree all the same.
async fn lost(world: &mut World<'_>, tenant: usize) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for Difference { thing, what } in fields::differences(world, tenant).await? {
        let Some(thing) = thing.filter(|thing| world.annals.is_taken(thing)) else { continue };
        let both_ways = world.tenants[tenant].customers.direction == Direction::TwoWay;
        if (thing.table != "customers" || !both_ways) && is_processed(world, &thing).await? {
            found.push(format!("lost: {}'s last change was taken and it is processed, but {what}", thing.id));
        }
    }
    Ok(found)
}

async fn is_processed(world: &mut World<'_>, thing: &Thing) -> Result<bool> {
    let tenant = world.tenants[thing.tenant].member.tenant;
    let row = sqlx::query(
        "SELECT count(*) AS n FROM records
        WHERE tenant_id = $1 AND source_id = $2 AND status = 'processed' AND claimed_run IS NULL",
    )
    .bind(tenant.0)
    .bind(&thing.id)
    .fetch_one(world.stage.database.looker())
    .await?;
    Ok(row.get::<i64, _>("n") > 0)
}

/// What a crash may leave behind and nobody clears away.
const STUCK: [(&str, &str); 7] = [
    (
        "a run is active",
        "SELECT id::text AS what FROM runs WHERE $1::timestamptz IS NOT NULL AND state IN ('queued', 'running', 'waiting')",
    ),
    (
        "a record is claimed",
        "SELECT description AS what FROM records WHERE $1::timestamptz IS NOT NULL AND claimed_run IS NOT NULL",
    ),
    (
        "an intent is open",
        "SELECT description AS what FROM records WHERE $1::timestamptz IS NOT NULL AND intent_key IS NOT NULL",
    ),
    ("a lease is held", "SELECT slot::text AS what FROM leases WHERE deadline_at > $1"),
    (
        "a session is kept",
        // The keeper looks every half minute for those that nobody has used for half a minute.
        "SELECT slot::text AS what FROM leases
        WHERE session_sealed IS NOT NULL AND COALESCE(session_used_at < $1 - interval '70 seconds', true)",
    ),
    (
        "a job is left",
        "SELECT convert_from(job, 'UTF8') AS what FROM apalis.jobs WHERE $1::timestamptz IS NOT NULL AND status <> 'Done'",
    ),
    (
        "a record waits for another",
        "SELECT record_id::text AS what FROM record_waits WHERE $1::timestamptz IS NOT NULL",
    ),
];

async fn stuck(world: &mut World<'_>) -> Result<Vec<String>> {
    let (mut found, now) = (Vec::new(), world.now());
    for (what, query) in STUCK {
        let rows = sqlx::query(query).bind(now).fetch_all(world.stage.database.looker()).await?;
        found.extend(rows.iter().map(|row| format!("stuck: {what}: {}", row.get::<String, _>("what"))));
    }
    Ok(found)
}

/// The counters that screens show against counts of the rows.
async fn counters(world: &mut World<'_>) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "SELECT format('%s %s: counted %s, there are %s', sync_id, status, sum(counted), sum(there)) AS what
        FROM (
            SELECT sync_id, status, n AS counted, 0 AS there FROM record_counts
            UNION ALL SELECT sync_id, status, delta, 0 FROM record_count_deltas
            UNION ALL SELECT sync_id, status, 0, 1 FROM records
        ) sides
        GROUP BY sync_id, status HAVING sum(counted) <> sum(there)",
    )
    .fetch_all(world.stage.database.looker())
    .await?;
    Ok(rows.iter().map(|row| format!("counters: {}", row.get::<String, _>("what"))).collect())
}

/// Sessions and requests at once, as the vendor and the wire saw them.
async fn limits(world: &World<'_>, tenant: usize) -> Result<Vec<String>> {
    let mark = world.tenants[tenant].mark;
    let path = format!("acumatica/stats?account={}", erp_account(mark));
    let stats = world.control("GET", &path, serde_json::Value::Null).await?;
    let mut found = Vec::new();
    let sessions = stats["sessions"]["max_seen"].as_u64().unwrap_or(u64::MAX);
    let allowed = sessions_of(mark);
    if sessions > allowed {
        found.push(format!("limits: {mark}'s ERP saw {sessions} sessions at once; {allowed} are allowed"));
    }
    let busiest = world.wire.busiest().get(&format!("{mark}/acumatica")).copied().unwrap_or(0);
    let at_once = CONCURRENT * usize::try_from(allowed).unwrap_or(1);
    if busiest > at_once {
        found.push(format!("limits: {busiest} requests at once to {mark}'s ERP; {at_once} are allowed"));
    }
    Ok(found)
}

/// Nothing of one tenant at the other's vendors or in the other's rows.
async fn strangers(world: &mut World<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let marks: Vec<&str> = world.tenants.iter().map(|tenant| tenant.mark).collect();
    for (mark, other) in [(marks[0], marks[1]), (marks[1], marks[0])] {
        for seen in world.wire.seen().iter().filter(|seen| seen.tenant == mark && is_of(&seen.body, other)) {
            found.push(format!("strangers: {other}'s data was sent to {mark}'s {}: {}", seen.vendor, seen.body));
        }
        let rows = sqlx::query(
            "SELECT r.description AS what
            FROM records r JOIN tenants t ON t.id = r.tenant_id
            WHERE t.slug = $1 AND r.search_text LIKE '%' || $2 || '%'
            UNION ALL
            SELECT v.payload::text FROM record_versions v JOIN tenants t ON t.id = v.tenant_id
            WHERE t.slug = $1 AND lower(v.payload::text) LIKE '%' || $2 || '%'",
        )
        .bind(mark)
        .bind(other)
        .fetch_all(world.stage.database.looker())
        .await?;
        found.extend(rows.iter().map(|row| format!("strangers: {mark} has {}", row.get::<String, _>("what"))));
    }
    Ok(found)
}

fn is_of(body: &str, mark: &str) -> bool {
    body.to_lowercase().contains(mark)
}
