//! What belongs to other records: payments go to the ERP behind their orders, shipments and stock levels come to the shop.

use chrono::TimeDelta;
use domain::history::Selection;
use domain::run::Phase;
use domain::status::RecordAction;
use domain::{Entity, LastOperation, RecordStatus, SyncId};
use serde_json::json;

use crate::ends::{
    add_to_erp, add_to_shop, both_writes, edit_in_erp, edit_in_shop, fault, in_erp, in_shop, remove_from_shop, sync_of,
};
use crate::support::{World, world};
use crate::twins::{go, only, rows};

async fn process(world: &World, sync: SyncId) {
    engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    world.work().await;
}

/// Pays the shop's orders that are not paid yet.
async fn pay(world: &World, count: usize) {
    world.clock.advance(TimeDelta::seconds(10));
    world.control("POST", "shopify/payments?account=sbx_shop", json!({ "count": count })).await;
}

/// The ERP sends all that an order has open.
async fn ship(world: &World, order: &str) -> String {
    add_to_erp(world, "shipments", json!({"Orders": [{"OrderType": "SO", "OrderNbr": order}]})).await
}

async fn set_item_status(world: &World, status: &str) {
    for item in in_erp(world, "StockItem").await {
        edit_in_erp(world, "StockItem", item["InventoryID"].as_str().unwrap(), json!({"ItemStatus": status})).await;
    }
}

#[tokio::test]
async fn a_payment_brings_its_order_along_and_is_applied_to_it() {
    let world = world().await;
    world.pair().await;
    world.orders(3).await;
    pay(&world, 3).await;
    let payments = sync_of(&world, Entity::Payment, true).await;
    go(&world, payments).await;
    let paid = rows(&world, payments).await;
    assert!(paid.len() == 3 && paid.iter().all(|row| row.status == RecordStatus::Processed), "{paid:?}");
    let (orders, payments_there) = (in_erp(&world, "SalesOrder").await, in_erp(&world, "Payment").await);
    assert_eq!((orders.len(), payments_there.len()), (3, 3));
    for payment in &payments_there {
        let number = payment["OrdersToApply"][0]["OrderNbr"].as_str().unwrap();
        let order = orders.iter().find(|order| order["OrderNbr"] == number).unwrap();
        assert_eq!(order["CustomerID"], payment["CustomerID"]);
        assert_eq!(payment["OrdersToApply"][0]["AppliedToOrder"], order["OrderTotal"], "{payment}");
    }
    go(&world, payments).await;
    assert_eq!(both_writes(&world, "payments", "Payment").await, (0, 3));
}

#[tokio::test]
async fn a_payment_waits_for_an_order_that_fails_and_goes_by_itself_when_the_order_is_mended() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(1).await;
    world.sync(pair.products).await;
    set_item_status(&world, "Inactive").await;
    pay(&world, 1).await;
    let payments = sync_of(&world, Entity::Payment, true).await;
    go(&world, payments).await;
    let payment = only(&world, payments).await;
    assert_eq!(payment.status, RecordStatus::Prepared);
    assert_eq!(payment.last_operation, LastOperation::WaitsForPrerequisite);
    assert_eq!(payment.attempts, 0, "it is no fault of its own: {payment:?}");
    let why = payment.last_error.clone().unwrap();
    let order = only(&world, pair.orders).await;
    assert!(why.contains("its order") && why.contains("failed") && why.contains("Inactive"), "{why}");
    let detail = engine::history::detail(&world.engine, &world.member, payment.id).await.unwrap();
    assert_eq!(detail.waits_for.iter().map(|row| row.id).collect::<Vec<_>>(), [order.id]);

    set_item_status(&world, "Active").await;
    let these = Selection::These(vec![order.id]);
    engine::history::act(&world.engine, &world.member, RecordAction::Retry, &these, world.now()).await.unwrap();
    world.work().await;
    assert_eq!(only(&world, pair.orders).await.status, RecordStatus::Processed);
    let payment = only(&world, payments).await;
    assert!(payment.next_attempt_at.unwrap() <= world.now(), "it is due now: {payment:?}");
    process(&world, payments).await;
    assert_eq!(only(&world, payments).await.status, RecordStatus::Processed);
    assert_eq!(in_erp(&world, "Payment").await.len(), 1);
}

/// An order that both have; its ids in the shop and in the ERP.
async fn order_in_both(world: &World) -> (SyncId, String, String) {
    let pair = world.pair().await;
    world.orders(1).await;
    world.sync(pair.orders).await;
    let order = only(world, pair.orders).await;
    (pair.orders, order.source_id.unwrap(), order.destination_id.unwrap())
}

#[tokio::test]
async fn what_the_erp_has_shipped_is_fulfilled_in_the_shop_with_its_tracking_number() {
    let world = world().await;
    let (_, _, order) = order_in_both(&world).await;
    let number = ship(&world, &order).await;
    let shipments = sync_of(&world, Entity::Shipment, false).await;
    go(&world, shipments).await;
    let row = only(&world, shipments).await;
    assert_eq!((row.status, row.last_operation), (RecordStatus::Processed, LastOperation::Inserted), "{row:?}");
    assert_eq!(row.source_id.as_deref(), Some(number.as_str()));
    let fulfilled = in_shop(&world, "shipments").await;
    let tracked = in_erp(&world, "Shipment").await[0]["Packages"][0]["TrackingNbr"].clone();
    assert_eq!(fulfilled.len(), 1, "{fulfilled:?}");
    assert_eq!(fulfilled[0]["tracking"]["number"], tracked);
    assert_eq!(in_shop(&world, "orders").await[0]["displayFulfillmentStatus"], "FULFILLED");

    edit_in_erp(&world, "Shipment", &number, json!({"ShipVia": "DHL"})).await;
    go(&world, shipments).await;
    assert_eq!(in_shop(&world, "shipments").await[0]["tracking"]["company"], "DHL");
    let writes = both_writes(&world, "shipments", "Shipment").await;
    go(&world, shipments).await;
    assert_eq!(both_writes(&world, "shipments", "Shipment").await, writes);
}

#[tokio::test]
async fn a_shipment_whose_answer_was_lost_is_one_fulfilment() {
    let world = world().await;
    let (_, _, order) = order_in_both(&world).await;
    ship(&world, &order).await;
    let shipments = sync_of(&world, Entity::Shipment, false).await;
    fault(&world, "shopify", "cut_after_write", 1).await;
    for _ in 0..8 {
        go(&world, shipments).await;
        world.clock.advance(TimeDelta::minutes(5));
    }
    let row = only(&world, shipments).await;
    assert_eq!(row.status, RecordStatus::Processed, "{row:?}");
    assert_eq!(in_shop(&world, "shipments").await.len(), 1);
}

#[tokio::test]
async fn a_shipment_of_an_order_that_only_the_erp_has_is_none_of_the_shops_business() {
    let world = world().await;
    world.pair().await;
    world.control("POST", "acumatica/shipments?account=sbx_erp", json!({"count": 1})).await;
    let shipments = sync_of(&world, Entity::Shipment, false).await;
    go(&world, shipments).await;
    let row = only(&world, shipments).await;
    assert_eq!(row.last_operation, LastOperation::WaitsForPrerequisite, "{row:?}");
    assert!(row.last_error.as_deref().unwrap().contains("order"), "{row:?}");
    for _ in 0..6 {
        world.clock.advance(TimeDelta::hours(6));
        process(&world, shipments).await;
    }
    assert_eq!(only(&world, shipments).await.status, RecordStatus::Filtered, "not a dead letter");
}

async fn level_in_shop(world: &World, sku: &str) -> Option<i64> {
    in_shop(world, "stock").await.iter().find(|level| level["sku"] == sku)?["available"].as_i64()
}

#[tokio::test]
async fn stock_levels_of_the_erp_are_set_in_the_shop() {
    let world = world().await;
    let pair = world.pair().await;
    add_to_shop(&world, "products", json!({"title": "Lamp", "sku": "LAMP-1", "price": "10.00"})).await;
    world.sync(pair.products).await;
    add_to_erp(&world, "stock", json!({"InventoryID": "LAMP-1", "QtyAvailable": 7})).await;
    let stock = sync_of(&world, Entity::Stock, false).await;
    go(&world, stock).await;
    assert_eq!(only(&world, stock).await.status, RecordStatus::Processed);
    assert_eq!(level_in_shop(&world, "LAMP-1").await, Some(7));
    edit_in_erp(&world, "stock", "MAIN/LAMP-1", json!({"QtyAvailable": 3})).await;
    go(&world, stock).await;
    assert_eq!(level_in_shop(&world, "LAMP-1").await, Some(3));
    let writes = both_writes(&world, "stock", "InventoryStatus").await;
    go(&world, stock).await;
    assert_eq!(both_writes(&world, "stock", "InventoryStatus").await, writes);
}

#[tokio::test]
async fn a_stock_level_whose_product_the_shop_does_not_have_says_so_and_is_set_when_the_product_comes() {
    for days_later in [0, 2] {
        let world = world().await;
        let pair = world.pair().await;
        add_to_erp(&world, "StockItem", json!({"InventoryID": "LAMP-1", "Description": "Lamp"})).await;
        add_to_erp(&world, "stock", json!({"InventoryID": "LAMP-1", "QtyAvailable": 7})).await;
        let stock = sync_of(&world, Entity::Stock, false).await;
        go(&world, stock).await;
        let row = only(&world, stock).await;
        assert_eq!((row.status, row.last_operation), (RecordStatus::Prepared, LastOperation::WaitsForPrerequisite));
        let why = row.last_error.clone().unwrap();
        assert!(why.contains("product LAMP-1"), "{why}");
        for _ in 0..days_later * 6 {
            world.clock.advance(TimeDelta::hours(8));
            process(&world, stock).await;
        }

        let lamp = json!({"title": "Lamp", "sku": "LAMP-1", "price": "10.00", "inventoryQuantity": 1});
        add_to_shop(&world, "products", lamp).await;
        go(&world, pair.products).await;
        world.clock.advance(TimeDelta::hours(8));
        // Nobody touches the level: the nightly full prepare and the next process runs are enough.
        go(&world, stock).await;
        let row = only(&world, stock).await;
        assert_eq!(row.status, RecordStatus::Processed, "{days_later} days later: {row:?}");
        assert_eq!(level_in_shop(&world, "LAMP-1").await, Some(7));
    }
}

/// An item and its level in the ERP, whose product the shop has too; the product's id there.
async fn level_in_both(world: &World, products: SyncId) -> (SyncId, String) {
    let lamp = json!({"title": "Lamp", "sku": "LAMP-1", "price": "10.00", "inventoryQuantity": 1});
    let product = add_to_shop(world, "products", lamp).await;
    world.sync(products).await;
    add_to_erp(world, "stock", json!({"InventoryID": "LAMP-1", "QtyAvailable": 7})).await;
    (sync_of(world, Entity::Stock, false).await, product)
}

#[tokio::test]
async fn a_stock_level_waits_for_a_product_that_the_shop_deleted_and_is_set_when_that_comes_anew() {
    let world = world().await;
    let pair = world.pair().await;
    let (stock, product) = level_in_both(&world, pair.products).await;
    remove_from_shop(&world, "products", &product).await;
    go(&world, pair.products).await;
    world.clock.advance(TimeDelta::seconds(30));
    process(&world, pair.products).await;
    go(&world, stock).await;
    let row = only(&world, stock).await;
    assert_eq!(
        (row.status, row.last_operation),
        (RecordStatus::Failed, LastOperation::WaitsForPrerequisite),
        "{row:?}"
    );
    let why = row.last_error.clone().unwrap();
    assert!(why.contains("its product") && why.contains("deleted"), "{why}");

    let lamp = json!({"title": "Lamp", "sku": "LAMP-1", "price": "10.00", "inventoryQuantity": 1});
    add_to_shop(&world, "products", lamp).await;
    go(&world, pair.products).await;
    world.clock.advance(TimeDelta::minutes(15));
    process(&world, stock).await;
    let row = only(&world, stock).await;
    assert_eq!(row.status, RecordStatus::Processed, "{row:?}");
    assert_eq!(level_in_shop(&world, "LAMP-1").await, Some(7));
}

#[tokio::test]
async fn a_stock_level_that_the_shop_has_under_another_sku_says_so_and_is_set_when_the_sku_is_mended() {
    let world = world().await;
    let pair = world.pair().await;
    let (stock, product) = level_in_both(&world, pair.products).await;
    let variants = in_shop(&world, "products").await[0]["variants"].clone();
    let renamed = |sku: &str| {
        let mut variants = variants.clone();
        variants[0]["sku"] = json!(sku);
        json!({"variants": variants, "sku": sku})
    };
    edit_in_shop(&world, "products", &product, renamed("LAMP-X")).await;
    go(&world, stock).await;
    let row = only(&world, stock).await;
    assert_eq!(
        (row.status, row.last_operation),
        (RecordStatus::Failed, LastOperation::WaitsForPrerequisite),
        "{row:?}"
    );
    assert!(row.last_error.as_deref().unwrap().contains("LAMP-1"), "{row:?}");
    edit_in_shop(&world, "products", &product, renamed("LAMP-1")).await;
    world.clock.advance(TimeDelta::minutes(15));
    process(&world, stock).await;
    assert_eq!(only(&world, stock).await.status, RecordStatus::Processed);
    assert_eq!(level_in_shop(&world, "LAMP-1").await, Some(7));
}
