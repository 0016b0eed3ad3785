//! The shop and the ERP of [`World::pair`], looked into and changed as people there would.

use chrono::TimeDelta;
use domain::sync::{NewSync, SyncView};
use domain::{Entity, SyncId};
use serde_json::{Value, json};

use crate::support::World;

/// Makes one record in the shop and says its id.
pub async fn add_to_shop(world: &World, table: &str, record: Value) -> String {
    world.clock.advance(TimeDelta::seconds(10));
    let made = world.control("POST", &format!("shopify/{table}?account=sbx_shop"), json!({"records": [record]})).await;
    made["ids"][0].as_str().unwrap().to_owned()
}

/// Makes one record in the ERP and says its id.
pub async fn add_to_erp(world: &World, table: &str, record: Value) -> String {
    world.clock.advance(TimeDelta::seconds(10));
    let made = world.control("POST", &format!("acumatica/{table}?account=sbx_erp"), json!({"records": [record]})).await;
    made["ids"][0].as_str().unwrap().to_owned()
}

pub async fn edit_in_shop(world: &World, table: &str, id: &str, changes: Value) {
    world.clock.advance(TimeDelta::seconds(10));
    let number = id.rsplit('/').next().unwrap();
    world.control("PATCH", &format!("shopify/{table}/{number}?account=sbx_shop"), changes).await;
}

/// Orders are known there by type and number: `SO/000001`.
pub async fn edit_in_erp(world: &World, table: &str, id: &str, changes: Value) {
    world.clock.advance(TimeDelta::seconds(10));
    world.control("PATCH", &format!("acumatica/{table}/{id}?account=sbx_erp"), changes).await;
}

pub async fn remove_from_shop(world: &World, table: &str, id: &str) {
    world.clock.advance(TimeDelta::seconds(10));
    let number = id.rsplit('/').next().unwrap();
    world.control("DELETE", &format!("shopify/{table}/{number}?account=sbx_shop"), Value::Null).await;
}

/// The shop's records of a table as it keeps them, the oldest first.
pub async fn in_shop(world: &World, table: &str) -> Vec<Value> {
    records(world, &format!("shopify/{table}?account=sbx_shop")).await
}

/// The ERP's records of a table as it keeps them, the oldest first.
pub async fn in_erp(world: &World, table: &str) -> Vec<Value> {
    records(world, &format!("acumatica/{table}?account=sbx_erp")).await
}

async fn records(world: &World, path: &str) -> Vec<Value> {
    let listed = world.control("GET", path, Value::Null).await;
    listed["records"].as_array().unwrap().clone()
}

/// How often the APIs wrote to a kind of record: in the shop, then in the ERP.
pub async fn both_writes(world: &World, table: &str, entity: &str) -> (i64, i64) {
    let shop = world.control("GET", "shopify/stats?account=sbx_shop", Value::Null).await;
    let total = |stats: &Value, name: &str| stats["writes"][name]["total"].as_i64().unwrap_or(0);
    (total(&shop, table), total(&world.erp_stats().await, entity))
}

/// The next requests to the shop, or to the ERP, go wrong in this way.
pub async fn fault(world: &World, vendor: &str, kind: &str, next: u32) {
    let account = if vendor == "shopify" { "sbx_shop" } else { "sbx_erp" };
    let fault = json!({"account": account, "kind": kind, "next": next});
    world.control("POST", &format!("{vendor}/faults"), fault).await;
}

/// Makes a sync between the two: from the shop to the ERP, or the other way.
pub async fn sync_of(world: &World, entity: Entity, from_the_shop: bool) -> SyncId {
    let orders = view(world, Entity::Order).await;
    let (shop, erp) = (orders.source.connection, orders.destination.connection);
    let (source, destination) = if from_the_shop { (shop, erp) } else { (erp, shop) };
    let new = NewSync { entity, source, destination };
    engine::syncs::create(&world.engine, &world.member, &new, world.now()).await.unwrap()
}

pub async fn view(world: &World, entity: Entity) -> SyncView {
    let syncs = engine::syncs::list(&world.engine, &world.member).await.unwrap();
    syncs.into_iter().find(|sync| sync.entity == entity).unwrap()
}
