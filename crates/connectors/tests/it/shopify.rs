//! Shopify's own: cost, long orders, writing.

mod writing;

use connectors::{Connector, Error, Listing};
use domain::canonical::Canonical;
use domain::{Entity, Money, Vendor};
use serde_json::json;

use crate::fixture::{Fixture, pages};

fn orders() -> Listing {
    Listing { entity: Entity::Order, since: None, until: None, cursor: None }
}

#[tokio::test]
async fn an_order_is_read_with_everything_that_the_canonical_order_has() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let customer = fixture
        .record(Entity::Customer, json!({"firstName": "Ada", "lastName": "Byron", "email": "Ada@Example.org", "phone": "+43 1 55", "defaultAddress": {"name": "Ada Byron", "address1": "Ring 1", "city": "Wien", "zip": "1010", "countryCodeV2": "AT"}}))
        .await;
    let product = fixture.record(Entity::Product, json!({"title": "Tea", "sku": "TEA-1", "price": "12.50"})).await;
    let order = fixture
        .record(Entity::Order, json!({"customer": customer, "note": "ring twice", "createdAt": "2026-11-01T23:30:00Z", "totalShippingPriceSet": "4.90", "totalTaxSet": "5.00", "lineItems": [{"product": product, "quantity": 2}, {"title": "Gift wrap", "quantity": 1, "price": "1.00"}]}))
        .await;
    let connector = fixture.connector();
    let found = connector.read(Entity::Order, std::slice::from_ref(&order)).await.unwrap().remove(0);
    let Canonical::Order(read) = &found.record else { panic!("{found:?}") };
    assert_eq!((found.id.as_str(), found.label.as_str()), (order.as_str(), read.number.as_str()));
    assert!(read.number.starts_with('#') && found.url.as_deref().unwrap().contains("/shopify/test-shop/admin/orders/"));
    assert_eq!(read.placed_on.unwrap().to_string(), "2026-11-01");
    assert_eq!(read.customer.as_ref().unwrap().key.as_deref(), Some("ada@example.org"));
    assert_eq!((&read.shipping, &read.tax, &read.total), (&eur(490), &eur(500), &eur(3590)));
    assert_eq!((read.lines.len(), read.lines[0].quantity_milli, read.lines[1].product.clone()), (2, 2000, None));
    assert_eq!(
        read.lines[0].product.as_ref().map(|p| (p.id.as_str(), p.key.as_deref())),
        Some((product.as_str(), Some("TEA-1")))
    );
    assert_eq!(read.ship_to.as_ref().unwrap().country.as_deref(), Some("AT"));
    assert_eq!(connector.find_by_key(Entity::Order, &read.number).await.unwrap().len(), 1);
    let Canonical::Customer(read) = connector.read(Entity::Customer, &[customer]).await.unwrap().remove(0).record
    else {
        panic!()
    };
    assert_eq!(
        (read.name.as_str(), read.email.as_deref(), read.phone.as_deref()),
        ("Ada Byron", Some("ada@example.org"), Some("+43155"))
    );
    let Canonical::Product(read) = connector.read(Entity::Product, &[product]).await.unwrap().remove(0).record else {
        panic!()
    };
    assert_eq!((read.sku.as_str(), read.price), ("TEA-1", eur(1250)));
}

#[tokio::test]
async fn no_line_of_a_long_order_is_lost() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    let lines: Vec<_> =
        (0..235).map(|n| json!({"title": format!("Part {n}"), "quantity": 1, "price": "1.00"})).collect();
    fixture.make(Entity::Order, 5).await;
    let id = fixture.record(Entity::Order, json!({"lineItems": lines})).await;
    let connector = fixture.connector();
    let listed = connector.list(&orders()).await.unwrap().found;
    let read = connector.read(Entity::Order, std::slice::from_ref(&id)).await.unwrap();
    for found in [listed.iter().find(|found| found.id == id).unwrap(), &read[0]] {
        let Canonical::Order(order) = &found.record else { panic!() };
        let titles: Vec<&str> = order.lines.iter().map(|line| line.title.as_str()).collect();
        assert_eq!((titles.len(), titles[0], titles[234]), (235, "Part 0", "Part 234"));
    }
}

#[tokio::test]
async fn it_slows_down_before_it_is_throttled() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    fixture.limits(json!({"maximum_available": 1000, "restore_rate": 2000})).await;
    fixture.make(Entity::Order, 600).await;
    let connector = fixture.connector();
    let ids: Vec<String> = pages(&*connector, Entity::Order, async |_| {})
        .await
        .into_iter()
        .flat_map(|page| page.found)
        .map(|f| f.id)
        .collect();
    assert_eq!(ids.len(), 600);
    let (first, second) =
        futures::join!(connector.read(Entity::Order, &ids[..300]), connector.read(Entity::Order, &ids[300..]));
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 600);
    assert_eq!(fixture.stats().await["throttled"], 0);
}

#[tokio::test]
async fn an_empty_bucket_is_waited_for_by_the_whole_connection() {
    let fixture = Fixture::new(Vendor::Shopify).await;
    fixture.make(Entity::Order, 100).await;
    fixture.limits(json!({"maximum_available": 400, "restore_rate": 1})).await;
    let waits = |error: Error| match error {
        Error::RateLimited { retry_after: Some(wait) } => wait.as_secs(),
        other => panic!("{other:?}"),
    };
    let connector = fixture.connector();
    let first = connector.list(&orders()).await;
    // The first query does not know the bucket, and may be throttled; then it does.
    let own = waits(until_refused(&*connector).await);
    assert!(own > 2, "{own}");
    assert!(fixture.stats().await["throttled"].as_u64().unwrap() <= u64::from(first.is_err()));
    let stranger = waits(until_refused(&*fixture.connector()).await);
    assert!(stranger > 0, "throttled by the shop itself: {stranger}");
}

async fn until_refused(connector: &dyn Connector) -> Error {
    for _ in 0..200 {
        if let Err(error) = connector.list(&orders()).await {
            return error;
        }
    }
    panic!("never refused")
}

fn eur(minor: i64) -> Option<Money> {
    Some(Money::new(minor, "EUR"))
}
