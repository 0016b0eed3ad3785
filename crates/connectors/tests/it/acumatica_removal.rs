//! Acumatica: cancelling, deactivating, deleting, noting, and the schema.

use connectors::{Annotation, Connector, Error, Failure, Removal, SchemaField};
use domain::canonical::{Canonical, Payment, Product};
use domain::{Entity, Vendor};
use serde_json::{Value, json};

use crate::acumatica::{ada, eur, insert, order, reference, stocked, update};
use crate::fixture::Fixture;

async fn is_there(connector: &dyn Connector, entity: Entity, id: &str) -> bool {
    !connector.read(entity, &[id.to_owned()]).await.unwrap().is_empty()
}

fn refusal(outcome: Result<connectors::Exchange, Failure>) -> String {
    match outcome {
        Err(Failure { error: Error::Rejected { message, .. }, .. }) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_order_is_cancelled_once_and_then_counts_as_gone() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let customer = stocked(&fixture, &*connector).await;
    let record = Canonical::Order(order(&customer, &["A"]));
    let saved = connector.save(&insert(&record, "order-1")).await.unwrap();
    fixture.fault("cut_after_write", 1).await;
    let lost = connector.remove(Entity::Order, &saved.found.id, Removal::Delete).await.unwrap_err();
    assert!(matches!(lost.error, Error::Unavailable { .. }), "{lost:?}");
    connector.remove(Entity::Order, &saved.found.id, Removal::Delete).await.unwrap();
    assert!(!is_there(&*connector, Entity::Order, &saved.found.id).await);
    let kept = fixture.control("GET", "/acumatica/orders", Value::Null).await["records"][0].clone();
    assert_eq!(kept["Status"], "Canceled");
    assert_eq!(fixture.stats().await["writes"]["SalesOrder"]["by_record"], Value::Null);
    assert_eq!(fixture.stats().await["writes"]["SalesOrder"]["total"], 2, "an insert and one cancelling");
    assert!(connector.find_by_key(Entity::Order, "#1042").await.unwrap().is_empty());
    assert!(connector.save(&update(&saved, &record)).await.is_err(), "a cancelled order is not changed");
    let again = connector.save(&insert(&record, "order-1")).await.unwrap();
    assert_ne!(again.found.id, saved.found.id, "what lives again is a new order");
    connector.close().await.unwrap();
}

#[tokio::test]
async fn an_order_that_was_shipped_is_not_cancelled() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let customer = stocked(&fixture, &*connector).await;
    let saved = connector.save(&insert(&Canonical::Order(order(&customer, &["A"])), "order-1")).await.unwrap();
    fixture.edit(Entity::Order, &saved.found.id, json!({"Status": "Shipping"})).await;
    let message = refusal(connector.remove(Entity::Order, &saved.found.id, Removal::Delete).await);
    assert!(message.contains("disabled"), "{message}");
    assert!(is_there(&*connector, Entity::Order, &saved.found.id).await);
    connector.close().await.unwrap();
}

#[tokio::test]
async fn customers_and_items_go_out_of_use_or_are_deleted_unless_documents_need_them() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let customer = stocked(&fixture, &*connector).await;
    connector.save(&insert(&Canonical::Order(order(&customer, &["A"])), "order-1")).await.unwrap();
    for (entity, id, status) in [(Entity::Customer, customer.as_str(), "Status"), (Entity::Product, "A", "ItemStatus")]
    {
        let message = refusal(connector.remove(entity, id, Removal::Delete).await);
        assert!(message.contains("cannot be deleted"), "{message}");
        for _ in 0..2 {
            connector.remove(entity, id, Removal::Deactivate).await.unwrap();
        }
        assert!(is_there(&*connector, entity, id).await);
        let noun = if entity == Entity::Customer { "customers" } else { "products" };
        let kept = fixture.control("GET", &format!("/acumatica/{noun}"), Value::Null).await["records"][0].clone();
        assert_eq!(kept[status], "Inactive");
    }
    let odd = Canonical::Product(Product { sku: "B/1 O'X".into(), title: "Odd".into(), price: None });
    let odd = connector.save(&insert(&odd, "item")).await.unwrap().found.id;
    let free = connector.save(&insert(&Canonical::Customer(ada()), "customer-2")).await.unwrap().found.id;
    for (entity, id) in [(Entity::Product, odd.as_str()), (Entity::Product, "D"), (Entity::Customer, free.as_str())] {
        fixture.fault("cut_after_write", 1).await;
        connector.remove(entity, id, Removal::Delete).await.unwrap_err();
        connector.remove(entity, id, Removal::Delete).await.unwrap();
        connector.remove(entity, id, Removal::Deactivate).await.unwrap();
        assert!(!is_there(&*connector, entity, id).await, "{id}");
    }
    assert_eq!(fixture.stats().await["writes"]["StockItem"]["deletes"], 2);
    connector.close().await.unwrap();
}

#[tokio::test]
async fn a_payment_is_deleted_until_it_is_released_and_what_cannot_be_done_says_so() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let customer = stocked(&fixture, &*connector).await;
    let record = Canonical::Payment(Payment {
        reference: "P".into(),
        order: None,
        customer: Some(reference(&customer)),
        amount: eur(100),
        paid_on: None,
        method: None,
    });
    let payment = connector.save(&insert(&record, "payment-1")).await.unwrap().found.id;
    fixture.edit(Entity::Payment, &payment, json!({"Status": "Open"})).await;
    assert!(refusal(connector.remove(Entity::Payment, &payment, Removal::Delete).await).contains("released"));
    fixture.edit(Entity::Payment, &payment, json!({"Status": "Voided"})).await;
    connector.remove(Entity::Payment, &payment, Removal::Delete).await.unwrap();
    for entity in Entity::ALL {
        let abilities = connector.abilities(*entity);
        for (how, able) in [(Removal::Deactivate, abilities.deactivate), (Removal::Delete, abilities.delete)] {
            let outcome = connector.remove(*entity, "nothing has this id", how).await;
            assert_eq!(outcome.is_ok(), able, "{entity} {how:?}: what is not there counts as removed");
        }
    }
    connector.close().await.unwrap();
}

#[tokio::test]
async fn a_note_is_written_once_beside_what_people_wrote_and_changes_no_record() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let note = Annotation { tag: Some("syncline".into()), values: vec![("shop_number".into(), "#1".into())] };
    for (entity, table) in [
        (Entity::Order, "SalesOrder"),
        (Entity::Customer, "Customer"),
        (Entity::Product, "StockItem"),
        (Entity::Payment, "Payment"),
        (Entity::Shipment, "Shipment"),
    ] {
        let made = fixture.make(entity, 1).await.remove(0);
        let id = made.rsplit('/').next().unwrap().to_owned();
        let found = connector.read(entity, std::slice::from_ref(&id)).await.unwrap().remove(0);
        fixture.edit(entity, &id, json!({"note": "Call first!"})).await;
        for _ in 0..3 {
            connector.annotate(entity, &id, &note).await.unwrap();
        }
        assert_eq!(fixture.stats().await["writes"][table]["total"], 1, "{entity}");
        let kept = fixture.control("GET", &format!("/acumatica/{table}"), Value::Null).await["records"].clone();
        let kept = kept.as_array().unwrap().iter().find(|kept| kept["note"] != Value::Null).unwrap().clone();
        assert_eq!(kept["note"], "Call first!\nsyncline\nSyncline shop_number: #1", "{entity}");
        let now = connector.read(entity, &[id]).await.unwrap().remove(0);
        assert_eq!(now.record.hash(), found.record.hash(), "{entity}");
    }
    let nobody = connector.annotate(Entity::Order, "000999", &note).await.unwrap_err();
    assert_eq!(nobody.error, Error::NotFound);
    let level = connector.annotate(Entity::Stock, "A", &note).await.unwrap_err();
    assert!(matches!(level.error, Error::Rejected { code, .. } if code == "unsupported"));
    connector.close().await.unwrap();
}

#[tokio::test]
async fn every_field_of_the_mapping_is_one_of_the_schema() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    for entity in Entity::ALL {
        let schema = connector.schema(*entity).await.unwrap();
        let is_known = |name: &str| {
            let own = name.split_once('.').map_or(name, |(_, rest)| rest);
            let is_part = |field: &SchemaField, name: &str| {
                field.name == name || field.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
            };
            schema.iter().any(|field| is_part(field, name) || is_part(field, own))
        };
        for row in connectors::mapping(Vendor::Acumatica, Vendor::Acumatica, *entity) {
            assert!(row.source.split(" and ").all(is_known), "{entity} {}: {}", row.field, row.source);
        }
    }
    connector.close().await.unwrap();
}

#[tokio::test]
async fn the_schema_names_what_is_read_and_shows_what_changed() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    let has = |fields: &[SchemaField], name: &str| fields.iter().any(|field| field.name == name);
    for (entity, names) in [
        (Entity::Order, &["OrderNbr", "Details.InventoryID", "Totals.Freight", "ShipToAddress.City"][..]),
        (Entity::Customer, &["CustomerID", "MainContact.Address.City"]),
        (Entity::Product, &["InventoryID", "DefaultPrice"]),
        (Entity::Payment, &["PaymentRef", "OrdersToApply.OrderNbr"]),
        (Entity::Shipment, &["ShipmentNbr", "Packages.TrackingNbr"]),
        (Entity::Stock, &["Results.QtyAvailable"]),
    ] {
        let fields = connector.schema(entity).await.unwrap();
        assert!(fields.is_sorted() && names.iter().all(|name| has(&fields, name)), "{entity}: {fields:?}");
    }
    let schema = async |change: Value| drop(fixture.control("POST", "/acumatica/schema", change).await);
    schema(json!({"entity": "orders", "add": "UsrGift", "kind": "CustomBooleanField"})).await;
    schema(json!({"entity": "orders", "retype": "UsrGift", "kind": "CustomStringField"})).await;
    schema(json!({"entity": "orders", "remove": "Details.LineDescription"})).await;
    let fields = connector.schema(Entity::Order).await.unwrap();
    let gift = fields.iter().find(|field| field.name.ends_with("UsrGift")).unwrap();
    assert_eq!((gift.name.as_str(), gift.kind.as_str()), ("custom.CurrentDocument.UsrGift", "CustomStringField"));
    assert!(!has(&fields, "Details.LineDescription"));
    let customer = stocked(&fixture, &*connector).await;
    let saved = connector.save(&insert(&Canonical::Order(order(&customer, &["A"])), "order-1")).await.unwrap();
    let Canonical::Order(order) = saved.found.record else { panic!() };
    assert_eq!((order.lines.len(), order.lines[0].title.as_str()), (1, ""));
    schema(json!({"entity": "orders", "add": "Details.LineDescription"})).await;
    assert!(has(&connector.schema(Entity::Order).await.unwrap(), "Details.LineDescription"));
    connector.close().await.unwrap();
}
