//! What Acumatica makes of a record: the fields' lengths and cases of the published contract, and what it has no place
//! for.
//!
//! Left out, because the ERP has no field for it or works it out by itself: an order's tax and total, a customer
//! address's name, the keys of references to customers and orders, and what a shop's payment was made with (an ERP has
//! payment methods of its own, which the connection's settings name). Freight or a price of nothing is the same as none. An item
//! cannot keep a price in another currency than the company's base currency.

use domain::Money;
use domain::canonical::{
    Address, Canonical, Customer, Order, OrderLine, Payment, Product, Reference, Shipment, ShipmentLine, Stock,
};

use crate::text::{line, optional};

/// The code of ISO 4217 for "no currency": the prices of a company whose base currency the connection does not name.
pub(super) const NO_CURRENCY: &str = "XXX";

pub(super) fn normalise(record: &Canonical, base_currency: Option<&str>) -> Canonical {
    match record {
        Canonical::Order(order) => Canonical::Order(self::order(order)),
        Canonical::Customer(customer) => Canonical::Customer(self::customer(customer)),
        Canonical::Product(product) => Canonical::Product(self::product(product, base_currency)),
        Canonical::Payment(payment) => Canonical::Payment(self::payment(payment)),
        Canonical::Shipment(shipment) => Canonical::Shipment(self::shipment(shipment)),
        Canonical::Stock(stock) => Canonical::Stock(self::stock(stock)),
    }
}

fn order(order: &Order) -> Order {
    Order {
        number: line(&order.number, 40),
        placed_on: order.placed_on,
        currency: code(&order.currency, 5),
        note: optional(order.note.as_deref(), 256),
        customer: order.customer.as_ref().map(|customer| Reference { id: code(&customer.id, 30), key: None }),
        ship_to: order.ship_to.as_ref().and_then(address),
        lines: order.lines.iter().map(self::order_line).collect(),
        shipping: order.shipping.clone().filter(|shipping| shipping.minor != 0).map(money),
        tax: None,
        total: None,
    }
}

fn order_line(line: &OrderLine) -> OrderLine {
    OrderLine {
        product: line.product.as_ref().map(item),
        title: self::line(&line.title, 256),
        quantity_milli: line.quantity_milli,
        unit_price: money(line.unit_price.clone()),
    }
}

fn customer(customer: &Customer) -> Customer {
    let email = optional(customer.email.as_deref(), 255).map(|email| email.to_lowercase());
    let name = optional(Some(&customer.name), 60);
    Customer {
        // The name is required there; the address serves whoever has none.
        name: name.or_else(|| optional(email.as_deref(), 60)).unwrap_or_default(),
        email,
        phone: optional(customer.phone.as_deref(), 50),
        address: customer.address.as_ref().and_then(|given| address(&Address { name: None, ..given.clone() })),
    }
}

fn product(product: &Product, base_currency: Option<&str>) -> Product {
    let sku = sku(&product.sku);
    let title = optional(Some(&product.title), 256).unwrap_or_else(|| sku.clone());
    Product {
        price: product
            .price
            .as_ref()
            .and_then(|price| base_price(price, base_currency))
            .filter(|price| price.minor != 0),
        sku,
        title,
    }
}

fn payment(payment: &Payment) -> Payment {
    Payment {
        reference: line(&payment.reference, 40),
        order: payment.order.as_ref().map(|order| document(&order.id)),
        customer: payment.customer.as_ref().map(|customer| Reference { id: code(&customer.id, 30), key: None }),
        amount: money(payment.amount.clone()),
        paid_on: payment.paid_on,
        method: None,
    }
}

fn shipment(shipment: &Shipment) -> Shipment {
    let line = |line: &ShipmentLine| ShipmentLine { product: line.product.as_ref().map(item), ..line.clone() };
    Shipment {
        number: code(&shipment.number, 15),
        order: shipment.order.as_ref().map(|order| document(&order.id)),
        shipped_on: shipment.shipped_on,
        carrier: optional(shipment.carrier.as_deref().map(capitals).as_deref(), 15),
        tracking: optional(shipment.tracking.as_deref(), 255),
        lines: shipment.lines.iter().map(line).collect(),
    }
}

fn stock(stock: &Stock) -> Stock {
    Stock { sku: sku(&stock.sku), product: stock.product.as_ref().map(item), available_milli: stock.available_milli }
}

/// A reference to an item; its key is its id.
fn item(product: &Reference) -> Reference {
    let id = sku(&product.id);
    Reference { key: Some(id.clone()), id }
}

/// A reference to a document by its number.
fn document(number: &str) -> Reference {
    Reference { id: code(number, 15), key: None }
}

fn base_price(price: &Money, base_currency: Option<&str>) -> Option<Money> {
    match base_currency {
        Some(base) => (price.currency == base).then(|| price.clone()),
        None => Money::parse(&price.decimal(), NO_CURRENCY),
    }
}

/// `None` when nothing is left of it.
fn address(address: &Address) -> Option<Address> {
    let address = Address {
        name: optional(address.name.as_deref(), 255),
        line1: optional(address.line1.as_deref(), 50),
        line2: optional(address.line2.as_deref(), 50),
        city: optional(address.city.as_deref(), 50),
        region: optional(address.region.as_deref().map(capitals).as_deref(), 50),
        postal_code: optional(address.postal_code.as_deref(), 20),
        country: optional(address.country.as_deref().map(capitals).as_deref(), 2),
    };
    (address != Address::default()).then_some(address)
}

fn money(money: Money) -> Money {
    Money { currency: code(&money.currency, 5), ..money }
}

/// An item's key is never cut: two items would become one.
pub(super) fn sku(text: &str) -> String {
    line(&capitals(text), usize::MAX)
}

fn code(text: &str, most: usize) -> String {
    line(&capitals(text), most)
}

/// Letter by letter, where a letter has one capital: `ß` stays, so that nothing grows and once is enough.
fn capitals(text: &str) -> String {
    let capital = |letter: char| {
        let mut upper = letter.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(only), None) => only,
            _ => letter,
        }
    };
    text.chars().map(capital).collect()
}
