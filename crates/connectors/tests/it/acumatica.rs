//! Acumatica's own: writing, once, and what comes back.

use connectors::{Connector, Error, Failure, Save, Saved};
use domain::canonical::{Address, Canonical, Customer, Order, OrderLine, Product, Reference};
use domain::{Entity, Money, Vendor};
use serde_json::json;

use crate::fixture::Fixture;

pub fn insert(record: &Canonical, key: &str) -> Save {
    Save { id: None, idempotency_key: key.into(), record: record.clone(), current: None }
}

pub fn update(saved: &Saved, record: &Canonical) -> Save {
    Save {
        id: Some(saved.found.id.clone()),
        idempotency_key: "update".into(),
        record: record.clone(),
        current: Some(saved.found.record.clone()),
    }
}

pub fn reference(id: &str) -> Reference {
    Reference { id: id.into(), key: None }
}

pub fn eur(minor: i64) -> Money {
    Money::new(minor, "EUR")
}

fn line(item: &str, quantity: i64) -> OrderLine {
    OrderLine {
        product: Some(reference(item)),
        title: format!("The {item}"),
        quantity_milli: quantity * 1000,
        unit_price: eur(1250),
    }
}

pub fn ada() -> Customer {
    Customer {
        email: Some("ada@example.org".into()),
        name: "Ada Byron".into(),
        phone: Some("+43 1 5".into()),
        address: Some(Address { line1: Some("Ring 1".into()), country: Some("AT".into()), ..Address::default() }),
    }
}

pub fn order(customer: &str, items: &[&str]) -> Order {
    Order {
        number: "#1042".into(),
        placed_on: "2026-11-01".parse().ok(),
        currency: "EUR".into(),
        note: Some("ring twice".into()),
        customer: Some(reference(customer)),
        ship_to: Some(Address {
            name: Some("Ada Byron".into()),
            city: Some("Wien".into()),
            country: Some("AT".into()),
            ..Address::default()
        }),
        lines: items.iter().map(|item| line(item, 2)).collect(),
        shipping: Some(eur(490)),
        tax: Some(eur(500)),
        total: Some(eur(9999)),
    }
}

/// An ERP with a customer and the items A to D; the customer's id.
pub async fn stocked(fixture: &Fixture, connector: &dyn Connector) -> String {
    for sku in ["A", "B", "C", "D"] {
        fixture.record(Entity::Product, json!({"InventoryID": sku, "Description": sku})).await;
    }
    connector.save(&insert(&Canonical::Customer(ada()), "customer-1")).await.unwrap().found.id
}

pub fn rejected(outcome: Result<Saved, Failure>) -> (String, String, Option<String>) {
    match outcome {
        Err(Failure { error: Error::Rejected { code, message, field }, .. }) => (code, message, field),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_written_is_found_by_id_key_and_idempotency_key() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let customer = stocked(&fixture, &*connector).await;
    let record = Canonical::Order(order(&customer, &["A", "B"]));
    assert!(connector.find_written(Entity::Order, "order-1").await.unwrap().is_none());
    let saved = connector.save(&insert(&record, "order-1")).await.unwrap();
    assert_eq!(saved.found.record, connector.normalise(&record));
    assert_eq!(connector.find_written(Entity::Order, "order-1").await.unwrap().as_ref(), Some(&saved.found));
    assert_eq!(connector.find_by_key(Entity::Order, "#1042").await.unwrap(), std::slice::from_ref(&saved.found));
    assert_eq!(
        connector.read(Entity::Order, std::slice::from_ref(&saved.found.id)).await.unwrap(),
        std::slice::from_ref(&saved.found)
    );
    let written = connector.find_written(Entity::Customer, "customer-1").await.unwrap().unwrap();
    assert_eq!(written.record, connector.normalise(&Canonical::Customer(ada())));
    let url = saved.found.url.unwrap();
    assert!(
        url.ends_with(&format!("/acumatica/Test/Main?ScreenId=SO301000&OrderType=SO&OrderNbr={}", saved.found.id)),
        "{url}"
    );
    assert!(saved.exchange.request.starts_with("PUT http://") && saved.exchange.response.starts_with("200 OK"));
    let exchange = format!("{:?}", saved.exchange);
    assert!(!exchange.contains("ASPXAUTH") && !exchange.contains(crate::fixture::PASSWORD));
    connector.close().await.unwrap();
}

#[tokio::test]
async fn an_insert_whose_answer_was_lost_is_found_and_never_doubled() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let customer = stocked(&fixture, &*connector).await;
    let records = [
        (Canonical::Order(order(&customer, &["A", "B"])), "order-1", "SalesOrder"),
        (Canonical::Customer(Customer { email: Some("b@example.org".into()), ..ada() }), "customer-2", "Customer"),
        (
            Canonical::Product(Product { sku: "new-1".into(), title: "New".into(), price: Some(eur(100)) }),
            "item-1",
            "StockItem",
        ),
    ];
    for (record, key, table) in records {
        let before = fixture.stats().await["writes"][table]["inserts"].as_u64().unwrap();
        fixture.fault("cut_after_write", 1).await;
        let lost = connector.save(&insert(&record, key)).await.unwrap_err();
        assert!(matches!(lost.error, Error::Unavailable { .. }), "{lost:?}");
        let again = connector.save(&insert(&record, key)).await.unwrap();
        assert_eq!(again.found.record, connector.normalise(&record), "{table}");
        if table != "StockItem" {
            assert_eq!(connector.find_written(record.entity(), key).await.unwrap(), Some(again.found));
        }
        let writes = &fixture.stats().await["writes"][table];
        assert_eq!(writes["inserts"].as_u64().unwrap() - before, 1, "{writes}");
        assert_eq!(writes["max_inserts_per_record"], 1);
    }
    connector.close().await.unwrap();
}

#[tokio::test]
async fn an_update_sends_only_what_differs_and_keeps_the_lines_in_order() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let customer = stocked(&fixture, &*connector).await;
    let mut saved =
        connector.save(&insert(&Canonical::Order(order(&customer, &["A", "B", "C"])), "order-1")).await.unwrap();
    let same = connector.save(&update(&saved, &saved.found.record)).await.unwrap();
    let (_, body) = same.exchange.request.split_once("\n\n").unwrap();
    assert!(!body.contains("Description") && !body.contains("Details"), "{body}");
    assert_eq!(same.found.record, saved.found.record);
    for items in [&["A", "C"][..], &["D", "A", "C"], &["D", "D", "C", "A"], &["D"], &["B", "D", "A", "B"]] {
        let mut next = order(&customer, items);
        next.note = (items.len() % 2 == 0).then(|| "changed".to_owned());
        next.ship_to = next.ship_to.filter(|_| items.len() != 3);
        next.shipping = (items.len() == 3).then(|| eur(100));
        next.lines[0].quantity_milli += 500;
        let record = Canonical::Order(next);
        saved = connector.save(&update(&saved, &record)).await.unwrap();
        assert_eq!(saved.found.record, connector.normalise(&record), "{items:?}");
    }
    connector.close().await.unwrap();
}

#[tokio::test]
async fn a_refusal_names_the_field_and_says_what_the_erp_says() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let customer = stocked(&fixture, &*connector).await;
    fixture.edit(Entity::Product, "B", json!({"ItemStatus": "Inactive"})).await;
    let inactive = Canonical::Order(order(&customer, &["A", "B"]));
    let (code, message, field) = rejected(connector.save(&insert(&inactive, "order-1")).await);
    assert_eq!((code.as_str(), field.as_deref()), ("422", Some("Details[2].InventoryID")));
    assert!(message.contains("Inactive"), "{message}");
    fixture.edit(Entity::Product, "B", json!({"ItemStatus": "Active"})).await;
    connector.save(&insert(&inactive, "order-1")).await.unwrap();

    let mut alone = order(&customer, &["A"]);
    alone.customer = None;
    assert_eq!(rejected(connector.save(&insert(&Canonical::Order(alone), "o")).await).2.as_deref(), Some("customer"));
    let mut loose = order(&customer, &["A", "B"]);
    loose.lines[1].product = None;
    assert_eq!(
        rejected(connector.save(&insert(&Canonical::Order(loose), "o")).await).2.as_deref(),
        Some("lines.2.product")
    );
    let mut mixed = order(&customer, &["A"]);
    mixed.shipping = Some(Money::new(1, "USD"));
    assert_eq!(rejected(connector.save(&insert(&Canonical::Order(mixed), "o")).await).2.as_deref(), Some("currency"));
    let long = Canonical::Product(Product { sku: "x".repeat(31), title: "Long".into(), price: None });
    assert_eq!(rejected(connector.save(&insert(&long, "p")).await).2.as_deref(), Some("sku"));
    connector.close().await.unwrap();
}

#[tokio::test]
async fn an_update_of_a_record_that_is_gone_makes_none() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let saved = connector.save(&insert(&Canonical::Customer(ada()), "customer-1")).await.unwrap();
    fixture.remove(Entity::Customer, &saved.found.id).await;
    let changed = Canonical::Customer(Customer { name: "Augusta".into(), ..ada() });
    let failure = connector.save(&update(&saved, &changed)).await.unwrap_err();
    assert_eq!(failure.error, Error::NotFound);
    assert!(connector.read(Entity::Customer, &[saved.found.id]).await.unwrap().is_empty());
    connector.close().await.unwrap();
}

#[tokio::test]
async fn quotes_and_signs_in_texts_arrive_as_they_are() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let name = "O'Hara & Söhne <b>\"100 %\"</b> #1 + ünïcode 😀";
    let record =
        Canonical::Customer(Customer { name: name.into(), email: Some("o'hara+x@example.org".into()), ..ada() });
    let saved = connector.save(&insert(&record, "it's a key & more")).await.unwrap();
    assert_eq!(saved.found.record, record);
    assert_eq!(
        connector.find_by_key(Entity::Customer, "O'Hara+x@example.org").await.unwrap(),
        std::slice::from_ref(&saved.found)
    );
    assert_eq!(connector.find_written(Entity::Customer, "it's a key & more").await.unwrap(), Some(saved.found));
    connector.close().await.unwrap();
}
