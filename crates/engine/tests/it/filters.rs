//! A sync's filter decides what is synchronised, from its next listing on and when it is changed.

use chrono::TimeDelta;
use domain::filter::{Condition, Filter, Operator};
use domain::run::Phase;
use domain::{RecordStatus, SyncId};
use serde_json::json;

use crate::support::{Pair, World, world};

fn starts_with(prefix: &str) -> Filter {
    Filter::Is(Condition { field: "name".into(), operator: Operator::StartsWith, value: prefix.into() })
}

async fn set(world: &World, sync: SyncId, filter: Option<&Filter>) {
    let value = filter.map_or("NULL".to_owned(), |filter| format!("'{}'", serde_json::to_string(filter).unwrap()));
    world.sql(format!("UPDATE syncs SET filter = {value} WHERE id = '{sync}'")).await;
}

async fn prepare(world: &World, sync: SyncId) {
    engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
}

async fn make(world: &World, names: &[&str]) -> Vec<String> {
    let record = |(n, name): (usize, &&str)| json!({"firstName": name, "lastName": "Test", "email": format!("{name}{n}@mail.example")});
    let records: Vec<_> = names.iter().enumerate().map(record).collect();
    let made = world.control("POST", "shopify/customers?account=sbx_shop", json!({ "records": records })).await;
    made["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

async fn statuses(world: &World) -> Vec<String> {
    world.lines("SELECT split_part(description, ' ', 1), status, last_operation FROM records ORDER BY 1").await
}

#[tokio::test]
async fn what_does_not_pass_is_filtered_until_a_version_passes() {
    let world = world().await;
    let pair = world.pair().await;
    set(&world, pair.customers, Some(&starts_with("a"))).await;
    let ids = make(&world, &["Ada", "Bob"]).await;
    prepare(&world, pair.customers).await;
    assert_eq!(statuses(&world).await, ["Ada | prepared | found", "Bob | filtered | filtered"]);
    world.clock.advance(TimeDelta::minutes(1));
    let path = |id: &str| format!("shopify/customers/{}?account=sbx_shop", id.rsplit('/').next().unwrap());
    world.control("PATCH", &path(&ids[1]), json!({"firstName": "Abe"})).await;
    world.control("PATCH", &path(&ids[0]), json!({"firstName": "Zed"})).await;
    prepare(&world, pair.customers).await;
    assert_eq!(statuses(&world).await, ["Abe | prepared | changed_at_source", "Zed | filtered | filtered"]);
}

#[tokio::test]
async fn a_changed_filter_prepares_what_passes_now_and_processing_leaves_out_what_does_not() {
    let world = world().await;
    let pair = world.pair().await;
    set(&world, pair.customers, Some(&starts_with("a"))).await;
    make(&world, &["Ada", "Bob", "Cleo"]).await;
    prepare(&world, pair.customers).await;
    world.clock.advance(TimeDelta::minutes(1));
    set(&world, pair.customers, Some(&starts_with("b"))).await;
    filter_changed(&world, &pair).await;
    world.work().await;
    let prepared = statuses(&world).await;
    assert_eq!(prepared, ["Ada | prepared | found", "Bob | prepared | settings_changed", "Cleo | filtered | filtered"]);
    assert_eq!(world.value("SELECT count(*) FROM syncs WHERE refilter_at IS NOT NULL").await, "0");
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await.unwrap();
    world.work().await;
    let done = world.lines("SELECT split_part(description, ' ', 1), status FROM records ORDER BY 1").await;
    assert_eq!(done, ["Ada | filtered", "Bob | processed", "Cleo | filtered"]);
}

#[tokio::test]
async fn a_filter_that_is_changed_while_a_prepare_is_under_way_is_not_left_for_the_next_one() {
    let world = world().await;
    let pair = world.pair().await;
    set(&world, pair.customers, Some(&starts_with("a"))).await;
    make(&world, &["Ada", "Zed"]).await;
    prepare(&world, pair.customers).await;
    assert_eq!(world.number("SELECT count(*) FROM records WHERE status = 'filtered'").await, 1);
    // The next listing does not come by them again.
    world.clock.advance(TimeDelta::hours(1));
    world.control("POST", "shopify/faults", json!({"account": "sbx_shop", "kind": "429", "next": 1})).await;
    let started =
        engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    assert!(world.work_once().await);
    let begun = "SELECT count(*) FROM runs WHERE state = 'waiting' AND cursor->'stage' ? 'list'";
    assert_eq!(world.number(begun).await, 1, "what is excluded was looked at, the listing has begun");
    set(&world, pair.customers, None).await;
    filter_changed(&world, &pair).await;
    assert!(world.run(started.run.id).await.state.is_active());
    world.work().await;
    assert_eq!(world.number("SELECT count(*) FROM records WHERE status = 'filtered'").await, 0);
}

#[tokio::test]
async fn many_excluded_records_are_looked_at_again_in_pieces() {
    let world = world().await;
    let pair = world.pair().await;
    set(&world, pair.customers, Some(&Filter::Any(Vec::new()))).await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({ "count": 1_200 })).await;
    prepare(&world, pair.customers).await;
    let count = |status: RecordStatus| format!("SELECT count(*) FROM records WHERE status = '{status}'");
    assert_eq!(world.value(&count(RecordStatus::Filtered)).await, "1200");
    set(&world, pair.customers, None).await;
    filter_changed(&world, &pair).await;
    world.work().await;
    assert_eq!(world.value(&count(RecordStatus::Prepared)).await, "1200");
}

#[tokio::test]
async fn a_preview_says_how_many_of_the_newest_pass_and_what_is_wrong_with_a_filter() {
    let world = world().await;
    let pair = world.pair().await;
    make(&world, &["Ada", "Abe", "Bob"]).await;
    prepare(&world, pair.customers).await;
    let preview = async |filter: &Filter| {
        engine::syncs::filter_preview(&world.engine, &world.member, pair.customers, filter).await
    };
    assert_eq!(preview(&starts_with("a")).await.unwrap(), (2, 3));
    let bad = Filter::Is(Condition { field: "sku".into(), operator: Operator::Equals, value: "x".into() });
    assert!(matches!(preview(&bad).await, Err(engine::Error::Invalid { field, .. }) if field == "filter"));
}

/// Renames a customer of the shop.
async fn rename(world: &World, id: &str, name: &str) {
    world.clock.advance(TimeDelta::minutes(1));
    let path = format!("shopify/customers/{}?account=sbx_shop", id.rsplit('/').next().unwrap());
    world.control("PATCH", &path, json!({ "firstName": name })).await;
}

async fn process(world: &World, sync: SyncId) {
    world.clock.advance(TimeDelta::seconds(5));
    engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    world.work().await;
}

#[tokio::test]
async fn a_record_that_no_longer_passes_when_it_is_read_is_not_written() {
    let world = world().await;
    let pair = world.pair().await;
    set(&world, pair.customers, Some(&starts_with("a"))).await;
    let ids = make(&world, &["Ada", "Abe"]).await;
    prepare(&world, pair.customers).await;
    rename(&world, &ids[0], "Zed").await;
    process(&world, pair.customers).await;
    let done = world.lines("SELECT split_part(description, ' ', 1), status FROM records ORDER BY 1").await;
    assert_eq!(done, ["Abe | processed", "Zed | filtered"]);
    let there = world.control("GET", "acumatica/Customer?account=sbx_erp", serde_json::Value::Null).await;
    assert_eq!(there["count"], 1, "{there}");
    // It comes when it passes again.
    rename(&world, &ids[0], "Ann").await;
    prepare(&world, pair.customers).await;
    process(&world, pair.customers).await;
    let done = world.lines("SELECT split_part(description, ' ', 1), status FROM records ORDER BY 1").await;
    assert_eq!(done, ["Abe | processed", "Ann | processed"]);
}

#[tokio::test]
async fn what_is_at_both_sides_and_passes_no_longer_stays_there_as_it_is() {
    let world = world().await;
    let pair = world.pair().await;
    set(&world, pair.customers, Some(&starts_with("a"))).await;
    let ids = make(&world, &["Ada"]).await;
    prepare(&world, pair.customers).await;
    process(&world, pair.customers).await;
    rename(&world, &ids[0], "Zed").await;
    prepare(&world, pair.customers).await;
    process(&world, pair.customers).await;
    assert_eq!(statuses(&world).await, ["Zed | filtered | filtered"]);
    let there = world.control("GET", "acumatica/Customer?account=sbx_erp", serde_json::Value::Null).await;
    assert_eq!(there["records"][0]["CustomerName"], "Ada Test");
}

async fn filter_changed(world: &World, pair: &Pair) {
    let mut tx = world.engine.db.begin(world.member.tenant).await.unwrap();
    engine::syncs::filter_changed(&mut tx, &world.member, pair.customers, world.now()).await.unwrap();
    tx.commit().await.unwrap();
}
