//! Writing to Shopify: what is its own.

use connectors::{Error, Failure, Listing, Removal};
use domain::canonical::{Canonical, Customer, Product, Shipment, ShipmentLine};
use domain::{Entity, Money, Vendor};
use serde_json::{Value, json};

use crate::fixture::{Fixture, pages};
use crate::writing::{changed, held, insert, read, sample, saved, update};

fn rejected(failure: Failure) -> (String, String, Option<String>) {
    match failure.error {
        Error::Rejected { code, message, field } => (code, message, field),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refusal_says_the_shops_own_code_words_and_field() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let connector = fixture.connector();
    let ada = |email: &str, phone: &str| {
        Canonical::Customer(Customer {
            email: Some(email.into()),
            name: "Ada Byron".into(),
            phone: Some(phone.into()),
            address: None,
        })
    };
    let first = saved(&*connector, &insert(&ada("ada@example.org", "+43 1 5550"), "one")).await;
    let (code, message, field) =
        rejected(connector.save(&insert(&ada("ADA@example.org", "+43 1 5551"), "two")).await.unwrap_err());
    assert_eq!(
        (code.as_str(), message.as_str(), field.as_deref()),
        ("user_error", "Email has already been taken", Some("email"))
    );
    let (_, message, field) =
        rejected(connector.save(&insert(&ada("b@example.org", "call me"), "three")).await.unwrap_err());
    assert_eq!((message.as_str(), field.as_deref()), ("Phone is invalid", Some("phone")));
    let order = json!({"customer": first.found.id, "lineItems": [{"title": "Wrap", "quantity": 1, "price": "1.00"}]});
    fixture.record(Entity::Order, order).await;
    let failure = connector.remove(Entity::Customer, &first.found.id, Removal::Delete).await.unwrap_err();
    assert!(failure.exchange.as_ref().is_some_and(|exchange| exchange.response.contains("associated orders")));
    assert!(rejected(failure).1.contains("associated orders"));
    assert!(read(&*connector, Entity::Customer, &first.found.id).await.is_some());
}

#[tokio::test]
async fn what_the_shop_does_not_let_us_write_is_said_in_words() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let connector = fixture.connector();
    let order = held(&fixture, &*connector, Entity::Order, 1).await;
    let (code, message, _) = rejected(connector.save(&insert(&order.record, "k")).await.unwrap_err());
    assert!(code == "unsupported" && message.contains("made by buyers"), "{message}");
    let mut other = order.record.clone();
    let Canonical::Order(lines) = &mut other else { panic!() };
    lines.lines[0].quantity_milli += 1_000;
    assert_eq!(rejected(connector.save(&update(&order, &other)).await.unwrap_err()).2.as_deref(), Some("lines"));
    let dollars =
        Canonical::Product(Product { sku: "X".into(), title: "X".into(), price: Some(Money::new(100, "USD")) });
    let (code, message, field) = rejected(connector.save(&insert(&dollars, "k")).await.unwrap_err());
    assert_eq!((code.as_str(), field.as_deref()), ("currency", Some("price")));
    assert!(message.contains("USD") && message.contains("EUR"), "{message}");
    assert_eq!(connector.find_by_key(Entity::Product, "X").await.unwrap(), []);
}

#[tokio::test]
async fn a_token_that_may_only_read_is_told_before_anything_is_written() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let fact = |reached: &domain::connection::Reached, label: &str| {
        reached.facts.iter().find(|(own, _)| own == label).map(|(_, value)| value.clone()).unwrap()
    };
    let connector = fixture.connector();
    let reached = connector.check().await.unwrap();
    assert_eq!(fact(&reached, "May write"), "orders, customers, products, shipments, stock levels");
    fixture.limits(json!({"scopes": ["read_orders", "read_products"]})).await;
    let reached = connector.check().await.unwrap();
    assert_eq!(fact(&reached, "Access scopes"), "read_orders, read_products");
    assert!(fact(&reached, "May write").starts_with("nothing"));
    let record = sample(&fixture, &*connector, Entity::Product, 1).await;
    let failure = connector.save(&insert(&record, "k")).await.unwrap_err();
    assert!(matches!(failure.error, Error::Unauthorised { message } if message.contains("write_products")));
}

#[tokio::test]
async fn payments_are_what_came_in_and_follow_their_orders() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let connector = fixture.connector();
    let order = held(&fixture, &*connector, Entity::Order, 1).await;
    let sale = fixture.record(Entity::Payment, json!({"order": order.id, "amount": "5.00", "gateway": "paypal"})).await;
    for other in [json!({"kind": "REFUND"}), json!({"kind": "AUTHORIZATION"}), json!({"status": "FAILURE"})] {
        let mut payment = json!({"order": order.id, "amount": "1.00"});
        payment.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        fixture.record(Entity::Payment, payment).await;
    }
    let listed = pages(&*connector, Entity::Payment, async |_| {}).await.remove(0).found;
    assert_eq!(listed.iter().map(|found| found.id.as_str()).collect::<Vec<_>>(), [sale.as_str()]);
    let Canonical::Payment(payment) = &listed[0].record else { panic!() };
    assert_eq!((&payment.amount, payment.method.as_deref()), (&Money::new(500, "EUR"), Some("paypal")));
    assert_eq!(payment.order.as_ref().map(|order| order.id.as_str()), Some(order.id.as_str()));
    let by_key = connector.find_by_key(Entity::Payment, &payment.reference).await.unwrap();
    assert_eq!(by_key, listed);
    let paid = read(&*connector, Entity::Order, &order.id).await.unwrap();
    assert_eq!(listed[0].modified_at, paid.modified_at, "a payment is listed when its order has changed");
}

#[tokio::test]
async fn an_order_is_sent_in_parts_and_each_part_is_its_own_shipment() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let connector = fixture.connector();
    let product = fixture.record(Entity::Product, json!({"title": "Tea", "sku": "TEA", "price": "5.00"})).await;
    let order = fixture.record(Entity::Order, json!({"lineItems": [{"product": product, "quantity": 4}]})).await;
    let part = |number: &str, pieces: i64| {
        let reference = |id: &str| Some(domain::canonical::Reference { id: id.into(), key: Some(id.into()) });
        Canonical::Shipment(Shipment {
            number: number.into(),
            order: reference(&order),
            shipped_on: "2026-11-03".parse().ok(),
            carrier: None,
            tracking: None,
            lines: vec![ShipmentLine { product: reference(&product), quantity_milli: pieces * 1_000 }],
        })
    };
    let first = saved(&*connector, &insert(&part("000001", 1), "first")).await.found;
    // The same goods again, and the answer is lost: only what was there before tells the two apart.
    fixture.fault("cut_after_write", 1).await;
    connector.save(&insert(&part("000002", 1), "second")).await.unwrap_err();
    let second = saved(&*connector, &insert(&part("000002", 1), "second")).await.found;
    assert_ne!(first.id, second.id);
    let listed = pages(&*connector, Entity::Shipment, async |_| {}).await.remove(0).found;
    let numbers: Vec<&str> = listed.iter().filter_map(|found| found.record.key()).collect();
    assert_eq!(numbers, ["000001", "000002"]);
    let (_, message, field) = rejected(connector.save(&insert(&part("000003", 3), "third")).await.unwrap_err());
    assert_eq!(field.as_deref(), Some("lines.quantity"), "{message}");
    saved(&*connector, &insert(&part("000003", 2), "third")).await;
    assert_eq!(fixture.count(Entity::Shipment).await, 3);
    let mut more = second.record.clone();
    let Canonical::Shipment(shipment) = &mut more else { panic!() };
    shipment.lines[0].quantity_milli = 2_000;
    assert_eq!(rejected(connector.save(&update(&second, &more)).await.unwrap_err()).2.as_deref(), Some("lines"));
}

#[tokio::test]
async fn a_sale_between_reading_and_setting_stock_is_not_overwritten() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let connector = fixture.connector();
    let level = held(&fixture, &*connector, Entity::Stock, 1).await;
    let Canonical::Stock(stock) = &level.record else { panic!() };
    let pieces = stock.available_milli / 1_000;
    fixture.edit(Entity::Stock, &level.id, json!({"available": pieces - 1})).await;
    let (code, ..) = rejected(connector.save(&update(&level, &changed(&level.record))).await.unwrap_err());
    assert_eq!(code, "CHANGE_FROM_QUANTITY_STALE");
    let now = read(&*connector, Entity::Stock, &level.id).await.unwrap();
    saved(&*connector, &update(&now, &changed(&level.record))).await;
    // To and fro between the same numbers: each is a change of its own.
    for record in [&now.record, &level.record, &now.record] {
        let held = read(&*connector, Entity::Stock, &level.id).await.unwrap();
        assert_eq!(&saved(&*connector, &update(&held, record)).await.found.record, record);
    }
    let since = Listing { entity: Entity::Stock, since: now.modified_at, until: None, cursor: None };
    assert!(connector.list(&since).await.unwrap().found.iter().any(|found| found.id == level.id));
}

#[tokio::test]
async fn many_keys_are_looked_up_in_few_requests() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    fixture.make(Entity::Customer, 40).await;
    fixture.make(Entity::Stock, 12).await;
    let connector = fixture.connector();
    for (entity, most) in [(Entity::Customer, 4), (Entity::Stock, 3)] {
        let listed = pages(&*connector, entity, async |_| {}).await.into_iter().flat_map(|page| page.found);
        let mut keys: Vec<String> = listed.filter_map(|found| found.record.key().map(str::to_uppercase)).collect();
        let wanted = keys.len();
        keys.push("nobody's".into());
        let before = fixture.stats().await["requests"].as_u64().unwrap();
        let found = connector.find_by_keys(entity, &keys).await.unwrap();
        let asked = fixture.stats().await["requests"].as_u64().unwrap() - before;
        assert_eq!(found.len(), wanted, "{entity}");
        assert!(asked <= most, "{entity}: {asked} requests");
    }
}

#[tokio::test]
async fn a_field_that_the_api_lost_is_missing_and_the_rest_is_read() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let connector = fixture.connector();
    let id =
        fixture.record(Entity::Order, json!({"note": "ring", "lineItems": [{"title": "Wrap", "quantity": 1}]})).await;
    fixture.drift(json!({"entity": "orders", "remove": "note"})).await;
    let Canonical::Order(order) = read(&*connector, Entity::Order, &id).await.unwrap().record else { panic!() };
    assert!(order.note.is_none());
    fixture.drift(json!({"entity": "orders", "remove": "name"})).await;
    let page =
        connector.list(&Listing { entity: Entity::Order, since: None, until: None, cursor: None }).await.unwrap();
    assert_eq!((page.found.len(), page.unreadable.len()), (0, 1));
    assert!(!connector.schema(Entity::Order).await.unwrap().iter().any(|field| field.name == "name"));
}

#[tokio::test]
async fn throttling_and_failures_of_a_mutation_are_told_apart_and_write_nothing() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let connector = fixture.connector();
    let record = sample(&fixture, &*connector, Entity::Customer, 1).await;
    saved(&*connector, &insert(&sample(&fixture, &*connector, Entity::Customer, 2).await, "other")).await;
    let save = insert(&record, "k");
    for (kind, told) in [("429", "RateLimited"), ("5xx", "Unavailable")] {
        fixture.fault(kind, 1).await;
        let failure = connector.save(&save).await.unwrap_err();
        assert!(format!("{:?}", failure.error).starts_with(told), "{kind}: {failure:?}");
    }
    assert_eq!(fixture.count(Entity::Customer).await, 1);
    // The answer was cut in half: the customer is there.
    fixture.fault("malformed", 1).await;
    assert!(matches!(connector.save(&save).await.unwrap_err().error, Error::Malformed { .. }));
    assert_eq!(fixture.count(Entity::Customer).await, 2);
    let found = connector.find_written(Entity::Customer, "k").await.unwrap().unwrap();
    assert_eq!(saved(&*connector, &save).await.found.id, found.id);
    let stats: Value = fixture.writes(Entity::Customer).await;
    assert_eq!((&stats["inserts"], &stats["max_inserts_per_record"]), (&json!(2), &json!(1)));
}
