//! Orders go from the shop to the ERP, each once, whatever happens in between.

use domain::RecordStatus;
use domain::run::{Phase, RunState};
use serde_json::{Value, json};

use crate::support::{World, world};

async fn count(world: &World, status: RecordStatus) -> i64 {
    let syncs = engine::syncs::list(&world.engine, &world.member).await.unwrap();
    syncs.iter().find(|sync| sync.entity == domain::Entity::Order).unwrap().counts.of(status)
}

#[tokio::test]
async fn orders_arrive_with_their_customers_and_products_each_written_once() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(30).await;
    world.sync(pair.orders).await;
    assert_eq!(count(&world, RecordStatus::Processed).await, 30);
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["SalesOrder"]["records"], 30, "{stats}");
    assert_eq!(stats["writes"]["SalesOrder"]["max_per_record"], 1, "{stats}");
    assert_eq!(stats["sessions"]["in_use"], 0, "the session is logged out when the run is over: {stats}");
}

#[tokio::test]
async fn a_second_round_writes_nothing_again() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(5).await;
    world.sync(pair.orders).await;
    world.clock.advance(chrono::TimeDelta::minutes(10));
    world.sync(pair.orders).await;
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["SalesOrder"]["total"], 5, "{stats}");
}

#[tokio::test]
async fn a_second_start_of_a_phase_shows_the_run_that_is_there() {
    let world = world().await;
    let pair = world.pair().await;
    let first =
        engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Prepare, world.now()).await.unwrap();
    let second =
        engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Prepare, world.now()).await.unwrap();
    assert!(!first.already_active && second.already_active);
    assert_eq!(first.run.id, second.run.id);
    world.work().await;
    assert_eq!(world.run(first.run.id).await.state, RunState::Succeeded);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_found_again_and_not_doubled() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(6).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    engine::runs::start(&world.engine, &world.member, pair.products, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    world.sync(pair.customers).await;
    world.sync(pair.products).await;
    let fault = json!({"account": "sbx_erp", "kind": "cut_after_write", "next": 3});
    world.control("POST", "acumatica/faults", fault).await;
    world.sync(pair.orders).await;
    // What was cut is due again by its backoff, after the time in which the lost write might still arrive.
    for _ in 0..10 {
        world.clock.advance(chrono::TimeDelta::minutes(5));
        engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Process, world.now()).await.unwrap();
        world.work().await;
    }
    assert_eq!(count(&world, RecordStatus::Processed).await, 6);
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["SalesOrder"]["records"], 6, "{stats}");
    assert_eq!(stats["writes"]["SalesOrder"]["max_per_record"], 1, "{stats}");
}

#[tokio::test]
async fn a_rejected_order_fails_with_the_vendors_words_and_is_processed_after_the_repair() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(1).await;
    world.sync(pair.products).await;
    let items = world.control("GET", "acumatica/StockItem?account=sbx_erp", Value::Null).await;
    let ids: Vec<String> = inventory_ids(&items);
    assert!(!ids.is_empty(), "{items}");
    for id in &ids {
        let path = format!("acumatica/StockItem/{id}?account=sbx_erp");
        world.control("PATCH", &path, json!({"ItemStatus": "Inactive"})).await;
    }
    world.sync(pair.orders).await;
    let filter = domain::history::HistoryFilter { status: Some(RecordStatus::Failed), ..Default::default() };
    let page = engine::history::page(&world.engine, &world.member, &filter).await.unwrap();
    let row = page.rows.iter().find(|row| row.entity == domain::Entity::Order).expect("the order has failed");
    assert!(row.last_error.as_deref().unwrap().to_lowercase().contains("inactive"), "{row:?}");
    assert!(row.error_field.as_deref().unwrap().contains("InventoryID"), "{row:?}");
    assert!(row.next_attempt_at.unwrap() > world.now() - chrono::TimeDelta::minutes(5));

    for id in &ids {
        let path = format!("acumatica/StockItem/{id}?account=sbx_erp");
        world.control("PATCH", &path, json!({"ItemStatus": "Active"})).await;
    }
    let these = domain::history::Selection::These(vec![row.id]);
    let action = domain::status::RecordAction::Retry;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    let outcome = engine::history::act(&world.engine, &world.member, action, &these, world.now()).await.unwrap();
    assert_eq!((outcome.done, outcome.left, outcome.runs.len()), (1, 0, 1));
    world.work().await;
    let detail = engine::history::detail(&world.engine, &world.member, row.id).await.unwrap();
    assert_eq!(detail.row.status, RecordStatus::Processed, "{:?}", detail.row);
    assert_eq!(detail.attempts.len(), 2);
    let response = detail.attempts[1].response.as_deref().unwrap();
    assert!(response.contains("422"), "{response}");
}

fn inventory_ids(items: &Value) -> Vec<String> {
    let list = items.as_array().or_else(|| items["records"].as_array()).cloned().unwrap_or_default();
    list.iter().filter_map(|item| item["InventoryID"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_worker_that_dies_in_mid_slice_leaves_nothing_lost_and_nothing_doubled() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(40).await;
    world.sync(pair.customers).await;
    world.sync(pair.products).await;
    engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Process, world.now()).await.unwrap();
    let job = world.take_job().await.unwrap();
    // The slice is dropped at whatever await it has reached when the ERP has seen some of the writes.
    {
        let clock = world.clock.engine();
        let slice = engine::slice::run(&world.engine, job, &clock);
        let seen = async {
            loop {
                let stats = world.erp_stats().await;
                if stats["writes"]["SalesOrder"]["total"].as_i64().unwrap_or(0) >= 7 {
                    return;
                }
            }
        };
        tokio::select! {
            done = slice => panic!("the slice was over before it could be killed: {done:?}"),
            () = seen => {}
        }
    }
    world.clock.advance(chrono::TimeDelta::seconds(16));
    assert_eq!(engine::sweeper::tick(&world.engine, world.now()).await.unwrap(), 1);
    world.work().await;
    assert_eq!(count(&world, RecordStatus::Processed).await, 40);
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["SalesOrder"]["records"], 40, "{stats}");
    assert_eq!(stats["writes"]["SalesOrder"]["max_per_record"], 1, "{stats}");
    let limit = stats["sessions"]["limit"].as_i64().unwrap();
    assert!(stats["sessions"]["max_seen"].as_i64().unwrap() <= limit, "{stats}");
}

#[tokio::test]
async fn two_customers_with_one_address_are_not_doubled_and_the_second_names_the_first() {
    let world = world().await;
    let pair = world.pair().await;
    let twin = |name: &str| json!({"firstName": name, "lastName": "Byron", "email": "twin@example.org"});
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"records": [twin("Ada"), twin("Eve")]})).await;
    world.sync(pair.customers).await;
    let filter = domain::history::HistoryFilter { sync: Some(pair.customers), ..Default::default() };
    let page = engine::history::page(&world.engine, &world.member, &filter).await.unwrap();
    let of = |status| page.rows.iter().filter(|row| row.status == status).collect::<Vec<_>>();
    assert_eq!((of(RecordStatus::Processed).len(), of(RecordStatus::Failed).len()), (1, 1), "{:?}", page.rows);
    let why = of(RecordStatus::Failed)[0].last_error.clone().unwrap();
    assert!(why.contains("twin@example.org") && why.contains("linked to"), "{why}");
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["Customer"]["records"], 1, "{stats}");
}

#[tokio::test]
async fn sync_now_on_a_record_in_work_is_not_forgotten() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(1).await;
    world.sync(pair.orders).await;
    let filter = domain::history::HistoryFilter { sync: Some(pair.orders), ..Default::default() };
    let row = engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows.remove(0);
    let these = domain::history::Selection::These(vec![row.id]);
    let action = domain::status::RecordAction::SyncNow;
    world.clock.advance(chrono::TimeDelta::seconds(5));
    let outcome = engine::history::act(&world.engine, &world.member, action, &these, world.now()).await.unwrap();
    assert_eq!(outcome.done, 1);
    world.work().await;
    let detail = engine::history::detail(&world.engine, &world.member, row.id).await.unwrap();
    assert_eq!(detail.row.status, RecordStatus::Processed);
    assert_eq!(detail.row.last_operation, domain::LastOperation::NotNeeded);
}

#[tokio::test]
async fn a_vendor_that_asks_to_slow_down_makes_the_run_wait_and_costs_no_record_a_try() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(5).await;
    world.sync(pair.customers).await;
    world.sync(pair.products).await;
    world.control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": "429", "next": 3})).await;
    world.sync(pair.orders).await;
    assert_eq!(count(&world, RecordStatus::Processed).await, 5);
    let filter = domain::history::HistoryFilter { sync: Some(pair.orders), ..Default::default() };
    let page = engine::history::page(&world.engine, &world.member, &filter).await.unwrap();
    assert!(page.rows.iter().all(|row| row.attempts == 0 && row.last_error.is_none()), "{:?}", page.rows);
}

#[tokio::test]
async fn schedules_that_were_missed_for_two_days_run_once() {
    let world = world().await;
    let pair = world.pair().await;
    world.clock.advance(chrono::TimeDelta::days(2));
    engine::dispatcher::tick(&world.engine, world.now()).await.unwrap();
    assert_eq!(engine::dispatcher::tick(&world.engine, world.now()).await.unwrap(), 0);
    world.work().await;
    let detail = engine::syncs::get(&world.engine, &world.member, pair.orders).await.unwrap();
    let prepares = detail.runs.iter().filter(|run| run.phase == Phase::Prepare).count();
    assert_eq!(prepares, 1, "{:?}", detail.runs);
    assert!(
        detail
            .schedules
            .iter()
            .all(|schedule| schedule.next_run_at.unwrap() > world.now() - chrono::TimeDelta::minutes(1))
    );
}

#[tokio::test]
async fn an_action_on_all_that_match_reaches_every_record_also_when_some_change_meanwhile() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(30).await;
    engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    world.clock.advance(chrono::TimeDelta::seconds(5));
    let click = world.now();
    // One of them changes between the click and the action.
    let filter = domain::history::HistoryFilter { sync: Some(pair.orders), ..Default::default() };
    let first = engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows.remove(0);
    let these = domain::history::Selection::These(vec![first.id]);
    let skip = domain::status::RecordAction::Skip;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    engine::history::act(&world.engine, &world.member, skip, &these, world.now()).await.unwrap();
    let all = domain::history::Selection::Matching(filter);
    let outcome = engine::history::act(&world.engine, &world.member, skip, &all, click).await.unwrap();
    assert_eq!(outcome.done, 29, "{outcome:?}");
}

#[tokio::test]
async fn one_organisations_runs_leave_half_of_the_workers_to_others() {
    let mut world = world().await;
    world.engine.config = std::sync::Arc::new(engine::Config { slices: 4, ..(*world.engine.config).clone() });
    let pair = world.pair().await;
    world.orders(3).await;
    for sync in [pair.orders, pair.customers] {
        engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
    }
    // A worker that hangs: its run stays running while the other one is taken on.
    let hung = world.take_job().await.unwrap();
    world
        .control("POST", "shopify/faults", json!({"account": "sbx_shop", "kind": "latency", "next": 1, "ms": 20_000}))
        .await;
    let clock = world.clock.engine();
    let engine = world.engine.clone();
    let hanging = tokio::spawn(async move { engine::slice::run(&engine, hung, &clock).await });
    loop {
        let active = engine::runs::active(&world.engine, &world.member).await.unwrap();
        if active.iter().any(|run| run.state == RunState::Running) {
            break;
        }
        tokio::task::yield_now().await;
    }
    world.work_once().await;
    let active = engine::runs::active(&world.engine, &world.member).await.unwrap();
    let waiting = active.iter().find(|run| run.state == RunState::Waiting).expect("the second run waits its turn");
    assert!(waiting.message.as_deref().unwrap().contains("free worker"), "{waiting:?}");
    hanging.abort();
}
