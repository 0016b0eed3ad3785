//! A system whose fields change is noticed before anything is listed, and stops where carrying on would do harm.

use chrono::TimeDelta;
use domain::SyncId;
use domain::run::{Phase, RunState, RunView};
use serde_json::{Value, json};

use crate::support::{World, world};

async fn prepare(world: &World, sync: SyncId, phase: Phase) -> RunView {
    world.clock.advance(TimeDelta::minutes(1));
    let run = engine::runs::start(&world.engine, &world.member, sync, phase, world.now()).await.unwrap().run;
    world.work().await;
    world.run(run.id).await
}

async fn change_shop(world: &World, change: Value) {
    world.control("POST", "shopify/schema?account=sbx_shop", change).await;
}

async fn policy(world: &World, sync: SyncId, policy: &str) {
    world.sql(format!("UPDATE syncs SET drift_policy = '{policy}' WHERE id = '{sync}'")).await;
}

const DRIFTS: &str = "SELECT changes->0->>'field', changes->0->'rules'->>0, stopped FROM schema_drifts ORDER BY id";

#[tokio::test]
async fn a_new_field_is_told_and_the_sync_carries_on() {
    let world = world().await;
    let pair = world.pair().await;
    assert_eq!(prepare(&world, pair.customers, Phase::FullPrepare).await.state, RunState::Succeeded);
    assert_eq!(world.value("SELECT count(*) FROM schemas").await, "2", "both sides told their fields");
    change_shop(&world, json!({"entity": "Customer", "add": "loyaltyTier", "kind": "String"})).await;
    assert_eq!(prepare(&world, pair.customers, Phase::FullPrepare).await.state, RunState::Succeeded);
    assert_eq!(world.lines(DRIFTS).await, ["loyaltyTier | - | false"]);
    let said = "SELECT kind FROM activity WHERE body::text LIKE '%loyaltyTier is new%'";
    assert_eq!(world.lines(said).await.len(), 1);
    prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert_eq!(world.lines(DRIFTS).await.len(), 1, "it is told once");
}

#[tokio::test]
async fn a_sync_that_wants_to_be_asked_waits_until_somebody_has_seen_the_change() {
    let world = world().await;
    let pair = world.pair().await;
    policy(&world, pair.customers, "stop").await;
    prepare(&world, pair.customers, Phase::FullPrepare).await;
    change_shop(&world, json!({"entity": "Customer", "add": "loyaltyTier", "kind": "String"})).await;
    let stopped = prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert_eq!(stopped.state, RunState::Cancelled, "{stopped:?}");
    assert_eq!(world.lines(DRIFTS).await, ["loyaltyTier | - | true"]);
    let refused = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
    assert!(refused.is_err(), "nothing goes on");
    let drift = world.value("SELECT id FROM schema_drifts").await.parse().unwrap();
    engine::drift::acknowledge(&world.engine, &world.member, pair.customers, drift, world.now()).await.unwrap();
    assert_eq!(prepare(&world, pair.customers, Phase::FullPrepare).await.state, RunState::Succeeded);
    let again = engine::drift::acknowledge(&world.engine, &world.member, pair.customers, drift, world.now()).await;
    assert!(matches!(again, Err(engine::Error::NotFound)));
}

#[tokio::test]
async fn a_field_that_is_gone_and_used_stops_the_sync_before_it_empties_anything() {
    let world = world().await;
    let pair = world.pair().await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({ "count": 3 })).await;
    prepare(&world, pair.customers, Phase::FullPrepare).await;
    let before = world.lines("SELECT version, description FROM records ORDER BY id").await;
    change_shop(&world, json!({"entity": "Customer", "remove": "defaultAddress"})).await;
    let stopped = prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert_eq!((stopped.state, stopped.counts.done), (RunState::Cancelled, 0), "{stopped:?}");
    assert_eq!(world.lines(DRIFTS).await, ["defaultAddress | address | true"]);
    assert_eq!(world.lines("SELECT version, description FROM records ORDER BY id").await, before);
    let hold = format!(
        "SELECT hold, hold_message LIKE '%defaultAddress is gone (used by address)%' FROM syncs WHERE id = '{}'",
        pair.customers
    );
    assert_eq!(world.lines(&hold).await, ["drift | true"]);
}

#[tokio::test]
async fn an_incremental_prepare_asks_once_a_day() {
    let world = world().await;
    let pair = world.pair().await;
    prepare(&world, pair.customers, Phase::Prepare).await;
    change_shop(&world, json!({"entity": "Customer", "add": "loyaltyTier", "kind": "String"})).await;
    prepare(&world, pair.customers, Phase::Prepare).await;
    assert!(world.lines(DRIFTS).await.is_empty());
    world.clock.advance(TimeDelta::hours(24));
    prepare(&world, pair.customers, Phase::Prepare).await;
    assert_eq!(world.lines(DRIFTS).await.len(), 1);
}
