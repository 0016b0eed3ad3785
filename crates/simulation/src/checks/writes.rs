//! No record was written twice for one version: every write that a vendor applied is looked at.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::tenants::erp_account;
use crate::wire::Seen;
use crate::world::World;

const ENTITIES: [&str; 3] = ["SalesOrder", "Customer", "StockItem"];

/// A tenant's records that were inserted more than once, and writes that said nothing new.
pub async fn doubled(world: &World<'_>, tenant: usize) -> Result<Vec<String>> {
    let (mut found, mark) = (Vec::new(), world.tenants[tenant].mark);
    let path = format!("acumatica/stats?account={}", erp_account(mark));
    let stats = world.control("GET", &path, Value::Null).await?;
    for entity in ENTITIES {
        let writes = &stats["writes"][entity];
        // What somebody removes at the ERP is inserted again where an edit at the shop wins over that.
        let removed = if entity == "Customer" { world.annals.removed_in_erp(tenant) } else { 0 };
        if writes["max_inserts_per_record"].as_u64() > Some(1 + removed) {
            found.push(format!("writes: {mark}'s ERP has a {entity} that was inserted twice: {writes}"));
        }
        if writes["unchanged"].as_u64() > Some(0) {
            found.push(format!("writes: {mark}'s ERP was sent a {entity} again that it had already: {writes}"));
        }
    }
    found.extend(repeated(world, mark));
    Ok(found)
}

/// The same body to the same record twice in a row, without that somebody at the ERP has changed it in between.
fn repeated(world: &World<'_>, mark: &str) -> Vec<String> {
    let mut last: BTreeMap<String, (String, DateTime<Utc>)> = BTreeMap::new();
    let mut found = Vec::new();
    let was_applied = |seen: &&Seen| seen.tenant == mark && seen.method == "PUT" && (200..300).contains(&seen.status);
    for seen in world.wire.seen().iter().filter(was_applied) {
        let key = key_of(&seen.body);
        let place = format!("{} {} {key}", seen.tenant, seen.path);
        let tenant = world.tenants.iter().position(|tenant| tenant.mark == seen.tenant).unwrap_or_default();
        let again = last.get(&place).is_some_and(|(body, at)| {
            *body == seen.body && !world.annals.was_edited_in_erp(tenant, &key, *at, seen.at)
        });
        if again {
            found.push(format!("writes: at {} the same was written twice in a row: {place}: {}", seen.at, seen.body));
        }
        last.insert(place, (seen.body.clone(), seen.at));
    }
    found
}

/// Which record a body is about.
fn key_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let fields = ["id", "CustomerID", "InventoryID", "OrderNbr", "ExternalRef", "AccountRef", "CustomerOrder"];
    let value = |field: &str| {
        let value = &body[field];
        value.as_str().or_else(|| value["value"].as_str()).map(str::to_owned)
    };
    fields.iter().filter_map(|field| value(field)).collect::<Vec<_>>().join("/")
}
