//! Orders that are cancelled or changed after they were processed: what each side hears of it.

use chrono::TimeDelta;
use domain::run::Phase;
use domain::sync::{DeletionPolicy, Direction, SyncSettings};
use domain::{LastOperation, RecordStatus, SyncId};
use serde_json::{Value, json};

use crate::ends::{both_writes, edit_in_erp, edit_in_shop, in_erp, in_shop};
use crate::support::{World, world};
use crate::twins::{go, only, set};

/// An order that both have; its ids in the shop and in the ERP.
async fn order_in_both(world: &World, settings: SyncSettings) -> (SyncId, String, String) {
    let pair = world.pair().await;
    set(world, pair.orders, settings).await;
    world.orders(1).await;
    world.sync(pair.orders).await;
    let order = only(world, pair.orders).await;
    assert_eq!(order.status, RecordStatus::Processed, "{order:?}");
    (pair.orders, order.source_id.unwrap(), format!("SO/{}", order.destination_id.unwrap()))
}

/// Lists everything, and processes until what is gone has been looked for twice.
async fn settle(world: &World, sync: SyncId) {
    go(world, sync).await;
    for _ in 0..2 {
        world.clock.advance(TimeDelta::seconds(30));
        engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
        world.work().await;
    }
}

async fn cancel_in_shop(world: &World, id: &str) {
    edit_in_shop(world, "orders", id, json!({"cancelledAt": "2026-11-18T12:00:00Z", "cancelReason": "CUSTOMER"})).await;
}

async fn status_in_erp(world: &World) -> Value {
    in_erp(world, "SalesOrder").await[0]["Status"].clone()
}

#[tokio::test]
async fn an_order_that_the_shop_cancels_is_cancelled_in_the_erp_when_the_sync_deletes() {
    let world = world().await;
    let settings = SyncSettings { deletion_policy: DeletionPolicy::Delete, ..SyncSettings::default() };
    let (orders, id, _) = order_in_both(&world, settings).await;
    cancel_in_shop(&world, &id).await;
    settle(&world, orders).await;
    let order = only(&world, orders).await;
    assert_eq!(
        (order.status, order.last_operation),
        (RecordStatus::Deleted, LastOperation::DeletedInDestination),
        "{order:?}"
    );
    assert_eq!(status_in_erp(&world).await, "Canceled");
    let writes = both_writes(&world, "orders", "SalesOrder").await;
    settle(&world, orders).await;
    assert_eq!(both_writes(&world, "orders", "SalesOrder").await, writes);
    assert_eq!(in_erp(&world, "SalesOrder").await.len(), 1, "a cancelled order is not ordered again");
}

#[tokio::test]
async fn a_cancelled_order_is_noticed_by_the_next_prepare_of_what_changed() {
    let world = world().await;
    let settings = SyncSettings { deletion_policy: DeletionPolicy::Delete, ..SyncSettings::default() };
    let (orders, id, _) = order_in_both(&world, settings).await;
    cancel_in_shop(&world, &id).await;
    for phase in [Phase::Prepare, Phase::Process, Phase::Process] {
        engine::runs::start(&world.engine, &world.member, orders, phase, world.now()).await.unwrap();
        world.work().await;
        world.clock.advance(TimeDelta::seconds(30));
    }
    assert_eq!(only(&world, orders).await.status, RecordStatus::Deleted);
    assert_eq!(status_in_erp(&world).await, "Canceled");
    world.sync(orders).await;
    assert_eq!(only(&world, orders).await.status, RecordStatus::Deleted, "and it stays so");
}

#[tokio::test]
async fn an_order_that_the_shop_cancels_stays_in_the_erp_when_the_sync_keeps() {
    let world = world().await;
    let (orders, id, _) = order_in_both(&world, SyncSettings::default()).await;
    cancel_in_shop(&world, &id).await;
    settle(&world, orders).await;
    let order = only(&world, orders).await;
    assert_eq!((order.status, order.last_operation), (RecordStatus::Deleted, LastOperation::Kept), "{order:?}");
    assert_eq!(status_in_erp(&world).await, "Open");
}

#[tokio::test]
async fn an_order_that_was_cancelled_before_it_was_found_never_reaches_the_erp() {
    let world = world().await;
    let pair = world.pair().await;
    let id = world.orders(1).await["ids"][0].as_str().unwrap().to_owned();
    cancel_in_shop(&world, &id).await;
    settle(&world, pair.orders).await;
    assert_eq!(in_erp(&world, "SalesOrder").await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_order_that_is_cancelled_between_finding_and_processing_never_reaches_the_erp() {
    let world = world().await;
    let pair = world.pair().await;
    let id = world.orders(1).await["ids"][0].as_str().unwrap().to_owned();
    engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    cancel_in_shop(&world, &id).await;
    settle(&world, pair.orders).await;
    assert_eq!(in_erp(&world, "SalesOrder").await, Vec::<Value>::new());
    assert_eq!(only(&world, pair.orders).await.status, RecordStatus::Deleted);
}

#[tokio::test]
async fn an_order_that_the_erp_cancels_is_cancelled_in_the_shop_once_and_not_ordered_again() {
    let world = world().await;
    let settings = SyncSettings {
        direction: Direction::TwoWay,
        deletion_policy: DeletionPolicy::Delete,
        ..SyncSettings::default()
    };
    let (orders, _, there) = order_in_both(&world, settings).await;
    edit_in_erp(&world, "SalesOrder", &there, json!({"Status": "Canceled"})).await;
    settle(&world, orders).await;
    let order = only(&world, orders).await;
    assert_eq!(
        (order.status, order.last_operation),
        (RecordStatus::Deleted, LastOperation::DeletedInSource),
        "{order:?}"
    );
    assert!(in_shop(&world, "orders").await[0]["cancelledAt"].is_string());
    settle(&world, orders).await;
    assert_eq!(only(&world, orders).await.status, RecordStatus::Deleted);
    assert_eq!(in_erp(&world, "SalesOrder").await.len(), 1, "a cancelled order is not ordered again");
}

#[tokio::test]
async fn the_erps_refusal_to_cancel_what_it_has_sent_is_said_beside_the_order() {
    let world = world().await;
    let settings = SyncSettings { deletion_policy: DeletionPolicy::Delete, ..SyncSettings::default() };
    let (orders, id, there) = order_in_both(&world, settings).await;
    edit_in_erp(&world, "SalesOrder", &there, json!({"Status": "Completed"})).await;
    cancel_in_shop(&world, &id).await;
    settle(&world, orders).await;
    let order = only(&world, orders).await;
    assert_eq!((order.status, order.last_operation), (RecordStatus::Failed, LastOperation::FailedToSave), "{order:?}");
    assert!(order.last_error.as_deref().unwrap().contains("Cancel Order"), "{order:?}");
    assert_eq!(status_in_erp(&world).await, "Completed");
}

#[tokio::test]
async fn what_is_edited_in_an_order_after_it_was_processed_reaches_the_erp() {
    let world = world().await;
    let (orders, id, _) = order_in_both(&world, SyncSettings::default()).await;
    let mut lines = in_shop(&world, "orders").await[0]["lineItems"].clone();
    lines[0]["quantity"] = json!(9);
    edit_in_shop(&world, "orders", &id, json!({"lineItems": lines, "note": "Nine of them"})).await;
    go(&world, orders).await;
    let order = only(&world, orders).await;
    assert_eq!((order.status, order.last_operation), (RecordStatus::Processed, LastOperation::Updated), "{order:?}");
    let there = in_erp(&world, "SalesOrder").await.remove(0);
    assert_eq!(there["Description"], "Nine of them");
    let quantities: Vec<f64> =
        there["Details"].as_array().unwrap().iter().filter_map(|l| l["OrderQty"].as_f64()).collect();
    assert!(quantities.contains(&9.0), "{there}");
    let writes = both_writes(&world, "orders", "SalesOrder").await;
    go(&world, orders).await;
    assert_eq!(both_writes(&world, "orders", "SalesOrder").await, writes);
}

#[tokio::test]
async fn a_refund_in_the_shop_changes_nothing_in_the_erp() {
    let world = world().await;
    let (orders, id, _) = order_in_both(&world, SyncSettings::default()).await;
    let before = both_writes(&world, "orders", "SalesOrder").await;
    edit_in_shop(&world, "orders", &id, json!({"displayFinancialStatus": "PARTIALLY_REFUNDED"})).await;
    go(&world, orders).await;
    let order = only(&world, orders).await;
    assert_eq!((order.status, order.version), (RecordStatus::Processed, 1), "{order:?}");
    assert_eq!(both_writes(&world, "orders", "SalesOrder").await, before);
}
