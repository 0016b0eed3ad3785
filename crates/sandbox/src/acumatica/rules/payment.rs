//! Payments: customer, the orders that they are applied to, status.

use serde_json::{Value, json};

use crate::clock::millis_text;
use crate::decimal::Decimal;
use crate::table::Doc;
use crate::world::World;

use super::super::entities::{CUSTOMER, SALES_ORDER};
use super::super::write::by_keys;
use super::{Errors, decimal, default, flag, set, text};

const DAY: i64 = 86_400_000;
/// What has been released stands in the ledger.
pub const RELEASED: [&str; 3] = ["Open", "Closed", "Voided"];
const FIXED_BY_RELEASE: [&str; 5] = ["CustomerID", "PaymentAmount", "CurrencyID", "ApplicationDate", "PaymentRef"];

/// Numbers and completes a payment.
pub fn complete(world: &World, doc: &mut Doc, before: Option<&Doc>, seq: u64, now: i64, errors: &mut Errors) {
    default(doc, "Type", "Payment");
    let number = before.map_or_else(|| format!("{seq:06}"), |before| text(before, "ReferenceNbr").to_owned());
    set(doc, "ReferenceNbr", number);
    customer(world, doc, before, errors);
    for (field, value) in [
        ("ApplicationDate", millis_text(now / DAY * DAY).as_str()),
        ("CustomerLocationID", "MAIN"),
        ("Branch", "MAIN"),
        ("PaymentMethod", "CHECK"),
        ("CashAccount", "10200"),
    ] {
        default(doc, field, value);
    }
    let amount = decimal(doc, "PaymentAmount").unwrap_or_default();
    if amount.is_negative() {
        errors.add("PaymentAmount", "The value must not be less than 0.");
    }
    set(doc, "PaymentAmount", amount.to_json());
    status(doc, before, errors);
    orders(world, doc, before, amount, errors);
}

fn customer(world: &World, doc: &mut Doc, before: Option<&Doc>, errors: &mut Errors) {
    let id = text(doc, "CustomerID").to_owned();
    if id.is_empty() {
        return errors.add("CustomerID", "'Customer' cannot be empty.");
    }
    let Some(customer) = by_keys(world, &CUSTOMER, std::slice::from_ref(&id)) else {
        return errors.add("CustomerID", "'Customer' cannot be found in the system.");
    };
    let is_new = before.is_none_or(|before| text(before, "CustomerID") != id);
    if is_new && text(&customer.doc, "Status") == "Inactive" {
        errors.add("CustomerID", "The customer status is 'Inactive'.");
    }
    default(doc, "CurrencyID", text(&customer.doc, "CurrencyID"));
}

fn status(doc: &mut Doc, before: Option<&Doc>, errors: &mut Errors) {
    default(doc, "Hold", Value::Bool(false));
    if let Some(before) = before.filter(|before| RELEASED.contains(&text(before, "Status"))) {
        for field in FIXED_BY_RELEASE.into_iter().filter(|field| before.get(*field) != doc.get(*field)) {
            errors.add(field, "The payment has been released and cannot be changed.");
        }
    } else if flag(doc, "Hold") {
        set(doc, "Status", "On Hold");
    } else if !RELEASED.contains(&text(doc, "Status")) {
        set(doc, "Status", "Balanced");
    }
}

/// A payment pays what its order has open, at most itself.
fn orders(world: &World, doc: &mut Doc, before: Option<&Doc>, amount: Decimal, errors: &mut Errors) {
    let customer = text(doc, "CustomerID").to_owned();
    let Some(Value::Array(mut rows)) = doc.remove("OrdersToApply") else {
        set(doc, "OrdersToApply", json!([]));
        return;
    };
    let known: Vec<Value> = before
        .and_then(|before| before.get("OrdersToApply")?.as_array())
        .map(|rows| rows.iter().filter_map(|row| row.get("id").cloned()).collect())
        .unwrap_or_default();
    let mut left = amount;
    for (number, row) in rows.iter_mut().enumerate() {
        let Value::Object(row) = row else { continue };
        default(row, "OrderType", "SO");
        let keys = [text(row, "OrderType").to_owned(), text(row, "OrderNbr").to_owned()];
        let order = by_keys(world, &SALES_ORDER, &keys);
        if !row.get("id").is_some_and(|id| known.contains(id)) {
            let problem = match &order {
                None => Some("'Order Nbr.' cannot be found in the system."),
                Some(order) if !text(&order.doc, "CustomerID").eq_ignore_ascii_case(&customer) => {
                    Some("The sales order belongs to another customer.")
                }
                Some(order) if text(&order.doc, "Status") == "Canceled" => Some("The sales order is canceled."),
                Some(_) => None,
            };
            problem.into_iter().for_each(|problem| errors.add_in_row("OrdersToApply", number, "OrderNbr", problem));
        }
        let open = order.and_then(|order| decimal(&order.doc, "OrderTotal")).unwrap_or(left);
        let applied = decimal(row, "AppliedToOrder").unwrap_or(open).min(open).min(left);
        left = left.minus(applied);
        set(row, "AppliedToOrder", applied.to_json());
    }
    set(doc, "OrdersToApply", Value::Array(rows));
    set(doc, "AppliedToOrders", amount.minus(left).to_json());
    set(doc, "AvailableBalance", left.to_json());
}
