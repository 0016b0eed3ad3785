//! What Shopify makes of a record: texts in one line and cut at a field's length, phone numbers as E.164, amounts of
//! nothing as none, goods of a shipment by product.
//!
//! Not here, because only the shop knows it: the fields of an order beside its note and address, which the shop does not
//! let us change.

use domain::canonical::{Address, Canonical, Customer, Order, Product, Reference, Shipment, Stock};

use super::shipments::gathered;
use crate::text::{line, optional};

/// The length of Shopify's one-line fields, in characters.
pub(super) const LONGEST_LINE: usize = 255;
/// The length of an order's note.
const LONGEST_NOTE: usize = 5_000;

pub(super) fn normalise(record: &Canonical) -> Canonical {
    match record {
        Canonical::Order(order) => Canonical::Order(self::order(order)),
        Canonical::Customer(customer) => Canonical::Customer(self::customer(customer)),
        Canonical::Product(product) => Canonical::Product(self::product(product)),
        Canonical::Shipment(shipment) => Canonical::Shipment(self::shipment(shipment)),
        Canonical::Stock(stock) => Canonical::Stock(self::stock(stock)),
        Canonical::Payment(payment) => Canonical::Payment(payment.clone()),
    }
}

/// Trimmed; `None` when nothing is left.
pub(super) fn note(note: Option<&str>) -> Option<String> {
    let cut: String = note?.trim().chars().take(LONGEST_NOTE).collect();
    Some(cut.trim_end().to_owned()).filter(|note| !note.is_empty())
}

/// An international number as E.164; a national one as it is, for the shop's country to complete.
pub(super) fn phone(phone: Option<&str>) -> Option<String> {
    let phone = optional(phone, LONGEST_LINE)?;
    if !phone.starts_with('+') {
        return Some(phone);
    }
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| format!("+{digits}"))
}

/// `None` when nothing is left of it.
pub(super) fn address(address: &Address) -> Option<Address> {
    let part = |part: &Option<String>| optional(part.as_deref(), LONGEST_LINE);
    let code = |part: &Option<String>| optional(part.as_deref(), LONGEST_LINE).map(|code| code.to_ascii_uppercase());
    let address = Address {
        name: part(&address.name),
        line1: part(&address.line1),
        line2: part(&address.line2),
        city: part(&address.city),
        region: code(&address.region),
        postal_code: part(&address.postal_code),
        country: code(&address.country),
    };
    (address != Address::default()).then_some(address)
}

fn order(order: &Order) -> Order {
    Order { note: note(order.note.as_deref()), ship_to: order.ship_to.as_ref().and_then(address), ..order.clone() }
}

fn customer(customer: &Customer) -> Customer {
    let email = optional(customer.email.as_deref(), LONGEST_LINE).map(|email| email.to_lowercase());
    let phone = phone(customer.phone.as_deref());
    // A customer without a name is called by what there is, as Shopify does it.
    let name = optional(Some(&customer.name), LONGEST_LINE).or_else(|| email.clone()).or_else(|| phone.clone());
    Customer { name: name.unwrap_or_default(), email, phone, address: customer.address.as_ref().and_then(address) }
}

fn product(product: &Product) -> Product {
    let sku = line(&product.sku, LONGEST_LINE);
    Product {
        title: optional(Some(&product.title), LONGEST_LINE).unwrap_or_else(|| sku.clone()),
        price: product.price.clone().filter(|price| price.minor != 0),
        sku,
    }
}

fn shipment(shipment: &Shipment) -> Shipment {
    let pieces = shipment.lines.iter();
    let pieces = pieces.map(|line| (line.product.as_ref().map(|product| product.id.clone()), line.quantity_milli));
    // Whole pieces come out as they were read; what is no whole piece is refused when it is saved.
    let whole = shipment.lines.iter().all(|line| line.quantity_milli % 1000 == 0);
    let lines =
        if whole { gathered(pieces.map(|(product, milli)| (product, milli / 1000))) } else { shipment.lines.clone() };
    Shipment {
        number: line(&shipment.number, LONGEST_LINE),
        order: shipment.order.as_ref().map(by_id),
        shipped_on: shipment.shipped_on,
        carrier: optional(shipment.carrier.as_deref(), LONGEST_LINE),
        tracking: optional(shipment.tracking.as_deref(), LONGEST_LINE),
        lines,
    }
}

fn stock(stock: &Stock) -> Stock {
    Stock {
        sku: line(&stock.sku, LONGEST_LINE),
        product: stock.product.as_ref().map(by_id),
        // The shop counts whole pieces; a part of one cannot be sold.
        available_milli: stock.available_milli.div_euclid(1000) * 1000,
    }
}

fn by_id(reference: &Reference) -> Reference {
    Reference { id: reference.id.clone(), key: None }
}
