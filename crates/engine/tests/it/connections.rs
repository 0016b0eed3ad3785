//! What may be changed about a connection, and what that needs.

use chrono::TimeDelta;
use domain::Vendor;
use domain::run::Phase;
use engine::Error;
use serde_json::json;

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

#[tokio::test]
async fn what_had_changed_before_at_the_shop_to_which_a_connection_moves_is_found() {
    let world = world().await;
    let pair = world.pair().await;
    let accounts = json!({"shop_token": "sbx_next", "erp_user": "sbx_next", "erp_password": "secret"});
    world.control("POST", "accounts", accounts).await;
    world.control("POST", "shopify/customers?account=sbx_next", json!({"count": 3})).await;
    world.clock.advance(TimeDelta::hours(2));
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 2})).await;
    world.sync(pair.customers).await;
    let known = "SELECT count(*) FROM records WHERE entity = 'customer'";
    assert_eq!(world.number(known).await, 2);

    let (engine, member) = (&world.engine, &world.member);
    let shops = engine::connections::list(engine, member).await.unwrap();
    let shop = shops.iter().find(|connection| connection.vendor == Vendor::Shopify).unwrap().id;
    let url = format!("http://{}/shopify/next-shop", world.sandbox.addr);
    let moved = form("Shop", &[("shop_url", &url), ("api_version", "2026-10"), ("access_token", "sbx_next")]);
    world.clock.advance(TimeDelta::minutes(1));
    engine::connections::update(engine, member, shop, &moved, world.now()).await.unwrap();
    engine::runs::start(engine, member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    // The sandbox's shops number their customers alike, so that two of the three are known by their ids.
    assert_eq!(world.number(known).await, 3, "they are older than what was listed last");
}
