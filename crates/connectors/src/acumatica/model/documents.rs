//! Payments and shipments: what belongs to an order.

use domain::Money;
use domain::canonical::{Payment, Reference, Shipment, ShipmentLine};
use serde_json::Value;

use super::super::value::{money, rows, text, thousandths};
use super::{date, owned};

/// A payment may be applied to several orders; the canonical one has the first.
pub(super) fn payment(raw: &Value) -> Result<Payment, String> {
    let currency = owned(raw, "CurrencyID").ok_or("CurrencyID is missing")?;
    Ok(Payment {
        reference: owned(raw, "PaymentRef").unwrap_or_default(),
        order: order(raw, "OrdersToApply"),
        customer: owned(raw, "CustomerID").map(|id| Reference { id, key: None }),
        amount: money(raw, "PaymentAmount", &currency)?.unwrap_or_else(|| Money::new(0, &currency)),
        paid_on: text(raw, "ApplicationDate").and_then(date),
        method: None,
    })
}

/// Several packages make one line of tracking numbers.
pub(super) fn shipment(raw: &Value) -> Result<Shipment, String> {
    let line = |row: &Value| {
        let product = owned(row, "InventoryID").map(|id| Reference { key: Some(id.clone()), id });
        Ok(ShipmentLine { product, quantity_milli: thousandths(row, "ShippedQty")? })
    };
    let packages = rows(raw, "Packages").iter().filter_map(|package| text(package, "TrackingNbr"));
    let mut tracking: Vec<&str> = packages.map(str::trim).collect();
    tracking.dedup();
    Ok(Shipment {
        number: owned(raw, "ShipmentNbr").unwrap_or_default(),
        order: order(raw, "Orders"),
        shipped_on: text(raw, "ShipmentDate").and_then(date),
        carrier: owned(raw, "ShipVia"),
        tracking: (!tracking.is_empty()).then(|| tracking.join(", ")),
        lines: rows(raw, "Details").iter().map(line).collect::<Result<_, String>>()?,
    })
}

/// The first sales order (type SO) among the rows.
fn order(raw: &Value, list: &str) -> Option<Reference> {
    let mut orders = rows(raw, list).iter().filter(|row| text(row, "OrderType").map(str::trim) == Some("SO"));
    owned(orders.next()?, "OrderNbr").map(|id| Reference { id, key: None })
}
