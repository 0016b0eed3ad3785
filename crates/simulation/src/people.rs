//! The people: they open the shops, edit records past the vendors' APIs, and press buttons.

use anyhow::Result;
use domain::run::Phase;
use serde_json::{Value, json};

use crate::task::Task;
use crate::world::{LOOPS, World, shop_account};

/// What both shops begin with.
pub async fn open_shop(world: &mut World<'_>) -> Result<()> {
    world.quicken_schedules().await?;
    for tenant in 0..world.tenants.len() {
        let times = if world.tenants[tenant].mark == "noisy" { 2 } else { 1 };
        let counts = [("customers", 2 * times), ("products", 2 * times), ("orders", 3 * times)];
        for (table, count) in counts {
            for _ in 0..count {
                create(world, tenant, table).await?;
            }
        }
    }
    Ok(())
}

/// Somebody does something.
pub async fn act(world: &mut World<'_>) -> Result<()> {
    // The noisy one does most of it.
    let tenant = usize::from(world.dice.chance(750));
    let table = *world.dice.pick(&["customers", "products", "orders", "orders"]).unwrap_or(&"orders");
    match world.dice.from(0..100) {
        0..25 => create(world, tenant, table).await,
        25..85 => edit(world, tenant, table).await,
        _ => press(world, tenant).await,
    }
}

async fn create(world: &mut World<'_>, tenant: usize, table: &str) -> Result<()> {
    let number = world.dice.from(1_000..999_999);
    let mark = world.tenants[tenant].mark;
    let record = match table {
        "customers" => customer(world, mark, number),
        "products" => json!({
            "title": format!("{mark} tea {number}"), "sku": format!("{}-{number}", mark.to_uppercase()),
            "price": price(world),
        }),
        _ => {
            let customers = ids(world, tenant, "customers").await?;
            let products = ids(world, tenant, "products").await?;
            let Some(customer) = world.dice.pick(&customers).copied() else { return Ok(()) };
            let lines: Vec<Value> = (0..=world.dice.from(0..3))
                .filter_map(|_| world.dice.pick(&products).copied())
                .map(|product| json!({"product": product, "quantity": 1 + number % 4}))
                .collect();
            json!({"customer": customer, "lineItems": lines, "note": format!("{mark} note {number}"),
                "totalShippingPriceSet": "4.90", "totalTaxSet": "1.10"})
        }
    };
    let path = format!("shopify/{table}?account={}", shop_account(mark));
    let made = world.control("POST", &path, json!({"records": [record]})).await?;
    world.tell(format!("{mark}'s shop has a new record in {table}: {}", made["ids"][0]));
    Ok(())
}

fn customer(world: &mut World<'_>, mark: &str, number: u64) -> Value {
    json!({
        "firstName": "Ada", "lastName": format!("{mark} {number}"), "email": format!("c{number}@{mark}.example"),
        "phone": format!("+43{number}"), "defaultAddress": address(world, mark),
    })
}

fn address(world: &mut World<'_>, mark: &str) -> Value {
    let house = world.dice.from(1..200);
    json!({"address1": format!("{mark} street {house}"), "city": "Wien", "zip": "1010", "countryCodeV2": "AT"})
}

fn price(world: &mut World<'_>) -> String {
    format!("{}.{:02}", world.dice.from(1..90), world.dice.from(0..100))
}

async fn edit(world: &mut World<'_>, tenant: usize, table: &str) -> Result<()> {
    let known = ids(world, tenant, table).await?;
    let Some(id) = world.dice.pick(&known).copied() else { return Ok(()) };
    let (mark, number) = (world.tenants[tenant].mark, world.dice.from(1_000..999_999));
    let changes = match (table, world.dice.from(0..3)) {
        ("customers", 0) => json!({"firstName": format!("Bo{number}")}),
        ("customers", 1) => json!({"phone": format!("+44{number}")}),
        ("customers", _) => json!({"defaultAddress": address(world, mark)}),
        ("products", 0) => json!({"price": price(world)}),
        ("products", _) => json!({"title": format!("{mark} coffee {number}")}),
        _ => json!({"note": format!("{mark} word {number}")}),
    };
    world.tell(format!("{mark}'s shop edits {table}/{id}: {changes}"));
    world.control("PATCH", &format!("shopify/{table}/{id}?account={}", shop_account(mark)), changes).await.map(drop)
}

/// The numbers of a shop's records.
pub async fn ids(world: &World<'_>, tenant: usize, table: &str) -> Result<Vec<u64>> {
    let path = format!("shopify/{table}?account={}&limit=1000", shop_account(world.tenants[tenant].mark));
    let listed = world.control("GET", &path, Value::Null).await?;
    Ok(listed["records"].as_array().into_iter().flatten().filter_map(|record| record["id"].as_u64()).collect())
}

/// Somebody presses a sync's button, if the desk is free.
async fn press(world: &mut World<'_>, tenant: usize) -> Result<()> {
    if world.slots[LOOPS].task.is_some() {
        return Ok(());
    }
    let syncs: Vec<_> = world.tenants[tenant].syncs.iter().map(|(entity, sync)| (*entity, *sync)).collect();
    let Some((entity, sync)) = world.dice.pick(&syncs).copied() else { return Ok(()) };
    let phase = *world.dice.pick(&[Phase::Prepare, Phase::Process, Phase::FullPrepare]).unwrap_or(&Phase::Prepare);
    let (engine, member, now) = (world.engine(), world.tenants[tenant].member.clone(), world.now());
    let name = format!("{}'s {phase} of {entity}", world.tenants[tenant].mark);
    let task = Task::new(name, async move {
        let started = engine::runs::start(&engine, &member, sync, phase, now).await;
        started.map(|run| format!("already active: {}", run.already_active)).map_err(|error| error.to_string())
    });
    world.begin(LOOPS, task);
    Ok(())
}
