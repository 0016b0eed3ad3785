//! Faults, one of each kind, and the control API's own door.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::kit::{ENTITY, Kit, order};

const SHOP: &str = "{ shop { name } }";

async fn fault(kit: &Kit, vendor: &str, account: &str, fault: Value) {
    kit.control("POST", &format!("{vendor}/faults?account={account}"), fault).await;
}

#[tokio::test(start_paused = true)]
async fn the_control_api_wants_its_token() {
    let kit = Kit::new();
    for header in [None, Some("Bearer wrong"), Some("control")] {
        let headers: Vec<_> = header.map(|value| ("authorization", value)).into_iter().collect();
        assert_eq!(kit.send("GET", "/_control/shopify/stats", &headers, None).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(start_paused = true)]
async fn each_fault_hits_the_next_request_and_is_over() {
    let kit = Kit::new();
    fault(&kit, "shopify", "sbx_shop", json!({"kind": "429", "next": 1})).await;
    let declined = kit.graphql(SHOP, json!({})).await;
    assert_eq!((declined.status, declined.headers.contains_key("retry-after")), (StatusCode::TOO_MANY_REQUESTS, true));
    fault(&kit, "shopify", "sbx_shop", json!({"kind": "5xx", "next": 1})).await;
    assert_eq!(kit.graphql(SHOP, json!({})).await.status, StatusCode::SERVICE_UNAVAILABLE);
    fault(&kit, "shopify", "sbx_shop", json!({"kind": "malformed", "next": 1})).await;
    assert!(kit.graphql(SHOP, json!({})).await.body.is_none());
    fault(&kit, "shopify", "sbx_shop", json!({"kind": "latency", "next": 1, "ms": 3000})).await;
    let before = Instant::now();
    assert!(kit.graphql(SHOP, json!({})).await.json()["data"].is_object());
    assert_eq!(before.elapsed(), Duration::from_secs(3));
    fault(&kit, "shopify", "sbx_shop", json!({"kind": "5xx"})).await;
    kit.control("DELETE", "shopify/faults?account=sbx_shop", Value::Null).await;
    assert_eq!(kit.graphql(SHOP, json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_connection_cut_after_the_write_leaves_the_record_and_no_answer() {
    let kit = Kit::new();
    let session = kit.session().await;
    kit.erp_basics(&session).await;
    fault(&kit, "acumatica", "sbx_erp", json!({"kind": "cut_after_write", "next": 1})).await;
    let running = kit.sandbox.start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let body = order("gid-1", "TEA", 1).to_string();
    let request = format!(
        "PUT {ENTITY}/SalesOrder HTTP/1.1\r\nhost: x\r\ncookie: {session}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(running.addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    assert_eq!(String::from_utf8_lossy(&answer), "");
    let list = kit.erp(&session, "GET", "SalesOrder", None).await;
    assert_eq!(list.json().as_array().unwrap().len(), 1);
    running.stop().await;
}
