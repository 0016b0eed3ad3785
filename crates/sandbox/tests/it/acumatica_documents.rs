//! The ERP's payments, shipments, stock levels, actions, deletions and schema.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::kit::{Kit, order};

/// An ERP with a customer, an item and an order of three pieces.
async fn ordered(kit: &Kit) -> String {
    let session = kit.session().await;
    kit.erp_basics(&session).await;
    let saved = kit.erp(&session, "PUT", "SalesOrder", Some(order("gid-1", "TEA", 3))).await;
    assert_eq!(saved.status, StatusCode::OK, "{saved:?}");
    session
}

fn payment(order: &str, amount: f64) -> Value {
    json!({
        "Type": {"value": "Payment"}, "CustomerID": {"value": "C1"}, "PaymentRef": {"value": "P-1"},
        "PaymentAmount": {"value": amount}, "OrdersToApply": [{"OrderType": {"value": "SO"}, "OrderNbr": {"value": order}}],
    })
}

async fn status(kit: &Kit) -> Value {
    kit.control("GET", "acumatica/orders", Value::Null).await["records"][0]["Status"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_payment_pays_what_its_order_has_open_and_is_fixed_by_its_release() {
    let kit = Kit::new();
    let session = ordered(&kit).await;
    let saved = kit.erp(&session, "PUT", "Payment?$expand=OrdersToApply", Some(payment("000001", 50.0))).await;
    let (paid, open) = (&saved.json()["OrdersToApply"][0]["AppliedToOrder"], &saved.json()["AvailableBalance"]);
    assert_eq!((&paid["value"], &open["value"]), (&json!(37.04), &json!(12.96)));
    let wrong = kit.erp(&session, "PUT", "Payment?$expand=OrdersToApply", Some(payment("000009", 50.0))).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.json()["OrdersToApply"][0]["OrderNbr"]["error"].is_string());
    kit.control("PATCH", "acumatica/payments/000001", json!({"Status": "Open"})).await;
    let late =
        json!({"Type": {"value": "Payment"}, "ReferenceNbr": {"value": "000001"}, "PaymentAmount": {"value": 1}});
    let late = kit.erp(&session, "PUT", "Payment", Some(late)).await;
    assert!(late.json()["PaymentAmount"]["error"].as_str().unwrap().contains("released"));
    let deleted = kit.erp(&session, "DELETE", "Payment/Payment/000001", None).await;
    assert_eq!(deleted.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(deleted.json()["exceptionType"], "PX.Data.PXException");
}

#[tokio::test(start_paused = true)]
async fn shipping_an_order_makes_a_shipment_of_what_is_open_and_completes_it() {
    let kit = Kit::new();
    let session = ordered(&kit).await;
    let part = json!({"records": [{"Orders": [{"OrderNbr": "000001"}], "Details": [
        {"InventoryID": "TEA", "OrderNbr": "000001", "OrderType": "SO", "OrderLineNbr": 1, "ShippedQty": 1}]}]});
    kit.control("POST", "acumatica/shipments", part).await;
    assert_eq!(status(&kit).await, "Back Order");
    kit.control("PATCH", "acumatica/orders/SO/000001", json!({"Status": "Shipping"})).await;
    assert_eq!(status(&kit).await, "Completed");
    let list = kit.erp(&session, "GET", "Shipment?$expand=Details,Orders,Packages", None).await;
    let last = &list.json()[1];
    assert_eq!((&last["ShippedQty"]["value"], &last["Status"]["value"]), (&json!(2), &json!("Confirmed")));
    assert_eq!(last["Orders"][0]["OrderNbr"]["value"], "000001");
    assert!(last["Packages"][0]["TrackingNbr"]["value"].as_str().unwrap().starts_with("1Z"));
    let again = json!({"records": [{"Orders": [{"OrderNbr": "000001"}]}]});
    let headers = [("authorization", "Bearer control")];
    let nothing = kit.send("POST", "/_control/acumatica/shipments", &headers, Some(again)).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_cancelled_by_its_action_unless_it_was_shipped() {
    let kit = Kit::new();
    let session = ordered(&kit).await;
    let body = json!({"entity": {"OrderType": {"value": "SO"}, "OrderNbr": {"value": "000001"}}, "parameters": {}});
    let accepted = kit.erp(&session, "POST", "SalesOrder/CancelSalesOrder", Some(body.clone())).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    let location = accepted.headers["location"].to_str().unwrap();
    let done = kit.send("GET", location, &[("cookie", &session)], None).await;
    assert_eq!((done.status, status(&kit).await), (StatusCode::NO_CONTENT, json!("Canceled")));
    let twice = kit.erp(&session, "POST", "SalesOrder/CancelSalesOrder", Some(body.clone())).await;
    assert_eq!(twice.status, StatusCode::INTERNAL_SERVER_ERROR);
    let edited = json!({"OrderNbr": {"value": "000001"}, "Description": {"value": "late"}});
    assert_eq!(kit.erp(&session, "PUT", "SalesOrder", Some(edited)).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    kit.control("PATCH", "acumatica/orders/000001", json!({"Status": "Open"})).await;
    kit.control("PATCH", "acumatica/orders/000001", json!({"Status": "Shipping"})).await;
    let shipped = kit.erp(&session, "POST", "SalesOrder/CancelSalesOrder", Some(body)).await;
    assert_eq!(shipped.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        kit.erp(&session, "POST", "SalesOrder/MakeCoffee", Some(json!({}))).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test(start_paused = true)]
async fn what_documents_need_is_not_deleted_and_what_goes_is_counted() {
    let kit = Kit::new();
    let session = ordered(&kit).await;
    for path in ["Customer/C1", "StockItem/TEA"] {
        let refused = kit.erp(&session, "DELETE", path, None).await;
        assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
    assert_eq!(kit.erp(&session, "DELETE", "SalesOrder/SO/000001", None).await.status, StatusCode::NO_CONTENT);
    for path in ["Customer/C1", "StockItem/TEA"] {
        assert_eq!(kit.erp(&session, "DELETE", path, None).await.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(kit.erp(&session, "DELETE", path, None).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let stats = kit.control("GET", "acumatica/stats", Value::Null).await;
    assert_eq!(
        (&stats["writes"]["Customer"]["deletes"], &stats["writes"]["SalesOrder"]["deletes"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test(start_paused = true)]
async fn inquiries_tell_the_stock_of_all_items_since_a_time_or_of_one_by_warehouse() {
    let kit = Kit::new();
    let session = ordered(&kit).await;
    for (warehouse, available) in [("MAIN", 5), ("EAST", 2)] {
        let level = json!({"InventoryID": "TEA", "WarehouseID": warehouse, "QtyAvailable": available});
        kit.control("POST", "acumatica/stock", json!({"records": [level]})).await;
        tokio::time::advance(std::time::Duration::from_secs(60)).await;
    }
    let ask = async |inquiry: &str, body: Value| {
        let answer = kit.erp(&session, "PUT", &format!("{inquiry}?$expand=Results"), Some(body)).await;
        answer.body.unwrap()
    };
    let all = ask("InventoryQuantityAvailable", json!({})).await;
    assert_eq!(all["Results"][0]["QtyAvailable"]["value"], 7);
    assert_eq!(all["Results"][0]["LastModifiedDateTime"]["value"], "2026-11-20T12:01:00.000+00:00");
    let since = json!({"LastModifiedDateTime": {"value": "2026-11-20T12:01:01+00:00"}});
    assert_eq!(ask("InventoryQuantityAvailable", since).await["Results"], json!([]));
    let item = json!({"InventoryID": {"value": "tea"}});
    let rows = ask("InventorySummaryInquiry", item).await["Results"].clone();
    let told: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["WarehouseID"]["value"], &row["QtyAvailable"]["value"]))
        .collect();
    assert_eq!(told, [(&json!("MAIN"), &json!(5)), (&json!("EAST"), &json!(2)), (&json!("Total:"), &json!(7))]);
    let unknown = ask("InventoryQuantityAvailable", json!({"InventoryID": {"value": "GONE"}})).await;
    assert!(unknown["InventoryID"]["error"].is_string());
    assert_eq!(kit.erp(&session, "GET", "InventorySummaryInquiry", None).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(kit.erp(&session, "GET", "InventoryStatus", None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn the_schema_follows_the_control_api_and_the_reset() {
    let kit = Kit::new();
    let session = ordered(&kit).await;
    let schema = async || kit.erp(&session, "GET", "SalesOrder/$adHocSchema", None).await.body.unwrap();
    assert_eq!(schema().await["Details"][0]["UnitPrice"], json!({}));
    for change in
        [json!({"entity": "orders", "remove": "Details/UnitPrice"}), json!({"entity": "orders", "add": "UsrX"})]
    {
        kit.control("POST", "acumatica/schema", change).await;
    }
    let changed = schema().await;
    assert!(changed["Details"][0].get("UnitPrice").is_none());
    assert_eq!(changed["custom"]["CurrentDocument"]["UsrX"]["type"], "CustomStringField");
    let read =
        kit.erp(&session, "GET", "SalesOrder?$expand=Details&$select=Details/UnitPrice,Details/OrderQty", None).await;
    let line = &read.json()[0]["Details"][0];
    assert!(line.get("UnitPrice").is_none() && line["OrderQty"]["value"] == 3);
    let headers = [("authorization", "Bearer control")];
    let nothing = json!({"entity": "orders", "retype": "OrderNbr"});
    assert_eq!(
        kit.send("POST", "/_control/acumatica/schema", &headers, Some(nothing)).await.status,
        StatusCode::NOT_FOUND
    );
}
