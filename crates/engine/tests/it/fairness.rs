//! One organisation's backlog does not keep another one waiting.

use std::sync::Arc;

use domain::run::{Phase, RunState};
use domain::sync::NewSync;
use domain::{Entity, SyncId, Vendor};
use engine::{Config, Engine, Member};
use serde_json::json;

use crate::support::{World, form, world};

/// A sync of customers between a shop and an ERP of a member's own.
async fn customers_of(world: &World, member: &Member, account: &str) -> SyncId {
    let accounts = json!({"shop_token": format!("{account}_shop"), "erp_user": account, "erp_password": "secret"});
    world.control("POST", "accounts", accounts).await;
    let shop_url = format!("http://{}/shopify/test-shop", world.sandbox.addr);
    let token = format!("{account}_shop");
    let shop = form(
        &format!("Shop {account}"),
        &[("shop_url", &shop_url), ("api_version", "2026-10"), ("access_token", &token)],
    );
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
    let erp =
        engine::connections::create(engine, member, Vendor::Acumatica, &form(&format!("ERP {account}"), &erp), now)
            .await
            .unwrap();
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

async fn organisation(world: &World, person: &str) -> Member {
    let (email, password) = (format!("{person}@example.org"), "nine tall green horses");
    let (engine, client) = (&world.engine, engine::accounts::Client::default());
    let signed = engine::accounts::sign_up(engine, person, &email, password, &client, world.now()).await.unwrap();
    engine::accounts::member(engine, signed.user, &signed.slug).await.unwrap()
}

/// Starts the runs of an organisation's two syncs.
async fn start_two(world: &World, member: &Member, account: &str) {
    for number in 1..=2 {
        let sync = customers_of(world, member, &format!("{account}_{number}")).await;
        engine::runs::start(&world.engine, member, sync, Phase::Process, world.now()).await.unwrap();
    }
}

#[tokio::test]
async fn two_organisations_whose_systems_hang_leave_a_worker_to_the_third() {
    let world = world().await;
    // Four slots for processing.
    let engine =
        Engine { config: Arc::new(Config { slices: 8, ..(*world.engine.config).clone() }), ..world.engine.clone() };
    let (second, third) = (organisation(&world, "bo").await, organisation(&world, "cy").await);
    start_two(&world, &world.member, "sbx_first").await;
    start_two(&world, &second, "sbx_second").await;
    // Whoever wants to claim records now hangs, as it would on a system that does not answer.
    let hanging = world.reader("LOCK TABLE records IN EXCLUSIVE MODE").await;
    let mut slices = tokio::task::JoinSet::new();
    while let Some(job) = world.take_job().await {
        let (engine, clock) = (engine.clone(), world.clock.engine());
        slices.spawn(async move { engine::slice::run(&engine, job, &clock).await });
    }
    while world.number("SELECT count(*) FROM runs WHERE state = 'queued'").await > 0 {}
    let at_work = world.number("SELECT count(*) FROM runs WHERE state = 'running'").await;
    assert_eq!(at_work, 3, "of four slots one is left");

    let sync = customers_of(&world, &third, "sbx_third").await;
    let asked = engine::runs::start(&world.engine, &third, sync, Phase::Process, world.now()).await.unwrap();
    let (job, clock) = (world.take_job().await.unwrap(), world.clock.engine());
    slices.spawn(async move { engine::slice::run(&engine, job, &clock).await });
    let begun = format!("SELECT count(*) FROM runs WHERE id = '{}' AND state = 'running'", asked.run.id);
    while world.number(&begun).await == 0 {}
    hanging.rollback().await.unwrap();
    while let Some(ended) = slices.join_next().await {
        ended.unwrap().unwrap();
    }
    // Who had to leave the place to others comes by itself.
    world.work().await;
    assert_eq!(world.number("SELECT count(*) FROM runs WHERE state <> 'succeeded'").await, 0);
}
