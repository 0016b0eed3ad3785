//! An ERP's customers, stock items, orders, payments, shipments and stock levels, as if entered there by hand.

use serde_json::{Value, json};

use crate::acumatica::{CUSTOMER, Entity, PAYMENT, Refusal, SALES_ORDER, SHIPMENT, STOCK, STOCK_ITEM, back_office};
use crate::table::Doc;
use crate::world::World;

use super::Dice;
use super::words::{GOODS, PEOPLE, PLACES};

/// Makes `count` records of an entity, and first what it needs: orders need customers and items, each payment and each shipment an order of its own,
/// each stock level an item of its own. Answers their numbers in the table.
pub fn erp_records(world: &mut World, entity: &'static Entity, count: usize, now: i64) -> Result<Vec<u64>, Refusal> {
    if entity == &SALES_ORDER {
        for (needed, most) in [(&CUSTOMER, 40), (&STOCK_ITEM, GOODS.len())] {
            if world.table(needed.name).is_empty() {
                erp_records(world, needed, count.clamp(1, most), now)?;
            }
        }
    }
    let needed = if entity == &PAYMENT || entity == &SHIPMENT {
        erp_records(world, &SALES_ORDER, count, now)?
    } else if entity == &STOCK {
        erp_records(world, &STOCK_ITEM, count, now)?
    } else {
        Vec::new()
    };
    let mut numbers = Vec::with_capacity(count);
    for position in 0..count {
        let number = world.table(entity.name).next_seq();
        let doc = if entity == &CUSTOMER {
            customer(number)
        } else if entity == &STOCK_ITEM {
            item(number)
        } else if let Some(needed) = needed.get(position) {
            following(world, entity, *needed, number)
        } else {
            order(world, number)
        };
        numbers.push(back_office(world, entity, None, &doc, now)?.seq);
    }
    Ok(numbers)
}

/// What follows from an order or an item with this number in its table.
fn following(world: &World, entity: &'static Entity, needed: u64, number: u64) -> Doc {
    let of = |table: &'static Entity, field: &str| {
        world.table(table.name).get(needed).and_then(|row| row.doc.get(field).cloned()).unwrap_or_default()
    };
    let order = json!([{"OrderType": "SO", "OrderNbr": of(&SALES_ORDER, "OrderNbr")}]);
    if entity == &PAYMENT {
        return object(json!({
            "CustomerID": of(&SALES_ORDER, "CustomerID"), "PaymentRef": format!("PAY-{number}"),
            "PaymentAmount": of(&SALES_ORDER, "OrderTotal"), "OrdersToApply": order,
        }));
    }
    if entity == &SHIPMENT {
        return object(json!({"Orders": order}));
    }
    object(json!({"InventoryID": of(&STOCK_ITEM, "InventoryID"), "QtyAvailable": 5 + number % 40}))
}

fn customer(number: u64) -> Doc {
    let position = usize::try_from(number).unwrap_or_default();
    let (_, last) = PEOPLE[position % PEOPLE.len()];
    let (city, zip, country, _, street) = PLACES[position % PLACES.len()];
    object(json!({
        "CustomerName": format!("{last} Trading {number}"),
        "MainContact": {"Email": format!("office{number}@trading.example"), "Address": {"AddressLine1": format!("{street} {number}"), "City": city, "PostalCode": zip, "Country": country}},
    }))
}

fn item(number: u64) -> Doc {
    let position = usize::try_from(number).unwrap_or_default().wrapping_sub(1);
    let (sku, title, _, price) = GOODS[position % GOODS.len()];
    let edition = position / GOODS.len();
    let sku = if edition == 0 { format!("{sku}-ERP") } else { format!("{sku}-ERP-{edition}") };
    object(json!({"InventoryID": sku, "Description": title, "DefaultPrice": price}))
}

fn order(world: &World, number: u64) -> Doc {
    let mut dice = Dice::new(number);
    let texts = |entity: &'static Entity, field: &str| -> Vec<String> {
        let active = |doc: &Doc| {
            ["Status", "ItemStatus"].iter().all(|status| doc.get(*status).is_none_or(|status| status == "Active"))
        };
        world
            .table(entity.name)
            .rows()
            .filter(|row| active(&row.doc))
            .filter_map(|row| row.doc.get(field)?.as_str().map(str::to_owned))
            .collect()
    };
    let (customers, items) = (texts(&CUSTOMER, "CustomerID"), texts(&STOCK_ITEM, "InventoryID"));
    if customers.is_empty() || items.is_empty() {
        return Doc::new();
    }
    let line = json!({"InventoryID": dice.pick(&items), "OrderQty": 1 + dice.roll(5)});
    object(
        json!({"OrderType": "SO", "CustomerID": dice.pick(&customers), "Description": format!("Telephone order {number}"), "Details": [line]}),
    )
}

fn object(value: Value) -> Doc {
    if let Value::Object(object) = value { object } else { Doc::new() }
}
