//! Stock levels.

use crate::table::Doc;
use crate::world::World;

use super::super::entities::STOCK_ITEM;
use super::super::write::by_keys;
use super::{Errors, decimal, default, set, text};

/// Completes a level; what is on hand is available unless something else is said.
pub fn complete(world: &World, doc: &mut Doc, before: Option<&Doc>, errors: &mut Errors) {
    default(doc, "WarehouseID", "MAIN");
    let item = text(doc, "InventoryID").to_owned();
    if before.is_none() && by_keys(world, &STOCK_ITEM, std::slice::from_ref(&item)).is_none() {
        errors.add("InventoryID", "'Inventory ID' cannot be found in the system.");
    }
    let on_hand = decimal(doc, "QtyOnHand").or_else(|| decimal(doc, "QtyAvailable")).unwrap_or_default();
    set(doc, "QtyOnHand", on_hand.to_json());
    let available = decimal(doc, "QtyAvailable").unwrap_or(on_hand);
    set(doc, "QtyAvailable", available.to_json());
}
