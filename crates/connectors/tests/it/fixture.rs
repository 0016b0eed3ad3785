//! A sandbox of one's own, and a connector to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use connectors::http::{Guard, GuardedClient};
use connectors::{Connector, Listing, Page, connect};
use domain::{Entity, Vendor};
use sandbox::{Running, Sandbox};
use secrecy::SecretString;
use serde_json::{Value, json};

const CONTROL: &str = "control token";
pub const SHOP: &str = "sbx_shop_token";
pub const USER: &str = "sbx_user";
pub const PASSWORD: &str = "correct horse";

pub struct Fixture {
    pub vendor: Vendor,
    pub settings: BTreeMap<String, String>,
    pub credentials: BTreeMap<String, SecretString>,
    pub addr: SocketAddr,
    control: reqwest::Client,
    _sandbox: Running,
}

impl Fixture {
    pub async fn new(vendor: Vendor) -> Self {
        // The second test of this process finds it installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::open(None, CONTROL).unwrap();
        let running = sandbox.start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let addr = running.addr;
        let (settings, credentials) = match vendor {
            Vendor::Shopify => (
                vec![("shop_url", format!("http://{addr}/shopify/test-shop")), ("api_version", "2026-10".into())],
                vec![("access_token", SHOP)],
            ),
            Vendor::Acumatica => (
                vec![
                    ("instance_url", format!("http://{addr}/acumatica/Test")),
                    ("endpoint_version", "24.200.001".into()),
                    ("user_name", USER.into()),
                    ("base_currency", "EUR".into()),
                ],
                vec![("password", PASSWORD)],
            ),
        };
        let fixture = Self {
            vendor,
            settings: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            credentials: credentials.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(),
            addr,
            control: reqwest::Client::builder().no_proxy().build().unwrap(),
            _sandbox: running,
        };
        fixture
            .control("POST", "/accounts", json!({"shop_token": SHOP, "erp_user": USER, "erp_password": PASSWORD}))
            .await;
        fixture
    }

    pub fn client(&self) -> GuardedClient {
        GuardedClient::new(Guard { allowed: Some(self.addr) })
    }

    pub fn connector(&self) -> Box<dyn Connector> {
        self.resumed(None)
    }

    pub fn resumed(&self, session: Option<SecretString>) -> Box<dyn Connector> {
        connect(self.vendor, self.client(), &self.settings, &self.credentials, session).unwrap()
    }

    /// With one setting or credential changed.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if self.credentials.contains_key(name) {
            self.credentials.insert(name.into(), value.into());
        } else {
            self.settings.insert(name.into(), value.into());
        }
        self
    }

    /// Makes so many plausible records; their ids as the control API knows them.
    pub async fn make(&self, entity: Entity, count: usize) -> Vec<String> {
        self.made(entity, json!({"count": count})).await
    }

    pub async fn record(&self, entity: Entity, record: Value) -> String {
        self.made(entity, json!({"records": [record]})).await.remove(0)
    }

    async fn made(&self, entity: Entity, wanted: Value) -> Vec<String> {
        let answer = self.control("POST", &format!("/{}/{}", self.vendor, noun(entity)), wanted).await;
        serde_json::from_value(answer["ids"].clone()).unwrap()
    }

    pub async fn edit(&self, entity: Entity, id: &str, changes: Value) {
        self.control("PATCH", &self.path_of(entity, id), changes).await;
    }

    pub async fn remove(&self, entity: Entity, id: &str) {
        self.control("DELETE", &self.path_of(entity, id), Value::Null).await;
    }

    /// The control API knows orders of the ERP by type and number.
    fn path_of(&self, entity: Entity, id: &str) -> String {
        let kind = if (self.vendor, entity) == (Vendor::Acumatica, Entity::Order) { "SO/" } else { "" };
        format!("/{}/{}/{kind}{}", self.vendor, noun(entity), id.replace("gid://shopify/", ""))
    }

    pub async fn fault(&self, kind: &str, next: u32) {
        self.control("POST", &format!("/{}/faults", self.vendor), json!({"kind": kind, "next": next})).await;
    }

    pub async fn limits(&self, limits: Value) {
        self.control("POST", &format!("/{}/limits", self.vendor), limits).await;
    }

    pub async fn stats(&self) -> Value {
        self.control("GET", &format!("/{}/stats", self.vendor), Value::Null).await
    }

    /// What was written of an entity through the API.
    pub async fn writes(&self, entity: Entity) -> Value {
        let table = match (self.vendor, entity) {
            (Vendor::Shopify, _) => noun(entity),
            (Vendor::Acumatica, Entity::Order) => "SalesOrder",
            (Vendor::Acumatica, Entity::Customer) => "Customer",
            (Vendor::Acumatica, Entity::Product) => "StockItem",
            (Vendor::Acumatica, Entity::Payment) => "Payment",
            (Vendor::Acumatica, Entity::Shipment) => "Shipment",
            (Vendor::Acumatica, Entity::Stock) => "InventorySummary",
        };
        self.stats().await["writes"][table].clone()
    }

    /// How many records of an entity there are.
    pub async fn count(&self, entity: Entity) -> u64 {
        let listed = self.control("GET", &format!("/{}/{}", self.vendor, noun(entity)), Value::Null).await;
        listed["count"].as_u64().unwrap()
    }

    /// Changes the vendor's schema.
    pub async fn drift(&self, change: Value) {
        self.control("POST", &format!("/{}/schema", self.vendor), change).await;
    }

    pub async fn forget(&self) {
        self.control("POST", "/reset", json!({})).await;
    }

    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("http://{}/_control{path}", self.addr);
        let request = self.control.request(method.parse().unwrap(), url).bearer_auth(CONTROL);
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

pub fn noun(entity: Entity) -> &'static str {
    match entity {
        Entity::Order => "orders",
        Entity::Customer => "customers",
        Entity::Product => "products",
        Entity::Payment => "payments",
        Entity::Shipment => "shipments",
        Entity::Stock => "stock",
    }
}

/// All pages of a listing of everything; `between` is called after each.
pub async fn pages(connector: &dyn Connector, entity: Entity, between: impl AsyncFnMut(usize)) -> Vec<Page> {
    pages_since(connector, Listing { entity, since: None, until: None, cursor: None }, between).await
}

pub async fn pages_since(
    connector: &dyn Connector,
    mut listing: Listing,
    mut between: impl AsyncFnMut(usize),
) -> Vec<Page> {
    let mut pages = Vec::new();
    loop {
        let page = connector.list(&listing).await.unwrap();
        listing.cursor = page.next.clone();
        pages.push(page);
        assert!(pages.len() < 500, "the listing does not end");
        between(pages.len()).await;
        if listing.cursor.is_none() {
            return pages;
        }
    }
}
