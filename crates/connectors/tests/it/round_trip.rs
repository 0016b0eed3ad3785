//! For arbitrary plausible records: what is saved comes back as `normalise` foretold, and is a fixed point of it.

use connectors::Connector;
use connectors::acumatica::Acumatica;
use connectors::http::{Guard, GuardedClient};
use connectors::shopify::Shopify;
use domain::canonical::{
    Address, Canonical, Customer, Order, OrderLine, Payment, Product, Reference, Shipment, ShipmentLine, Stock,
};
use domain::{Entity, Money, Vendor};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::acumatica::{insert, update};
use crate::fixture::Fixture;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9äöéß' ,.&/-]{0,80}", "\\PC{0,300}", "[ \\t\\n a-z]{0,12}"]
}

fn filled() -> impl Strategy<Value = String> {
    ("[a-zA-Z]", text()).prop_map(|(first, rest)| first + &rest)
}

fn price() -> impl Strategy<Value = Money> {
    (0_i64..5_000_000).prop_map(|minor| Money::new(minor, "EUR"))
}

fn address() -> impl Strategy<Value = Address> {
    let part = || prop::option::of(text());
    // Two lower-case letters: the ERP keeps codes in capitals.
    let code = || prop::option::of("[a-zA-Z]{2}");
    (part(), part(), part(), part(), code(), part(), code()).prop_map(
        |(name, line1, line2, city, region, postal_code, country)| Address {
            name,
            line1,
            line2,
            city,
            region,
            postal_code,
            country,
        },
    )
}

fn customer() -> impl Strategy<Value = Customer> {
    (text(), "[a-zA-Z0-9.]{1,20}@example\\.org", prop::option::of("[0-9 +]{0,60}"), prop::option::of(address()))
        .prop_map(|(name, email, phone, address)| Customer { email: Some(email), name, phone, address })
}

fn product() -> impl Strategy<Value = Product> {
    ("[a-zA-Z0-9_-]{1,30}", text(), prop::option::of(price())).prop_map(|(sku, title, price)| Product {
        sku,
        title,
        price,
    })
}

fn line() -> impl Strategy<Value = OrderLine> {
    ("[ABab]", filled(), 0_i64..50_000, price()).prop_map(|(item, title, quantity_milli, unit_price)| OrderLine {
        product: Some(Reference { id: item.clone(), key: Some(item) }),
        title,
        quantity_milli,
        unit_price,
    })
}

fn order() -> impl Strategy<Value = Order> {
    let (addresses, lines) = (prop::option::of(address()), prop::collection::vec(line(), 1..8));
    (filled(), prop::option::of(text()), addresses, lines, prop::option::of(price()), 0_i64..20_000).prop_map(
        |(number, note, ship_to, lines, shipping, day)| Order {
            number,
            placed_on: chrono::NaiveDate::default().checked_add_days(chrono::Days::new(u64::try_from(day).unwrap())),
            currency: "eur".into(),
            note,
            customer: Some(Reference { id: "c000001".into(), key: Some("x@example.org".into()) }),
            ship_to,
            lines: lines
                .into_iter()
                .map(|mut line| {
                    line.unit_price.currency = "eur".into();
                    line
                })
                .collect(),
            shipping: shipping.map(|money| Money::new(money.minor, "eur")),
            tax: Some(Money::new(1, "EUR")),
            total: Some(Money::new(2, "EUR")),
        },
    )
}

fn payment() -> impl Strategy<Value = Payment> {
    (filled(), price(), prop::option::of("[12]"), prop::option::of(text()), 0_u64..20_000).prop_map(
        |(reference, amount, order, method, day)| Payment {
            reference,
            order: order.map(|number| Reference { id: format!("00000{number}"), key: None }),
            customer: Some(Reference { id: "c000001".into(), key: Some("x@example.org".into()) }),
            amount,
            paid_on: chrono::NaiveDate::default().checked_add_days(chrono::Days::new(day)),
            method,
        },
    )
}

fn shipment() -> impl Strategy<Value = Shipment> {
    let line = ("[ABab]", 0_i64..50_000).prop_map(|(item, quantity_milli)| ShipmentLine {
        product: Some(Reference { id: item, key: None }),
        quantity_milli,
    });
    let part = || prop::option::of(text());
    (text(), part(), part(), prop::collection::vec(line, 0..4)).prop_map(|(number, carrier, tracking, lines)| {
        Shipment { number, order: None, shipped_on: None, carrier, tracking, lines }
    })
}

fn stock() -> impl Strategy<Value = Stock> {
    (text(), -50_000_i64..50_000).prop_map(|(sku, available_milli)| Stock {
        product: Some(Reference { id: sku.clone(), key: None }),
        sku,
        available_milli,
    })
}

fn record() -> impl Strategy<Value = Canonical> {
    prop_oneof![
        payment().prop_map(Canonical::Payment),
        shipment().prop_map(Canonical::Shipment),
        stock().prop_map(Canonical::Stock),
        order().prop_map(Canonical::Order),
        customer().prop_map(Canonical::Customer),
        product().prop_map(Canonical::Product)
    ]
}

fn offline(base_currency: &str) -> Acumatica {
    let settings = [
        ("instance_url", "https://erp.example"),
        ("endpoint_version", "24.200.001"),
        ("user_name", "u"),
        ("base_currency", base_currency),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let credentials = [("password".to_owned(), "p".into())].into();
    Acumatica::new(GuardedClient::new(Guard::default()), &settings, &credentials, None, None).unwrap()
}

fn offline_shop() -> Shopify {
    let settings = [("shop_url", "https://shop.example"), ("api_version", "2026-10")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let credentials = [("access_token".to_owned(), "t".into())].into();
    Shopify::new(GuardedClient::new(Guard::default()), &settings, &credentials).unwrap()
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(record in record(), base in "(EUR|USD|)") {
        let connector = offline(&base);
        let once = connector.normalise(&record);
        prop_assert_eq!(connector.normalise(&once), once);
        let shop = offline_shop();
        let once = shop.normalise(&record);
        prop_assert_eq!(shop.normalise(&once), once);
    }
}

/// Two versions each of many records: inserted as the first, updated to the second.
#[tokio::test]
async fn what_is_saved_is_what_was_foretold() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    for sku in ["A", "B"] {
        fixture.record(Entity::Product, json!({"InventoryID": sku, "Description": sku})).await;
    }
    fixture.record(Entity::Customer, json!({"CustomerID": "C000001", "CustomerName": "Ada"})).await;
    let line = json!([{"InventoryID": "A", "OrderQty": 1, "UnitPrice": 1}]);
    for _ in 0..2 {
        fixture.record(Entity::Order, json!({"CustomerID": "C000001", "Details": line})).await;
    }
    let connector = fixture.connector();
    let mut runner = TestRunner::deterministic();
    for number in 0..120 {
        let mut draw = || -> [Canonical; 2] {
            match number % 4 {
                0 => [0, 1].map(|_| Canonical::Order(order().new_tree(&mut runner).unwrap().current())),
                1 => [0, 1].map(|_| Canonical::Payment(payment().new_tree(&mut runner).unwrap().current())),
                2 => [0, 1].map(|_| Canonical::Customer(customer().new_tree(&mut runner).unwrap().current())),
                _ => {
                    let [first, mut second] = [0, 1].map(|_| product().new_tree(&mut runner).unwrap().current());
                    second.sku.clone_from(&first.sku);
                    [first, second].map(Canonical::Product)
                }
            }
        };
        let [first, second] = draw();
        let saved = connector
            .save(&insert(&first, &format!("key-{number}")))
            .await
            .unwrap_or_else(|e| panic!("{first:?}: {e:?}"));
        assert_eq!(saved.found.record, connector.normalise(&first));
        let saved = connector.save(&update(&saved, &second)).await.unwrap_or_else(|e| panic!("{second:?}: {e:?}"));
        assert_eq!(saved.found.record, connector.normalise(&second));
        let read = connector.read(second.entity(), &[saved.found.id]).await.unwrap();
        assert_eq!(read[0].record, connector.normalise(&second));
    }
    connector.close().await.unwrap();
}

/// Customers and products in the shop: what neither vendor could mistake for another's e-mail address or number.
#[tokio::test]
async fn what_is_saved_in_the_shop_is_what_was_foretold() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let connector = fixture.connector();
    let mut runner = TestRunner::deterministic();
    for number in 0..60 {
        let mut draw = || match number % 2 {
            0 => {
                let customer = customer().new_tree(&mut runner).unwrap().current();
                let (email, phone) = (Some(format!("c{number}@example.org")), None);
                Canonical::Customer(Customer { email, phone, ..customer })
            }
            _ => {
                let product = product().new_tree(&mut runner).unwrap().current();
                Canonical::Product(Product { sku: format!("{}-{number}", product.sku), ..product })
            }
        };
        let (first, second) = (draw(), draw());
        let saved = connector
            .save(&insert(&first, &format!("key-{number}")))
            .await
            .unwrap_or_else(|e| panic!("{first:?}: {e:?}"));
        assert_eq!(saved.found.record, connector.normalise(&first));
        let saved = connector.save(&update(&saved, &second)).await.unwrap_or_else(|e| panic!("{second:?}: {e:?}"));
        assert_eq!(saved.found.record, connector.normalise(&second));
        let read = connector.read(second.entity(), &[saved.found.id]).await.unwrap();
        assert_eq!(read[0].record, connector.normalise(&second));
    }
}
