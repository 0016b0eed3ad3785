//! Sessions at a vendor: one that a dying worker opened is counted as long as the vendor counts it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::RunId;
use domain::connection::ConnectionForm;
use domain::run::{Phase, RunState};
use serde_json::{Value, json};

use crate::support::{Pair, World, world};

const MARKED: &str = "SELECT count(*) FROM leases WHERE unknown_until IS NOT NULL";
const STORED: &str = "SELECT count(*) FROM leases WHERE session_sealed IS NOT NULL";

/// A run that has customers to bring to the ERP, whose every answer takes a while.
async fn ready(world: &World) -> (Pair, RunId) {
    let pair = world.pair().await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({ "count": 3 })).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 300});
    world.control("POST", "acumatica/faults", slow).await;
    let started = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
    (pair, started.unwrap().run.id)
}

/// Begins the next slice in a process of its own.
async fn begin(world: &World) -> tokio::runtime::Runtime {
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (engine, clock) = (world.another_process(), world.clock.engine());
    let job = world.take_job().await.unwrap();
    process.spawn(async move { engine::slice::run(&engine, job, &clock).await });
    process
}

/// Kills the process; nothing of it is left when this returns.
async fn kill(process: tokio::runtime::Runtime) {
    tokio::task::spawn_blocking(move || process.shutdown_timeout(Duration::from_secs(30))).await.unwrap();
}

async fn until_there_is_one(world: &World, sql: &str) {
    while world.number(sql).await == 0 {}
}

async fn sessions(world: &World, what: &str) -> Option<i64> {
    world.erp_stats().await["sessions"][what].as_i64()
}

async fn fast(world: &World) {
    world.control("DELETE", "acumatica/faults?account=sbx_erp", Value::Null).await;
}

/// The ERP connection's page: until when a session is counted that nobody knows.
async fn lost_until(world: &World) -> Option<DateTime<Utc>> {
    let connections = engine::connections::list(&world.engine, &world.member).await.unwrap();
    let erp = connections.iter().find(|view| view.name == "ERP").unwrap().id;
    engine::connections::get(&world.engine, &world.member, erp, world.now()).await.unwrap().lost_until
}

#[tokio::test]
async fn a_session_that_a_dying_worker_could_not_store_keeps_its_slot_until_the_vendor_has_ended_it() {
    let world = world().await;
    let (_, run) = ready(&world).await;
    let process = begin(&world).await;
    until_there_is_one(&world, MARKED).await;
    // The ERP opens the session; nothing of it can be stored before the worker dies.
    let lock = world.reader("SELECT FROM leases FOR UPDATE").await;
    while sessions(&world, "in_use").await != Some(1) {}
    kill(process).await;
    lock.rollback().await.unwrap();
    fast(&world).await;
    assert_eq!(world.number(STORED).await, 0);

    assert_eq!(lost_until(&world).await, None, "nothing is known of the death yet");
    world.live_until(world.now() + TimeDelta::minutes(2)).await;
    let waiting = world.run(run).await;
    let until = lost_until(&world).await.expect("the connection's page says until when it waits");
    assert_eq!(waiting.state, RunState::Waiting);
    let said = format!("until {} UTC", until.format("%H:%M"));
    assert!(waiting.message.as_deref().unwrap().contains(&said), "{waiting:?}");

    world.live_until(world.now() + TimeDelta::minutes(22)).await;
    assert_eq!(world.run(run).await.state, RunState::Succeeded);
    assert_eq!(sessions(&world, "max_seen").await, Some(1));
    assert_eq!((lost_until(&world).await, world.number(MARKED).await), (None, 0));
}

#[tokio::test]
async fn a_session_is_stored_before_anything_else_is_done_with_it() {
    let world = world().await;
    let (_, run) = ready(&world).await;
    let process = begin(&world).await;
    until_there_is_one(&world, STORED).await;
    kill(process).await;
    fast(&world).await;
    assert_eq!(world.number(MARKED).await, 0);
    world.live_until(world.now() + TimeDelta::minutes(3)).await;
    assert_eq!(world.run(run).await.state, RunState::Succeeded);
    assert_eq!(sessions(&world, "max_seen").await, Some(1));
}

#[tokio::test]
async fn a_sign_in_that_was_answered_by_a_refusal_counts_no_session() {
    let world = world().await;
    let (pair, _) = ready(&world).await;
    for kind in ["5xx", "429"] {
        world.control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": kind, "next": 1})).await;
        assert!(world.work_once().await);
        assert_eq!((world.number(MARKED).await, lost_until(&world).await), (0, None), "{kind}");
        world.clock.advance(TimeDelta::minutes(5));
    }
    fast(&world).await;
    test_form(&world, "not the password").await;
    assert_eq!((world.number(MARKED).await, sessions(&world, "in_use").await), (0, Some(0)));
    test_form(&world, "secret of the ERP").await;
    assert_eq!((world.number(MARKED).await, sessions(&world, "in_use").await), (0, Some(0)));
    world.sync(pair.customers).await;
    assert_eq!(sessions(&world, "max_seen").await, Some(1));
}

/// Tests what stands in the ERP connection's form.
async fn test_form(world: &World, password: &str) {
    let connections = engine::connections::list(&world.engine, &world.member).await.unwrap();
    let erp = connections.iter().find(|view| view.name == "ERP").unwrap();
    let mut form = ConnectionForm { name: "ERP".into(), values: erp.settings.clone() };
    form.values.insert("password".into(), password.into());
    let (id, now) = (Some(erp.id), world.now());
    engine::connections::test_form(&world.engine, &world.member, erp.vendor, id, &form, now).await.unwrap();
    world.work().await;
}
