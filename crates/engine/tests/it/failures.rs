//! What each kind of failure means for the record, the run and everybody else who uses the connection.

use chrono::TimeDelta;
use domain::RecordStatus;
use domain::activity::ActivityFilter;
use domain::connection::ConnectionState;
use domain::history::{HistoryFilter, RecordRow};
use domain::run::{Phase, RunState};
use serde_json::json;

use crate::support::{Pair, World, world};

/// Customers of the shop, prepared for the ERP.
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

async fn process(world: &World, pair: &Pair) -> domain::RunId {
    let started = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
    started.unwrap().run.id
}

#[tokio::test]
async fn refused_credentials_pause_the_connection_and_leave_the_records_as_they_are() {
    let world = world().await;
    let pair = prepared(&world, 4).await;
    let run = wrong_password(&world, &pair).await;
    assert_eq!(world.run(run).await.state, RunState::Failed);
    let views = engine::connections::list(&world.engine, &world.member).await.unwrap();
    let erp = views.iter().find(|view| view.name == "ERP").unwrap();
    assert_eq!(erp.state, ConnectionState::Unauthorised);
    for row in rows(&world, &pair).await {
        assert_eq!((row.status, row.attempts), (RecordStatus::Prepared, 0), "{row:?}");
    }
    let lines = engine::activity::page(&world.engine, &world.member, &ActivityFilter::default()).await.unwrap();
    assert!(lines.items.iter().any(|item| item.line.text.contains("refused its credentials")), "{lines:?}");
}

async fn wrong_password(world: &World, pair: &Pair) -> domain::RunId {
    let connections = engine::connections::list(&world.engine, &world.member).await.unwrap();
    let erp = connections.iter().find(|view| view.name == "ERP").unwrap();
    let mut form = domain::connection::ConnectionForm { name: "ERP".into(), values: erp.settings.clone() };
    form.values.insert("password".into(), "another one".into());
    engine::connections::update(&world.engine, &world.member, erp.id, &form, world.now()).await.unwrap();
    // Its own test would find out first.
    world.take_job().await.unwrap();
    let run = process(world, pair).await;
    world.work().await;
    run
}

#[tokio::test]
async fn a_rate_limit_holds_every_run_of_the_connection_until_its_time_and_costs_no_try() {
    let world = world().await;
    let pair = prepared(&world, 4).await;
    world.control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": "429", "next": 1})).await;
    let run = process(&world, &pair).await;
    assert!(world.work_once().await);
    let views = engine::connections::list(&world.engine, &world.member).await.unwrap();
    let until = views.iter().find(|view| view.name == "ERP").unwrap().wait_until.expect("the connection waits");
    assert!(until > world.now() && until <= world.now() + TimeDelta::hours(1));
    let other = engine::runs::start(&world.engine, &world.member, pair.products, Phase::Process, world.now());
    let other = other.await.unwrap().run.id;
    assert!(world.work_once().await);
    let waiting = world.run(other).await;
    assert_eq!((waiting.state, waiting.wake_at), (RunState::Waiting, Some(until)));
    world.work().await;
    assert_eq!(world.run(run).await.state, RunState::Succeeded);
    assert!(rows(&world, &pair).await.iter().all(|row| row.status == RecordStatus::Processed && row.attempts == 0));
}

#[tokio::test]
async fn a_success_clears_the_records_own_error_and_its_tries() {
    let world = world().await;
    let pair = prepared(&world, 12).await;
    // Two of the writes are cut: others are answered meanwhile, so these count as tries.
    world
        .control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": "cut_after_write", "next": 2}))
        .await;
    process(&world, &pair).await;
    world.work().await;
    let failed: Vec<RecordRow> =
        rows(&world, &pair).await.into_iter().filter(|row| row.status == RecordStatus::Failed).collect();
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().all(|row| row.attempts == 1 && row.last_error.is_some()), "{failed:?}");
    let within = failed[0].next_attempt_at.unwrap() - world.now();
    assert!(within <= TimeDelta::seconds(31), "the first pause is 30 s at most: {within}");
    world.live_until(world.now() + TimeDelta::minutes(10)).await;
    for row in rows(&world, &pair).await {
        assert_eq!((row.status, row.attempts), (RecordStatus::Processed, 0), "{row:?}");
        assert!(row.last_error.is_none(), "{row:?}");
    }
}

#[tokio::test]
async fn a_cancelled_run_frees_its_claims_and_its_slot_and_counts_no_crash() {
    let world = world().await;
    let pair = prepared(&world, 30).await;
    let run = process(&world, &pair).await;
    let job = world.take_job().await.unwrap();
    let clock = world.clock.engine();
    let engine = world.engine.clone();
    world
        .control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 60}))
        .await;
    let slice = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    loop {
        let stats = world.erp_stats().await;
        if stats["writes"]["Customer"]["total"].as_i64().unwrap_or(0) >= 4 {
            break;
        }
    }
    engine::runs::cancel(&world.engine, &world.member, run, world.now()).await.unwrap();
    slice.await.unwrap().unwrap();
    assert_eq!(world.run(run).await.state, RunState::Cancelled);
    // Everything that it had in hand goes on at once with the next run, also the slot.
    world.control("DELETE", "acumatica/faults?account=sbx_erp", serde_json::Value::Null).await;
    world.clock.advance(TimeDelta::seconds(1));
    let next = process(&world, &pair).await;
    assert!(world.work_once().await);
    assert_ne!(
        world.run(next).await.message.as_deref(),
        Some("Waits for a free session: other runs use the connection.")
    );
    world.clock.advance(TimeDelta::minutes(3));
    world.live_until(world.now() + TimeDelta::minutes(10)).await;
    for row in rows(&world, &pair).await {
        assert_eq!(row.status, RecordStatus::Processed, "{row:?}");
    }
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["Customer"]["max_inserts_per_record"], 1, "{stats}");
    assert_eq!(stats["writes"]["Customer"]["records"], 30, "{stats}");
}
