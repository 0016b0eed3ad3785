//! The pages for people.

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::kit::Kit;

struct Browser {
    kit: Kit,
    cookie: String,
}

struct Page {
    status: StatusCode,
    to: String,
    text: String,
}

impl Browser {
    async fn entering(kit: &Kit, link: &str) -> Self {
        let request = Request::builder().uri(link).body(Body::empty()).unwrap();
        let response = kit.sandbox.router().oneshot(request).await.unwrap();
        Self { kit: kit.clone(), cookie: cookies_of(&response) }
    }

    async fn get(&self, uri: &str) -> Page {
        self.send(Request::builder().uri(uri).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, uri: &str, form: &str) -> Page {
        let request =
            Request::builder().method("POST").uri(uri).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.header("sec-fetch-site", "same-origin").body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn send(&self, mut request: Request<Body>) -> Page {
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        let response = self.kit.sandbox.router().oneshot(request).await.unwrap();
        let status = response.status();
        let to = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        let text = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
        Page { status, to, text }
    }
}

fn cookies_of(response: &Response<Body>) -> String {
    let set = response.headers().get_all("set-cookie").iter();
    set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

async fn demo() -> Kit {
    let kit = Kit::new();
    let wanted = json!({"shop_token": "sbx_shop", "erp_user": "sbx_erp", "erp_password": "secret", "erp_company": "Demo", "demo": true});
    kit.control("POST", "accounts", wanted).await;
    kit
}

#[tokio::test(start_paused = true)]
async fn strangers_see_no_account_and_forms_from_elsewhere_are_refused() {
    let kit = demo().await;
    let stranger = Browser::entering(&kit, "/enter?key=wrong").await;
    assert_eq!(stranger.get("/enter?shop=shpat_1").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.get("/enter?erp=sbx_erp&company=Demo&password=wrong").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.get("/shop/orders").await.status, StatusCode::UNAUTHORIZED);
    assert!(!stranger.get("/").await.text.contains("sbx_"));
    let host = Browser::entering(&kit, "/enter?key=control").await;
    assert!(host.get("/").await.text.contains("Open ERP of sbx_erp"));
    let foreign = Request::builder()
        .method("POST")
        .uri("/open/shop")
        .header("host", "sandbox")
        .header("origin", "http://evil.example");
    assert_eq!(host.send(foreign.body(Body::from("account=sbx_shop")).unwrap()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(host.post("/open/shop", "account=sbx_shop").await.to, "/shop/orders");
    assert!(host.get("/shop/orders").await.text.contains("#1040"));
}

#[tokio::test(start_paused = true)]
async fn an_order_is_added_changed_and_cancelled() {
    let kit = demo().await;
    let person = Browser::entering(&kit, "/enter?shop=sbx_shop").await;
    let wrong = person.post("/shop/orders", "customer=7001&line-0-item=9002&line-0-quantity=many&note=%3Cb%3E").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("Must be between 1 and 100000")
            && wrong.text.contains("&lt;b&gt;")
            && wrong.text.contains("value=\"many\"")
    );
    let begun = person
        .post(
            "/shop/orders",
            "customer=7001&line-0-item=&line-0-quantity=&line-1-item=9002&line-2-item=&line-2-quantity=4",
        )
        .await;
    assert!(begun.text.contains("id=\"line-2-item-problem\""));
    let saved = person
        .post("/shop/orders", "customer=7001&line-0-item=9002&line-0-quantity=2&line-0-price=&totalShippingPriceSet=5&shippingAddress%2Fcity=")
        .await;
    assert_eq!(saved.to, "/shop/orders/5041");
    let page = person.get(&saved.to).await.text;
    assert!(page.contains("Saved.") && page.contains("30.00 EUR"), "{page}");
    person.post(&saved.to, "note=Ring&line-0-item=9002&line-0-quantity=2&line-0-price=12.50&line-1-item=9003&line-1-quantity=1&line-1-price=1").await;
    let order = kit.control("GET", "shopify/orders?after=5040", Value::Null).await["records"][0].clone();
    assert_eq!(
        (&order["note"], &order["totalPriceSet"], &order["customer"]),
        (&json!("Ring"), &json!("31.00"), &json!(7001))
    );
    assert!(order["shippingAddress"]["city"].is_string(), "an address that was left empty is the customer's");
    let cancelled = person.post("/shop/orders/5041/cancel", "").await;
    assert!(person.get(&cancelled.to).await.text.contains("cancelled"));
}

#[tokio::test(start_paused = true)]
async fn an_item_is_activated_and_a_customer_edited_in_the_erp() {
    let kit = demo().await;
    let person = Browser::entering(&kit, "/enter?erp=sbx_erp&company=Demo&password=secret").await;
    let done = person.post("/erp/items/1/activate", "").await;
    assert!(person.get(&done.to).await.text.contains("The item is active."));
    let refused = person.post("/erp/customers", "CustomerID=&CustomerName=&MainContact%2FEmail=x").await;
    assert!(refused.text.contains("cannot be empty") && refused.text.contains("not valid"));
    let saved = person
        .post(
            "/erp/customers",
            "CustomerID=&CustomerName=Anna&MainContact%2FEmail=a%40b.example&MainContact%2FAddress%2FCity=Wien",
        )
        .await;
    person.post(&saved.to, "CustomerName=Anna+L&MainContact%2FEmail=a%40b.example").await;
    let customer = kit.control("GET", "acumatica/Customer", Value::Null).await["records"][0].clone();
    assert_eq!(
        (&customer["CustomerName"], &customer["MainContact"]["Address"]["City"]),
        (&json!("Anna L"), &json!("Wien"))
    );
    let order = person
        .post(
            "/erp/orders",
            "CustomerID=C000001&line-0-item=TEA-EARL-100&line-0-quantity=3&line-1-item=GONE&line-1-quantity=1",
        )
        .await;
    assert!(order.text.contains("id=\"line-1-item-problem\""), "{}", order.text);
    let order = person
        .post(
            "/erp/orders",
            "CustomerID=C000001&line-0-item=TEA-EARL-100&line-0-quantity=3&line-1-item=MUG-STONE-300&line-1-quantity=1",
        )
        .await;
    person
        .post(&order.to, "line-0-item=TEA-EARL-100&line-0-quantity=&line-1-item=MUG-STONE-300&line-1-quantity=2")
        .await;
    let order = kit.control("GET", "acumatica/SalesOrder", Value::Null).await["records"][0].clone();
    assert_eq!((order["Details"].as_array().unwrap().len(), &order["OrderTotal"]), (1, &json!(36)));
}

#[tokio::test(start_paused = true)]
async fn every_screen_opens_and_lists_are_searched_and_paged() {
    let kit = demo().await;
    let person = Browser::entering(&kit, "/enter?shop=sbx_shop").await;
    for path in [
        "/shop/orders",
        "/shop/orders/new",
        "/shop/customers",
        "/shop/customers/7001",
        "/shop/products",
        "/shop/products/new",
        "/shop/products/9001",
        "/shop/payments",
        "/shop/payments/new",
        "/shop/shipments",
        "/shop/stock",
        "/shop/stock/15001",
    ] {
        let page = person.get(path).await;
        assert_eq!((page.status, page.text.matches("<h1>").count()), (StatusCode::OK, 1), "{path}");
    }
    let found = person.get("/shop/products?q=teapot").await.text;
    assert!(found.contains("POT-IRON-800") && !found.contains("MUG-STONE"));
    let first = person.get("/shop/orders").await.text;
    assert!(first.contains("?before=5016") && person.get("/shop/orders?before=5016").await.text.contains("#1001"));
    for path in ["/shop/orders/1", "/shop/nothing", "/nowhere/orders"] {
        assert_eq!(person.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(person.get("/erp/orders").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn one_link_opens_both_back_offices_when_both_credentials_are_right() {
    let kit = demo().await;
    let link = "/enter?shop=sbx_shop&erp=sbx_erp&company=Demo&password=";
    let wrong = Browser::entering(&kit, &format!("{link}wrong")).await;
    assert_eq!(wrong.get(&format!("{link}wrong")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.get("/shop/orders").await.status, StatusCode::UNAUTHORIZED, "half a link opens nothing");
    let person = Browser::entering(&kit, &format!("{link}secret")).await;
    assert_eq!(person.get(&format!("{link}secret")).await.to, "/shop/orders");
    let page = person.get("/shop/orders").await;
    assert!(page.status == StatusCode::OK && page.text.contains("href=\"/erp/orders\""));
    assert!(person.get("/erp/items").await.text.contains("TEA-EARL-100"));
}

#[tokio::test(start_paused = true)]
async fn a_link_without_a_password_does_not_become_the_first_of_an_erp_user() {
    let kit = Kit::new();
    let early = Browser::entering(&kit, "/enter?shop=sbx_demo_1&erp=sbx_demo_1").await;
    assert_eq!(early.get("/erp/items").await.status, StatusCode::UNAUTHORIZED);
    let person = Browser::entering(&kit, "/enter?shop=sbx_demo_1&erp=sbx_demo_1&password=sbx_demo_1").await;
    assert!(person.get("/erp/items").await.text.contains("TEA-EARL-100"));
    assert!(person.get("/shop/orders").await.text.contains("#1040"));
}

#[tokio::test(start_paused = true)]
async fn the_vendors_addresses_of_records_lead_to_their_pages() {
    let kit = demo().await;
    let person = Browser::entering(&kit, "/enter?shop=sbx_shop&erp=sbx_erp&company=Demo&password=secret").await;
    person.post("/erp/customers", "CustomerID=&CustomerName=Anna").await;
    person.post("/erp/orders", "CustomerID=C000001&line-0-item=MUG-STONE-300&line-0-quantity=1").await;
    for (link, page) in [
        ("/shopify/demo-shop/admin/orders/5001", "/shop/orders/5001"),
        ("/shopify/demo-shop/admin/customers/7001", "/shop/customers/7001"),
        ("/shopify/demo-shop/admin/products/9001", "/shop/products/9001"),
        ("/acumatica/demo/Main?ScreenId=SO301000&OrderType=SO&OrderNbr=000001", "/erp/orders/1"),
        ("/acumatica/demo/Main?ScreenId=AR303000&AcctCD=C000001", "/erp/customers/1"),
        ("/acumatica/demo/Main?ScreenId=IN202500&InventoryCD=TEA-EARL-100", "/erp/items/1"),
    ] {
        let answer = person.get(link).await;
        assert_eq!((answer.status, answer.to.as_str()), (StatusCode::SEE_OTHER, page), "{link}");
        assert_eq!(person.get(page).await.status, StatusCode::OK, "{page}");
    }
    for link in [
        "/shopify/demo-shop/admin/orders/1",
        "/shopify/demo-shop/admin/orders/%3Cb%3E",
        "/shopify/demo-shop/admin/discounts/1",
        "/acumatica/demo/Main?ScreenId=SO301000&OrderType=SO&OrderNbr=999999",
        "/acumatica/demo/Main?ScreenId=AR303000",
        "/acumatica/demo/Main?ScreenId=GL301000",
        "/acumatica/demo/Main",
    ] {
        let page = person.get(link).await;
        assert!(page.status == StatusCode::NOT_FOUND && page.text.contains("<h1>Not found</h1>"), "{link}");
        assert!(!page.text.contains("<b>"), "{link}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_follows_a_record_link_too_early_comes_in_and_is_led_back() {
    let kit = demo().await;
    let (order, item) =
        ("/shopify/demo-shop/admin/orders/5001", "/acumatica/demo/Main?ScreenId=IN202500&InventoryCD=TEA-EARL-100");
    let early = Browser::entering(&kit, order).await;
    let page = early.get(order).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.text.contains("Overview in Syncline") && page.text.contains("Control token"));
    let link = "/enter?shop=sbx_shop&erp=sbx_erp&company=Demo&password=secret";
    assert_eq!(early.get(link).await.to, order);
    let early = Browser::entering(&kit, item).await;
    assert_eq!(early.get("/enter?shop=sbx_shop").await.to, "/shop/orders", "the wanted page is the other office's");
    assert_eq!(early.get("/enter?key=control").await.to, "/");
    assert_eq!(early.get(link).await.to, item);
    let host = Browser::entering(&kit, "/enter?key=control").await;
    assert!(host.get(item).await.text.contains("Open ERP of sbx_erp"));
    let lured = Browser { kit, cookie: "sandbox_back=%2F%2Fevil.example%2Fshop%2F".to_owned() };
    assert_eq!(lured.get(link).await.to, "/shop/orders");
}

#[tokio::test(start_paused = true)]
async fn an_order_is_shipped_and_paid_in_the_erp_and_stock_is_counted() {
    let kit = demo().await;
    let person = Browser::entering(&kit, "/enter?erp=sbx_erp&company=Demo&password=secret").await;
    person.post("/erp/customers", "CustomerID=&CustomerName=Anna").await;
    person.post("/erp/orders", "CustomerID=C000001&line-0-item=MUG-STONE-300&line-0-quantity=2").await;
    let paid = "CustomerID=C000001&OrdersToApply%2F0%2FOrderNbr=000001&PaymentRef=P-1&PaymentAmount=36";
    let payment = person.post("/erp/payments", paid).await;
    assert!(person.get(&payment.to).await.text.contains("Balanced"));
    person.post(&format!("{}/release", payment.to), "").await;
    assert!(person.get(&payment.to).await.text.contains("The payment is released."));
    person.post("/erp/orders/1/ship", "").await;
    assert!(person.get("/erp/orders/1").await.text.contains("Completed"));
    person.post("/erp/shipments/1", "ShipVia=ups&Packages%2F0%2FTrackingNbr=T-9").await;
    let shipment = kit.control("GET", "acumatica/shipments", Value::Null).await["records"][0].clone();
    assert_eq!((&shipment["ShipVia"], &shipment["Packages"][0]["TrackingNbr"]), (&json!("UPS"), &json!("T-9")));
    assert_eq!(shipment["Packages"].as_array().unwrap().len(), 1);
    assert!(person.get("/erp/shipments/1").await.text.contains("value=\"T-9\""));
    person.post("/erp/stock/1", "QtyOnHand=3&QtyAvailable=1.5").await;
    let level = kit.control("GET", "acumatica/stock", Value::Null).await["records"][0].clone();
    assert_eq!((&level["QtyOnHand"], &level["QtyAvailable"]), (&json!(3), &json!(1.5)));
    for path in
        ["/erp/payments", "/erp/payments/new", "/erp/shipments", "/erp/shipments/new", "/erp/stock", "/erp/stock/new"]
    {
        assert_eq!(person.get(path).await.status, StatusCode::OK, "{path}");
    }
    for (link, page) in [
        ("/acumatica/demo/Main?ScreenId=AR302000&DocType=PMT&RefNbr=000001", "/erp/payments/1"),
        ("/acumatica/demo/Main?ScreenId=SO302000&ShipmentNbr=000001", "/erp/shipments/1"),
    ] {
        assert_eq!(person.get(link).await.to, page);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_is_paid_sent_and_deleted_in_the_shop() {
    let kit = demo().await;
    let person = Browser::entering(&kit, "/enter?shop=sbx_shop").await;
    let paid = person.post("/shop/orders/5001/pay", "").await;
    assert!(person.get(&paid.to).await.text.contains("The order is paid"));
    person.post("/shop/orders/5001/fulfil", "").await;
    let payments = person.get("/shop/payments").await.text;
    let shipments = person.get("/shop/shipments").await.text;
    assert!(payments.contains("#1001.11001") && shipments.contains("#1001-F1"), "{payments} {shipments}");
    let tracked = person.post("/shop/shipments/13001", "tracking%2Fcompany=DHL&tracking%2Fnumber=JD77").await;
    assert!(person.get(&tracked.to).await.text.contains("JD77"));
    let stock = person.post("/shop/stock/15001", "available=3").await;
    assert!(person.get(&stock.to).await.text.contains("value=\"3\""));
    assert!(person.get("/shop/products/9001").await.text.contains("value=\"3\""), "the product's page says so too");
    let gone = person.post("/shop/orders/5001/delete", "").await;
    assert_eq!(gone.to, "/shop/orders");
    assert!(person.get("/shop/orders").await.text.contains("The order is deleted."));
    assert_eq!(person.get("/shop/orders/5001").await.status, StatusCode::NOT_FOUND);
    assert!(!person.get("/shop/payments").await.text.contains("#1001.11001"));
    let kept = person.post("/shop/customers/7001/delete", "").await;
    assert!(kept.text.contains("has orders") || kept.to == "/shop/customers", "{}", kept.text);
}
