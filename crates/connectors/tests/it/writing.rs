//! What holds for every vendor and entity that can be written: each function is run for a vendor by a test of its own.

use connectors::{Annotation, Connector, Error, Found, Listing, Removal, Save, Saved};
use domain::canonical::{
    Address, Canonical, Customer, Order, OrderLine, Payment, Product, Reference, Shipment, ShipmentLine, Stock,
};
use domain::{Entity, Money, Vendor};
use serde_json::json;

use crate::fixture::{Fixture, noun, pages_since};

/// Inserts of each entity: the answer is what was foretold and what is read, and the same insert again is the same record.
pub async fn an_insert_is_made_once_and_says_what_the_system_holds(vendor: Vendor) {
    let fixture = Fixture::new(vendor).await;
    let connector = fixture.connector();
    for entity in able(&*connector, |abilities| abilities.insert) {
        let record = sample(&fixture, &*connector, entity, 1).await;
        let save = insert(&record, "4bbf8c1e-0000-7000-8000-000000000001");
        let saved = saved(&*connector, &save).await;
        assert_eq!(saved.found.record, connector.normalise(&record), "{vendor} {entity}");
        assert!(saved.exchange.request.contains(' ') && saved.exchange.response.starts_with("200"), "{entity}");
        let read = read(&*connector, entity, &saved.found.id).await.unwrap();
        assert_eq!((&read.record, &read.label), (&saved.found.record, &saved.found.label), "{vendor} {entity}");
        let again = self::saved(&*connector, &save).await;
        assert_eq!(again.found.id, saved.found.id, "{vendor} {entity}: the same insert made another record");
        if let Some(written) = connector.find_written(entity, &save.idempotency_key).await.unwrap() {
            assert_eq!(written.id, saved.found.id);
        }
        assert!(connector.find_written(entity, "4bbf8c1e-0000-7000-8000-00000000ffff").await.unwrap().is_none());
        let by_key = connector.find_by_key(entity, read.record.key().unwrap()).await.unwrap();
        assert_eq!(by_key.iter().map(|found| &found.id).collect::<Vec<_>>(), [&saved.found.id], "{vendor} {entity}");
        assert_eq!(connector.normalise(&read.record), read.record);
        once(&fixture, entity).await;
    }
    connector.close().await.unwrap();
}

/// The record is there and nobody was told: asking for it, or inserting it again, finds the one.
pub async fn an_insert_whose_answer_was_lost_is_found_again(vendor: Vendor) {
    let fixture = Fixture::new(vendor).await;
    let connector = fixture.connector();
    for entity in able(&*connector, |abilities| abilities.insert) {
        // The first one finds everything prepared that the vendor needs once.
        let first = sample(&fixture, &*connector, entity, 2).await;
        saved(&*connector, &insert(&first, "4bbf8c1e-0000-7000-8000-000000000002")).await;
        let lost = insert(&sample(&fixture, &*connector, entity, 3).await, "4bbf8c1e-0000-7000-8000-000000000003");
        let before = fixture.count(entity).await;
        fixture.fault("cut_after_write", 1).await;
        let failure = connector.save(&lost).await.unwrap_err();
        assert!(matches!(failure.error, Error::Unavailable { .. }), "{vendor} {entity}: {failure:?}");
        assert_eq!(fixture.count(entity).await, before + 1, "{vendor} {entity}: the write was applied");
        let written = connector.find_written(entity, &lost.idempotency_key).await.unwrap();
        let found = saved(&*connector, &lost).await.found;
        assert!(written.is_none_or(|written| written.id == found.id), "{vendor} {entity}");
        assert_eq!(found.record, connector.normalise(&lost.record), "{vendor} {entity}");
        assert_eq!(fixture.count(entity).await, before + 1, "{vendor} {entity}: it was inserted twice");
        once(&fixture, entity).await;
    }
    connector.close().await.unwrap();
}

/// The answer is what was foretold and what is read; the same update again sends nothing that counts.
pub async fn an_update_changes_what_differs_and_only_once(vendor: Vendor) {
    let fixture = Fixture::new(vendor).await;
    let connector = fixture.connector();
    for entity in able(&*connector, |abilities| abilities.update) {
        let held = held(&fixture, &*connector, entity, 4).await;
        let wanted = changed(&held.record);
        let before = updates(&fixture, entity).await;
        let saved = saved(&*connector, &update(&held, &wanted)).await;
        assert_eq!(saved.found.record, connector.normalise(&wanted), "{vendor} {entity}");
        assert_eq!(saved.found.id, held.id);
        let read = read(&*connector, entity, &held.id).await.unwrap();
        assert_eq!(read.record, saved.found.record, "{vendor} {entity}");
        let after = updates(&fixture, entity).await;
        assert!(after > before, "{vendor} {entity}: {before} {after}");
        let again = self::saved(&*connector, &update(&saved.found, &wanted)).await;
        assert_eq!(again.found.record, saved.found.record);
        assert_eq!(updates(&fixture, entity).await, after, "{vendor} {entity}: the second update changed something");
    }
    connector.close().await.unwrap();
}

/// Orders, customers and products that somebody deleted meanwhile.
pub async fn an_update_of_what_is_gone_says_so(vendor: Vendor) {
    let fixture = Fixture::new(vendor).await;
    let connector = fixture.connector();
    for entity in [Entity::Order, Entity::Customer, Entity::Product] {
        let held = held(&fixture, &*connector, entity, 5).await;
        fixture.remove(entity, &held.id).await;
        let failure = connector.save(&update(&held, &changed(&held.record))).await.unwrap_err();
        assert_eq!(failure.error, Error::NotFound, "{vendor} {entity}");
        assert!(connector.read(entity, std::slice::from_ref(&held.id)).await.unwrap().is_empty());
    }
    connector.close().await.unwrap();
}

/// Each way of removing each entity, and once more.
pub async fn removing_twice_is_removing_once(vendor: Vendor) {
    let fixture = Fixture::new(vendor).await;
    let connector = fixture.connector();
    for entity in Entity::ALL.iter().copied() {
        let abilities = connector.abilities(entity);
        for (how, can) in [(Removal::Deactivate, abilities.deactivate), (Removal::Delete, abilities.delete)] {
            if !can {
                let failure = connector.remove(entity, "gid://shopify/Nothing/1", how).await.unwrap_err();
                assert!(matches!(failure.error, Error::Rejected { .. }), "{vendor} {entity} {how:?}");
                continue;
            }
            let held = held(&fixture, &*connector, entity, 6).await;
            connector
                .remove(entity, &held.id, how)
                .await
                .unwrap_or_else(|e| panic!("{vendor} {entity} {how:?}: {e:?}"));
            connector.remove(entity, &held.id, how).await.unwrap_or_else(|e| panic!("again: {vendor} {entity}: {e:?}"));
            let is_there = !connector.read(entity, std::slice::from_ref(&held.id)).await.unwrap().is_empty();
            assert!(is_there || how == Removal::Delete, "{vendor} {entity} {how:?}");
        }
    }
    connector.close().await.unwrap();
}

/// A note is there, the record's own fields are as they were, and noting it twice changes nothing.
pub async fn a_note_on_a_record_changes_none_of_its_fields(vendor: Vendor) {
    let fixture = Fixture::new(vendor).await;
    let connector = fixture.connector();
    let note = Annotation { tag: Some("syncline".into()), values: vec![("erp_number".into(), "000017".into())] };
    for entity in [Entity::Order, Entity::Customer, Entity::Product] {
        let held = held(&fixture, &*connector, entity, 7).await;
        match connector.annotate(entity, &held.id, &note).await {
            Err(failure) => assert!(matches!(failure.error, Error::Rejected { code, .. } if code == "unsupported")),
            Ok(_) => {
                let after = updates(&fixture, entity).await;
                connector.annotate(entity, &held.id, &note).await.unwrap();
                assert_eq!(updates(&fixture, entity).await, after, "{vendor} {entity}");
                assert_eq!(read(&*connector, entity, &held.id).await.unwrap().record, held.record, "{vendor} {entity}");
            }
        }
    }
    connector.close().await.unwrap();
}

/// What the API says of its fields follows the API.
pub async fn the_schema_names_fields_and_follows_the_vendors_changes(vendor: Vendor) {
    let fixture = Fixture::new(vendor).await;
    let connector = fixture.connector();
    for entity in Entity::ALL.iter().copied().filter(|entity| connector.abilities(*entity).read) {
        let fields = connector.schema(entity).await.unwrap();
        assert!(fields.len() >= 5 && fields.is_sorted(), "{vendor} {entity}: {fields:?}");
        assert!(fields.iter().all(|field| !field.name.is_empty() && !field.kind.is_empty()), "{vendor} {entity}");
    }
    let before = connector.schema(Entity::Order).await.unwrap();
    fixture.drift(json!({"entity": "orders", "add": "GiftWrap", "kind": "Boolean"})).await;
    let after = connector.schema(Entity::Order).await.unwrap();
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.iter().any(|field| field.name.ends_with("GiftWrap")), "{vendor}");
    fixture.drift(json!({"entity": "orders", "remove": "GiftWrap"})).await;
    assert_eq!(connector.schema(Entity::Order).await.unwrap(), before);
    connector.close().await.unwrap();
}

/// A listing ends where it is told to.
pub async fn a_listing_ends_at_the_moment_that_is_asked_for(vendor: Vendor) {
    let fixture = Fixture::new(vendor).await;
    fixture.make(Entity::Customer, 30).await;
    let connector = fixture.connector();
    let everything = Listing { entity: Entity::Customer, since: None, until: None, cursor: None };
    let all = pages_since(&*connector, everything.clone(), async |_| {}).await;
    let all: Vec<Found> = all.into_iter().flat_map(|page| page.found).collect();
    let mut times: Vec<_> = all.iter().filter_map(|found| found.modified_at).collect();
    times.sort_unstable();
    let (since, until) = (times[10], times[20]);
    let listing = Listing { since: Some(since), until: Some(until), ..everything };
    let found = pages_since(&*connector, listing, async |_| {}).await.into_iter().flat_map(|page| page.found);
    let mut found: Vec<String> = found.map(|found| found.id).collect();
    let within = |found: &&Found| found.modified_at.is_some_and(|at| (since..=until).contains(&at));
    let mut expected: Vec<String> = all.iter().filter(within).map(|found| found.id.clone()).collect();
    found.sort();
    found.dedup();
    expected.sort();
    assert_eq!(found, expected, "{vendor}");
    connector.close().await.unwrap();
}

pub fn insert(record: &Canonical, key: &str) -> Save {
    Save { id: None, idempotency_key: key.into(), record: record.clone(), current: None }
}

pub fn update(held: &Found, record: &Canonical) -> Save {
    Save {
        id: Some(held.id.clone()),
        idempotency_key: "4bbf8c1e-0000-7000-8000-0000000000ee".into(),
        record: record.clone(),
        current: Some(held.record.clone()),
    }
}

pub async fn saved(connector: &dyn Connector, save: &Save) -> Saved {
    connector.save(save).await.unwrap_or_else(|failure| panic!("{save:?}\n{failure:?}"))
}

pub async fn read(connector: &dyn Connector, entity: Entity, id: &str) -> Option<Found> {
    connector.read(entity, &[id.to_owned()]).await.unwrap().into_iter().next()
}

fn able(connector: &dyn Connector, can: impl Fn(connectors::Abilities) -> bool) -> Vec<Entity> {
    Entity::ALL.iter().copied().filter(|entity| can(connector.abilities(*entity))).collect()
}

/// No record was inserted twice.
async fn once(fixture: &Fixture, entity: Entity) {
    let writes = fixture.writes(entity).await;
    assert_eq!(writes["max_inserts_per_record"], 1, "{entity}: {writes}");
}

async fn updates(fixture: &Fixture, entity: Entity) -> u64 {
    fixture.writes(entity).await["updates"].as_u64().unwrap()
}

/// A record that is there: inserted where that can be done, else made in the back office.
pub async fn held(fixture: &Fixture, connector: &dyn Connector, entity: Entity, number: usize) -> Found {
    if connector.abilities(entity).insert {
        let record = sample(fixture, connector, entity, number).await;
        return saved(connector, &insert(&record, &format!("4bbf8c1e-0000-7000-8000-0000000{:05}", number * 100)))
            .await
            .found;
    }
    let id = fixture.make(entity, 1).await.remove(0);
    let id = if fixture.vendor == Vendor::Acumatica { id.rsplit('/').next().unwrap().to_owned() } else { id };
    read(connector, entity, &id).await.unwrap_or_else(|| panic!("{entity} {id} is not there"))
}

/// A record that can be inserted; what it refers to is there.
pub async fn sample(fixture: &Fixture, connector: &dyn Connector, entity: Entity, number: usize) -> Canonical {
    match entity {
        Entity::Customer => Canonical::Customer(Customer {
            email: Some(format!("Ada.{number}@Example.org")),
            name: "  Ada   Byron ".into(),
            phone: Some(format!("+43 1 555 {number:04}")),
            address: Some(Address {
                line1: Some("Ring 1".into()),
                city: Some("Wien".into()),
                postal_code: Some("1010".into()),
                country: Some("at".into()),
                ..Address::default()
            }),
        }),
        Entity::Product => Canonical::Product(Product {
            sku: format!("SAMPLE-{number}"),
            title: " Tea,  100 g".into(),
            price: Some(Money::new(1250, "EUR")),
        }),
        Entity::Stock => {
            Canonical::Stock(Stock { sku: format!("SAMPLE-{number}"), product: None, available_milli: 5_000 })
        }
        Entity::Order => {
            let (customer, product) =
                (some(fixture, connector, Entity::Customer).await, some(fixture, connector, Entity::Product).await);
            Canonical::Order(Order {
                number: format!("#90{number:02}"),
                placed_on: "2026-11-01".parse().ok(),
                currency: "EUR".into(),
                note: Some("ring twice".into()),
                customer: Some(reference(&customer)),
                ship_to: None,
                lines: vec![OrderLine {
                    product: Some(reference(&product)),
                    title: "Tea".into(),
                    quantity_milli: 2_000,
                    unit_price: Money::new(1250, "EUR"),
                }],
                shipping: None,
                tax: None,
                total: None,
            })
        }
        Entity::Payment => {
            let order = some(fixture, connector, Entity::Order).await;
            let Canonical::Order(of) = &order.record else { panic!("{order:?}") };
            Canonical::Payment(Payment {
                reference: format!("PAY-{number}"),
                customer: of.customer.clone(),
                order: Some(reference(&order)),
                amount: Money::new(500, "EUR"),
                paid_on: "2026-11-02".parse().ok(),
                method: None,
            })
        }
        Entity::Shipment => {
            let order = some(fixture, connector, Entity::Order).await;
            let Canonical::Order(of) = &order.record else { panic!("{order:?}") };
            let line =
                |line: &OrderLine| ShipmentLine { product: line.product.clone(), quantity_milli: line.quantity_milli };
            Canonical::Shipment(Shipment {
                number: format!("0000{number:02}"),
                order: Some(reference(&order)),
                shipped_on: "2026-11-03".parse().ok(),
                carrier: Some("DHL".into()),
                tracking: Some(format!("JD{number:08}")),
                lines: of.lines.iter().map(line).collect(),
            })
        }
    }
}

/// A record of an entity, newly made in the back office.
async fn some(fixture: &Fixture, connector: &dyn Connector, entity: Entity) -> Found {
    let id = fixture.make(entity, 1).await.remove(0);
    let id = if fixture.vendor == Vendor::Acumatica { id.rsplit('/').next().unwrap().to_owned() } else { id };
    read(connector, entity, &id).await.unwrap_or_else(|| panic!("{} {id} is not there", noun(entity)))
}

/// As the engine translates references: the destination's id and no key of its own.
fn reference(found: &Found) -> Reference {
    Reference { id: found.id.clone(), key: Some(found.id.clone()) }
}

/// The same record with something else in it that every vendor can change.
pub fn changed(record: &Canonical) -> Canonical {
    let mut record = record.clone();
    match &mut record {
        Canonical::Order(order) => order.note = Some("leave it at the door".into()),
        Canonical::Customer(customer) => {
            customer.name = "Ada Lovelace".into();
            if let Some(address) = &mut customer.address {
                address.city = Some("Graz".into());
            }
        }
        Canonical::Product(product) => {
            product.title = "Tea, 200 g".into();
            product.price = Some(Money::new(1990, "EUR"));
        }
        Canonical::Payment(payment) => payment.paid_on = "2026-11-05".parse().ok(),
        Canonical::Shipment(shipment) => shipment.tracking = Some("JD99999999".into()),
        Canonical::Stock(stock) => stock.available_milli += 3_000,
    }
    record
}

mod of_shopify {
    use domain::Vendor::Shopify;

    #[tokio::test]
    async fn an_insert_is_made_once_and_says_what_the_system_holds() {
        super::an_insert_is_made_once_and_says_what_the_system_holds(Shopify).await;
    }

    #[tokio::test]
    async fn an_insert_whose_answer_was_lost_is_found_again() {
        super::an_insert_whose_answer_was_lost_is_found_again(Shopify).await;
    }

    #[tokio::test]
    async fn an_update_changes_what_differs_and_only_once() {
        super::an_update_changes_what_differs_and_only_once(Shopify).await;
    }

    #[tokio::test]
    async fn an_update_of_what_is_gone_says_so() {
        super::an_update_of_what_is_gone_says_so(Shopify).await;
    }

    #[tokio::test]
    async fn removing_twice_is_removing_once() {
        super::removing_twice_is_removing_once(Shopify).await;
    }

    #[tokio::test]
    async fn a_note_on_a_record_changes_none_of_its_fields() {
        super::a_note_on_a_record_changes_none_of_its_fields(Shopify).await;
    }

    #[tokio::test]
    async fn the_schema_names_fields_and_follows_the_vendors_changes() {
        super::the_schema_names_fields_and_follows_the_vendors_changes(Shopify).await;
    }

    #[tokio::test]
    async fn a_listing_ends_at_the_moment_that_is_asked_for() {
        super::a_listing_ends_at_the_moment_that_is_asked_for(Shopify).await;
    }
}

mod of_acumatica {
    use domain::Vendor::Acumatica;

    #[tokio::test]
    async fn an_insert_is_made_once_and_says_what_the_system_holds() {
        super::an_insert_is_made_once_and_says_what_the_system_holds(Acumatica).await;
    }

    #[tokio::test]
    async fn an_insert_whose_answer_was_lost_is_found_again() {
        super::an_insert_whose_answer_was_lost_is_found_again(Acumatica).await;
    }

    #[tokio::test]
    async fn an_update_changes_what_differs_and_only_once() {
        super::an_update_changes_what_differs_and_only_once(Acumatica).await;
    }

    #[tokio::test]
    async fn an_update_of_what_is_gone_says_so() {
        super::an_update_of_what_is_gone_says_so(Acumatica).await;
    }

    #[tokio::test]
    async fn removing_twice_is_removing_once() {
        super::removing_twice_is_removing_once(Acumatica).await;
    }

    #[tokio::test]
    async fn a_note_on_a_record_changes_none_of_its_fields() {
        super::a_note_on_a_record_changes_none_of_its_fields(Acumatica).await;
    }

    #[tokio::test]
    async fn the_schema_names_fields_and_follows_the_vendors_changes() {
        super::the_schema_names_fields_and_follows_the_vendors_changes(Acumatica).await;
    }

    #[tokio::test]
    async fn a_listing_ends_at_the_moment_that_is_asked_for() {
        super::a_listing_ends_at_the_moment_that_is_asked_for(Acumatica).await;
    }
}
