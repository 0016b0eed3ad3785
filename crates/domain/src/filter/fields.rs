//! The fields that a filter can name, and what a record holds in them.

use chrono::NaiveDate;

use crate::canonical::{Address, Canonical, Reference};
use crate::{Entity, Money};

use super::Operator;

crate::text_enum! {
    /// What a field holds, and so how it is typed and compared.
    FieldKind {
        /// Compared without regard to case.
        Text = "text", "Text";
        /// A decimal with up to three places, such as a quantity.
        Number = "number", "Number";
        /// A decimal in the record's own currency, compared exactly.
        Money = "money", "Amount";
        /// `2026-11-21`.
        Date = "date", "Date";
    }
}

impl FieldKind {
    /// The operators that make sense for it, in the order in which a form lists them.
    #[must_use]
    pub const fn operators(self) -> &'static [Operator] {
        use Operator as O;
        match self {
            Self::Text => &[O::Equals, O::Differs, O::Contains, O::StartsWith, O::Empty, O::Filled],
            Self::Number | Self::Money | Self::Date => &[O::Equals, O::Differs, O::Less, O::More, O::Empty, O::Filled],
        }
    }

    /// How a value of it is typed, for a form's placeholder and for messages.
    #[must_use]
    pub const fn example(self) -> &'static str {
        match self {
            Self::Text => "any text",
            Self::Number => "1.5",
            Self::Money => "120.00",
            Self::Date => "2026-11-21",
        }
    }
}

/// A field that a filter can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterField {
    /// Its path in the canonical record.
    pub path: &'static str,
    pub label: &'static str,
    pub kind: FieldKind,
}

/// The fields of an entity, in the order in which a form lists them.
#[must_use]
pub const fn fields(entity: Entity) -> &'static [FilterField] {
    match entity {
        Entity::Order => ORDER,
        Entity::Customer => CUSTOMER,
        Entity::Product => PRODUCT,
        Entity::Payment => PAYMENT,
        Entity::Shipment => SHIPMENT,
        Entity::Stock => STOCK,
    }
}

pub(super) fn find(entity: Entity, path: &str) -> Option<&'static FilterField> {
    fields(entity).iter().find(|field| field.path == path)
}

/// What a record holds in one row of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held<'a> {
    Text(&'a str),
    /// In thousandths.
    Milli(i64),
    Money(&'a Money),
    Date(NaiveDate),
    /// There is no value.
    Nothing,
}

/// What the record holds in the field of this path, which is one of its entity's [`fields`]: one row, or as many as the
/// list has into which the path leads.
pub(super) fn held<'a>(record: &'a Canonical, path: &str) -> Vec<Held<'a>> {
    let row = match record {
        Canonical::Order(order) => {
            if let Some(path) = path.strip_prefix("lines.") {
                return order.lines.iter().map(|line| order_line(line, path)).collect();
            }
            match path {
                "number" => Held::Text(&order.number),
                "placed_on" => date(order.placed_on),
                "currency" => Held::Text(&order.currency),
                "note" => text(order.note.as_ref()),
                "customer.key" => key(order.customer.as_ref()),
                "shipping" => money(order.shipping.as_ref()),
                "tax" => money(order.tax.as_ref()),
                "total" => money(order.total.as_ref()),
                other => address(order.ship_to.as_ref(), other),
            }
        }
        Canonical::Customer(customer) => match path {
            "email" => text(customer.email.as_ref()),
            "name" => Held::Text(&customer.name),
            "phone" => text(customer.phone.as_ref()),
            other => address(customer.address.as_ref(), other),
        },
        Canonical::Product(product) => match path {
            "sku" => Held::Text(&product.sku),
            "title" => Held::Text(&product.title),
            _ => money(product.price.as_ref()),
        },
        Canonical::Payment(payment) => match path {
            "reference" => Held::Text(&payment.reference),
            "order.key" => key(payment.order.as_ref()),
            "customer.key" => key(payment.customer.as_ref()),
            "amount" => Held::Money(&payment.amount),
            "paid_on" => date(payment.paid_on),
            _ => text(payment.method.as_ref()),
        },
        Canonical::Shipment(shipment) => {
            if let Some(path) = path.strip_prefix("lines.") {
                return shipment.lines.iter().map(|line| shipment_line(line, path)).collect();
            }
            match path {
                "number" => Held::Text(&shipment.number),
                "order.key" => key(shipment.order.as_ref()),
                "shipped_on" => date(shipment.shipped_on),
                "carrier" => text(shipment.carrier.as_ref()),
                _ => text(shipment.tracking.as_ref()),
            }
        }
        Canonical::Stock(stock) => match path {
            "sku" => Held::Text(&stock.sku),
            _ => Held::Milli(stock.available_milli),
        },
    };
    vec![row]
}

fn order_line<'a>(line: &'a crate::canonical::OrderLine, path: &str) -> Held<'a> {
    match path {
        "title" => Held::Text(&line.title),
        "product.key" => key(line.product.as_ref()),
        "quantity_milli" => Held::Milli(line.quantity_milli),
        _ => Held::Money(&line.unit_price),
    }
}

fn shipment_line<'a>(line: &'a crate::canonical::ShipmentLine, path: &str) -> Held<'a> {
    match path {
        "product.key" => key(line.product.as_ref()),
        _ => Held::Milli(line.quantity_milli),
    }
}

fn address<'a>(address: Option<&'a Address>, path: &str) -> Held<'a> {
    let (Some(address), Some((_, part))) = (address, path.split_once('.')) else { return Held::Nothing };
    let part = match part {
        "name" => &address.name,
        "city" => &address.city,
        "region" => &address.region,
        "postal_code" => &address.postal_code,
        _ => &address.country,
    };
    text(part.as_ref())
}

fn text(text: Option<&String>) -> Held<'_> {
    text.map_or(Held::Nothing, |text| Held::Text(text))
}

fn key(reference: Option<&Reference>) -> Held<'_> {
    text(reference.and_then(|reference| reference.key.as_ref()))
}

fn money(money: Option<&Money>) -> Held<'_> {
    money.map_or(Held::Nothing, Held::Money)
}

fn date(date: Option<NaiveDate>) -> Held<'static> {
    date.map_or(Held::Nothing, Held::Date)
}

const fn field(path: &'static str, label: &'static str, kind: FieldKind) -> FilterField {
    FilterField { path, label, kind }
}

const ORDER: &[FilterField] = &[
    field("number", "Number", FieldKind::Text),
    field("placed_on", "Placed on", FieldKind::Date),
    field("currency", "Currency", FieldKind::Text),
    field("total", "Total", FieldKind::Money),
    field("tax", "Tax", FieldKind::Money),
    field("shipping", "Shipping", FieldKind::Money),
    field("note", "Note", FieldKind::Text),
    field("customer.key", "Customer's e-mail address", FieldKind::Text),
    field("ship_to.name", "Ship to: name", FieldKind::Text),
    field("ship_to.city", "Ship to: city", FieldKind::Text),
    field("ship_to.region", "Ship to: region", FieldKind::Text),
    field("ship_to.postal_code", "Ship to: postal code", FieldKind::Text),
    field("ship_to.country", "Ship to: country", FieldKind::Text),
    field("lines.title", "Any line: title", FieldKind::Text),
    field("lines.product.key", "Any line: SKU", FieldKind::Text),
    field("lines.quantity_milli", "Any line: quantity", FieldKind::Number),
    field("lines.unit_price", "Any line: unit price", FieldKind::Money),
];

const CUSTOMER: &[FilterField] = &[
    field("email", "E-mail address", FieldKind::Text),
    field("name", "Name", FieldKind::Text),
    field("phone", "Phone", FieldKind::Text),
    field("address.name", "Address: name", FieldKind::Text),
    field("address.city", "Address: city", FieldKind::Text),
    field("address.region", "Address: region", FieldKind::Text),
    field("address.postal_code", "Address: postal code", FieldKind::Text),
    field("address.country", "Address: country", FieldKind::Text),
];

const PRODUCT: &[FilterField] = &[
    field("sku", "SKU", FieldKind::Text),
    field("title", "Title", FieldKind::Text),
    field("price", "Price", FieldKind::Money),
];

const PAYMENT: &[FilterField] = &[
    field("reference", "Reference", FieldKind::Text),
    field("order.key", "Order's number", FieldKind::Text),
    field("customer.key", "Customer's key", FieldKind::Text),
    field("amount", "Amount", FieldKind::Money),
    field("paid_on", "Paid on", FieldKind::Date),
    field("method", "Method", FieldKind::Text),
];

const SHIPMENT: &[FilterField] = &[
    field("number", "Number", FieldKind::Text),
    field("order.key", "Order's number", FieldKind::Text),
    field("shipped_on", "Shipped on", FieldKind::Date),
    field("carrier", "Carrier", FieldKind::Text),
    field("tracking", "Tracking number", FieldKind::Text),
    field("lines.product.key", "Any line: SKU", FieldKind::Text),
    field("lines.quantity_milli", "Any line: quantity", FieldKind::Number),
];

const STOCK: &[FilterField] =
    &[field("sku", "SKU", FieldKind::Text), field("available_milli", "Available", FieldKind::Number)];
