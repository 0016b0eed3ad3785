//! One organisation's backlog does not keep another one waiting.

use domain::run::{Phase, RunState};
use domain::sync::NewSync;
use domain::{Entity, SyncId, Vendor};
use engine::Member;
use serde_json::json;

use crate::support::{World, form, world};

/// A sync of customers between a shop and an ERP of a member's own.
async fn customers_of(world: &World, member: &Member, account: &str) -> SyncId {
    let accounts = json!({"shop_token": format!("{account}_shop"), "erp_user": account, "erp_password": "secret"});
    world.control("POST", "accounts", accounts).await;
    let shop_url = format!("http://{}/shopify/test-shop", world.sandbox.addr);
    let token = format!("{account}_shop");
    let shop = form("Shop", &[("shop_url", &shop_url), ("api_version", "2026-10"), ("access_token", &token)]);
    let instance = format!("http://{}/acumatica/test", world.sandbox.addr);
    let erp = [
        ("instance_url", instance.as_str()),
        ("endpoint_version", "24.200.001"),
        ("user_name", account),
        ("password", "secret"),
        ("base_currency", "EUR"),
        ("max_sessions", "1"),
        ("max_concurrent", "4"),
    ];
    let (engine, now) = (&world.engine, world.now());
    let shop = engine::connections::create(engine, member, Vendor::Shopify, &shop, now).await.unwrap();
    let erp = engine::connections::create(engine, member, Vendor::Acumatica, &form("ERP", &erp), now).await.unwrap();
    let new = NewSync { entity: Entity::Customer, source: shop, destination: erp };
    engine::syncs::create(engine, member, &new, now).await.unwrap()
}

/// Records of the loud organisation: more than there is time for in every test run when `cargo xtask torture --fairness N`
/// says so.
fn backlog_size() -> i64 {
    std::env::var("SYNCLINE_TEST_BACKLOG").map_or(50_000, |number| number.parse().unwrap())
}

/// Records that are due; what they stand for is not in the shop any more, which costs a read each.
async fn backlog(world: &World, member: &Member, sync: SyncId) {
    let sql = format!(
        "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, description, status, last_operation,
            next_attempt_at, created_at, updated_at)
        SELECT '{}', gen_random_uuid(), '{sync}', 'customer', 'gid://shopify/Customer/' || 900000000 + n, 'Customer ' || n,
            'prepared', 'found', to_timestamp(0), to_timestamp(0), to_timestamp(0)
        FROM generate_series(1, {}) AS n",
        member.tenant,
        backlog_size()
    );
    world.change(&sql).await;
}

#[tokio::test]
async fn ten_records_of_one_organisation_are_done_within_two_slices_of_anothers_fifty_thousand() {
    let world = world().await;
    let quiet = world.stranger().await;
    let (loud_sync, quiet_sync) =
        (customers_of(&world, &world.member, "sbx_loud").await, customers_of(&world, &quiet, "sbx_quiet").await);
    world.control("POST", "shopify/customers?account=sbx_quiet_shop", json!({"count": 10})).await;
    let prepared = engine::runs::start(&world.engine, &quiet, quiet_sync, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    assert_eq!(engine::runs::get(&world.engine, &quiet, prepared.run.id).await.unwrap().state, RunState::Succeeded);

    backlog(&world, &world.member, loud_sync).await;
    engine::runs::start(&world.engine, &world.member, loud_sync, Phase::Process, world.now()).await.unwrap();
    // The loud one is at it already, with one worker for everybody, which is the worst case.
    for _ in 0..3 {
        assert!(world.work_once().await);
    }
    let asked = engine::runs::start(&world.engine, &quiet, quiet_sync, Phase::Process, world.now()).await.unwrap();
    let (mut slices, began) = (0, std::time::Instant::now());
    while engine::runs::get(&world.engine, &quiet, asked.run.id).await.unwrap().state.is_active() {
        assert!(world.work_once().await);
        slices += 1;
        assert!(slices <= 3, "two slices of the other organisation at most, and the one that does the work");
    }
    let run = engine::runs::get(&world.engine, &quiet, asked.run.id).await.unwrap();
    assert_eq!((run.state, run.counts.changed), (RunState::Succeeded, 10));
    println!("10 records done {slices} slices after {} of another's, in {:?}", backlog_size(), began.elapsed());
    let loud = engine::runs::active(&world.engine, &world.member).await.unwrap();
    assert!(loud.iter().any(|run| run.counts.done < backlog_size()), "the loud one is still at it: {loud:?}");
}
