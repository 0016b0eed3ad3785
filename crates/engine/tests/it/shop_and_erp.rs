//! A shop and an ERP that keep customers and items in agreement, both ways: who wins, and what neither may lose.

use std::collections::BTreeMap;

use domain::sync::{ConflictPolicy, Direction, SyncSettings};
use domain::{LastOperation, RecordStatus, Side, SyncId};
use serde_json::{Value, json};

use crate::ends::{add_to_erp, add_to_shop, both_writes, edit_in_erp, edit_in_shop, in_erp, in_shop};
use crate::support::{World, world};
use crate::twins::{go, only, set};

/// A kind of record, as both systems call it.
#[derive(Clone, Copy)]
struct Kind {
    in_shop: &'static str,
    in_erp: &'static str,
    name_in_shop: &'static str,
    name_in_erp: &'static str,
}

const CUSTOMERS: Kind =
    Kind { in_shop: "customers", in_erp: "Customer", name_in_shop: "lastName", name_in_erp: "CustomerName" };
const ITEMS: Kind =
    Kind { in_shop: "products", in_erp: "StockItem", name_in_shop: "title", name_in_erp: "Description" };

/// A record that both sides agree about, in a sync that goes both ways; its ids in the shop and in the ERP.
async fn agreed(world: &World, kind: Kind, wanted: SyncSettings) -> (SyncId, String, String) {
    let pair = world.pair().await;
    let (sync, record) = match kind.in_shop {
        "customers" => (pair.customers, customer()),
        _ => (pair.products, json!({"title": "Lamp", "sku": "LAMP-1", "price": "10.00"})),
    };
    set(world, sync, SyncSettings { direction: Direction::TwoWay, ..wanted }).await;
    let there = add_to_shop(world, kind.in_shop, record).await;
    go(world, sync).await;
    let record = only(world, sync).await;
    assert_eq!(record.last_operation, LastOperation::Inserted, "{record:?}");
    (sync, there, record.destination_id.unwrap())
}

fn customer() -> Value {
    json!({"lastName": "Byron", "email": "ada@example.org", "defaultAddress": {
        "firstName": "Ada at", "lastName": "work", "name": "Ada at work", "address1": "Main 1", "city": "London",
        "zip": "N1", "countryCodeV2": "GB",
    }})
}

/// What the only record is called in the shop, and in the ERP.
async fn called(world: &World, kind: Kind) -> (String, String) {
    let (shop, erp) = (in_shop(world, kind.in_shop).await, in_erp(world, kind.in_erp).await);
    assert_eq!((shop.len(), erp.len()), (1, 1), "{shop:?} {erp:?}");
    let text = |record: &Value, field: &str| record[field].as_str().unwrap_or_default().to_owned();
    (text(&shop[0], kind.name_in_shop), text(&erp[0], kind.name_in_erp))
}

async fn rename_both(world: &World, kind: Kind, ids: (&str, &str), shop_first: bool) {
    let (shop, erp) = (json!({kind.name_in_shop: "Shop's"}), json!({kind.name_in_erp: "ERP's"}));
    if shop_first {
        edit_in_shop(world, kind.in_shop, ids.0, shop).await;
        edit_in_erp(world, kind.in_erp, ids.1, erp).await;
    } else {
        edit_in_erp(world, kind.in_erp, ids.1, erp).await;
        edit_in_shop(world, kind.in_shop, ids.0, shop).await;
    }
}

/// After a change was carried over, further rounds write nothing: what was written is not taken for a change.
async fn comes_to_rest(world: &World, kind: Kind, sync: SyncId) {
    let quiet = both_writes(world, kind.in_shop, kind.in_erp).await;
    for _ in 0..3 {
        go(world, sync).await;
    }
    let record = only(world, sync).await;
    assert_eq!(both_writes(world, kind.in_shop, kind.in_erp).await, quiet, "{record:?}");
    assert_eq!(record.status, RecordStatus::Processed, "{record:?}");
}

#[tokio::test]
async fn what_the_erp_changes_reaches_the_shop_and_what_the_erp_has_no_place_for_stays() {
    let world = world().await;
    let (sync, shop, erp) = agreed(&world, CUSTOMERS, SyncSettings::default()).await;
    edit_in_erp(&world, "Customer", &erp, json!({"CustomerName": "Ada Lovelace"})).await;
    go(&world, sync).await;
    assert_eq!(only(&world, sync).await.last_operation, LastOperation::UpdatedInSource);
    let there = in_shop(&world, "customers").await.remove(0);
    assert_eq!((there["firstName"].as_str(), there["lastName"].as_str()), (Some("Ada"), Some("Lovelace")));
    assert_eq!(there["defaultAddress"]["lastName"], "work", "the ERP has no field for it: {there}");
    comes_to_rest(&world, CUSTOMERS, sync).await;

    edit_in_shop(&world, "customers", &shop, json!({"lastName": "King"})).await;
    go(&world, sync).await;
    assert_eq!(in_erp(&world, "Customer").await[0]["CustomerName"], "Ada King");
    comes_to_rest(&world, CUSTOMERS, sync).await;
}

#[tokio::test]
async fn an_items_text_and_price_go_both_ways_and_a_new_item_of_the_erp_comes_to_the_shop() {
    let world = world().await;
    let (sync, shop, erp) = agreed(&world, ITEMS, SyncSettings::default()).await;
    edit_in_erp(&world, "StockItem", &erp, json!({"Description": "Lamp, brass", "DefaultPrice": 12.5})).await;
    go(&world, sync).await;
    let there = in_shop(&world, "products").await.remove(0);
    assert_eq!((there["title"].as_str(), there["variants"][0]["price"].as_str()), (Some("Lamp, brass"), Some("12.50")));
    comes_to_rest(&world, ITEMS, sync).await;

    edit_in_shop(&world, "products", &shop, json!({"title": "Lamp, copper"})).await;
    go(&world, sync).await;
    assert_eq!(called(&world, ITEMS).await.1, "Lamp, copper");
    comes_to_rest(&world, ITEMS, sync).await;

    add_to_erp(&world, "StockItem", json!({"InventoryID": "SHADE-1", "Description": "Shade", "DefaultPrice": 3})).await;
    go(&world, sync).await;
    let skus: Vec<Value> =
        in_shop(&world, "products").await.iter().map(|product| product["variants"][0]["sku"].clone()).collect();
    assert_eq!(skus, ["LAMP-1", "SHADE-1"]);
    let writes = both_writes(&world, "products", "StockItem").await;
    go(&world, sync).await;
    assert_eq!(both_writes(&world, "products", "StockItem").await, writes);
}

#[tokio::test]
async fn who_wins_is_the_syncs_policy_for_customers_and_for_items() {
    let primary = |side| SyncSettings { primary: side, ..SyncSettings::default() };
    let newest = SyncSettings { conflict_policy: ConflictPolicy::NewestWins, ..SyncSettings::default() };
    let cases = [
        (primary(Side::Source), true, "Shop's"),
        (primary(Side::Destination), false, "ERP's"),
        (newest.clone(), true, "ERP's"),
        (newest, false, "Shop's"),
    ];
    for kind in [CUSTOMERS, ITEMS] {
        for (settings, shop_first, winner) in cases.clone() {
            let world = world().await;
            let (sync, shop, erp) = agreed(&world, kind, settings.clone()).await;
            rename_both(&world, kind, (&shop, &erp), shop_first).await;
            go(&world, sync).await;
            assert_eq!(called(&world, kind).await, (winner.into(), winner.into()), "{settings:?}");
            let record = only(&world, sync).await;
            let overridden = match winner {
                "Shop's" => LastOperation::ConflictOverridden,
                _ => LastOperation::ConflictOverriddenInSource,
            };
            assert_eq!(record.last_operation, overridden, "{record:?}");
            comes_to_rest(&world, kind, sync).await;
        }
    }
}

#[tokio::test]
async fn a_primary_that_wins_wins_in_every_field_and_the_history_keeps_what_was_lost() {
    let world = world().await;
    let (sync, shop, erp) = agreed(&world, CUSTOMERS, SyncSettings::default()).await;
    edit_in_erp(&world, "Customer", &erp, json!({"MainContact": {"Phone1": "+43 1 5550"}})).await;
    edit_in_shop(&world, "customers", &shop, json!({"lastName": "Shop's"})).await;
    go(&world, sync).await;
    let there = in_erp(&world, "Customer").await.remove(0);
    assert_eq!(there["CustomerName"], "Shop's");
    assert!(there["MainContact"]["Phone1"].as_str().unwrap_or_default().is_empty(), "{there}");
    let record = only(&world, sync).await;
    let detail = engine::history::detail(&world.engine, &world.member, record.id).await.unwrap();
    let lost = detail.attempts[0].changes.iter().find(|change| change.path == "phone");
    assert_eq!(lost.unwrap().before.as_deref(), Some("+43 1 5550"), "{:?}", detail.attempts[0]);
}

#[tokio::test]
async fn a_person_who_is_asked_takes_each_field_from_where_it_is_right() {
    let world = world().await;
    let ask = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..SyncSettings::default() };
    let (sync, shop, erp) = agreed(&world, CUSTOMERS, ask).await;
    let at_work = json!({"CustomerName": "ERP's", "MainContact": {"Phone1": "+4315550"}});
    edit_in_erp(&world, "Customer", &erp, at_work).await;
    edit_in_shop(&world, "customers", &shop, json!({"lastName": "Shop's"})).await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(record.status, RecordStatus::Conflict, "{record:?}");
    let detail = engine::history::detail(&world.engine, &world.member, record.id).await.unwrap();
    let asked: Vec<String> = detail.conflict.unwrap().groups.into_iter().map(|(path, _)| path).collect();
    assert_eq!(asked, ["name", "phone"]);

    let choices = BTreeMap::from([("name".to_owned(), Side::Source), ("phone".to_owned(), Side::Destination)]);
    let (id, version) = (record.id, detail.row.version);
    engine::history::resolve(&world.engine, &world.member, id, version, &choices, world.now()).await.unwrap();
    world.work().await;
    let (in_shop, in_erp) = (in_shop(&world, "customers").await.remove(0), in_erp(&world, "Customer").await.remove(0));
    assert_eq!((in_shop["lastName"].as_str(), in_shop["phone"].as_str()), (Some("Shop's"), Some("+4315550")));
    assert_eq!(in_erp["CustomerName"], "Shop's");
    assert_eq!(in_erp["MainContact"]["Phone1"], "+4315550");
    assert_eq!(in_shop["defaultAddress"]["lastName"], "work", "{in_shop}");
    assert_eq!(only(&world, sync).await.last_operation, LastOperation::ConflictResolved);
    comes_to_rest(&world, CUSTOMERS, sync).await;
}

#[tokio::test]
async fn a_person_who_is_asked_about_an_item_may_take_the_price_of_one_side_and_the_text_of_the_other() {
    let world = world().await;
    let ask = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..SyncSettings::default() };
    let (sync, shop, erp) = agreed(&world, ITEMS, ask).await;
    edit_in_erp(&world, "StockItem", &erp, json!({"Description": "ERP's", "DefaultPrice": 99})).await;
    edit_in_shop(&world, "products", &shop, json!({"title": "Shop's"})).await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    let detail = engine::history::detail(&world.engine, &world.member, record.id).await.unwrap();
    let choices = BTreeMap::from([("title".to_owned(), Side::Source), ("price".to_owned(), Side::Destination)]);
    let (id, version) = (record.id, detail.row.version);
    engine::history::resolve(&world.engine, &world.member, id, version, &choices, world.now()).await.unwrap();
    world.work().await;
    assert_eq!(called(&world, ITEMS).await, ("Shop's".into(), "Shop's".into()));
    assert_eq!(in_shop(&world, "products").await[0]["variants"][0]["price"], "99.00");
    comes_to_rest(&world, ITEMS, sync).await;
}
