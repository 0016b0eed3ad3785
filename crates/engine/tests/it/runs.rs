//! Runs whose worker dies, whose wake-up call is lost, and records that kill their worker.

use std::time::Duration;

use chrono::TimeDelta;
use domain::RecordStatus;
use domain::history::{HistoryFilter, RecordRow};
use domain::run::{Phase, RunState};
use serde_json::{Value, json};

use crate::support::{Pair, World, world};

async fn prepared(world: &World, customers: usize) -> Pair {
    let pair = world.pair().await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({ "count": customers })).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    pair
}

async fn rows(world: &World, pair: &Pair) -> Vec<RecordRow> {
    let filter = HistoryFilter { sync: Some(pair.customers), ..Default::default() };
    engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows
}

/// Runs one slice and drops it, as kill -9 does, at the moment in which `condition` holds of the record.
///
/// Says whether that moment came; `None` when there was no job.
async fn slice_that_dies(world: &World, record: domain::RecordId, condition: &str) -> Option<bool> {
    let job = world.take_job().await?;
    let clock = world.clock.engine();
    let slice = engine::slice::run(&world.engine, job, &clock);
    let reached = async {
        let sql = format!("SELECT count(*) FROM records WHERE id = '{record}' AND {condition}");
        while world.number(&sql).await == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let died = tokio::select! {
        done = slice => {
            done.unwrap();
            false
        }
        () = reached => true,
    };
    world.clock.advance(TimeDelta::seconds(21));
    engine::sweeper::tick(&world.engine, world.now()).await.unwrap();
    // It may have gone on and settled the record while the question was on its way.
    let left = format!("SELECT count(*) FROM records WHERE id = '{record}' AND claimed_run IS NOT NULL");
    Some(died && world.number(&left).await == 1)
}

/// A claim of an epoch that died stays until the next one; this is one of the slice that is at work.
const CLAIMED_NOW: &str =
    "EXISTS (SELECT FROM runs WHERE runs.id = claimed_run AND runs.epoch = claimed_epoch AND runs.state = 'running')";

/// Eight customers whose process run dies so many times, each at the moment in which `condition` holds of the victim.
async fn killed(times: usize, condition: &str) -> (World, Pair, domain::RecordId) {
    let world = world().await;
    let pair = prepared(&world, 8).await;
    let victim = rows(&world, &pair).await.pop().unwrap().id;
    // Each request takes a moment, so that the moment can be met.
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 40});
    world.control("POST", "acumatica/faults", slow).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await.unwrap();
    let mut deaths = 0;
    while deaths < times {
        match slice_that_dies(&world, victim, condition).await {
            Some(died) => deaths += usize::from(died),
            // What the dead slice had locked may not have been let go at the sweeper's last look.
            None => {
                world.clock.advance(TimeDelta::seconds(5));
                engine::sweeper::tick(&world.engine, world.now()).await.unwrap();
            }
        }
    }
    world.control("DELETE", "acumatica/faults?account=sbx_erp", Value::Null).await;
    world.live_until(world.now() + TimeDelta::minutes(20)).await;
    (world, pair, victim)
}

async fn poison(condition: &str) {
    // The first death takes all eight with it and says nothing about any of them; then it is alone.
    let (world, pair, victim) = killed(4, condition).await;
    for row in rows(&world, &pair).await {
        if row.id == victim {
            assert_eq!(row.status, RecordStatus::Aborted, "{row:?}");
            assert!(row.last_error.as_deref().unwrap().contains("Crashed the worker 3 times"), "{row:?}");
        } else {
            assert_eq!(row.status, RecordStatus::Processed, "{row:?}");
        }
    }
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["Customer"]["max_inserts_per_record"], 1, "{stats}");
    assert_eq!(stats["sessions"]["max_seen"], 1, "{stats}");
}

#[tokio::test]
async fn a_record_that_kills_its_worker_when_it_is_claimed_is_set_aside_and_the_rest_goes_through() {
    poison(CLAIMED_NOW).await;
}

#[tokio::test]
async fn a_record_that_kills_its_worker_before_it_is_written_is_set_aside_and_the_rest_goes_through() {
    poison(&format!("{CLAIMED_NOW} AND intent_key IS NOT NULL")).await;
}

#[tokio::test]
async fn a_customer_that_kills_its_worker_takes_no_order_with_it_that_needs_another() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(6).await;
    world.sync(pair.products).await;
    for sync in [pair.customers, pair.orders] {
        engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
        world.work().await;
    }
    // Not every customer has ordered.
    let ordered = "SELECT records.id FROM record_versions
        JOIN records ON records.entity = 'customer' AND records.source_id = payload->'order'->'customer'->>'id'
        GROUP BY records.id ORDER BY count(*), records.id LIMIT 1";
    let victim: domain::RecordId = world.value(ordered).await.parse().unwrap();
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 40});
    world.control("POST", "acumatica/faults", slow).await;
    engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Process, world.now()).await.unwrap();
    let mut deaths = 0;
    for step in 0.. {
        if deaths == 4 {
            break;
        }
        assert!(step < 200, "it was in hand {deaths} times only");
        match slice_that_dies(&world, victim, CLAIMED_NOW).await {
            Some(died) => deaths += usize::from(died),
            None => {
                world.clock.advance(TimeDelta::seconds(5));
                engine::sweeper::tick(&world.engine, world.now()).await.unwrap();
            }
        }
    }
    world.control("DELETE", "acumatica/faults?account=sbx_erp", Value::Null).await;
    world.live_until(world.now() + TimeDelta::minutes(20)).await;
    for row in rows(&world, &pair).await {
        let expected = if row.id == victim { RecordStatus::Aborted } else { RecordStatus::Processed };
        assert_eq!(row.status, expected, "{row:?}");
    }
    let waiting = world.number(&format!("SELECT count(*) FROM record_waits WHERE waits_for = '{victim}'")).await;
    let left = "SELECT count(*) FROM records WHERE entity = 'order' AND status";
    assert_eq!(
        world.number(&format!("{left} = 'prepared'")).await,
        waiting,
        "these need the customer that is set aside"
    );
    assert_eq!(world.number(&format!("{left} = 'processed'")).await, 6 - waiting);
    assert!((1..6).contains(&waiting), "{waiting}");
}

#[tokio::test]
async fn a_server_that_is_killed_again_and_again_sets_no_record_aside() {
    let anyone = format!("EXISTS (SELECT FROM records WHERE {CLAIMED_NOW})");
    let (world, pair, _) = killed(8, &anyone).await;
    for row in rows(&world, &pair).await {
        assert_eq!(row.status, RecordStatus::Processed, "{row:?}");
    }
}

#[tokio::test]
async fn a_cancelled_run_costs_its_records_no_try() {
    let world = world().await;
    let pair = prepared(&world, 1).await;
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 100});
    world.control("POST", "acumatica/faults", slow).await;
    for _ in 0..2 {
        let run = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
        let run = run.unwrap().run.id;
        let job = world.take_job().await.unwrap();
        let (engine, clock) = (world.engine.clone(), world.clock.engine());
        let slice = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
        while world.number(&format!("SELECT count(*) FROM records WHERE claimed_run = '{run}'")).await == 0 {}
        assert_eq!(rows(&world, &pair).await[0].attempts, 1);
        engine::runs::cancel(&world.engine, &world.member, run, world.now()).await.unwrap();
        slice.await.unwrap().unwrap();
        world.clock.advance(TimeDelta::seconds(1));
    }
}

#[tokio::test]
async fn the_sweeper_revives_what_nobody_is_at_and_counts_only_deaths_as_crashes() {
    let world = world().await;
    let pair = prepared(&world, 1).await;
    let run = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
    let run = run.unwrap().run.id;
    let crashes = format!("SELECT crashes::bigint FROM runs WHERE id = '{run}'");
    let sweep = async |after: i64| {
        world.clock.advance(TimeDelta::seconds(after));
        engine::sweeper::tick(&world.engine, world.now()).await.unwrap()
    };
    // Queued with its job in line: however long it waits, it is only waiting.
    assert_eq!(sweep(600).await, 0);
    // Queued, and the job was lost.
    world.take_job().await.unwrap();
    world.change(&format!("UPDATE runs SET heartbeat_at = to_timestamp({})", world.now().timestamp())).await;
    assert_eq!(sweep(19).await, 0);
    assert_eq!(sweep(2).await, 1);
    assert_eq!(world.number(&crashes).await, 0);
    // Running, and its heart stopped.
    world.take_job().await.unwrap();
    let running = "UPDATE runs SET state = 'running', heartbeat_at = to_timestamp";
    world.change(&format!("{running}({}) WHERE id = '{run}'", world.now().timestamp())).await;
    assert_eq!(sweep(14).await, 0);
    assert_eq!(sweep(2).await, 1);
    assert_eq!(world.number(&crashes).await, 1);
    // Waiting, and its wake-up call was lost.
    world.take_job().await.unwrap();
    let waiting = "UPDATE runs SET state = 'waiting', wake_at = to_timestamp";
    world.change(&format!("{waiting}({}) WHERE id = '{run}'", world.now().timestamp())).await;
    assert_eq!(sweep(29).await, 0);
    assert_eq!(sweep(2).await, 1);
    assert_eq!(world.number(&crashes).await, 1);
    world.work().await;
    assert_eq!(world.run(run).await.state, RunState::Succeeded);
}

#[tokio::test]
async fn every_kind_of_active_run_can_be_cancelled_and_its_job_then_does_nothing() {
    let world = world().await;
    let pair = prepared(&world, 3).await;
    for phase in [Phase::Prepare, Phase::FullPrepare, Phase::Process] {
        let run = engine::runs::start(&world.engine, &world.member, pair.customers, phase, world.now()).await.unwrap();
        engine::runs::cancel(&world.engine, &world.member, run.run.id, world.now()).await.unwrap();
        world.work().await;
        let view = world.run(run.run.id).await;
        assert_eq!((view.state, view.counts.done), (RunState::Cancelled, 0), "{view:?}");
        let again = engine::runs::cancel(&world.engine, &world.member, run.run.id, world.now()).await;
        assert!(matches!(again, Err(engine::Error::Conflict(_))), "{again:?}");
    }
    // One that waits for its connection.
    world.control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": "429", "next": 1})).await;
    let run = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
    let run = run.unwrap().run.id;
    assert!(world.work_once().await);
    assert_eq!(world.run(run).await.state, RunState::Waiting);
    engine::runs::cancel(&world.engine, &world.member, run, world.now()).await.unwrap();
    world.work().await;
    assert_eq!(world.run(run).await.state, RunState::Cancelled);
    assert_eq!(world.number("SELECT count(*) FROM leases WHERE run_id IS NOT NULL").await, 0);
    assert!(rows(&world, &pair).await.iter().all(|row| row.status == RecordStatus::Prepared && row.attempts == 0));
}

#[tokio::test]
async fn an_edited_connection_logs_its_sessions_out_before_its_slot_is_used_again() {
    let world = world().await;
    let pair = prepared(&world, 30).await;
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 40});
    world.control("POST", "acumatica/faults", slow).await;
    let run = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
    let run = run.unwrap().run.id;
    let job = world.take_job().await.unwrap();
    let (engine, clock) = (world.engine.clone(), world.clock.engine());
    let slice = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    while world.number("SELECT count(*) FROM leases WHERE session_sealed IS NOT NULL").await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let connections = engine::connections::list(&world.engine, &world.member).await.unwrap();
    let erp = connections.iter().find(|view| view.name == "ERP").unwrap();
    let form = domain::connection::ConnectionForm { name: "Our ERP".into(), values: erp.settings.clone() };
    engine::connections::update(&world.engine, &world.member, erp.id, &form, world.now()).await.unwrap();
    slice.await.unwrap().unwrap();
    assert_eq!(world.run(run).await.state, RunState::Queued);
    let claimed = "SELECT count(*) FROM records WHERE claimed_run IS NOT NULL";
    assert_eq!(world.number(claimed).await, 0, "who was taken over leaves no record as if its worker had died over it");
    // The old session may still be open at the ERP, so its slot is not free.
    assert!(world.work_once().await);
    assert_eq!(world.run(run).await.state, RunState::Waiting);
    world.clock.advance(TimeDelta::seconds(21));
    engine::keeper::tick(&world.engine, world.now()).await.unwrap();
    assert_eq!(world.erp_stats().await["sessions"]["in_use"], 0);
    world.control("DELETE", "acumatica/faults?account=sbx_erp", Value::Null).await;
    world.live_until(world.now() + TimeDelta::minutes(15)).await;
    assert!(rows(&world, &pair).await.iter().all(|row| row.status == RecordStatus::Processed));
    let stats = world.erp_stats().await;
    assert_eq!(stats["sessions"]["max_seen"], 1, "{stats}");

    engine::connections::delete(&world.engine, &world.member, erp.id, world.now()).await.unwrap();
    world.clock.advance(TimeDelta::seconds(21));
    engine::keeper::tick(&world.engine, world.now()).await.unwrap();
    assert_eq!(world.erp_stats().await["sessions"]["in_use"], 0);
    assert_eq!(world.number("SELECT count(*) FROM ended_sessions").await, 0);
}
