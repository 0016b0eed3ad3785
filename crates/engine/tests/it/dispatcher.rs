//! What fell due becomes a run, once, and at a price that does not grow with the records.

use chrono::TimeDelta;
use domain::SyncId;
use domain::run::{Phase, RunState};

use crate::support::{World, world};

async fn tick(world: &World) -> usize {
    world.sql("UPDATE schedules SET enabled = false").await;
    engine::dispatcher::tick(&world.engine, world.now()).await.unwrap()
}

/// Records of a sync, due at that moment.
async fn records(world: &World, sync: SyncId, count: usize, status: &str, due_in: &str) {
    let now = world.now().to_rfc3339();
    world
        .sql(format!(
            "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, description, status, last_operation,
                next_attempt_at, created_at, updated_at)
            SELECT '{}', gen_random_uuid(), '{sync}', 'customer', gen_random_uuid()::text, 'x', '{status}', 'found',
                '{now}'::timestamptz + interval '{due_in}', '{now}', '{now}'
            FROM generate_series(1, {count})",
            world.member.tenant
        ))
        .await;
}

#[tokio::test]
async fn failures_whose_pause_is_over_are_processed_at_once_only_where_that_is_wanted() {
    let world = world().await;
    let pair = world.pair().await;
    records(&world, pair.customers, 3, "failed", "10 seconds").await;
    world.clock.advance(TimeDelta::seconds(11));
    assert_eq!(tick(&world).await, 0, "a nightly sync stays nightly");
    world.sql(format!("UPDATE syncs SET real_time = 'process' WHERE id = '{}'", pair.customers)).await;
    assert_eq!(tick(&world).await, 1);
    assert_eq!(tick(&world).await, 0);
}

#[tokio::test]
async fn nothing_is_started_that_could_do_nothing() {
    let world = world().await;
    let pair = world.pair().await;
    world.sql(format!("UPDATE syncs SET real_time = 'process' WHERE id = '{}'", pair.customers)).await;
    records(&world, pair.customers, 3, "prepared", "0 seconds").await;
    let now = world.now().to_rfc3339();
    for (stop, go) in [
        ("UPDATE syncs SET state = 'paused'".to_owned(), "UPDATE syncs SET state = 'active'"),
        ("UPDATE syncs SET hold = 'drift'".to_owned(), "UPDATE syncs SET hold = NULL"),
        (
            "UPDATE connections SET state = 'paused' WHERE vendor = 'acumatica'".to_owned(),
            "UPDATE connections SET state = 'active'",
        ),
        (
            format!("UPDATE connections SET breaker_opened_at = '{now}' WHERE vendor = 'shopify'"),
            "UPDATE connections SET breaker_opened_at = NULL",
        ),
        (
            format!("UPDATE connections SET wait_until = '{now}'::timestamptz + interval '1 minute'"),
            "UPDATE connections SET wait_until = NULL",
        ),
    ] {
        world.sql(stop.clone()).await;
        assert_eq!(tick(&world).await, 0, "{stop}");
        world.sql(go).await;
    }
    assert_eq!(tick(&world).await, 1);
}

#[tokio::test]
async fn a_run_that_waits_for_records_that_were_put_back_is_woken_by_others_that_fall_due() {
    let world = world().await;
    let pair = world.pair().await;
    records(&world, pair.customers, 1, "prepared", "90 seconds").await;
    let run = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
    let run = run.unwrap().run.id;
    assert!(world.work_once().await);
    assert_eq!(world.run(run).await.state, RunState::Waiting);
    world.clock.advance(TimeDelta::seconds(2));
    tick(&world).await;
    assert!(!world.work_once().await, "nothing is due yet");
    records(&world, pair.customers, 1, "prepared", "0 seconds").await;
    tick(&world).await;
    assert!(world.work_once().await);
    let other = "SELECT count(*) FROM records WHERE last_attempt_at IS NOT NULL";
    assert_eq!(world.number(other).await, 1);
    // One that waits for something else is left alone.
    world.change(&format!("UPDATE runs SET message = 'Waits for a free session' WHERE id = '{run}'")).await;
    records(&world, pair.customers, 1, "prepared", "0 seconds").await;
    tick(&world).await;
    assert!(!world.work_once().await);
}

#[tokio::test]
async fn looking_for_what_is_due_costs_the_same_with_many_records_that_wait() {
    let world = world().await;
    let pair = world.pair().await;
    world.sql("UPDATE syncs SET real_time = 'process'").await;
    records(&world, pair.customers, 60_000, "failed", "3 hours").await;
    records(&world, pair.orders, 60_000, "processed", "0 seconds").await;
    world
        .sql(
            "UPDATE records SET priority = 10 WHERE id IN (SELECT id FROM records WHERE status = 'failed' LIMIT 10000)",
        )
        .await;
    tick(&world).await;
    let began = std::time::Instant::now();
    assert_eq!(engine::dispatcher::tick(&world.engine, world.now()).await.unwrap(), 0);
    let took = began.elapsed();
    println!("a tick over 120,000 records that wait: {took:?}");
    records(&world, pair.customers, 1, "prepared", "0 seconds").await;
    assert_eq!(tick(&world).await, 1, "the one that is due is found among them");
}
