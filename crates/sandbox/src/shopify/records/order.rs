//! Orders: their lines and what they add up to.

use serde_json::{Value, json};

use crate::clock::seconds_text;
use crate::decimal::Decimal;
use crate::table::Doc;
use crate::world::World;

use super::super::shop::{CUSTOMERS, ORDERS, PAYMENTS, PRODUCTS};
use super::fulfilment::remaining;
use super::{CURRENCY, Refusal, amount, default, invalid, of_order, reference, set_amount, text};

/// Fills in an order. Prices are without tax; `totalTaxSet` and `totalShippingPriceSet` are what the input says, everything else is added up.
pub fn complete(doc: &mut Doc, world: &World) -> Result<(), Refusal> {
    let number = doc.get("id").and_then(Value::as_u64).unwrap_or_default();
    default(doc, "name", || Value::from(format!("#{}", number.saturating_sub(4_000))));
    customer(doc, world)?;
    statuses(doc);
    let (subtotal, discounts, quantity) = lines(doc, world, number)?;
    let (tax, shipping) = (amount(doc, "totalTaxSet")?, amount(doc, "totalShippingPriceSet")?);
    let total = subtotal.plus(tax).plus(shipping);
    for (field, value) in [
        ("subtotalPriceSet", subtotal),
        ("totalDiscountsSet", discounts),
        ("totalTaxSet", tax),
        ("totalShippingPriceSet", shipping),
        ("totalPriceSet", total),
        ("currentTotalPriceSet", total),
    ] {
        set_amount(doc, field, value);
    }
    doc.insert("subtotalLineItemsQuantity".to_owned(), Value::from(quantity));
    Ok(())
}

/// The changes that cancel an order.
#[must_use]
pub fn cancellation(now: i64) -> Doc {
    let changes = json!({"cancelledAt": seconds_text(now), "cancelReason": "CUSTOMER", "closedAt": seconds_text(now), "closed": true, "displayFinancialStatus": "VOIDED"});
    if let Value::Object(changes) = changes { changes } else { Doc::new() }
}

fn customer(doc: &mut Doc, world: &World) -> Result<(), Refusal> {
    let given = doc.get("customer").filter(|customer| !customer.is_null());
    let Some(number) = given.map(reference) else {
        doc.insert("customer".to_owned(), Value::Null);
        return Ok(());
    };
    let found = number
        .and_then(|number| world.table(CUSTOMERS).get(number))
        .ok_or_else(|| invalid("customer", "Customer does not exist"))?;
    doc.insert("customer".to_owned(), Value::from(found.seq));
    for (field, from) in [("email", "email"), ("phone", "phone"), ("shippingAddress", "defaultAddress")] {
        default(doc, field, || found.doc.get(from).cloned().unwrap_or_default());
    }
    let shipping = doc.get("shippingAddress").cloned().unwrap_or_default();
    default(doc, "billingAddress", || shipping);
    Ok(())
}

fn statuses(doc: &mut Doc) {
    let created = doc.get("createdAt").cloned().unwrap_or_default();
    default(doc, "processedAt", || created);
    for (field, value) in [
        ("displayFinancialStatus", "PAID"),
        ("displayFulfillmentStatus", "UNFULFILLED"),
        ("sourceName", "web"),
        ("currencyCode", CURRENCY),
        ("presentmentCurrencyCode", CURRENCY),
    ] {
        default(doc, field, || Value::from(value));
    }
    for (field, value) in [("test", false), ("confirmed", true), ("closed", false), ("taxesIncluded", false)] {
        default(doc, field, || Value::from(value));
    }
    default(doc, "tags", || json!([]));
}

/// Completes all lines; their sum, what was taken off, and how many pieces.
fn lines(doc: &mut Doc, world: &World, number: u64) -> Result<(Decimal, Decimal, u64), Refusal> {
    let Some(Value::Array(mut lines)) = doc.remove("lineItems") else {
        return Err(invalid("lineItems", "must have at least one line item"));
    };
    let (mut subtotal, mut discounts, mut pieces) = (Decimal::ZERO, Decimal::ZERO, 0);
    let known = lines.iter().filter_map(|line| line.get("id").and_then(reference)).max();
    let mut next = known.unwrap_or(number * 1_000) + 1;
    for (position, line) in lines.iter_mut().enumerate() {
        let name = format!("lineItems[{position}]");
        let Value::Object(line) = line else { return Err(invalid(name, "must be an object")) };
        let id = line.get("id").and_then(reference).unwrap_or(next);
        next = next.max(id + 1);
        line.insert("id".to_owned(), Value::from(id));
        let (total, discount, quantity) = complete_line(line, world, &name)?;
        subtotal = subtotal.plus(total);
        discounts = discounts.plus(discount);
        pieces += quantity;
    }
    if lines.is_empty() {
        return Err(invalid("lineItems", "must have at least one line item"));
    }
    doc.insert("lineItems".to_owned(), Value::Array(lines));
    Ok((subtotal, discounts, pieces))
}

fn complete_line(line: &mut Doc, world: &World, name: &str) -> Result<(Decimal, Decimal, u64), Refusal> {
    product(line, world);
    if text(line, "title").is_empty() {
        return Err(invalid(format!("{name}.title"), "can't be blank"));
    }
    let quantity =
        line.get("quantity").and_then(|quantity| quantity.as_u64().or_else(|| quantity.as_str()?.trim().parse().ok()));
    let quantity = quantity
        .filter(|quantity| (1..=100_000).contains(quantity))
        .ok_or_else(|| invalid(format!("{name}.quantity"), "must be between 1 and 100000"))?;
    if let Some(price) = line.remove("price") {
        line.insert("originalUnitPriceSet".to_owned(), price.clone());
        line.remove("discountedUnitPriceSet");
    }
    let price = amount(line, "originalUnitPriceSet")?;
    let discounted = if line.get("discountedUnitPriceSet").is_none_or(Value::is_null) {
        price
    } else {
        amount(line, "discountedUnitPriceSet")?
    };
    let count = Decimal::from_cents(i64::try_from(quantity).unwrap_or(i64::MAX).saturating_mul(100));
    let (original, total) = (price.times(count), discounted.times(count));
    let off = original.minus(total);
    for (field, value) in [
        ("originalUnitPriceSet", price),
        ("discountedUnitPriceSet", discounted),
        ("originalTotalSet", original),
        ("discountedTotalSet", total),
        ("totalDiscountSet", off),
    ] {
        set_amount(line, field, value);
    }
    line.insert("quantity".to_owned(), Value::from(quantity));
    line.insert("currentQuantity".to_owned(), Value::from(quantity));
    let title = line.get("title").cloned().unwrap_or_default();
    default(line, "name", || title);
    default(line, "requiresShipping", || Value::from(true));
    default(line, "taxable", || Value::from(true));
    Ok((total, off, quantity))
}

/// Finds the line's product by reference or by SKU and takes over what the line does not say itself. A line may also have no product.
fn product(line: &mut Doc, world: &World) {
    let products = world.table(PRODUCTS);
    let sku = text(line, "sku").to_owned();
    let by_reference = line.get("product").and_then(reference).and_then(|number| products.get(number));
    let found =
        by_reference.or_else(|| products.rows().find(|row| !sku.is_empty() && variant(&row.doc, &sku).is_some()));
    let Some(row) = found else { return };
    let first = row.doc.get("variants").and_then(|variants| variants.get(0));
    let Some(variant) = variant(&row.doc, &sku).or(first) else { return };
    line.insert("product".to_owned(), Value::from(row.seq));
    let take = |field: &str| variant.get(field).cloned().unwrap_or_default();
    default(line, "variant", || take("id"));
    default(line, "sku", || take("sku"));
    default(line, "title", || row.doc.get("title").cloned().unwrap_or_default());
    default(line, "vendor", || row.doc.get("vendor").cloned().unwrap_or_default());
    if line.get("price").is_none_or(Value::is_null) {
        default(line, "originalUnitPriceSet", || take("price"));
    }
}

fn variant<'a>(product: &'a Doc, sku: &str) -> Option<&'a Value> {
    product.get("variants")?.as_array()?.iter().find(|variant| variant.get("sku").and_then(Value::as_str) == Some(sku))
}

/// What a payment or a shipment makes of its order.
pub fn follow(world: &mut World, table: &'static str, seq: u64, now: i64) -> Result<(), Refusal> {
    let order = world.table(table).get(seq).and_then(|row| row.doc.get("order")?.as_u64());
    let Some(row) = order.and_then(|order| world.table(ORDERS).get(order)).cloned() else { return Ok(()) };
    let mut doc = row.doc.clone();
    if table == PAYMENTS {
        let paid = of_order(world, PAYMENTS, Some(row.seq));
        let counts = |row: &&std::sync::Arc<crate::table::Row>| {
            ["SALE", "CAPTURE"].contains(&text(&row.doc, "kind")) && text(&row.doc, "status") == "SUCCESS"
        };
        let sum = paid
            .iter()
            .filter(counts)
            .try_fold(Decimal::ZERO, |sum, row| amount(&row.doc, "amountSet").map(|amount| sum.plus(amount)))?;
        let status = if sum >= amount(&doc, "totalPriceSet")? { "PAID" } else { "PARTIALLY_PAID" };
        doc.insert("displayFinancialStatus".to_owned(), Value::from(status));
    } else {
        let left = remaining(&doc, world);
        let status = match left.iter().map(|(_, _, left)| left).sum::<u64>() {
            0 => "FULFILLED",
            _ if left.iter().all(|(_, ordered, left)| ordered == left) => "UNFULFILLED",
            _ => "PARTIALLY_FULFILLED",
        };
        doc.insert("displayFulfillmentStatus".to_owned(), Value::from(status));
    }
    let modified = now / 1_000 * 1_000;
    doc.insert("updatedAt".to_owned(), Value::from(seconds_text(modified)));
    world.put(ORDERS, crate::table::Row { seq: row.seq, modified, doc }, None)?;
    Ok(())
}
