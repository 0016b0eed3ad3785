//! A payment, and the order that it is applied to.

use domain::canonical::Payment;
use serde_json::{Value, json};

use super::super::value::{object, text, wrap, wrap_flag, wrap_money};
use super::Body;
use crate::error::Result;
use crate::settings::refused;

/// What the connection says about the payments that are made through it.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Accounting {
    /// The ERP's payment method; `None` = the customer's own.
    pub method: Option<String>,
    /// The cash account; `None` = the method's own.
    pub cash_account: Option<String>,
}

/// The fields that differ, all when there is no current one. The order is not in it: see [`applied`] and [`reapplied`].
///
/// # Errors
/// [`crate::Error::Rejected`] when there is no customer.
pub(super) fn fields(payment: &Payment, current: Option<&Payment>) -> Result<Body> {
    let Some(customer) = &payment.customer else {
        let message =
            "The payment has no customer, and the ERP needs one. Give its order a customer in the shop, or skip it.";
        return Err(refused("customer_missing", "customer", message.into()));
    };
    let differs = |same: fn(&Payment, &Payment) -> bool| current.is_none_or(|current| !same(payment, current));
    let mut body = Body::new();
    if differs(|new, old| new.customer == old.customer) {
        body.extend(object([("CustomerID", wrap(Some(&customer.id)))]));
    }
    if differs(|new, old| new.reference == old.reference) {
        body.extend(object([("PaymentRef", wrap(Some(&payment.reference)))]));
    }
    if differs(|new, old| new.amount.currency == old.amount.currency) {
        body.extend(object([("CurrencyID", wrap(Some(&payment.amount.currency)))]));
    }
    if differs(|new, old| new.amount == old.amount) {
        body.extend(object([("PaymentAmount", wrap_money(Some(&payment.amount)))]));
    }
    if let Some(day) = payment.paid_on.filter(|_| differs(|new, old| new.paid_on == old.paid_on)) {
        body.extend(object([("ApplicationDate", wrap(Some(&day.format("%Y-%m-%d").to_string())))]));
    }
    Ok(body)
}

/// What a new payment has beside its own fields. How much of it is applied to the order is the ERP's to say: what the
/// order has still open, at most the payment's amount.
pub(in super::super) fn applied(payment: &Payment, accounting: &Accounting) -> Body {
    let mut body = object([("Type", wrap(Some("Payment"))), ("Hold", wrap_flag(false))]);
    let settings = [("PaymentMethod", &accounting.method), ("CashAccount", &accounting.cash_account)];
    body.extend(object(settings.into_iter().filter_map(|(name, text)| Some((name, wrap(Some(text.as_ref()?)))))));
    if let Some(order) = &payment.order {
        body.extend(object([("OrdersToApply", Value::Array(vec![row(&order.id)]))]));
    }
    body
}

/// The rows that turn `existing` into an application to the payment's order.
pub(in super::super) fn reapplied(payment: &Payment, existing: &[Value]) -> Value {
    let wanted = payment.order.as_ref().map(|order| order.id.as_str());
    let is_wanted = |row: &&Value| text(row, "OrderNbr").map(str::trim) == wanted;
    let removed = existing.iter().filter(|row| !is_wanted(row)).map(|row| json!({"id": row["id"], "delete": true}));
    let added = wanted.filter(|_| !existing.iter().any(|row| is_wanted(&row))).map(row);
    removed.chain(added).collect()
}

fn row(order: &str) -> Value {
    Value::Object(object([("OrderType", wrap(Some("SO"))), ("OrderNbr", wrap(Some(order)))]))
}
