//! The people: they open the shops, edit records past the vendors' APIs, and press buttons.

mod erp;
mod removal;

use anyhow::Result;
use domain::RecordStatus;
use domain::history::{HistoryFilter, Selection};
use domain::run::Phase;
use domain::status::RecordAction;
use domain::sync::Direction;
use serde_json::{Value, json};

use crate::annals::{Said, Thing};
use crate::post;
use crate::task::Task;
use crate::tenants::shop_account;
use crate::wire::UnderWay;
use crate::world::{LOOPS, World};

/// What both shops begin with.
pub async fn open_shop(world: &mut World<'_>) -> Result<()> {
    // On some days nothing is listed but at the beginning: what changes is only announced.
    if world.dice.chance(400) {
        world.tell("a day of announcements");
        world.announce_only().await?;
    } else {
        world.quicken_schedules().await?;
    }
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
    let goes_back = world.tenants[tenant].customers.direction == Direction::TwoWay;
    match world.dice.from(0..100) {
        0..22 => create(world, tenant, table).await,
        22..62 => edit(world, tenant, table).await,
        62..80 if goes_back => erp::edit(world, tenant).await,
        62..80 => edit(world, tenant, table).await,
        80..85 if goes_back => erp::create(world, tenant).await,
        85..89 => removal::remove(world, tenant).await,
        89..91 => removal::recreate(world, tenant).await,
        91..93 => choose(world, tenant).await,
        _ => press(world, tenant).await,
    }
}

/// Somebody edits what is being written: the very record when the write says which one it is, one of its kind otherwise.
pub async fn edit_like(world: &mut World<'_>, UnderWay { place, name, body, .. }: &UnderWay) -> Result<()> {
    let Some(tenant) = world.tenants.iter().position(|tenant| place.starts_with(tenant.mark)) else { return Ok(()) };
    let table = match name {
        _ if name.contains("SalesOrder") => "orders",
        _ if name.contains("StockItem") => "products",
        _ => "customers",
    };
    let is_like = |said: &Said| said.thing.table == table;
    if let Some(Said { thing: Thing { id, .. }, .. }) = world.annals.told_by(body).into_iter().find(is_like) {
        let id = id.rsplit('/').next().and_then(|id| id.parse().ok()).unwrap_or_default();
        return if ids(world, tenant, table).await?.contains(&id) {
            edit_one(world, tenant, table, id).await
        } else {
            Ok(())
        };
    }
    edit(world, tenant, table).await
}

/// Somebody looks at the conflicts and lets one side win.
///
/// # Errors
/// Of the engine.
pub async fn choose(world: &mut World<'_>, tenant: usize) -> Result<()> {
    let (engine, member, now) = (world.desk.clone(), world.tenants[tenant].member.clone(), world.now());
    let filter = HistoryFilter { status: Some(RecordStatus::Conflict), ..HistoryFilter::default() };
    let actions = [RecordAction::SourceWins, RecordAction::DestinationWins];
    let action = *world.dice.pick(&actions).unwrap_or(&RecordAction::SourceWins);
    let outcome = engine::history::act(&engine, &member, action, &Selection::Matching(filter), now).await?;
    if outcome.done > 0 {
        let mark = world.tenants[tenant].mark;
        world.tell(format!("somebody decides {} of {mark}'s conflicts: {action:?}", outcome.done));
    }
    Ok(())
}

async fn create(world: &mut World<'_>, tenant: usize, table: &'static str) -> Result<()> {
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
    let made = world.control("POST", &path, json!({"records": [record.clone()]})).await?;
    let id = made["ids"][0].as_str().unwrap_or_default().to_owned();
    world.tell(format!("{mark}'s shop has a new record in {table}: {id}"));
    post::announce(world, Thing { tenant, table, id }, &record, false);
    Ok(())
}

fn customer(world: &mut World<'_>, mark: &str, number: u64) -> Value {
    named(world, mark, number, &format!("c{number}@{mark}.example"))
}

fn named(world: &mut World<'_>, mark: &str, number: u64, email: &str) -> Value {
    json!({
        "firstName": "Ada", "lastName": format!("{mark} {number}"), "email": email,
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

async fn edit(world: &mut World<'_>, tenant: usize, table: &'static str) -> Result<()> {
    let known = ids(world, tenant, table).await?;
    let Some(id) = world.dice.pick(&known).copied() else { return Ok(()) };
    edit_one(world, tenant, table, id).await
}

async fn edit_one(world: &mut World<'_>, tenant: usize, table: &'static str, id: u64) -> Result<()> {
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
    let path = format!("shopify/{table}/{id}?account={}", shop_account(mark));
    let edited = world.control("PATCH", &path, changes.clone()).await?;
    let id = edited["id"].as_str().unwrap_or_default().to_owned();
    post::announce(world, Thing { tenant, table, id }, &changes, false);
    Ok(())
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
