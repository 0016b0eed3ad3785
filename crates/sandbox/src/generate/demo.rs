//! The demo's data: a shop with three weeks of orders, and an ERP in which one of its items is inactive.

use serde_json::{Value, json};

use crate::acumatica::{Erp, STOCK, STOCK_ITEM, back_office};
use crate::shopify::records::{Refusal, save};
use crate::shopify::{CUSTOMERS, ORDERS, PRODUCTS, Shop};
use crate::table::Doc;
use crate::world::World;

use super::Dice;
use super::shop::{customer, order_of, product};
use super::words::{GOODS, NOTES};

/// The item that the ERP has as inactive.
pub const INACTIVE: &str = "TEA-EARL-100";
const ORDERS_IN_DEMO: i64 = 40;
const CUSTOMERS_IN_DEMO: usize = 8;
const DAY: i64 = 86_400_000;

/// Fills both accounts, each only if it is empty. The error is for the person who asked.
///
/// It is asked for at every request to a demo account, so it looks first and locks out readers only to fill.
pub fn demo(shop: Option<&Shop>, erp: Option<&Erp>) -> Result<(), String> {
    let is_empty = |world: &World, table: &str| world.table(table).is_empty();
    if let Some(shop) = shop.filter(|shop| is_empty(&shop.account.read(), ORDERS)) {
        let mut world = shop.account.write();
        if world.table(ORDERS).is_empty() {
            fill_shop(&mut world, shop.now()).map_err(|refusal| refusal.to_string())?;
        }
    }
    if let Some(erp) = erp.filter(|erp| is_empty(&erp.account.read(), STOCK_ITEM.name)) {
        let mut world = erp.account.write();
        if world.table(STOCK_ITEM.name).is_empty() {
            fill_erp(&mut world, erp.now())?;
        }
    }
    Ok(())
}

/// The demo's licence has a session more than a trial's, so that a second sync need not wait. Limits that were set stay.
pub fn prepare_licence(erp: &Erp) -> std::io::Result<()> {
    if !erp.account.read().limits().is_empty() {
        return Ok(());
    }
    erp.set_limits(&Doc::from_iter([("sessions".to_owned(), 3.into())]))
}

fn fill_shop(world: &mut World, now: i64) -> Result<(), Refusal> {
    for _ in 0..CUSTOMERS_IN_DEMO {
        let doc = customer(world.table(CUSTOMERS).next_seq(), now - 22 * DAY);
        save(world, CUSTOMERS, None, &doc, now)?;
    }
    for _ in 0..GOODS.len() {
        let doc = product(world.table(PRODUCTS).next_seq(), now - 22 * DAY);
        save(world, PRODUCTS, None, &doc, now)?;
    }
    let customers: Vec<u64> = world.table(CUSTOMERS).rows().map(|row| row.seq).collect();
    let (inactive, others): (Vec<u64>, Vec<u64>) =
        world.table(PRODUCTS).rows().map(|row| row.seq).partition(|seq| has_sku(world, *seq, INACTIVE));
    let mut dice = Dice::new(20);
    for position in 0..ORDERS_IN_DEMO {
        // The newest order but two asks for the inactive item.
        let products = if position == ORDERS_IN_DEMO - 3 { &inactive } else { &others };
        let pieces = 1 + dice.roll(2);
        let mut chosen: Vec<u64> = (0..pieces).map(|_| *dice.pick(products)).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let lines =
            chosen.into_iter().map(|product| json!({"product": product, "quantity": 1 + dice.roll(3)})).collect();
        let at = now - (ORDERS_IN_DEMO - position) * 21 * DAY / ORDERS_IN_DEMO + DAY / 3;
        let doc = order_of(world, *dice.pick(&customers), lines, NOTES[dice.roll(NOTES.len())], at.min(now));
        save(world, ORDERS, None, &doc, now)?;
    }
    Ok(())
}

fn fill_erp(world: &mut World, now: i64) -> Result<(), String> {
    let stock = [(0, "Inactive"), (6, "Active"), (9, "Active")];
    for (position, status) in stock {
        let (sku, title, _, price) = GOODS[position];
        let item = json!({"InventoryID": sku, "Description": title, "DefaultPrice": price, "ItemStatus": status});
        let Value::Object(item) = item else { continue };
        back_office(world, &STOCK_ITEM, None, &item, now - 30 * DAY)
            .map_err(|_| format!("the item {sku} was refused"))?;
        let level = Doc::from_iter([
            ("InventoryID".to_owned(), Value::from(sku)),
            ("QtyAvailable".to_owned(), Value::from(12 + position)),
        ]);
        back_office(world, &STOCK, None, &level, now - 30 * DAY)
            .map_err(|_| format!("the stock of {sku} was refused"))?;
    }
    Ok(())
}

fn has_sku(world: &World, seq: u64, sku: &str) -> bool {
    let first = |doc: &Doc| doc.get("variants")?.get(0)?.get("sku")?.as_str().map(|own| own == sku);
    world.table(PRODUCTS).get(seq).and_then(|row| first(&row.doc)).unwrap_or_default()
}
