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

#[tokio::test]
async fn new_fields_are_said_to_be_added_where_the_policy_adds_them() {
    let world = world().await;
    let pair = world.pair().await;
    policy(&world, pair.customers, "add_fields").await;
    prepare(&world, pair.customers, Phase::FullPrepare).await;
    change_shop(&world, json!({"entity": "Customer", "add": "loyaltyTier", "kind": "String"})).await;
    assert_eq!(prepare(&world, pair.customers, Phase::FullPrepare).await.state, RunState::Succeeded);
    let said = "SELECT kind FROM activity WHERE body::text LIKE '%loyaltyTier is new and was added%'";
    assert_eq!(world.lines(said).await.len(), 1);
    assert_eq!(world.lines(DRIFTS).await, ["loyaltyTier | - | false"]);
}

#[tokio::test]
async fn a_field_that_is_gone_and_used_names_every_rule_it_served_and_stops_under_each_policy() {
    for told in ["carry_on", "add_fields", "stop"] {
        let world = world().await;
        let pair = world.pair().await;
        policy(&world, pair.products, told).await;
        prepare(&world, pair.products, Phase::FullPrepare).await;
        // The destination's fields serve rules too.
        let change = json!({"entity": "StockItem", "remove": "Description"});
        world.control("POST", "acumatica/schema?account=sbx_erp", change).await;
        let stopped = prepare(&world, pair.products, Phase::FullPrepare).await;
        assert_eq!(stopped.state, RunState::Cancelled, "{told}: {stopped:?}");
        assert_eq!(world.lines(DRIFTS).await, ["Description | title | true"], "{told}");
        let view = engine::syncs::get(&world.engine, &world.member, pair.products).await.unwrap();
        let hold = view.sync.hold.unwrap();
        assert!(hold.message.contains("“ERP”") && hold.message.contains("used by title"), "{told}: {hold:?}");
    }
}

#[tokio::test]
async fn a_sync_with_two_changes_goes_on_when_both_were_acknowledged() {
    let world = world().await;
    let pair = world.pair().await;
    policy(&world, pair.customers, "stop").await;
    prepare(&world, pair.customers, Phase::FullPrepare).await;
    change_shop(&world, json!({"entity": "Customer", "add": "loyaltyTier", "kind": "String"})).await;
    let change = json!({"entity": "Customer", "add": "Region"});
    world.control("POST", "acumatica/schema?account=sbx_erp", change).await;
    prepare(&world, pair.customers, Phase::FullPrepare).await;
    let waiting =
        world.lines("SELECT id FROM schema_drifts WHERE stopped AND acknowledged_at IS NULL ORDER BY id").await;
    assert_eq!(waiting.len(), 2, "one for each system");
    let (engine, member, sync) = (&world.engine, &world.member, pair.customers);
    engine::drift::acknowledge(engine, member, sync, waiting[0].parse().unwrap(), world.now()).await.unwrap();
    let refused = engine::runs::start(engine, member, sync, Phase::Process, world.now()).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("fields")), "the other one still waits");
    engine::drift::acknowledge(engine, member, sync, waiting[1].parse().unwrap(), world.now()).await.unwrap();
    assert_eq!(prepare(&world, sync, Phase::Process).await.state, RunState::Succeeded);
    assert_eq!(prepare(&world, sync, Phase::FullPrepare).await.state, RunState::Succeeded);
    let said = "SELECT kind FROM activity WHERE body::text LIKE '%The sync goes on.%'";
    assert_eq!(world.lines(said).await.len(), 1);
}

#[tokio::test]
async fn what_holds_a_sync_does_not_hold_what_only_reads() {
    for hold in ["drift", "deletions"] {
        let world = world().await;
        let pair = world.pair().await;
        world.control("POST", "shopify/customers?account=sbx_shop", json!({ "count": 3 })).await;
        prepare(&world, pair.customers, Phase::Prepare).await;
        let held = format!(
            "UPDATE syncs SET hold = '{hold}', hold_message = 'x', held_at = now() WHERE id = '{}'",
            pair.customers
        );
        world.sql(held).await;
        for phase in [Phase::DryRun, Phase::Reconcile] {
            let run = prepare(&world, pair.customers, phase).await;
            assert_eq!(run.state, RunState::Succeeded, "{hold} {phase:?}: {run:?}");
        }
        let record = world.value("SELECT id FROM records LIMIT 1").await.parse().unwrap();
        let run = engine::history::compare(&world.engine, &world.member, record, world.now()).await.unwrap();
        world.work().await;
        assert_eq!(world.run(run).await.state, RunState::Succeeded, "{hold}");
        for phase in [Phase::Prepare, Phase::FullPrepare, Phase::Process] {
            let refused = engine::runs::start(&world.engine, &world.member, pair.customers, phase, world.now()).await;
            assert!(refused.is_err(), "{hold} {phase:?}");
        }
        assert_eq!(world.erp_stats().await["writes"]["Customer"]["total"].as_i64().unwrap_or(0), 0);
    }
}
