//! A sandbox in this process whose time is tokio's, so that a paused runtime plays waits at once.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Utc};
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt;

/// The control token of the tests.
pub const TOKEN: &str = "control";
/// Where the ERP's entities are.
pub const ENTITY: &str = "/acumatica/demo/entity/Default/24.200.001";

/// A sandbox and its answers.
#[derive(Clone)]
pub struct Kit {
    /// The sandbox.
    pub sandbox: Sandbox,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; `None` when it was cut off or is not JSON.
    pub body: Option<Value>,
}

impl Answer {
    /// The body.
    pub fn json(&self) -> &Value {
        self.body.as_ref().unwrap()
    }
}

impl Kit {
    /// A sandbox in memory.
    pub fn new() -> Self {
        Self::open(None)
    }

    /// A sandbox with a state directory. Its clock starts in 2026 and follows tokio's.
    pub fn open(state: Option<PathBuf>) -> Self {
        let start = Instant::now();
        let noon: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let clock = Arc::new(move || noon + start.elapsed());
        Self { sandbox: Sandbox::with_clock(state, TOKEN, clock).unwrap() }
    }

    /// Sends a request with headers and a body.
    pub async fn send(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.sandbox.router().oneshot(request.body(body).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body =
            to_bytes(response.into_body(), usize::MAX).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Answer { status, headers, body }
    }

    /// Sends a control request that must succeed; its answer.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let answer =
            self.send(method, &format!("/_control/{path}"), &[("authorization", "Bearer control")], Some(body)).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        answer.body.unwrap_or_default()
    }

    /// Asks the shop of `sbx_shop`.
    pub async fn graphql(&self, query: &str, variables: Value) -> Answer {
        let body = json!({"query": query, "variables": variables});
        self.send(
            "POST",
            "/shopify/demo-shop/admin/api/2026-10/graphql.json",
            &[("x-shopify-access-token", "sbx_shop")],
            Some(body),
        )
        .await
    }

    /// Tries to sign in to the ERP of `sbx_erp`.
    pub async fn login(&self) -> Answer {
        let body = json!({"name": "sbx_erp", "password": "secret", "tenant": "Demo"});
        self.send("POST", "/acumatica/demo/entity/auth/login", &[], Some(body)).await
    }

    /// Signs in to the ERP; the cookies.
    pub async fn session(&self) -> String {
        let answer = self.login().await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        cookies(&answer)
    }

    /// Sends a request for an entity of the ERP.
    pub async fn erp(&self, session: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.send(method, &format!("{ENTITY}/{path}"), &[("cookie", session)], body).await
    }

    /// Puts a customer and an active item into the ERP.
    pub async fn erp_basics(&self, session: &str) {
        let customer = json!({"CustomerID": {"value": "c1"}, "CustomerName": {"value": "Anna Leitner"}});
        assert_eq!(self.erp(session, "PUT", "Customer", Some(customer)).await.status, StatusCode::OK);
        let item =
            json!({"InventoryID": {"value": "tea"}, "Description": {"value": "Tea"}, "DefaultPrice": {"value": 9.9}});
        assert_eq!(self.erp(session, "PUT", "StockItem", Some(item)).await.status, StatusCode::OK);
    }
}

/// The cookies that an answer sets, as a client sends them back.
pub fn cookies(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter();
    set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned)).collect::<Vec<_>>().join("; ")
}

/// A sales order with one line.
pub fn order(reference: &str, item: &str, quantity: i64) -> Value {
    json!({
        "CustomerID": {"value": "C1"}, "ExternalRef": {"value": reference},
        "Details": [{"InventoryID": {"value": item}, "OrderQty": {"value": quantity}, "UnitPrice": {"value": 12.345}}],
    })
}
