//! Payments: an order's transactions.

use serde_json::{Value, json};

use crate::decimal::Decimal;
use crate::table::Doc;
use crate::world::World;

use super::super::shop::ORDERS;
use super::{Refusal, amount, default, invalid, reference, set_amount, text};

/// Fills in a payment: without more, the whole of its order, paid by hand now.
pub fn complete(doc: &mut Doc, world: &World) -> Result<(), Refusal> {
    let order = doc.get("order").and_then(reference);
    let order = order
        .and_then(|order| world.table(ORDERS).get(order))
        .ok_or_else(|| invalid("order", "Order does not exist"))?;
    doc.insert("order".to_owned(), Value::from(order.seq));
    if let Some(given) = doc.remove("amount") {
        doc.insert("amountSet".to_owned(), given);
    }
    default(doc, "amountSet", || order.doc.get("totalPriceSet").cloned().unwrap_or_default());
    let paid = amount(doc, "amountSet")?;
    if paid == Decimal::ZERO {
        return Err(invalid("amount", "must be greater than zero"));
    }
    set_amount(doc, "amountSet", paid);
    let (created, number) = (doc.get("createdAt").cloned().unwrap_or_default(), doc.get("id").cloned());
    let name = text(&order.doc, "name").to_owned();
    for (field, value) in [
        ("kind", json!("SALE")),
        ("status", json!("SUCCESS")),
        ("gateway", json!("manual")),
        ("test", json!(false)),
        ("processedAt", created),
        ("paymentId", json!(format!("{name}.{}", number.unwrap_or_default()))),
        ("currencyCode", order.doc.get("currencyCode").cloned().unwrap_or_default()),
    ] {
        default(doc, field, || value);
    }
    if !["AUTHORIZATION", "CAPTURE", "SALE", "REFUND", "VOID"].contains(&text(doc, "kind")) {
        return Err(invalid("kind", "must be AUTHORIZATION, CAPTURE, SALE, REFUND or VOID"));
    }
    let gateway = doc.get("gateway").cloned().unwrap_or_default();
    default(doc, "formattedGateway", || gateway);
    Ok(())
}
