//! Sales orders: customer, lines, sums, status.

use serde_json::{Value, json};

use crate::clock::millis_text;
use crate::decimal::Decimal;
use crate::table::{Doc, at_path};
use crate::world::World;

use super::super::entities::{CUSTOMER, STOCK_ITEM};
use super::super::write::by_keys;
use super::{Errors, decimal, default, flag, set, text};

const TYPES: [&str; 6] = ["SO", "IN", "QT", "CM", "RC", "EO"];
const DAY: i64 = 86_400_000;

/// Numbers and completes an order, and adds it up.
pub fn complete(world: &World, doc: &mut Doc, before: Option<&Doc>, seq: u64, now: i64, errors: &mut Errors) {
    default(doc, "OrderType", "SO");
    if !TYPES.contains(&text(doc, "OrderType")) {
        errors.add("OrderType", "'Order Type' cannot be found in the system.");
    }
    // The numbering is automatic: a number that was sent for a new order is not kept.
    let number = before.map_or_else(|| format!("{seq:06}"), |before| text(before, "OrderNbr").to_owned());
    set(doc, "OrderNbr", number);
    customer(world, doc, before, errors);
    let today = now / DAY * DAY;
    for (field, value) in
        [("Date", millis_text(today)), ("LocationID", "MAIN".to_owned()), ("Branch", "MAIN".to_owned())]
    {
        default(doc, field, value);
    }
    let date = text(doc, "Date").to_owned();
    default(doc, "RequestedOn", date);
    status(doc);
    lines(world, doc, before, errors);
    totals(doc, before, errors);
}

fn customer(world: &World, doc: &mut Doc, before: Option<&Doc>, errors: &mut Errors) {
    let id = text(doc, "CustomerID").to_owned();
    if id.is_empty() {
        return errors.add("CustomerID", "'Customer' cannot be empty.");
    }
    let Some(customer) = by_keys(world, &CUSTOMER, std::slice::from_ref(&id)) else {
        return errors.add("CustomerID", "'Customer' cannot be found in the system.");
    };
    let status = text(&customer.doc, "Status");
    let is_new = before.is_none_or(|before| text(before, "CustomerID") != id);
    if is_new && !["Active", "One-Time"].contains(&status) {
        errors.add("CustomerID", format!("The customer status is '{status}'."));
    }
    default(doc, "CurrencyID", text(&customer.doc, "CurrencyID"));
    let address = at_path(&customer.doc, "MainContact/Address").cloned().unwrap_or_else(|| json!({}));
    for field in ["BillToAddress", "ShipToAddress"] {
        doc.entry(field).or_insert_with(|| address.clone());
    }
    let contact = json!({"BusinessName": text(&customer.doc, "CustomerName"), "Email": text(&customer.doc, "Email")});
    for field in ["BillToContact", "ShipToContact"] {
        doc.entry(field).or_insert_with(|| contact.clone());
    }
}

fn status(doc: &mut Doc) {
    default(doc, "Hold", Value::Bool(false));
    let status = text(doc, "Status").to_owned();
    if flag(doc, "Hold") {
        set(doc, "Status", "On Hold");
    } else if status.is_empty() || status == "On Hold" {
        set(doc, "Status", "Open");
    }
}

fn lines(world: &World, doc: &mut Doc, before: Option<&Doc>, errors: &mut Errors) {
    let Some(Value::Array(mut lines)) = doc.remove("Details") else {
        set(doc, "Details", json!([]));
        return;
    };
    let mut next =
        lines.iter().filter_map(|line| line.get("LineNbr").and_then(Value::as_i64)).max().unwrap_or_default();
    for (row, line) in lines.iter_mut().enumerate() {
        let Value::Object(line) = line else { continue };
        if line.get("LineNbr").is_none_or(Value::is_null) {
            next = next.saturating_add(1);
            set(line, "LineNbr", next);
        }
        let was = before.and_then(|before| {
            before.get("Details")?.as_array()?.iter().find(|was| was.get("id") == line.get("id"))?.as_object()
        });
        item(world, line, was, row, errors);
        amounts(line, row, errors);
    }
    set(doc, "Details", Value::Array(lines));
}

/// The item must be there and for sale; that is looked at when it is chosen, not whenever the order is saved.
fn item(world: &World, line: &mut Doc, was: Option<&Doc>, row: usize, errors: &mut Errors) {
    let id = text(line, "InventoryID").to_owned();
    if id.is_empty() {
        return errors.add_in_row("Details", row, "InventoryID", "'Inventory ID' cannot be empty.");
    }
    let Some(item) = by_keys(world, &STOCK_ITEM, std::slice::from_ref(&id)) else {
        return errors.add_in_row(
            "Details",
            row,
            "InventoryID",
            format!("'Inventory ID' '{id}' cannot be found in the system."),
        );
    };
    let status = text(&item.doc, "ItemStatus");
    let is_new = was.is_none_or(|was| text(was, "InventoryID") != id);
    if is_new && ["Inactive", "No Sales", "Marked for Deletion"].contains(&status) {
        errors.add_in_row("Details", row, "InventoryID", format!("Inventory ID '{id}': the item status is {status}."));
    }
    default(line, "LineDescription", text(&item.doc, "Description"));
    default(line, "UOM", text(&item.doc, "SalesUOM"));
    default(line, "TaxCategory", text(&item.doc, "TaxCategory"));
    default(line, "LineType", "Goods for Inventory");
    if decimal(line, "UnitPrice").is_none() {
        set(line, "UnitPrice", decimal(&item.doc, "DefaultPrice").unwrap_or_default().to_json());
    }
}

fn amounts(line: &mut Doc, row: usize, errors: &mut Errors) {
    let quantity = decimal(line, "OrderQty").unwrap_or_default();
    if quantity.is_negative() {
        errors.add_in_row("Details", row, "OrderQty", "The value must not be less than 0.");
    }
    let price = decimal(line, "UnitPrice").unwrap_or_default();
    let extended = quantity.times(price).round(2);
    let discount = decimal(line, "DiscountAmount").unwrap_or_default();
    for (field, value) in [
        ("OrderQty", quantity),
        ("OpenQty", quantity),
        ("UnitPrice", price),
        ("ExtendedPrice", extended),
        ("DiscountAmount", discount),
        ("Amount", extended.minus(discount)),
    ] {
        set(line, field, value.to_json());
    }
}

fn totals(doc: &mut Doc, before: Option<&Doc>, errors: &mut Errors) {
    let sum = |doc: &Doc, details: &str, field: &str| {
        let rows = doc.get(details).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|row| decimal(row.as_object()?, field)).fold(Decimal::ZERO, Decimal::plus)
    };
    let (lines, quantity, discount) =
        (sum(doc, "Details", "Amount"), sum(doc, "Details", "OrderQty"), sum(doc, "Details", "DiscountAmount"));
    let taxed = doc.get("TaxDetails").and_then(Value::as_array).is_some_and(|rows| !rows.is_empty());
    let tax = if taxed { sum(doc, "TaxDetails", "TaxAmount") } else { decimal(doc, "TaxTotal").unwrap_or_default() };
    let freight = freight(doc, before);
    if freight.is_negative() {
        errors.add("FreightPrice", "The value must not be less than 0.");
    }
    let total = lines.plus(freight).plus(tax);
    for (field, value) in [
        ("OrderedQty", quantity),
        ("TaxTotal", tax),
        ("FreightPrice", freight),
        ("OrderTotal", total),
        ("ControlTotal", total),
    ] {
        set(doc, field, value.to_json());
    }
    let totals = doc.entry("Totals").or_insert_with(|| json!({}));
    let Value::Object(totals) = totals else { return };
    let premium = decimal(totals, "PremiumFreight").unwrap_or_default();
    for (field, value) in [
        ("LineTotalAmount", lines),
        ("DiscountTotal", discount),
        ("Freight", freight.minus(premium)),
        ("TaxTotal", tax),
        ("UnbilledAmount", total),
        ("UnbilledQty", quantity),
        ("UnpaidBalance", total),
    ] {
        set(totals, field, value.to_json());
    }
}

/// Freight comes as `Totals/Freight` and `Totals/PremiumFreight`, or as their sum on the order itself; the one that was changed counts.
fn freight(doc: &Doc, before: Option<&Doc>) -> Decimal {
    let part = |path: &str| at_path(doc, path).and_then(Decimal::from_json);
    let changed = before.is_some_and(|before| decimal(before, "FreightPrice") != decimal(doc, "FreightPrice"));
    let parts = if changed { (None, None) } else { (part("Totals/Freight"), part("Totals/PremiumFreight")) };
    match parts {
        (None, None) => decimal(doc, "FreightPrice").unwrap_or_default(),
        (price, premium) => price.unwrap_or_default().plus(premium.unwrap_or_default()),
    }
}
