//! Customers that go, and come back as new ones with the same address.

use anyhow::Result;
use domain::sync::Direction;
use serde_json::{Value, json};

use super::named;
use crate::annals::Thing;
use crate::post;
use crate::tenants::{erp_account, shop_account};
use crate::world::World;

/// Somebody removes a customer that nothing refers to, on one side.
pub async fn remove(world: &mut World<'_>, tenant: usize) -> Result<()> {
    let mark = world.tenants[tenant].mark;
    let at_erp = world.tenants[tenant].customers.direction == Direction::TwoWay && world.dice.chance(400);
    let free = if at_erp { free_in_erp(world, mark).await? } else { free_in_shop(world, mark).await? };
    let Some((id, email)) = world.dice.pick(&free).cloned() else { return Ok(()) };
    let (path, side) = if at_erp {
        (format!("acumatica/Customer/{id}?account={}", erp_account(mark)), "ERP")
    } else {
        (format!("shopify/customers/{id}?account={}", shop_account(mark)), "shop")
    };
    world.tell(format!("{mark}'s {side} removes its customer {id}, {email}"));
    world.control("DELETE", &path, Value::Null).await?;
    world.tenants[tenant].removed.insert(email);
    if at_erp {
        world.annals.note_removal_in_erp(tenant);
    } else {
        let thing = Thing { tenant, table: "customers", id: format!("gid://shopify/Customer/{id}") };
        post::announce(world, thing, &Value::Null, true);
    }
    Ok(())
}

/// Somebody signs up at the shop again after having been removed.
pub async fn recreate(world: &mut World<'_>, tenant: usize) -> Result<()> {
    let mark = world.tenants[tenant].mark;
    let there = listed(world, &format!("shopify/customers?account={}&limit=1000", shop_account(mark))).await?;
    let is_there = |email: &&String| there.iter().any(|customer| customer["email"] == **email);
    let gone: Vec<String> = world.tenants[tenant].removed.iter().filter(|email| !is_there(email)).cloned().collect();
    let Some(email) = world.dice.pick(&gone).cloned() else { return Ok(()) };
    let number = world.dice.from(1_000..999_999);
    let record = named(world, mark, number, &email);
    let path = format!("shopify/customers?account={}", shop_account(mark));
    let made = world.control("POST", &path, json!({"records": [record.clone()]})).await?;
    let id = made["ids"][0].as_str().unwrap_or_default().to_owned();
    world.tell(format!("{mark}'s shop has {email} again: {id}"));
    post::announce(world, Thing { tenant, table: "customers", id }, &record, false);
    Ok(())
}

async fn free_in_shop(world: &World<'_>, mark: &str) -> Result<Vec<(String, String)>> {
    let account = shop_account(mark);
    let orders = listed(world, &format!("shopify/orders?account={account}&limit=1000")).await?;
    let customers = listed(world, &format!("shopify/customers?account={account}&limit=1000")).await?;
    let free = customers.iter().filter(|customer| !orders.iter().any(|order| order["customer"] == customer["id"]));
    Ok(free.map(|customer| (customer["id"].to_string(), text(&customer["email"]))).collect())
}

async fn free_in_erp(world: &World<'_>, mark: &str) -> Result<Vec<(String, String)>> {
    let (erp, shop) = (erp_account(mark), shop_account(mark));
    let customers = listed(world, &format!("acumatica/Customer?account={erp}&limit=1000")).await?;
    // What the shop's orders refer to has to stay here too, also where they are not here yet.
    let orders = listed(world, &format!("shopify/orders?account={shop}&limit=1000")).await?;
    let in_shop = listed(world, &format!("shopify/customers?account={shop}&limit=1000")).await?;
    let needed = |email: &str| {
        let theirs = in_shop.iter().filter(|customer| customer["email"] == email);
        theirs.into_iter().any(|customer| orders.iter().any(|order| order["customer"] == customer["id"]))
    };
    let named = customers.iter().map(|c| (text(&c["CustomerID"]), text(&c["MainContact"]["Email"])));
    Ok(named.filter(|(_, email)| !needed(email)).collect())
}

async fn listed(world: &World<'_>, path: &str) -> Result<Vec<Value>> {
    Ok(world.control("GET", path, Value::Null).await?["records"].as_array().cloned().unwrap_or_default())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}
