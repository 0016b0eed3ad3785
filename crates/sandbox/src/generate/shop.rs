//! A shop's customers, products and orders.

use serde_json::{Value, json};

use crate::clock::seconds_text;
use crate::decimal::Decimal;
use crate::shopify::records::{Refusal, of_order, save};
use crate::shopify::{CUSTOMERS, ORDERS, PAYMENTS, PRODUCTS, SHIPMENTS, STOCK};
use crate::table::Doc;
use crate::world::World;

use super::Dice;
use super::words::{GOODS, NOTES, PEOPLE, PLACES};

const HOUR: i64 = 3_600_000;

/// Makes `count` records of a kind; orders get customers and products first when there are none. Answers their numbers.
///
/// In an empty table the changes lie a second apart and end now; later ones all happen now, as new changes do.
pub fn shop_records(world: &mut World, table: &'static str, count: usize, now: i64) -> Result<Vec<u64>, Refusal> {
    match table {
        PAYMENTS | SHIPMENTS => return for_orders(world, table, count, now),
        STOCK => return levels(world, count, now),
        _ => {}
    }
    if table == ORDERS {
        for (needed, most) in [(CUSTOMERS, 40), (PRODUCTS, GOODS.len())] {
            if world.table(needed).is_empty() {
                shop_records(world, needed, count.clamp(1, most), now)?;
            }
        }
    }
    let spread = world.table(table).is_empty();
    let mut numbers = Vec::with_capacity(count);
    for position in 0..count {
        let behind = i64::try_from(count - 1 - position).unwrap_or_default() * 1_000;
        let at = if spread { now - behind } else { now };
        let number = world.table(table).next_seq();
        let doc = match table {
            CUSTOMERS => customer(number, at),
            PRODUCTS => product(number, at),
            _ => order(world, number, at),
        };
        numbers.push(save(world, table, None, &doc, at)?);
    }
    Ok(numbers)
}

/// Payments or shipments: one for each of the orders that have none, which are made when there are too few.
fn for_orders(world: &mut World, table: &'static str, count: usize, now: i64) -> Result<Vec<u64>, Refusal> {
    let bare = |world: &World| -> Vec<u64> {
        let has_none = |seq: &u64| of_order(world, table, Some(*seq)).is_empty();
        world.table(ORDERS).rows().map(|row| row.seq).filter(has_none).take(count).collect()
    };
    let missing = count - bare(world).len();
    shop_records(world, ORDERS, missing, now)?;
    let mut numbers = Vec::with_capacity(count);
    for (place, order) in bare(world).into_iter().enumerate() {
        let mut doc = Doc::from_iter([("order".to_owned(), Value::from(order))]);
        if table == SHIPMENTS {
            let parcel = json!({"company": "DHL", "number": format!("JD{order:06}{place:04}")});
            doc.insert("trackingInfo".to_owned(), parcel);
        }
        numbers.push(save(world, table, None, &doc, now)?);
    }
    Ok(numbers)
}

/// Levels come with their products, so as many products are made as are missing.
fn levels(world: &mut World, count: usize, now: i64) -> Result<Vec<u64>, Refusal> {
    let before: Vec<u64> = world.table(STOCK).rows().map(|row| row.seq).collect();
    shop_records(world, PRODUCTS, count, now)?;
    Ok(world.table(STOCK).rows().map(|row| row.seq).filter(|seq| !before.contains(seq)).collect())
}

/// A customer whose name and address follow from the number.
#[must_use]
pub fn customer(number: u64, at: i64) -> Doc {
    let position = usize::try_from(number).unwrap_or_default().wrapping_sub(1);
    let (first, last) = PEOPLE[position % PEOPLE.len()];
    let (city, zip, code, country, street) = PLACES[(position + position / PEOPLE.len()) % PLACES.len()];
    let house = 1 + number % 97;
    let name = format!("{first}.{last}").to_lowercase().replace([' ', '\''], "");
    let ascii: String = name.chars().map(unaccented).collect();
    object(json!({
        "firstName": first,
        "lastName": last,
        "email": format!("{ascii}.{number}@mail.example"),
        "createdAt": seconds_text(at - 24 * HOUR),
        "updatedAt": seconds_text(at),
        "defaultAddress": {
            "firstName": first, "lastName": last, "name": format!("{first} {last}"), "company": null, "address1": format!("{street} {house}"), "address2": null,
            "city": city, "zip": zip, "province": null, "provinceCode": null, "country": country, "countryCodeV2": code, "phone": null,
        },
    }))
}

/// A product; from the thirteenth on the goods come again in numbered editions.
#[must_use]
pub fn product(number: u64, at: i64) -> Doc {
    let position = usize::try_from(number.saturating_sub(9_001)).unwrap_or_default();
    let (sku, title, kind, price) = GOODS[position % GOODS.len()];
    let edition = position / GOODS.len();
    let (sku, title) = if edition == 0 {
        (sku.to_owned(), title.to_owned())
    } else {
        (format!("{sku}-{edition}"), format!("{title}, edition {edition}"))
    };
    object(json!({
        "title": title, "productType": kind, "vendor": "Blatt & Bohne", "sku": sku, "price": price, "barcode": format!("90{number:011}"),
        "inventoryQuantity": 20 + number % 180, "descriptionHtml": format!("<p>{title}</p>"), "createdAt": seconds_text(at - 48 * HOUR), "updatedAt": seconds_text(at),
    }))
}

/// An order of one to four of the shop's products by one of its customers.
fn order(world: &World, number: u64, at: i64) -> Doc {
    let mut dice = Dice::new(number);
    let customers: Vec<u64> = world.table(CUSTOMERS).rows().map(|row| row.seq).collect();
    let products: Vec<u64> = world.table(PRODUCTS).rows().map(|row| row.seq).collect();
    let mut chosen: Vec<u64> = (0..=dice.roll(4)).map(|_| *dice.pick(&products)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let lines = chosen.into_iter().map(|product| json!({"product": product, "quantity": 1 + dice.roll(3)})).collect();
    order_of(world, *dice.pick(&customers), lines, NOTES[dice.roll(NOTES.len())], at)
}

/// An order with a fifth of tax and a flat price of shipping.
#[must_use]
pub fn order_of(world: &World, customer: u64, lines: Vec<Value>, note: &str, at: i64) -> Doc {
    let price = |line: &Value| {
        let product = world.table(PRODUCTS).get(line["product"].as_u64()?)?;
        let price = Decimal::from_json(product.doc.get("variants")?.get(0)?.get("price")?)?;
        Some(price.times(Decimal::from_json(&line["quantity"])?))
    };
    let net = lines.iter().filter_map(price).fold(Decimal::ZERO, Decimal::plus);
    let tax = net.times(Decimal::from_cents(20)).round(2);
    object(json!({
        "customer": customer, "lineItems": lines, "note": if note.is_empty() { Value::Null } else { Value::from(note) }, "totalTaxSet": tax.to_money(),
        "totalShippingPriceSet": "4.90", "createdAt": seconds_text(at), "updatedAt": seconds_text(at),
    }))
}

fn unaccented(letter: char) -> char {
    match letter {
        'á' => 'a',
        'é' => 'e',
        'ó' => 'o',
        other => other,
    }
}

fn object(value: Value) -> Doc {
    if let Value::Object(object) = value { object } else { Doc::new() }
}
