//! The ERP's number is noted on the shop's record, and writes toward the source are made once.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::run::{Phase, RunState};
use domain::sync::{Direction, SyncSettings};
use domain::{LastOperation, RecordStatus, SyncId};
use serde_json::{Value, json};

use crate::ends::{add_to_erp, add_to_shop, both_writes, edit_in_erp, edit_in_shop, fault, in_erp, in_shop};
use crate::support::{World, world};
use crate::twins::{go, only, set};

/// The sync of orders, which notes the ERP's number in the shop; its customers and items are there already.
async fn noting_orders(world: &World) -> SyncId {
    let pair = world.pair().await;
    set(world, pair.orders, SyncSettings { write_back: true, ..SyncSettings::default() }).await;
    world.orders(1).await;
    world.sync(pair.customers).await;
    world.sync(pair.products).await;
    pair.orders
}

/// The tags of the shop's only order, and what it says of the ERP's number.
async fn noted(world: &World) -> (Vec<String>, Option<String>) {
    let order = in_shop(world, "orders").await.remove(0);
    let tags = order["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()).collect();
    let fields = order["metafields"].as_array().cloned().unwrap_or_default();
    let number = fields.iter().find(|field| field["key"] == "erp_number");
    (tags, number.map(|field| field["value"].as_str().unwrap().to_owned()))
}

async fn rounds(world: &World, sync: SyncId, count: usize) {
    for _ in 0..count {
        world.clock.advance(TimeDelta::minutes(10));
        go(world, sync).await;
    }
}

#[tokio::test]
async fn the_erps_number_stands_on_the_shops_order_and_is_not_taken_for_a_change() {
    let world = world().await;
    let orders = noting_orders(&world).await;
    go(&world, orders).await;
    let order = only(&world, orders).await;
    assert_eq!(noted(&world).await, (vec!["syncline".to_owned()], order.destination_label.clone()));
    let before = (order.version, both_writes(&world, "orders", "SalesOrder").await);
    rounds(&world, orders, 3).await;
    let order = only(&world, orders).await;
    assert_eq!((order.version, both_writes(&world, "orders", "SalesOrder").await), before, "{order:?}");
}

#[tokio::test]
async fn a_number_that_could_not_be_noted_is_said_beside_the_order_which_is_there_nevertheless() {
    let world = world().await;
    let orders = noting_orders(&world).await;
    world.control("POST", "shopify/limits", json!({"account": "sbx_shop", "scopes": ["read_orders"]})).await;
    go(&world, orders).await;
    let order = only(&world, orders).await;
    assert_eq!((order.status, order.last_operation), (RecordStatus::Processed, LastOperation::Inserted), "{order:?}");
    let detail = engine::history::detail(&world.engine, &world.member, order.id).await.unwrap();
    let said = detail.attempts[0].error.clone().unwrap_or_default();
    assert!(said.contains("could not be noted"), "{said}");
    assert_eq!(noted(&world).await.1, None);
}

#[tokio::test]
async fn a_number_that_the_shop_has_no_time_for_is_noted_when_it_has() {
    let world = world().await;
    let orders = noting_orders(&world).await;
    engine::runs::start(&world.engine, &world.member, orders, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let started = engine::runs::start(&world.engine, &world.member, orders, Phase::Process, world.now()).await.unwrap();
    let (job, clock, engine) = (world.take_job().await.unwrap(), world.clock.engine(), world.engine.clone());
    // Every answer of the ERP, the insert's among them, comes late enough for the shop to be busy by then.
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 500});
    world.control("POST", "acumatica/faults", slow).await;
    let slice = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    while world.number("SELECT count(*) FROM records WHERE entity = 'order' AND intent_key IS NOT NULL").await == 0 {}
    fault(&world, "shopify", "429", 2).await;
    slice.await.unwrap().unwrap();
    world.control("DELETE", "acumatica/faults?account=sbx_erp", Value::Null).await;
    let asked = "SELECT count(*) FROM connections WHERE vendor = 'shopify' AND wait_until IS NOT NULL";
    assert_eq!(world.number(asked).await, 1, "everybody waits who uses the shop");
    let order = only(&world, orders).await;
    assert_eq!(order.status, RecordStatus::Prepared, "{order:?}");
    assert!(order.last_error.as_deref().unwrap_or_default().contains("noted there a little later"), "{order:?}");

    world.work().await;
    let run = world.run(started.run.id).await;
    assert_eq!((run.state, run.counts.changed), (RunState::Succeeded, 1), "{:?}", run.message);
    let order = only(&world, orders).await;
    assert_eq!(order.status, RecordStatus::Processed, "{order:?}");
    assert_eq!(in_erp(&world, "SalesOrder").await.len(), 1);
    assert_eq!(noted(&world).await, (vec!["syncline".to_owned()], order.destination_label));
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_written_once_and_noted_when_it_is_found_again() {
    let world = world().await;
    let orders = noting_orders(&world).await;
    fault(&world, "acumatica", "cut_after_write", 1).await;
    rounds(&world, orders, 4).await;
    let order = only(&world, orders).await;
    assert_eq!(order.status, RecordStatus::Processed, "{order:?}");
    assert_eq!(in_erp(&world, "SalesOrder").await.len(), 1);
    assert_eq!(noted(&world).await, (vec!["syncline".to_owned()], order.destination_label));
}

#[tokio::test]
async fn an_order_that_was_changed_while_its_write_was_lost_is_noted_too() {
    let world = world().await;
    let orders = noting_orders(&world).await;
    engine::runs::start(&world.engine, &world.member, orders, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    fault(&world, "acumatica", "cut_after_write", 1).await;
    engine::runs::start(&world.engine, &world.member, orders, Phase::Process, world.now()).await.unwrap();
    assert!(world.work_once().await, "the order arrives, its answer does not");
    let id = only(&world, orders).await.source_id.unwrap();
    edit_in_shop(&world, "orders", &id, json!({"note": "Ring twice"})).await;
    rounds(&world, orders, 4).await;
    let order = only(&world, orders).await;
    assert_eq!(order.status, RecordStatus::Processed, "{order:?}");
    let there = in_erp(&world, "SalesOrder").await;
    assert_eq!((there.len(), there[0]["Description"].as_str()), (1, Some("Ring twice")));
    assert_eq!(noted(&world).await, (vec!["syncline".to_owned()], order.destination_label));
}

#[tokio::test]
async fn a_note_whose_answer_was_lost_is_there_once() {
    let world = world().await;
    let orders = noting_orders(&world).await;
    fault(&world, "shopify", "cut_after_write", 1).await;
    rounds(&world, orders, 3).await;
    let order = only(&world, orders).await;
    assert_eq!(order.status, RecordStatus::Processed, "{order:?}");
    assert_eq!(noted(&world).await, (vec!["syncline".to_owned()], order.destination_label));
}

#[tokio::test]
async fn an_order_that_was_edited_by_hand_and_tried_again_is_noted_too() {
    let world = world().await;
    let orders = noting_orders(&world).await;
    engine::runs::start(&world.engine, &world.member, orders, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let order = only(&world, orders).await;
    let form = engine::history::edit_form(&world.engine, &world.member, order.id).await.unwrap();
    let mut typed: BTreeMap<String, String> =
        form.fields.iter().map(|field| (field.path.clone(), field.value.clone())).collect();
    typed.insert("note".to_owned(), "Typed by hand".to_owned());
    let (engine, member, now) = (&world.engine, &world.member, world.now());
    engine::history::edit(engine, member, order.id, form.opened_on, &typed, now).await.unwrap();
    world.work().await;
    let order = only(&world, orders).await;
    assert_eq!(order.last_operation, LastOperation::PayloadEdited, "{order:?}");
    assert_eq!(in_erp(&world, "SalesOrder").await[0]["Description"], "Typed by hand");
    assert_eq!(noted(&world).await, (vec!["syncline".to_owned()], order.destination_label));
}

/// The sync of customers, both ways.
async fn both_ways(world: &World) -> SyncId {
    let pair = world.pair().await;
    set(world, pair.customers, SyncSettings { direction: Direction::TwoWay, ..SyncSettings::default() }).await;
    // The shop knows our ids from then on.
    add_to_shop(world, "customers", json!({"lastName": "Byron", "email": "ada@example.org"})).await;
    go(world, pair.customers).await;
    pair.customers
}

#[tokio::test]
async fn what_is_inserted_at_the_source_and_whose_answer_was_lost_is_there_once() {
    let world = world().await;
    let customers = both_ways(&world).await;
    let new = json!({"CustomerName": "Bo", "MainContact": {"Email": "bo@example.org"}});
    add_to_erp(&world, "Customer", new).await;
    // The first write says what our ids are called, the second one is the customer.
    fault(&world, "shopify", "cut_after_write", 2).await;
    rounds(&world, customers, 6).await;
    let emails: Vec<Value> = in_shop(&world, "customers").await.iter().map(|record| record["email"].clone()).collect();
    assert_eq!(emails, ["ada@example.org", "bo@example.org"]);
    let lost = "SELECT count(*) FROM records WHERE status <> 'processed' OR intent_key IS NOT NULL";
    assert_eq!(world.value(lost).await, "0");
}

#[tokio::test]
async fn a_change_at_the_source_whose_answer_was_lost_is_made_once() {
    let world = world().await;
    let customers = both_ways(&world).await;
    let erp = only(&world, customers).await.destination_id.unwrap();
    edit_in_erp(&world, "Customer", &erp, json!({"CustomerName": "Ada King"})).await;
    let before = both_writes(&world, "customers", "Customer").await;
    fault(&world, "shopify", "cut_after_write", 1).await;
    rounds(&world, customers, 4).await;
    assert_eq!(in_shop(&world, "customers").await[0]["lastName"], "King");
    assert_eq!(both_writes(&world, "customers", "Customer").await, (before.0 + 1, before.1));
    assert_eq!(only(&world, customers).await.status, RecordStatus::Processed);
}
