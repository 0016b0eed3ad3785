//! Two ERPs that keep their customers in agreement, both ways: what tests of two-way syncs work with.

use chrono::TimeDelta;
use domain::history::{HistoryFilter, RecordRow};
use domain::run::Phase;
use domain::sync::{Direction, NewSync, SettingsChange, SyncSettings};
use domain::{ConnectionId, Entity, SyncId, Vendor};
use serde_json::{Value, json};

use crate::support::{World, form};

/// The account of the source and of the destination.
pub const A: &str = "sbx_a";
pub const B: &str = "sbx_b";

/// Connects an ERP account.
pub async fn erp(world: &World, user: &str) -> ConnectionId {
    let instance = format!("http://{}/acumatica/test", world.sandbox.addr);
    let form = form(
        user,
        &[
            ("instance_url", &instance),
            ("endpoint_version", "24.200.001"),
            ("user_name", user),
            ("password", "secret of the ERP"),
            ("base_currency", "EUR"),
            ("max_sessions", "1"),
            ("max_concurrent", "4"),
        ],
    );
    world.control("POST", "accounts", json!({"erp_user": user, "erp_password": "secret of the ERP"})).await;
    engine::connections::create(&world.engine, &world.member, Vendor::Acumatica, &form, world.now()).await.unwrap()
}

/// The sync of customers from [`A`] to [`B`] and back.
pub async fn twins(world: &World, wanted: SyncSettings) -> SyncId {
    let (source, destination) = (erp(world, A).await, erp(world, B).await);
    let new = NewSync { entity: Entity::Customer, source, destination };
    let sync = engine::syncs::create(&world.engine, &world.member, &new, world.now()).await.unwrap();
    set(world, sync, SyncSettings { direction: Direction::TwoWay, ..wanted }).await;
    sync
}

pub async fn set(world: &World, sync: SyncId, wanted: SyncSettings) {
    let base = engine::syncs::settings(&world.engine, &world.member, sync).await.unwrap().settings;
    let change = SettingsChange { base, wanted, insists: true };
    engine::syncs::change(&world.engine, &world.member, sync, &change, world.now()).await.unwrap();
}

/// Makes a customer in an ERP and says its id.
pub async fn make(world: &World, account: &str, name: &str, email: &str) -> String {
    world.clock.advance(TimeDelta::seconds(10));
    let record = json!({"CustomerName": name, "MainContact": {"Email": email}});
    let path = format!("acumatica/customers?account={account}");
    let made = world.control("POST", &path, json!({"records": [record]})).await;
    made["ids"][0].as_str().unwrap().to_owned()
}

pub async fn rename(world: &World, account: &str, id: &str, name: &str) {
    world.clock.advance(TimeDelta::seconds(10));
    let path = format!("acumatica/Customer/{id}?account={account}");
    world.control("PATCH", &path, json!({"CustomerName": name})).await;
}

pub async fn remove(world: &World, account: &str, id: &str) {
    world.clock.advance(TimeDelta::seconds(10));
    world.control("DELETE", &format!("acumatica/Customer/{id}?account={account}"), Value::Null).await;
}

/// The names of an ERP's customers, sorted.
pub async fn names(world: &World, account: &str) -> Vec<String> {
    let customers = world.control("GET", &format!("acumatica/customers?account={account}"), Value::Null).await;
    let name = |customer: &Value| customer["CustomerName"].as_str().unwrap().to_owned();
    let mut names: Vec<String> = customers["records"].as_array().unwrap().iter().map(name).collect();
    names.sort_unstable();
    names
}

/// How often the API wrote to an ERP's customers.
pub async fn writes(world: &World, account: &str) -> i64 {
    let stats = world.control("GET", &format!("acumatica/stats?account={account}"), Value::Null).await;
    stats["writes"]["Customer"]["total"].as_i64().unwrap_or(0)
}

/// Lists both sides completely and processes what was found.
pub async fn go(world: &World, sync: SyncId) {
    world.clock.advance(TimeDelta::seconds(10));
    for phase in [Phase::FullPrepare, Phase::Process] {
        engine::runs::start(&world.engine, &world.member, sync, phase, world.now()).await.unwrap();
        world.work().await;
    }
}

/// The records of a sync, as the Sync History shows them.
pub async fn rows(world: &World, sync: SyncId) -> Vec<RecordRow> {
    let filter = HistoryFilter { sync: Some(sync), ..HistoryFilter::default() };
    engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows
}

pub async fn only(world: &World, sync: SyncId) -> RecordRow {
    let mut rows = rows(world, sync).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}
