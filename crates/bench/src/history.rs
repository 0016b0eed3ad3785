//! Pages of short and long histories.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use domain::history::HistoryFilter;
use domain::{Entity, RecordStatus};
use engine::Member;
use sqlx::{Connection, Executor, PgConnection};

use crate::arguments::Arguments;
use crate::measure::median;
use crate::report::Report;
use crate::world::{self, World};

/// Pages of each kind that a round asks for.
const PAGES: usize = 20;
/// Rows that one statement makes.
const TOGETHER: i64 = 100_000;

/// Measures pages at ten thousand, one million and, if wanted, ten million records.
///
/// # Errors
/// Of the database and the engine.
pub async fn measure(world: &World, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let mut sizes = vec![10_000, 1_000_000];
    if arguments.large {
        sizes.push(10_000_000);
    }
    let mut histories = Vec::new();
    for size in sizes {
        eprintln!("  a history of {size} records …");
        histories.push((size, history(world, size).await?));
    }
    let mut owner = PgConnection::connect(&world.url).await?;
    owner.execute("VACUUM ANALYZE records").await?;
    for (name, filter) in kinds() {
        let mut short = None;
        for (size, member) in &histories {
            let time = pages(world, member, &filter, arguments.rounds).await?;
            let base = *short.get_or_insert(time);
            if *size > 10_000 {
                let at_most = if name == "text, rare" { 1.5 } else { 2.0 };
                report.page(format!("history, {name}, {size}"), base, time, at_most);
            }
        }
    }
    Ok(())
}

fn kinds() -> Vec<(&'static str, HistoryFilter)> {
    let all = HistoryFilter::default();
    vec![
        ("first page", all.clone()),
        ("failed", HistoryFilter { status: Some(RecordStatus::Failed), ..all.clone() }),
        ("orders", HistoryFilter { entity: Some(Entity::Order), ..all.clone() }),
        ("text, rare", HistoryFilter { text: Some("#7777 ".into()), ..all.clone() }),
        ("text, common", HistoryFilter { text: Some("byron".into()), ..all }),
    ]
}

/// The median time of a page, with its counts.
async fn pages(world: &World, member: &Member, filter: &HistoryFilter, rounds: usize) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..rounds * PAGES {
        let began = Instant::now();
        let page = engine::history::page(&world.engine, member, filter).await?;
        times.push(began.elapsed());
        ensure!(!page.rows.is_empty(), "a page without rows measures nothing");
    }
    Ok(median(times))
}

/// An organisation with so many records, made by the database's owner past the engine.
async fn history(world: &World, size: i64) -> Result<Member> {
    let member = world::sign_up(&world.engine, &format!("History {size}")).await?;
    let mut owner = PgConnection::connect(&world.url).await?;
    sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
        .bind(member.tenant.0.to_string())
        .execute(&mut owner)
        .await?;
    let now = world::now();
    sqlx::query(
        "INSERT INTO connections (tenant_id, id, name, vendor, settings, credentials_sealed, created_at, updated_at)
        SELECT $1, gen_random_uuid(), vendor, vendor, '{}', '{}', $2, $2 FROM unnest(ARRAY['shopify', 'acumatica']) AS vendor",
    )
    .bind(member.tenant.0)
    .bind(now)
    .execute(&mut owner)
    .await?;
    sqlx::query(
        "INSERT INTO syncs (tenant_id, id, entity, source_connection_id, destination_connection_id, created_at, updated_at)
        SELECT $1, gen_random_uuid(), entity, source.id, destination.id, $2, $2
        FROM connections source, connections destination, unnest(ARRAY['order', 'customer', 'product']) AS entity
        WHERE source.tenant_id = $1 AND destination.tenant_id = $1
            AND source.vendor = 'shopify' AND destination.vendor = 'acumatica'",
    )
    .bind(member.tenant.0)
    .bind(now)
    .execute(&mut owner)
    .await?;
    let mut made = 0;
    while made < size {
        let upto = (made + TOGETHER).min(size);
        fill(&mut owner, &member, made, upto).await?;
        made = upto;
    }
    // As the keeper does now and then: the counters' changes become totals.
    engine::keeper::tick(&world.engine, now).await?;
    Ok(member)
}

async fn fill(owner: &mut PgConnection, member: &Member, from: i64, upto: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, source_label, destination_id, description, status,
            last_operation, next_attempt_at, created_at, updated_at)
        SELECT $1, gen_random_uuid(), syncs.id, syncs.entity, 'gid://' || n, '#' || n, 'D' || n,
            '#' || n || ' · ' || (ARRAY['Ada Byron', 'Grace Hopper', 'Alan Turing', 'Mary Jackson'])[1 + n % 4] || ' · '
                || (n * 7919 % 100000) || '.00 EUR',
            CASE WHEN n % 500 = 0 THEN 'failed' ELSE 'processed' END, 'inserted', $2, $2, $2 - make_interval(secs => n)
        FROM generate_series($3::bigint, $4::bigint - 1) AS n
        JOIN LATERAL (
            SELECT id, entity FROM syncs WHERE tenant_id = $1 ORDER BY entity OFFSET n % 3 LIMIT 1
        ) syncs ON true",
    )
    .bind(member.tenant.0)
    .bind(world::now())
    .bind(from)
    .bind(upto)
    .execute(owner)
    .await?;
    Ok(())
}
