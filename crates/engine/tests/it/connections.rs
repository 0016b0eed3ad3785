//! What may be changed about a connection, and what that needs.

use domain::Vendor;
use engine::Error;

use crate::support::{form, world};

#[tokio::test]
async fn a_stored_secret_does_not_follow_a_changed_address() {
    let world = world().await;
    let at = |url: &str, token: &str| {
        form("Shop", &[("shop_url", url), ("api_version", "2026-10"), ("access_token", token)])
    };
    let (engine, member, now) = (&world.engine, &world.member, world.now());
    let own = at("https://own.example.com", "sbx_shop");
    let id = engine::connections::create(engine, member, Vendor::Shopify, &own, now).await.unwrap();

    let elsewhere = at("https://elsewhere.example.com", "");
    let saved = engine::connections::update(engine, member, id, &elsewhere, now).await;
    let tested = engine::connections::test_form(engine, member, Vendor::Shopify, Some(id), &elsewhere, now).await;
    for refused in [saved.map(drop), tested.map(drop)] {
        let Err(Error::InvalidFields(fields)) = refused else { panic!("{refused:?}") };
        assert_eq!(fields[0].0, "access_token");
    }
    let view = engine::connections::get(engine, member, id, world.now()).await.unwrap();
    assert_eq!(view.settings["shop_url"], "https://own.example.com");

    let again = at("https://elsewhere.example.com", "sbx_other");
    engine::connections::update(engine, member, id, &again, now).await.unwrap();
}
