//! What holds for every vendor.

use std::collections::BTreeMap;

use connectors::error::Unreachable;
use connectors::{Connector, Error, Found, Listing};
use domain::{Entity, Vendor};
use serde_json::json;

use crate::fixture::{Fixture, pages, pages_since};

fn all_of(entity: Entity) -> Listing {
    Listing { entity, since: None, until: None, cursor: None }
}

fn a_change(vendor: Vendor) -> serde_json::Value {
    match vendor {
        Vendor::Shopify => json!({"note": "changed meanwhile"}),
        Vendor::Acumatica => json!({"Description": "changed meanwhile"}),
    }
}

#[test]
fn the_mapping_has_the_fields_of_both_sides() {
    for entity in Entity::ALL {
        let mapping = connectors::mapping(Vendor::Shopify, Vendor::Acumatica, *entity);
        assert!(mapping.len() >= 3 && mapping.iter().all(|row| row.field != "total"), "{mapping:?}");
    }
}

#[tokio::test]
async fn the_check_says_what_was_reached() {
    for vendor in Vendor::ALL {
        let fixture = Fixture::new(*vendor).await;
        let connector = fixture.connector();
        let reached = connector.check().await.unwrap();
        assert!(!reached.name.is_empty() && reached.facts.len() >= 4, "{reached:?}");
        connector.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_listing_misses_nothing_while_records_change() {
    for vendor in Vendor::ALL {
        let fixture = Fixture::new(*vendor).await;
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.extend(fixture.make(Entity::Order, 60).await);
        }
        let connector = fixture.connector();
        let before: Vec<String> = pages(&*connector, Entity::Order, async |_| {})
            .await
            .into_iter()
            .flat_map(|page| page.found)
            .map(|f| f.id)
            .collect();
        assert_eq!(sorted(&before).len(), 240, "{vendor}: {} listed", before.len());
        let listed = pages(&*connector, Entity::Order, async |page| {
            if page < 4 {
                // Some that were listed already and some that were not, and a new one.
                for id in [&before[page], &before[100 + page], &before[239 - page]] {
                    fixture.edit(Entity::Order, id, a_change(*vendor)).await;
                }
                fixture.make(Entity::Order, 1).await;
            }
        })
        .await;
        let started = listed[0].clock.unwrap();
        let mut last: BTreeMap<String, Found> = BTreeMap::new();
        for found in listed.into_iter().flat_map(|page| page.found) {
            last.insert(found.id.clone(), found);
        }
        assert!(before.iter().all(|id| last.contains_key(id)), "{vendor}: a record was missed");
        // A change in the same second as its listing may be missed by this one; the next begins five minutes earlier.
        let since = Some(started - chrono::TimeDelta::minutes(5));
        let next = pages_since(&*connector, Listing { since, ..all_of(Entity::Order) }, async |_| {}).await;
        last.extend(next.into_iter().flat_map(|page| page.found).map(|found| (found.id.clone(), found)));
        let states = connector.read(Entity::Order, &last.keys().cloned().collect::<Vec<_>>()).await.unwrap();
        assert!(states.iter().all(|now| last[&now.id] == *now), "{vendor}: the last state was not listed");
        connector.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_listing_begins_at_the_moment_that_is_asked_for() {
    for vendor in Vendor::ALL {
        let fixture = Fixture::new(*vendor).await;
        fixture.make(Entity::Customer, 30).await;
        let connector = fixture.connector();
        let page = connector.list(&all_of(Entity::Customer)).await.unwrap();
        assert!(page.clock.is_some() && page.found.is_sorted_by_key(|found| found.modified_at));
        let newest = page.found.last().unwrap().modified_at;
        let since = connector.list(&Listing { since: newest, ..all_of(Entity::Customer) }).await.unwrap();
        assert!(!since.found.is_empty() && since.found.iter().all(|found| found.modified_at >= newest));
        connector.close().await.unwrap();
    }
}

#[tokio::test]
async fn records_read_one_way_are_the_same_read_another_and_are_fixed_points() {
    for vendor in Vendor::ALL {
        let fixture = Fixture::new(*vendor).await;
        fixture.make(Entity::Order, 20).await;
        let connector = fixture.connector();
        for entity in Entity::ALL.iter().filter(|entity| connector.abilities(**entity).read) {
            fixture.make(*entity, 3).await;
            let listed = connector.list(&all_of(*entity)).await.unwrap();
            assert!(
                !listed.found.is_empty() && listed.unreadable.is_empty(),
                "{vendor} {entity}: {:?}",
                listed.unreadable
            );
            let ids: Vec<String> = listed.found.iter().map(|found| found.id.clone()).collect();
            let mut read = connector.read(*entity, &ids).await.unwrap();
            read.sort_by_key(|found| ids.iter().position(|id| *id == found.id));
            assert_eq!(read, listed.found);
            for found in read {
                assert_eq!(connector.normalise(&found.record), found.record);
                assert!(found.url.is_some_and(|url| url.starts_with("http://")));
            }
        }
        connector.close().await.unwrap();
    }
}

#[tokio::test]
async fn five_hundred_ids_are_read_and_unknown_ones_are_missing() {
    for vendor in Vendor::ALL {
        let fixture = Fixture::new(*vendor).await;
        fixture.make(Entity::Customer, 498).await;
        let connector = fixture.connector();
        let found = pages(&*connector, Entity::Customer, async |_| {}).await.into_iter().flat_map(|page| page.found);
        let mut ids: Vec<String> = found.map(|found| found.id).collect();
        ids.extend(["gid://shopify/Customer/1".to_owned(), "it's not there".to_owned()]);
        assert_eq!(connector.read(Entity::Customer, &ids).await.unwrap().len(), 498);
        assert!(connector.read(Entity::Customer, &[]).await.unwrap().is_empty());
        connector.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_record_is_found_by_its_key_and_a_hostile_key_finds_nothing() {
    for vendor in Vendor::ALL {
        let fixture = Fixture::new(*vendor).await;
        fixture.make(Entity::Customer, 12).await;
        fixture.make(Entity::Product, 12).await;
        let connector = fixture.connector();
        for entity in [Entity::Customer, Entity::Product] {
            let listed = connector.list(&all_of(entity)).await.unwrap().found;
            let key = listed[3].record.key().unwrap();
            assert_eq!(ids(&*connector, entity, key).await, [listed[3].id.as_str()], "{vendor} {entity} {key}");
            for hostile in ["nobody@nowhere.example", "x' or '1' eq '1", "*", "'", "\\", "a%27b", "😀"] {
                assert!(ids(&*connector, entity, hostile).await.is_empty(), "{vendor} {entity} {hostile}");
            }
        }
        connector.close().await.unwrap();
    }
}

#[tokio::test]
async fn each_fault_is_told_apart() {
    for vendor in Vendor::ALL {
        let fixture = Fixture::new(*vendor).await;
        fixture.make(Entity::Customer, 3).await;
        let connector = fixture.connector();
        connector.list(&all_of(Entity::Customer)).await.unwrap();
        for (kind, expected) in [("429", "limited"), ("5xx", "unavailable"), ("malformed", "malformed")] {
            fixture.fault(kind, 1).await;
            let error = connector.list(&all_of(Entity::Customer)).await.unwrap_err();
            let told = match &error {
                Error::RateLimited { .. } => "limited",
                Error::Unavailable { reason: Unreachable::Broken, .. } => "unavailable",
                Error::Malformed { .. } => "malformed",
                other => panic!("{vendor} {kind}: {other:?}"),
            };
            assert_eq!(told, expected, "{vendor}");
            connector.list(&all_of(Entity::Customer)).await.unwrap();
        }
        connector.close().await.unwrap();
    }
}

#[tokio::test]
async fn wrong_credentials_and_versions_are_told_with_their_field() {
    for (vendor, credential, version) in
        [(Vendor::Shopify, "access_token", "api_version"), (Vendor::Acumatica, "password", "endpoint_version")]
    {
        let fixture = Fixture::new(vendor).await.with(credential, "something else");
        let wrong = fixture.connector();
        assert!(matches!(wrong.check().await, Err(Error::Unauthorised { .. })), "{vendor}");
        wrong.close().await.unwrap();
        let fixture = Fixture::new(vendor).await.with(version, "1999-01");
        let old = fixture.connector();
        assert!(
            matches!(old.check().await, Err(Error::Rejected { field: Some(field), .. }) if field == version),
            "{vendor}"
        );
        let listed = old.list(&all_of(Entity::Customer)).await;
        assert!(matches!(listed, Err(Error::Rejected { field: Some(field), .. }) if field == version), "{vendor}");
        old.close().await.unwrap();
    }
}

async fn ids(connector: &dyn Connector, entity: Entity, key: &str) -> Vec<String> {
    connector.find_by_key(entity, key).await.unwrap().into_iter().map(|found| found.id).collect()
}

fn sorted(ids: &[String]) -> Vec<&String> {
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort();
    ids.dedup();
    ids
}
