//! Acumatica's licensed sessions: within the limit, resumed, and always given back.

use connectors::{Error, Listing};
use domain::{Entity, Vendor};
use serde_json::json;

use crate::fixture::Fixture;

fn items() -> Listing {
    Listing { entity: Entity::Product, since: None, until: None, cursor: None }
}

async fn in_use(fixture: &Fixture) -> serde_json::Value {
    fixture.stats().await["sessions"]["in_use"].clone()
}

#[tokio::test]
async fn many_requests_at_once_share_one_session_which_is_given_back() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    fixture.make(Entity::Product, 5).await;
    let connector = fixture.connector();
    assert!(connector.session().is_none());
    assert_eq!(in_use(&fixture).await, 0, "nothing is sent before the first call");
    let listing = items();
    let requests = (0..20).map(|_| connector.list(&listing));
    futures::future::join_all(requests).await.into_iter().for_each(|page| assert_eq!(page.unwrap().found.len(), 5));
    let stats = fixture.stats().await;
    assert_eq!(stats["sessions"]["max_seen"], 1);
    assert!(stats["concurrent"]["max_seen"].as_u64().unwrap() <= 4);
    connector.close().await.unwrap();
    connector.close().await.unwrap();
    assert_eq!(in_use(&fixture).await, 0);
    assert!(connector.session().is_none());
    connector.list(&items()).await.unwrap();
    connector.close().await.unwrap();
    assert_eq!(in_use(&fixture).await, 0);
}

#[tokio::test]
async fn a_taken_licence_is_waited_for_and_is_no_refusal_of_the_credentials() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    fixture.limits(json!({"sessions": 1})).await;
    let (first, second) = (fixture.connector(), fixture.connector());
    first.list(&items()).await.unwrap();
    assert!(matches!(second.list(&items()).await, Err(Error::RateLimited { retry_after: Some(_) })));
    first.close().await.unwrap();
    second.list(&items()).await.unwrap();
    second.close().await.unwrap();
    assert_eq!(in_use(&fixture).await, 0);
}

#[tokio::test]
async fn a_session_is_resumed_by_another_process_or_logged_out_by_it() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    fixture.limits(json!({"sessions": 1})).await;
    let first = fixture.connector();
    first.list(&items()).await.unwrap();
    let session = first.session();
    drop(first);
    let second = fixture.resumed(session.clone());
    second.list(&items()).await.unwrap();
    drop(second);
    // Ending it takes no password.
    let none = std::collections::BTreeMap::new();
    let third = connectors::connect(fixture.vendor, fixture.client(), &fixture.settings, &none, session).unwrap();
    third.close().await.unwrap();
    assert_eq!(in_use(&fixture).await, 0);
    assert!(matches!(third.list(&items()).await, Err(Error::Unauthorised { .. })));
    assert!(connectors::connect(fixture.vendor, fixture.client(), &fixture.settings, &none, None).is_err());
}

#[tokio::test]
async fn a_session_that_ended_is_replaced_once() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    let connector = fixture.connector();
    connector.list(&items()).await.unwrap();
    fixture.forget().await;
    let listing = items();
    let requests = (0..8).map(|_| connector.list(&listing));
    futures::future::join_all(requests).await.into_iter().for_each(|page| drop(page.unwrap()));
    assert_eq!(fixture.stats().await["sessions"]["max_seen"], 1);
    connector.close().await.unwrap();
    assert_eq!(in_use(&fixture).await, 0);
}

#[tokio::test]
async fn rubbish_in_place_of_a_session_is_ignored() {
    let fixture = Fixture::new(Vendor::Acumatica).await;
    for rubbish in ["", "{}", "not json", r#"{".ASPXAUTH":"forged\nX: y"}"#, r#"{".ASPXAUTH":"forged"}"#] {
        let connector = fixture.resumed(Some(rubbish.into()));
        connector.list(&items()).await.unwrap();
        connector.close().await.unwrap();
    }
    assert_eq!(in_use(&fixture).await, 0);
}
