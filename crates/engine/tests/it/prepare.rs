//! Prepare finds what is new, changed and gone, whatever happens to the listing meanwhile.

use chrono::TimeDelta;
use domain::SyncId;
use domain::run::{Phase, RunState, RunView};
use serde_json::{Value, json};

use crate::support::{World, world};

async fn start(world: &World, sync: SyncId, phase: Phase) -> RunView {
    engine::runs::start(&world.engine, &world.member, sync, phase, world.now()).await.unwrap().run
}

async fn prepare(world: &World, sync: SyncId, phase: Phase) -> RunView {
    let run = start(world, sync, phase).await;
    world.work().await;
    world.run(run.id).await
}

async fn two_way(world: &World, sync: SyncId) {
    world.sql(format!("UPDATE syncs SET direction = 'two_way' WHERE id = '{sync}'")).await;
}

async fn make(world: &World, path: &str, count: usize) -> Vec<String> {
    let account = if path.starts_with("shopify") { "sbx_shop" } else { "sbx_erp" };
    let made = world.control("POST", &format!("{path}?account={account}"), json!({ "count": count })).await;
    made["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

async fn remove_customer(world: &World, gid: &str) {
    let number = gid.rsplit('/').next().unwrap();
    world.control("DELETE", &format!("shopify/customers/{number}?account=sbx_shop"), Value::Null).await;
}

async fn edit_customer(world: &World, gid: &str, name: &str) {
    let number = gid.rsplit('/').next().unwrap();
    let path = format!("shopify/customers/{number}?account=sbx_shop");
    world.control("PATCH", &path, json!({ "firstName": name })).await;
}

#[tokio::test]
async fn a_two_way_prepare_lists_both_sides() {
    let world = world().await;
    let pair = world.pair().await;
    two_way(&world, pair.customers).await;
    // The sandbox's accounts are opened by their first use.
    prepare(&world, pair.customers, Phase::Prepare).await;
    make(&world, "shopify/customers", 2).await;
    make(&world, "acumatica/Customer", 3).await;
    let run = prepare(&world, pair.customers, Phase::Prepare).await;
    assert_eq!((run.state, run.counts.done, run.counts.changed), (RunState::Succeeded, 5, 5), "{run:?}");
    let found = "SELECT last_operation, source_id IS NULL AS unknown_at_source, status, count(*) FROM records
        GROUP BY 1, 2, 3 ORDER BY 1";
    assert_eq!(
        world.lines(found).await,
        ["changed_at_destination | true | prepared | 3", "found | false | prepared | 2"]
    );
    let sides = "SELECT side, count(*) FROM record_versions GROUP BY 1 ORDER BY 1";
    assert_eq!(world.lines(sides).await, ["destination | 3", "source | 2"]);
    let marks = format!(
        "SELECT watermark_at IS NOT NULL, destination_watermark_at IS NOT NULL FROM syncs WHERE id = '{}'",
        pair.customers
    );
    assert_eq!(world.lines(&marks).await.len(), 1);
    let again = prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert_eq!((again.counts.done, again.counts.changed), (5, 0), "{again:?}");
}

#[tokio::test]
async fn what_was_written_comes_back_without_a_new_version() {
    let world = world().await;
    let pair = world.pair().await;
    make(&world, "shopify/customers", 4).await;
    world.sync(pair.customers).await;
    two_way(&world, pair.customers).await;
    let versions = "SELECT version, status, synced_version FROM records ORDER BY id";
    let before = world.lines(versions).await;
    assert!(before.iter().all(|line| line == "1 | processed | 1"), "{before:?}");
    let run = prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert_eq!((run.counts.done, run.counts.changed), (8, 0), "{run:?}");
    assert_eq!(world.lines(versions).await, before);
    let known = "SELECT count(*) FROM records WHERE destination_hash IS NOT NULL AND destination_hash = synced_destination_hash";
    assert_eq!(world.value(known).await, "4");
}

#[tokio::test]
async fn a_change_at_the_destination_of_a_two_way_sync_is_prepared() {
    let world = world().await;
    let pair = world.pair().await;
    make(&world, "shopify/customers", 2).await;
    world.sync(pair.customers).await;
    two_way(&world, pair.customers).await;
    prepare(&world, pair.customers, Phase::Prepare).await;
    world.clock.advance(TimeDelta::minutes(1));
    let id = world.value("SELECT destination_id FROM records ORDER BY id LIMIT 1").await;
    let path = format!("acumatica/Customer/{id}?account=sbx_erp");
    world.control("PATCH", &path, json!({ "CustomerName": "Somebody else" })).await;
    let run = prepare(&world, pair.customers, Phase::Prepare).await;
    assert_eq!(run.counts.changed, 1, "{run:?}");
    let changed = "SELECT version, last_operation, destination_id FROM records WHERE status = 'prepared'";
    assert_eq!(world.lines(changed).await, [format!("2 | changed_at_destination | {id}")]);
}

#[tokio::test]
async fn only_a_full_prepare_notices_what_is_gone_and_it_is_read_before_it_is_believed() {
    let world = world().await;
    let pair = world.pair().await;
    let ids = make(&world, "shopify/customers", 30).await;
    world.sync(pair.customers).await;
    remove_customer(&world, &ids[3]).await;
    remove_customer(&world, &ids[20]).await;
    world.clock.advance(TimeDelta::minutes(10));
    let gone = "SELECT source_id FROM records WHERE tombstone AND tombstone_side = 'source' AND status = 'prepared'
        AND next_attempt_at = tombstone_at + interval '20 seconds' ORDER BY source_id";
    prepare(&world, pair.customers, Phase::Prepare).await;
    assert!(world.lines(gone).await.is_empty());
    let run = prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert_eq!((run.state, run.counts.changed), (RunState::Succeeded, 2), "{run:?}");
    let mut expected = vec![ids[3].clone(), ids[20].clone()];
    expected.sort();
    assert_eq!(world.lines(gone).await, expected);
    assert_eq!(world.value("SELECT count(*) FROM listing_seen").await, "0", "what was seen is forgotten");
    let again = prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert_eq!(again.counts.changed, 0, "a candidate is not one again: {again:?}");
}

#[tokio::test]
async fn many_deletions_at_once_hold_the_sync_until_a_person_allows_them() {
    let world = world().await;
    let pair = world.pair().await;
    let ids = make(&world, "shopify/customers", 40).await;
    world.sync(pair.customers).await;
    for id in &ids[..25] {
        remove_customer(&world, id).await;
    }
    world.clock.advance(TimeDelta::minutes(10));
    let run = prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert_eq!(run.state, RunState::CompletedWithErrors, "{run:?}");
    let message = run.message.unwrap();
    assert!(message.contains("25 of 40 customers"), "{message}");
    assert_eq!(world.value("SELECT count(*) FROM records WHERE tombstone").await, "0");
    let refused = engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("deletions")), "a held sync does nothing");

    world.clock.advance(TimeDelta::minutes(1));
    engine::syncs::allow_deletions(&world.engine, &world.member, pair.customers, 25, world.now()).await.unwrap();
    world.work().await;
    let deleted = "SELECT count(*) FROM records WHERE status = 'deleted' AND tombstone_side = 'source'";
    assert_eq!(world.value(deleted).await, "25", "the full prepare finds them, and processing reads each of them");
    let left = format!("SELECT deletions_allowed, hold FROM syncs WHERE id = '{}'", pair.customers);
    assert_eq!(world.lines(&left).await, ["0 | -"], "what was allowed is used up");
}

#[tokio::test]
async fn records_that_a_person_says_are_there_are_left_alone_and_not_asked_about_again() {
    let world = world().await;
    let pair = world.pair().await;
    let ids = make(&world, "shopify/customers", 40).await;
    world.sync(pair.customers).await;
    for id in &ids[..25] {
        remove_customer(&world, id).await;
    }
    world.clock.advance(TimeDelta::minutes(10));
    prepare(&world, pair.customers, Phase::FullPrepare).await;
    engine::syncs::dismiss_hold(&world.engine, &world.member, pair.customers, world.now()).await.unwrap();
    world.clock.advance(TimeDelta::minutes(10));
    let run = prepare(&world, pair.customers, Phase::FullPrepare).await;
    assert!(run.message.as_deref().unwrap().contains("left alone"), "{run:?}");
    assert_eq!(world.value("SELECT count(*) FROM records WHERE tombstone").await, "0");
    assert_eq!(world.value("SELECT count(*) FROM syncs WHERE hold IS NOT NULL").await, "0");
}

#[tokio::test]
async fn a_listing_that_a_crash_interrupts_goes_on_at_its_cursor_and_calls_nothing_gone() {
    let world = world().await;
    let pair = world.pair().await;
    make(&world, "shopify/customers", 700).await;
    let run = start(&world, pair.customers, Phase::FullPrepare).await;
    let job = world.take_job().await.unwrap();
    // Slow enough to die between two pages.
    let slow = json!({"account": "sbx_shop", "kind": "latency", "share": 1.0, "ms": 300});
    world.control("POST", "shopify/faults", slow).await;
    let (engine, clock) = (world.engine.clone(), world.clock.engine());
    let dying = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    while world.run(run.id).await.counts.done == 0 {
        tokio::task::yield_now().await;
    }
    dying.abort();
    let _ = dying.await;
    world.control("DELETE", "shopify/faults?account=sbx_shop", Value::Null).await;
    let done = world.run(run.id).await.counts.done;
    assert!(done > 0 && done < 700, "the worker died in the middle, after {done}");
    let watermark = format!("SELECT watermark_at FROM syncs WHERE id = '{}'", pair.customers);
    assert_eq!(world.value(&watermark).await, "-", "only a complete listing moves the watermark");
    world.clock.advance(TimeDelta::seconds(40));
    assert_eq!(engine::sweeper::tick(&world.engine, world.now()).await.unwrap(), 1);
    world.work().await;
    let over = world.run(run.id).await;
    assert_eq!((over.state, over.counts.done, over.counts.changed), (RunState::Succeeded, 700, 700), "{over:?}");
    let records = "SELECT count(*), max(version), bool_or(tombstone) FROM records";
    assert_eq!(world.lines(records).await, ["700 | 1 | false"]);
    assert_ne!(world.value(&watermark).await, "-");
}

#[tokio::test]
async fn a_listing_that_fails_finds_no_deletions() {
    let world = world().await;
    let pair = world.pair().await;
    let ids = make(&world, "shopify/customers", 10).await;
    world.sync(pair.customers).await;
    remove_customer(&world, &ids[0]).await;
    world.clock.advance(TimeDelta::minutes(10));
    let run = start(&world, pair.customers, Phase::FullPrepare).await;
    world.control("POST", "shopify/faults", json!({"account": "sbx_shop", "kind": "5xx", "share": 1.0})).await;
    assert!(world.work_once().await);
    assert_eq!(world.run(run.id).await.state, RunState::Waiting, "the shop does not answer");
    engine::runs::cancel(&world.engine, &world.member, run.id, world.now()).await.unwrap();
    world.control("DELETE", "shopify/faults?account=sbx_shop", Value::Null).await;
    world.work().await;
    assert_eq!(world.run(run.id).await.state, RunState::Cancelled);
    assert_eq!(world.value("SELECT count(*) FROM records WHERE tombstone").await, "0");
}

#[tokio::test]
async fn records_that_change_while_pages_are_read_are_neither_missed_nor_taken_for_gone() {
    let world = world().await;
    let pair = world.pair().await;
    let ids = make(&world, "shopify/customers", 800).await;
    prepare(&world, pair.customers, Phase::Prepare).await;
    world.clock.advance(TimeDelta::minutes(30));
    let run = start(&world, pair.customers, Phase::FullPrepare).await;
    let job = world.take_job().await.unwrap();
    // Where somebody else waits, a slice ends after its share.
    start(&world, pair.products, Phase::Process).await;
    engine::slice::run(&world.engine, job, &world.clock.engine()).await.unwrap();
    let listed = world.run(run.id).await;
    assert!(listed.state == RunState::Queued && listed.counts.done > 0, "the first pages are read: {listed:?}");
    // One that was read already, one that was not, a new one, and one that goes away before its page.
    world.clock.advance(TimeDelta::seconds(5));
    edit_customer(&world, &ids[0], "Early").await;
    edit_customer(&world, &ids[799], "Late").await;
    let new = make(&world, "shopify/customers", 1).await;
    remove_customer(&world, &ids[790]).await;
    world.work().await;
    assert_eq!(world.run(run.id).await.state, RunState::Succeeded);
    let gone = world.lines("SELECT source_id FROM records WHERE tombstone").await;
    assert_eq!(gone, [ids[790].clone()]);
    world.clock.advance(TimeDelta::minutes(1));
    prepare(&world, pair.customers, Phase::Prepare).await;
    let changed = "SELECT source_id FROM records WHERE description LIKE 'Early %' OR description LIKE 'Late %'";
    assert_eq!(world.lines(changed).await.len(), 2);
    assert_eq!(world.value(&format!("SELECT count(*) FROM records WHERE source_id = '{}'", new[0])).await, "1");
}

#[tokio::test]
async fn a_range_prepares_what_is_not_processed_in_it_and_leaves_the_watermark() {
    let world = world().await;
    let pair = world.pair().await;
    let first = make(&world, "shopify/customers", 3).await;
    world.clock.advance(TimeDelta::hours(2));
    let from = world.now();
    world.clock.advance(TimeDelta::minutes(1));
    make(&world, "shopify/customers", 3).await;
    world.clock.advance(TimeDelta::minutes(1));
    let until = world.now();
    world.clock.advance(TimeDelta::hours(2));
    make(&world, "shopify/customers", 3).await;
    let prepare =
        || engine::syncs::prepare_range(&world.engine, &world.member, pair.customers, from, until, world.now());
    let run = prepare().await.unwrap().run;
    world.work().await;
    let run = world.run(run.id).await;
    assert_eq!((run.state, run.counts.changed), (RunState::Succeeded, 3), "{run:?}");
    let watermark = format!("SELECT watermark_at FROM syncs WHERE id = '{}'", pair.customers);
    assert_eq!(world.value(&watermark).await, "-");
    let known = world.lines("SELECT source_id FROM records").await;
    assert!(known.len() == 3 && first.iter().all(|id| !known.contains(id)), "{known:?}");

    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await.unwrap();
    world.work().await;
    world.sql(format!("UPDATE records SET status = 'aborted' WHERE source_id = '{}'", known[0])).await;
    prepare().await.unwrap();
    world.work().await;
    let again = world.lines("SELECT source_id FROM records WHERE status = 'prepared'").await;
    assert_eq!(again, [known[0].clone()], "what is processed stays so, what was given up is tried again");
}

#[tokio::test]
async fn a_range_that_ends_before_it_begins_is_refused() {
    let world = world().await;
    let pair = world.pair().await;
    let (from, until) = (world.now(), world.now() - TimeDelta::days(1));
    let refused =
        engine::syncs::prepare_range(&world.engine, &world.member, pair.customers, from, until, world.now()).await;
    assert!(matches!(refused, Err(engine::Error::Invalid { field, .. }) if field == "until"));
}

#[tokio::test]
async fn an_order_with_more_lines_than_are_read_says_so_and_holds_up_no_other() {
    let world = world().await;
    let pair = world.pair().await;
    let lines = |count: usize| vec![json!({"title": "Wrap", "quantity": 1, "price": "1.00"}); count];
    for count in [2_001, 1] {
        let order = json!({"records": [{"lineItems": lines(count)}]});
        world.control("POST", "shopify/orders?account=sbx_shop", order).await;
    }
    let run = engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Prepare, world.now()).await;
    world.work().await;
    let run = world.run(run.unwrap().run.id).await;
    assert!(!run.state.is_active() && run.state != RunState::Failed, "{run:?}");
    let orders = world.lines("SELECT status, last_error FROM records ORDER BY status").await;
    assert!(orders.len() == 2 && orders[1] == "prepared | -", "{orders:?}");
    assert!(orders[0].starts_with("invalid | ") && orders[0].contains("more than 2000 lines"), "{orders:?}");
}

#[tokio::test]
async fn a_range_is_not_taken_for_another_one_that_is_being_prepared() {
    let world = world().await;
    let pair = world.pair().await;
    let day = |days| world.now() + TimeDelta::days(days);
    let prepare = |from, until| {
        engine::syncs::prepare_range(&world.engine, &world.member, pair.customers, day(from), day(until), world.now())
    };
    let first = prepare(-10, -5).await.unwrap().run;
    let inside = prepare(-9, -6).await.unwrap();
    assert!(inside.already_active && inside.run.id == first.id, "its days are among the others: {inside:?}");
    for (from, until) in [(-10, -4), (-11, -5), (-3, -1)] {
        let refused = prepare(from, until).await;
        let Err(engine::Error::Conflict(why)) = refused else { panic!("{from} to {until}: {refused:?}") };
        let days = [-10, -5, from, until].map(|days| day(days).format("%Y-%m-%d").to_string());
        assert!(days.iter().all(|day| why.contains(day)) && why.contains("ada@example.org"), "{why}");
    }
    world.work().await;
    let next = prepare(-3, -1).await.unwrap();
    assert!(!next.already_active && next.run.id != first.id);
    world.work().await;
}
