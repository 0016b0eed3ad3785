//! The ERP's API.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::kit::{ENTITY, Kit, order};

#[tokio::test(start_paused = true)]
async fn sessions_are_limited_until_one_signs_out_or_idles() {
    let kit = Kit::new();
    let (first, second) = (kit.session().await, kit.session().await);
    let third = kit.login().await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third.json()["message"], "API Login Limit");
    let out = kit.send("POST", "/acumatica/demo/entity/auth/logout", &[("cookie", &first)], None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(kit.erp(&first, "GET", "Customer", None).await.status, StatusCode::UNAUTHORIZED);
    let third = kit.session().await;
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    assert_eq!(kit.erp(&second, "GET", "Customer", None).await.status, StatusCode::OK);
    tokio::time::advance(Duration::from_secs(6 * 60)).await;
    assert_eq!(kit.erp(&third, "GET", "Customer", None).await.status, StatusCode::UNAUTHORIZED);
    let stats = kit.control("GET", "acumatica/stats?account=sbx_erp", Value::Null).await;
    assert_eq!(stats["sessions"], json!({"in_use": 1, "max_seen": 2, "limit": 2}));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let kit = Kit::new();
    kit.session().await;
    for (name, password) in [("sbx_erp", "wrong"), ("admin", "secret")] {
        let answer = kit
            .send(
                "POST",
                "/acumatica/demo/entity/auth/login",
                &[],
                Some(json!({"name": name, "password": password, "tenant": "Demo"})),
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json()["message"], "Invalid credentials. Please try again.");
    }
    assert_eq!(kit.erp("", "GET", "Customer", None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn the_endpoints_are_listed_and_unknown_versions_and_entities_are_not_found() {
    let kit = Kit::new();
    let list = kit.send("GET", "/acumatica/demo/entity", &[], None).await;
    assert!(list.json()["endpoints"].as_array().unwrap().iter().any(|endpoint| endpoint["version"] == "24.200.001"));
    let session = kit.session().await;
    let old = kit
        .send("GET", &format!("{}/Customer", ENTITY.replace("24.200.001", "5.30.001")), &[("cookie", &session)], None)
        .await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
    assert_eq!(kit.erp(&session, "GET", "Spaceship", None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_completed_and_read_back_with_the_erps_own_values() {
    let kit = Kit::new();
    let session = kit.session().await;
    kit.erp_basics(&session).await;
    let mut body = order("gid-1", " tea ", 3);
    body["Description"] = json!({"value": format!("  {}", "long ".repeat(100))});
    body["FreightPrice"] = json!({"value": 4.9});
    body["TaxTotal"] = json!({"value": 7.41});
    let saved = kit.erp(&session, "PUT", "SalesOrder?$expand=Details,Totals", Some(body)).await;
    assert_eq!(saved.status, StatusCode::OK, "{saved:?}");
    let order = saved.json();
    assert_eq!((&order["OrderNbr"]["value"], &order["Status"]["value"]), (&json!("000001"), &json!("Open")));
    assert_eq!(order["Details"][0]["InventoryID"]["value"], "TEA");
    assert_eq!(order["Details"][0]["ExtendedPrice"]["value"], 37.04);
    assert_eq!(order["OrderTotal"]["value"], 49.35);
    assert_eq!(order["Description"]["value"].as_str().unwrap().len(), 256);
    assert!(order.get("ShipToAddress").is_none() && order["PaymentRef"] == json!({}));
    let read =
        kit.erp(&session, "GET", "SalesOrder/SO/000001?$expand=Details&$select=OrderNbr,Details/OrderQty", None).await;
    assert_eq!(read.json()["Details"][0]["OrderQty"]["value"], 3);
    assert!(read.json().get("OrderTotal").is_none());
    let by_id = kit.erp(&session, "GET", &format!("SalesOrder/{}", order["id"].as_str().unwrap()), None).await;
    assert_eq!(by_id.json()["OrderNbr"]["value"], "000001");
}

#[tokio::test(start_paused = true)]
async fn put_with_a_filter_makes_once_and_changes_after() {
    let kit = Kit::new();
    let session = kit.session().await;
    kit.erp_basics(&session).await;
    let path = "SalesOrder?$filter=ExternalRef%20eq%20'gid-1'";
    for quantity in [2, 2, 5] {
        let mut body = order("gid-1", "TEA", quantity);
        if quantity == 5 {
            body = json!({"Description": {"value": "changed"}});
        }
        let saved = kit.erp(&session, "PUT", path, Some(body)).await;
        assert_eq!(saved.json()["OrderNbr"]["value"], "000001");
    }
    let stats = kit.control("GET", "acumatica/stats?account=sbx_erp&by_record=true", Value::Null).await;
    let writes = &stats["writes"]["SalesOrder"];
    assert_eq!(
        (&writes["inserts"], &writes["total"], &writes["by_record"]["gid-1"]),
        (&json!(1), &json!(3), &json!(3))
    );
    let missing = kit
        .send(
            "PUT",
            &format!("{ENTITY}/Customer?$filter=AccountRef%20eq%20'x'"),
            &[("cookie", &session), ("if-match", "*")],
            Some(json!({})),
        )
        .await;
    assert_eq!(missing.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test(start_paused = true)]
async fn a_refused_order_comes_back_with_errors_in_its_fields_and_goes_through_once_the_item_is_active() {
    let kit = Kit::new();
    let session = kit.session().await;
    kit.erp_basics(&session).await;
    kit.control("PATCH", "acumatica/StockItem/TEA?account=sbx_erp", json!({"ItemStatus": "Inactive"})).await;
    let mut body = order("gid-1", "TEA", -1);
    body["CustomerID"] = json!({"value": "nobody"});
    let refused = kit.erp(&session, "PUT", "SalesOrder", Some(body)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let echo = refused.json();
    assert_eq!(echo["CustomerID"], json!({"value": "NOBODY", "error": "'Customer' cannot be found in the system."}));
    assert_eq!(echo["Details"][0]["InventoryID"]["error"], "Inventory ID 'TEA': the item status is Inactive.");
    assert!(echo["Details"][0]["OrderQty"]["error"].is_string());
    kit.control("PATCH", "acumatica/StockItem/TEA?account=sbx_erp", json!({"ItemStatus": "Active"})).await;
    assert_eq!(kit.erp(&session, "PUT", "SalesOrder", Some(order("gid-1", "TEA", 1))).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_the_contract_does_not_have_is_refused() {
    let kit = Kit::new();
    let session = kit.session().await;
    for (path, body) in [
        ("Customer", json!({"Colour": {"value": "red"}})),
        ("Customer", json!({"CustomerName": "bare"})),
        ("Customer?$expand=Nothing", json!({})),
        ("Customer?$orderby=CustomerID", json!({})),
    ] {
        assert_eq!(kit.erp(&session, "PUT", path, Some(body)).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    let missing = kit.erp(&session, "PUT", "Customer", Some(json!({"Email": {"value": "a@b.example"}}))).await;
    assert_eq!(missing.json()["CustomerName"]["error"], "'Customer Name' cannot be empty.");
}

#[tokio::test(start_paused = true)]
async fn changed_records_are_listed_since_a_time_and_in_pages() {
    let kit = Kit::new();
    let session = kit.session().await;
    kit.erp_basics(&session).await;
    for number in 0..5 {
        tokio::time::advance(Duration::from_secs(10)).await;
        kit.erp(&session, "PUT", "SalesOrder", Some(order(&format!("r{number}"), "TEA", 1))).await;
    }
    let since = "SalesOrder?$filter=LastModified%20gt%20datetimeoffset'2026-11-20T12%3A00%3A20%2B00%3A00'";
    let list = kit.erp(&session, "GET", since, None).await;
    let numbers: Vec<_> =
        list.json().as_array().unwrap().iter().map(|order| order["OrderNbr"]["value"].clone()).collect();
    assert_eq!(numbers, ["000003", "000004", "000005"]);
    let page = kit.erp(&session, "GET", &format!("{since}&$top=1&$skip=1"), None).await;
    assert_eq!(page.json()[0]["OrderNbr"]["value"], "000004");
    let wrong = kit.erp(&session, "GET", "SalesOrder?$filter=Colour%20eq%20'red'", None).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn from_half_of_the_minutes_quota_on_requests_wait() {
    let kit = Kit::new();
    let session = kit.session().await;
    kit.control("POST", "acumatica/limits?account=sbx_erp", json!({"per_minute": 11})).await;
    for _ in 0..5 {
        kit.erp(&session, "GET", "Customer", None).await;
    }
    let before = Instant::now();
    assert_eq!(kit.erp(&session, "GET", "Customer", None).await.status, StatusCode::OK);
    assert_eq!(before.elapsed().as_secs(), 60 / (11 - 6));
    let stats = kit.control("GET", "acumatica/stats?account=sbx_erp", Value::Null).await;
    assert_eq!((&stats["delayed"], &stats["throttled"]), (&json!(1), &json!(0)));
}

#[tokio::test(start_paused = true)]
async fn the_twenty_first_request_that_would_wait_is_declined() {
    let kit = Kit::new();
    let session = kit.session().await;
    kit.control("POST", "acumatica/limits?account=sbx_erp", json!({"per_minute": 2})).await;
    let requests = (0..25).map(|_| {
        let (kit, session) = (kit.clone(), session.clone());
        tokio::spawn(async move { kit.erp(&session, "GET", "Customer", None).await.status })
    });
    let mut statuses = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        statuses.push(request.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count(), 5);
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 20);
}
