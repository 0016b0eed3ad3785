//! From the canonical shapes to the body of a `PUT`: everything for an insert, what differs for an update.

mod lines;
mod payment;

use domain::Money;
use domain::canonical::{Address, Canonical, Customer, Order, Product};
use serde_json::{Map, Value};

use super::value::{object, wrap, wrap_flag, wrap_money};
use crate::error::{Error, Result};
use crate::settings::refused;

pub(super) use lines::{differ, insert as insert_lines, update as update_lines};
pub(super) use payment::{Accounting, applied, reapplied};

/// Fields to be written.
type Body = Map<String, Value>;

/// What `record` has other than `current`, everything when there is no current one. Both are normalised. An order's
/// lines and a payment's order are not in it: see [`insert_lines`], [`update_lines`], [`applied`] and [`reapplied`].
///
/// # Errors
/// [`Error::Rejected`] with the field that Acumatica cannot do without.
pub(super) fn fields(record: &Canonical, current: Option<&Canonical>) -> Result<Body> {
    match (record, current) {
        (Canonical::Order(order), Some(Canonical::Order(current))) => self::order(order, Some(current)),
        (Canonical::Order(order), _) => self::order(order, None),
        (Canonical::Customer(customer), Some(Canonical::Customer(current))) => {
            Ok(self::customer(customer, Some(current)))
        }
        (Canonical::Customer(customer), _) => Ok(self::customer(customer, None)),
        (Canonical::Product(product), Some(Canonical::Product(current))) => self::product(product, Some(current)),
        (Canonical::Product(product), _) => self::product(product, None),
        (Canonical::Payment(payment), Some(Canonical::Payment(current))) => payment::fields(payment, Some(current)),
        (Canonical::Payment(payment), _) => payment::fields(payment, None),
        (Canonical::Shipment(_) | Canonical::Stock(_), _) => Err(super::unsupported(record.entity())),
    }
}

fn order(order: &Order, current: Option<&Order>) -> Result<Body> {
    check_order(order)?;
    let mut body = Body::new();
    let mut text = |name: &'static str, new: Option<&str>, old: Option<Option<&str>>| {
        if old != Some(new) && (old.is_some() || new.is_some()) {
            body.insert(name.to_owned(), wrap(new));
        }
    };
    let day = |order: &Order| order.placed_on.map(|day| day.format("%Y-%m-%d").to_string());
    let customer = |order: &'_ Order| order.customer.as_ref().map(|customer| customer.id.clone());
    text("CustomerID", customer(order).as_deref(), current.map(customer).as_ref().map(Option::as_deref));
    text("CustomerOrder", Some(&order.number), current.map(|old| Some(old.number.as_str())));
    text("CurrencyID", Some(&order.currency), current.map(|old| Some(old.currency.as_str())));
    text("Description", order.note.as_deref(), current.map(|old| old.note.as_deref()));
    if order.placed_on.is_some() {
        text("Date", day(order).as_deref(), current.map(day).as_ref().map(Option::as_deref));
    }
    if current.map(|old| &old.ship_to) != Some(&order.ship_to) {
        body.extend(ship_to(order.ship_to.as_ref()));
    }
    if current.map(|old| &old.shipping) != Some(&order.shipping) && (current.is_some() || order.shipping.is_some()) {
        body.insert("Totals".to_owned(), freight(order.shipping.as_ref()));
    }
    Ok(body)
}

/// What an order cannot be written without.
fn check_order(order: &Order) -> Result<()> {
    if order.customer.is_none() {
        let message = "The order has no customer, and the ERP needs one. Give it a customer in the shop, or skip it.";
        return Err(refused("customer_missing", "customer", message.into()));
    }
    let amounts = order.lines.iter().map(|line| &line.unit_price).chain(&order.shipping);
    match amounts.into_iter().find(|money| money.currency != order.currency) {
        None => Ok(()),
        Some(other) => Err(refused(
            "currency",
            "currency",
            format!(
                "The order is in {} and one of its amounts in {}. The ERP keeps one currency in an order.",
                order.currency, other.currency
            ),
        )),
    }
}

fn ship_to(address: Option<&Address>) -> Body {
    let given = wrap_flag(address.is_some());
    let mut body = object([("ShipToAddressOverride", given.clone()), ("ShipToContactOverride", given)]);
    if let Some(address) = address {
        body.extend(object([
            ("ShipToAddress", self::address(address)),
            ("ShipToContact", Value::Object(object([("Attention", wrap(address.name.as_deref()))]))),
        ]));
    }
    body
}

/// The price is ours; the ERP would work it out from its own terms otherwise.
fn freight(shipping: Option<&Money>) -> Value {
    let premium = wrap_money(None);
    let price = wrap_money(shipping);
    Value::Object(object([("OverrideFreightAmount", wrap_flag(true)), ("Freight", price), ("PremiumFreight", premium)]))
}

fn customer(customer: &Customer, current: Option<&Customer>) -> Body {
    let mut body = Body::new();
    if current.map(|old| &old.name) != Some(&customer.name) {
        body.insert("CustomerName".to_owned(), wrap(Some(&customer.name)));
    }
    let mut contact = Body::new();
    for (name, new, old) in [
        ("Email", &customer.email, current.map(|old| &old.email)),
        ("Phone1", &customer.phone, current.map(|old| &old.phone)),
    ] {
        if old != Some(new) && (old.is_some() || new.is_some()) {
            contact.insert(name.to_owned(), wrap(new.as_deref()));
        }
    }
    let (new, old) = (&customer.address, current.map(|old| &old.address));
    if old != Some(new) && (old.is_some() || new.is_some()) {
        contact.insert("Address".to_owned(), self::address(&new.clone().unwrap_or_default()));
    }
    if !contact.is_empty() {
        body.insert("MainContact".to_owned(), Value::Object(contact));
    }
    body
}

fn product(product: &Product, current: Option<&Product>) -> Result<Body> {
    const LONGEST: usize = 30;
    if product.sku.is_empty() || product.sku.chars().count() > LONGEST {
        let message =
            format!("The SKU must have 1 to {LONGEST} characters to be an inventory ID. Change it in the shop.");
        return Err(refused("sku", "sku", message));
    }
    let mut body = Body::new();
    if current.map(|old| &old.title) != Some(&product.title) {
        body.insert("Description".to_owned(), wrap(Some(&product.title)));
    }
    if current.map(|old| &old.price) != Some(&product.price) && (current.is_some() || product.price.is_some()) {
        body.insert("DefaultPrice".to_owned(), wrap_money(product.price.as_ref()));
    }
    Ok(body)
}

fn address(address: &Address) -> Value {
    Value::Object(object([
        ("AddressLine1", wrap(address.line1.as_deref())),
        ("AddressLine2", wrap(address.line2.as_deref())),
        ("City", wrap(address.city.as_deref())),
        ("State", wrap(address.region.as_deref())),
        ("PostalCode", wrap(address.postal_code.as_deref())),
        ("Country", wrap(address.country.as_deref())),
    ]))
}

/// A line that cannot be written, by its number from one.
fn refused_line(number: usize, title: &str) -> Error {
    refused(
        "product_missing",
        &format!("lines.{number}.product"),
        format!(
            "Line {number} (“{title}”) points to no product, and the ERP needs an item for each line. Add the product to the shop, or skip the order."
        ),
    )
}
