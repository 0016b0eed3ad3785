//! Pages as the server sends them.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use domain::connection::ConnectionForm;
use domain::sync::NewSync;
use domain::{Entity, Vendor};

use crate::support::{TestSite, site};

const RECORD: &str = "01a1ff6e-6f9d-72f9-a592-067ec6293796";

/// The keys of the answers that travel with a page, as often as they stand in it.
fn keys(page: &str) -> Vec<&str> {
    page.split("__RESOLVED_RESOURCES[").skip(1).filter_map(|rest| rest.split_once("] = ").map(|(key, _)| key)).collect()
}

/// A record in the history.
async fn record(site: &TestSite) {
    let (now, ada) = (server::clock::now(), site.member().await);
    let connection = async |vendor, name: &str, values: &[(&str, &str)]| {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let form = ConnectionForm { name: name.to_owned(), values };
        engine::connections::create(&site.engine, &ada, vendor, &form, now).await.unwrap()
    };
    let shop = [("shop_url", "https://tea.example.org"), ("api_version", "2026-10"), ("access_token", "a token")];
    let erp = [
        ("instance_url", "https://erp.example.org"),
        ("endpoint_version", "24.200.001"),
        ("user_name", "syncline"),
        ("password", "a password"),
        ("base_currency", "EUR"),
        ("max_sessions", "1"),
        ("max_concurrent", "4"),
    ];
    let source = connection(Vendor::Shopify, "Shop", &shop).await;
    let destination = connection(Vendor::Acumatica, "Books", &erp).await;
    let new = NewSync { entity: Entity::Customer, source, destination };
    let sync = engine::syncs::create(&site.engine, &ada, &new, now).await.unwrap();
    site.sql(format!(
        "INSERT INTO records (tenant_id, id, sync_id, entity, source_id, description, status, last_operation, created_at,
            updated_at)
        SELECT id, '{RECORD}', '{sync}', 'customer', '1', 'Ada', 'prepared', 'found', now(), now() FROM tenants"
    ))
    .await;
    site.sql(format!(
        "INSERT INTO record_versions (tenant_id, record_id, version, hash, payload, seen_at)
        SELECT id, '{RECORD}', 1, '\\x00', '{{\"customer\": {{\"name\": \"Ada\"}}}}', now() FROM tenants"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_page_shows_and_what_travels_with_it_are_one_answer() {
    let site = site().await;
    record(&site).await;
    let cookie = site.sign_in().await;
    let versions = format!("/history?record={RECORD}&part=versions");
    let paths = ["", &versions, &format!("{versions}&one=1&other=1"), "/syncs/new", "/settings"];
    for path in paths.into_iter().cycle().take(50) {
        let answer = site.get(&format!("/o/ada-co{path}"), &cookie).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let page = answer.text();
        let keys = keys(&page);
        assert!(!keys.is_empty(), "{path} carries nothing");
        assert_eq!(keys.len(), keys.iter().collect::<BTreeSet<_>>().len(), "{path} carries an answer twice: {keys:?}");
        assert!(!page.contains("Something went wrong"), "{path}");
    }
}
