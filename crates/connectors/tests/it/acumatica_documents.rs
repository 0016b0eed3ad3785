//! Acumatica's payments, shipments and stock levels, and large answers.

use std::collections::BTreeSet;

use connectors::{Connector, Listing, Save};
use domain::canonical::{Canonical, Payment, Shipment, Stock};
use domain::{Entity, Vendor};
use serde_json::json;

use crate::acumatica::{ada, eur, insert, order, reference, rejected, stocked, update};
use crate::fixture::{Fixture, pages, pages_since};

fn payment(customer: &str, order: &str, minor: i64) -> Payment {
    Payment {
        reference: "#1042-1".into(),
        order: Some(reference(order)),
        customer: Some(reference(customer)),
        amount: eur(minor),
        paid_on: "2026-11-02".parse().ok(),
        method: Some("visa".into()),
    }
}

fn all_of(entity: Entity) -> Listing {
    Listing { entity, since: None, until: None, cursor: None }
}

/// An ERP with a customer and so many orders of hers: the customer's id, the orders' numbers.
async fn ordered(fixture: &Fixture, connector: &dyn Connector, count: usize) -> (String, Vec<String>) {
    let customer = stocked(fixture, connector).await;
    let mut numbers = Vec::new();
    for number in 0..count {
        let record = Canonical::Order(order(&customer, &["A", "B"]));
        numbers.push(connector.save(&insert(&record, &format!("order-{number}"))).await.unwrap().found.id);
    }
    (customer, numbers)
}

fn stock(found: &connectors::Found) -> (&str, i64) {
    let Canonical::Stock(Stock { sku, available_milli, .. }) = &found.record else { panic!("{found:?}") };
    (sku, *available_milli)
}

async fn only_shipment(connector: &dyn Connector) -> Shipment {
    let mut found = connector.list(&all_of(Entity::Shipment)).await.unwrap().found;
    assert_eq!(found.len(), 1, "{found:?}");
    let Canonical::Shipment(shipment) = found.remove(0).record else { panic!() };
    shipment
}

#[tokio::test]
async fn a_payment_is_entered_once_and_applied_to_its_order() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let (customer, orders) = ordered(&fixture, &*connector, 2).await;
    let record = Canonical::Payment(payment(&customer, &orders[0], 3000));
    fixture.fault("cut_after_write", 1).await;
    connector.save(&insert(&record, "payment-1")).await.unwrap_err();
    let saved = connector.save(&insert(&record, "payment-1")).await.unwrap();
    assert_eq!(saved.found.record, connector.normalise(&record));
    assert_eq!(connector.find_written(Entity::Payment, "payment-1").await.unwrap().as_ref(), Some(&saved.found));
    assert_eq!(connector.find_by_key(Entity::Payment, "#1042-1").await.unwrap(), std::slice::from_ref(&saved.found));
    let writes = &fixture.stats().await["writes"]["Payment"];
    assert_eq!((&writes["inserts"], &writes["max_inserts_per_record"]), (&json!(1), &json!(1)));
    let kept = &fixture.control("GET", "/acumatica/payments", json!(null)).await["records"][0];
    assert_eq!((&kept["Status"], &kept["OrdersToApply"][0]["AppliedToOrder"]), (&json!("Balanced"), &json!(30)));
    assert!(saved.found.url.unwrap().ends_with("/Main?ScreenId=AR302000&DocType=PMT&RefNbr=000001"));
    connector.close().await.unwrap();
}

#[tokio::test]
async fn a_payment_changes_until_it_is_released() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let (customer, orders) = ordered(&fixture, &*connector, 2).await;
    let first = Canonical::Payment(payment(&customer, &orders[0], 3000));
    let mut saved = connector.save(&insert(&first, "payment-1")).await.unwrap();
    for second in [payment(&customer, &orders[0], 2500), payment(&customer, &orders[1], 2500)] {
        let second = Canonical::Payment(second);
        saved = connector.save(&update(&saved, &second)).await.unwrap();
        assert_eq!(saved.found.record, connector.normalise(&second));
    }
    let (_, body) = saved.exchange.request.split_once("\n\n").unwrap();
    assert!(body.contains("OrdersToApply") && !body.contains("PaymentAmount"), "{body}");
    fixture.edit(Entity::Payment, &saved.found.id, json!({"Status": "Open"})).await;
    let third = Canonical::Payment(payment(&customer, &orders[1], 1000));
    let (code, message, field) = rejected(connector.save(&update(&saved, &third)).await);
    assert_eq!((code.as_str(), field.as_deref()), ("422", Some("PaymentAmount")));
    assert!(message.contains("released"), "{message}");
    let nobody = Canonical::Payment(Payment { customer: None, ..payment(&customer, &orders[0], 1) });
    assert_eq!(rejected(connector.save(&insert(&nobody, "p")).await).2.as_deref(), Some("customer"));
    let unknown = Canonical::Payment(payment(&customer, "999999", 1));
    let field = rejected(connector.save(&insert(&unknown, "p")).await).2;
    assert_eq!(field.as_deref(), Some("OrdersToApply[1].OrderNbr"));
    connector.close().await.unwrap();
}

#[tokio::test]
async fn payments_are_made_with_the_method_and_the_account_of_the_connection() {
    let fixture = Fixture::new(Vendor::Acumatica).await.with("payment_method", "online").with("cash_account", "10250");
    let connector = fixture.connector();
    let (customer, orders) = ordered(&fixture, &*connector, 1).await;
    let record = Canonical::Payment(payment(&customer, &orders[0], 100));
    connector.save(&insert(&record, "payment-1")).await.unwrap();
    let kept = &fixture.control("GET", "/acumatica/payments", json!(null)).await["records"][0];
    assert_eq!((&kept["PaymentMethod"], &kept["CashAccount"]), (&json!("ONLINE"), &json!("10250")));
    connector.close().await.unwrap();
}

#[tokio::test]
async fn an_order_that_is_shipped_shows_a_shipment_as_long_as_it_is_confirmed() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let (_, orders) = ordered(&fixture, &*connector, 1).await;
    fixture.edit(Entity::Order, &orders[0], json!({"Status": "Shipping"})).await;
    let shipment = only_shipment(&*connector).await;
    assert_eq!(shipment.order, Some(reference(&orders[0])));
    let lines: Vec<_> =
        shipment.lines.iter().map(|line| (line.product.as_ref().unwrap().id.as_str(), line.quantity_milli)).collect();
    assert_eq!(lines, [("A", 2000), ("B", 2000)]);
    assert!(shipment.tracking.as_deref().is_some_and(|number| number.starts_with("1Z")) && shipment.carrier.is_some());
    let tracked = json!({"Packages": [{"LineNbr": 1, "TrackingNbr": "T-1"}, {"LineNbr": 2, "TrackingNbr": "T-2"}]});
    fixture.edit(Entity::Shipment, &shipment.number, tracked).await;
    assert_eq!(only_shipment(&*connector).await.tracking.as_deref(), Some("T-1, T-2"));
    let number = std::slice::from_ref(&shipment.number);
    fixture.edit(Entity::Shipment, &shipment.number, json!({"Status": "Open"})).await;
    assert!(connector.read(Entity::Shipment, number).await.unwrap().is_empty());
    fixture.edit(Entity::Shipment, &shipment.number, json!({"Status": "Confirmed"})).await;
    let found = connector.read(Entity::Shipment, number).await.unwrap().remove(0);
    assert!(found.url.unwrap().ends_with(&format!("/Main?ScreenId=SO302000&ShipmentNbr={}", shipment.number)));
    let save = Save { id: None, idempotency_key: "k".into(), record: Canonical::Shipment(shipment), current: None };
    assert_eq!(rejected(connector.save(&save).await).0, "unsupported");
    connector.close().await.unwrap();
}

#[tokio::test]
async fn stock_is_what_is_available_in_all_warehouses_or_in_the_chosen_one() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    stocked(&fixture, &*connector).await;
    for (item, warehouse, available) in [("A", "MAIN", 5.0), ("A", "EAST", 2.5), ("B", "MAIN", 0.0)] {
        let level = json!({"InventoryID": item, "WarehouseID": warehouse, "QtyOnHand": 9, "QtyAvailable": available});
        fixture.record(Entity::Stock, level).await;
    }
    let listed = connector.list(&all_of(Entity::Stock)).await.unwrap();
    assert_eq!(listed.found.iter().map(stock).collect::<Vec<_>>(), [("A", 7500), ("B", 0)]);
    let asked = ["a".to_owned(), "C".to_owned(), "it's not there".to_owned()];
    let read = connector.read(Entity::Stock, &asked).await.unwrap();
    assert_eq!(read, [listed.found[0].clone()], "what was never in stock has no level");
    connector.close().await.unwrap();
    let fixture = fixture.with("warehouse", "east");
    let east = fixture.connector();
    let listed = east.list(&all_of(Entity::Stock)).await.unwrap();
    assert_eq!(listed.found.iter().map(stock).collect::<Vec<_>>(), [("A", 2500), ("B", 0)]);
    assert_eq!(east.find_by_key(Entity::Stock, "A").await.unwrap(), [listed.found[0].clone()]);
    east.close().await.unwrap();
}

#[tokio::test]
async fn many_stock_levels_are_listed_in_pages_and_since_a_time() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    fixture.make(Entity::Stock, 450).await;
    let connector = fixture.connector();
    let listed = pages(&*connector, Entity::Stock, async |page| {
        if page == 1 {
            fixture.make(Entity::Stock, 1).await;
        }
    })
    .await;
    assert!(listed.len() >= 3, "{} pages", listed.len());
    let found: Vec<_> = listed.into_iter().flat_map(|page| page.found).collect();
    let ids: BTreeSet<&str> = found.iter().map(|found| found.id.as_str()).collect();
    assert_eq!((found.len(), ids.len()), (451, 451));
    let ids: Vec<String> = found.iter().take(30).map(|found| found.id.clone()).collect();
    assert_eq!(connector.read(Entity::Stock, &ids).await.unwrap().len(), 30);
    let newest = found.iter().filter_map(|found| found.modified_at).max();
    let since = connector.list(&Listing { since: newest, ..all_of(Entity::Stock) }).await.unwrap();
    assert!(!since.found.is_empty() && since.found.iter().all(|found| found.modified_at >= newest));
    connector.close().await.unwrap();
}

/// The ERP as a source: every entity, from one moment to another, while records change.
#[tokio::test]
async fn a_listing_ends_where_it_is_asked_to() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    for entity in [Entity::Order, Entity::Customer, Entity::Product, Entity::Payment, Entity::Shipment, Entity::Stock] {
        fixture.make(entity, 130).await;
        let everything = pages(&*connector, entity, async |_| {}).await;
        let mut all: Vec<_> = everything.into_iter().flat_map(|page| page.found).collect();
        all.sort_by_key(|found| found.modified_at);
        let [from, until] = [all.len() / 4, all.len() / 2].map(|place| all[place].modified_at);
        let listing = Listing { since: from, until, ..all_of(entity) };
        let part = pages_since(&*connector, listing, async |_| {}).await;
        let listed: BTreeSet<_> = part.into_iter().flat_map(|page| page.found).map(|found| found.id).collect();
        let is_within = |found: &&connectors::Found| found.modified_at >= from && found.modified_at <= until;
        let expected: BTreeSet<_> = all.iter().filter(is_within).map(|found| found.id.clone()).collect();
        assert_eq!(listed, expected, "{entity}");
        fixture.forget().await;
    }
    connector.close().await.unwrap();
}

#[tokio::test]
async fn answers_that_are_too_large_are_asked_for_in_parts() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let note = "x".repeat(1_500_000);
    for number in 0..6 {
        fixture.record(Entity::Customer, json!({"CustomerName": format!("Customer {number}"), "note": note})).await;
    }
    let listed = pages(&*connector, Entity::Customer, async |_| {}).await;
    let ids: Vec<String> = listed.into_iter().flat_map(|page| page.found).map(|found| found.id).collect();
    assert_eq!(ids.len(), 6);
    assert_eq!(connector.read(Entity::Customer, &ids).await.unwrap().len(), 6);
    connector.close().await.unwrap();
}

#[tokio::test]
async fn a_sign_in_is_within_the_deadline_of_the_save() {
    let fixture = Fixture::new(Vendor::Acumatica).await.with("request_timeout_s", "5");
    let connector = fixture.connector();
    let late = json!({"kind": "latency", "next": 2, "ms": 3500});
    fixture.control("POST", "/acumatica/faults", late).await;
    let started = std::time::Instant::now();
    let lost = connector.save(&insert(&Canonical::Customer(ada()), "customer-1")).await.unwrap_err();
    assert!(matches!(lost.error, connectors::Error::Unavailable { .. }), "{lost:?}");
    assert!(started.elapsed() < connector.settle(), "signing in and saving took longer than a save may");
    assert!(started.elapsed().as_secs() < 6, "{:?}", started.elapsed());
    connector.close().await.unwrap();
}
