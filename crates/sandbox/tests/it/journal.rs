//! What is on disk is there again.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::kit::{Kit, order};

#[tokio::test(start_paused = true)]
async fn records_limits_passwords_and_counts_survive_a_process_that_was_killed() {
    let directory = std::env::temp_dir().join(format!("sandbox-{}", uuid::Uuid::new_v4()));
    let kit = Kit::open(Some(directory.clone()));
    kit.control("POST", "accounts", json!({"shop_token": "sbx_shop", "erp_user": "sbx_erp", "erp_password": "secret", "erp_company": "Demo", "demo": true})).await;
    kit.control("POST", "acumatica/limits", json!({"sessions": 1})).await;
    let session = kit.session().await;
    kit.erp_basics(&session).await;
    for _ in 0..2 {
        kit.erp(&session, "PUT", "SalesOrder?$filter=ExternalRef%20eq%20'gid-1'", Some(order("gid-1", "TEA", 1))).await;
    }
    // Nothing is closed or flushed: a second sandbox reads what a killed one would have left, and a line that was cut short.
    for entry in std::fs::read_dir(&directory).unwrap() {
        let mut file = std::fs::OpenOptions::new().append(true).open(entry.unwrap().path()).unwrap();
        std::io::Write::write_all(&mut file, b"{\"put\":{\"table\":\"Sal\xc3").unwrap();
    }
    let again = Kit::open(Some(directory.clone()));
    let stats = again.control("GET", "acumatica/stats?by_record=true", Value::Null).await;
    assert_eq!(stats["sessions"]["limit"], 1);
    assert_eq!(stats["writes"]["SalesOrder"]["by_record"]["gid-1"], 2);
    let orders = again.control("GET", "shopify/orders", Value::Null).await;
    assert_eq!(orders["count"], 40);
    let wrong = json!({"name": "sbx_erp", "password": "wrong", "tenant": "Demo"});
    assert_eq!(
        again.send("POST", "/acumatica/demo/entity/auth/login", &[], Some(wrong)).await.status,
        StatusCode::UNAUTHORIZED
    );
    let session = again.session().await;
    let list = again.erp(&session, "GET", "SalesOrder", None).await;
    assert_eq!(list.json()[0]["ExternalRef"]["value"], "gid-1");
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_demo_has_one_order_for_the_inactive_item_and_is_made_once() {
    let kit = Kit::new();
    let wanted = json!({"shop_token": "sbx_shop", "erp_user": "sbx_erp", "erp_password": "secret", "erp_company": "Demo", "demo": true});
    for _ in 0..2 {
        kit.control("POST", "accounts", wanted.clone()).await;
    }
    let orders = kit.control("GET", "shopify/orders", Value::Null).await;
    let with_item =
        |order: &&Value| order["lineItems"].as_array().unwrap().iter().any(|line| line["sku"] == "TEA-EARL-100");
    assert_eq!(orders["records"].as_array().unwrap().iter().filter(with_item).count(), 1);
    let items = kit.control("GET", "acumatica/StockItem", Value::Null).await;
    assert_eq!(items["records"][0]["ItemStatus"], "Inactive");
    kit.control("POST", "reset", json!({})).await;
    assert_eq!(kit.control("GET", "shopify/orders", Value::Null).await["count"], 0);
}
