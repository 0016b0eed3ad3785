//! What people do at the ERP, past its API, where customers go both ways.

use anyhow::Result;
use serde_json::{Value, json};

use crate::tenants::erp_account;
use crate::world::World;

/// Somebody edits a customer.
pub async fn edit(world: &mut World<'_>, tenant: usize) -> Result<()> {
    let mark = world.tenants[tenant].mark;
    let path = format!("acumatica/Customer?account={}&limit=1000", erp_account(mark));
    let listed = world.control("GET", &path, Value::Null).await?;
    let ids = listed["records"].as_array().into_iter().flatten();
    let ids: Vec<String> = ids.filter_map(|record| Some(record["CustomerID"].as_str()?.trim().to_owned())).collect();
    let Some(id) = world.dice.pick(&ids).cloned() else { return Ok(()) };
    let number = world.dice.from(1_000..999_999);
    let changes = match world.dice.from(0..2) {
        0 => json!({"CustomerName": format!("Cy{number} {mark}")}),
        _ => json!({"MainContact": {"Phone1": format!("+33{number}")}}),
    };
    world.tell(format!("{mark}'s ERP edits Customer/{id}: {changes}"));
    let now = world.now();
    world.annals.note_in_erp(tenant, &id, now);
    world.control("PATCH", &format!("acumatica/Customer/{id}?account={}", erp_account(mark)), changes).await.map(drop)
}

/// Somebody makes a customer.
pub async fn create(world: &mut World<'_>, tenant: usize) -> Result<()> {
    let (mark, number) = (world.tenants[tenant].mark, world.dice.from(1_000..999_999));
    let contact = json!({"Email": format!("e{number}@{mark}.example"), "Phone1": format!("+32{number}")});
    let record = json!({"CustomerName": format!("Eve {mark}{number}"), "MainContact": contact});
    let path = format!("acumatica/Customer?account={}", erp_account(mark));
    let made = world.control("POST", &path, json!({"records": [record]})).await?;
    world.tell(format!("{mark}'s ERP has a new customer: {}", made["ids"][0]));
    Ok(())
}
