//! The canonical entities: the shape between any two systems.
//!
//! A connector reads its vendor's shape into these and writes them out again; the engine compares, hashes and stores
//! only these. References to other records ([`Reference`]) carry the id *of the system the record was read from*; the
//! engine translates them on the way to the other side.

mod diff;
pub mod fields;
mod hash;
mod merge;

pub use diff::{Change, diff};
pub use hash::ContentHash;
pub use merge::merge;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Entity, Money};

/// A record of any entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Canonical {
    Order(Order),
    Customer(Customer),
    Product(Product),
    Payment(Payment),
    Shipment(Shipment),
    Stock(Stock),
}

/// A pointer to another record, in the terms of one system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The system's own id.
    pub id: String,
    /// The unique key by which a record of it is matched (a SKU, an address), when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A buyer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Lower case; the unique key.
    pub email: Option<String>,
    pub name: String,
    pub phone: Option<String>,
    pub address: Option<Address>,
}

/// A thing that is sold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// The unique key.
    pub sku: String,
    pub title: String,
    pub price: Option<Money>,
}

/// A postal address; empty parts are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub name: Option<String>,
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// A sale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// What the shop calls it (`#1042`): the unique key at the other side.
    pub number: String,
    pub placed_on: Option<NaiveDate>,
    /// ISO 4217.
    pub currency: String,
    pub note: Option<String>,
    pub customer: Option<Reference>,
    pub ship_to: Option<Address>,
    pub lines: Vec<OrderLine>,
    /// Freight charged to the buyer.
    pub shipping: Option<Money>,
    pub tax: Option<Money>,
    pub total: Option<Money>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// `None` when the shop's line points to no product (a custom line, a deleted product).
    pub product: Option<Reference>,
    pub title: String,
    /// In thousandths, so that 1.5 m of cloth is exact.
    pub quantity_milli: i64,
    pub unit_price: Money,
}

/// Money that a buyer paid towards an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// What the system that took the money calls it; the unique key at the other side.
    pub reference: String,
    pub order: Option<Reference>,
    pub customer: Option<Reference>,
    pub amount: Money,
    pub paid_on: Option<NaiveDate>,
    /// `visa`, `paypal`, `manual`: the shop's gateway.
    pub method: Option<String>,
}

/// Goods of an order that left the house.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shipment {
    /// The unique key at the other side.
    pub number: String,
    pub order: Option<Reference>,
    pub shipped_on: Option<NaiveDate>,
    pub carrier: Option<String>,
    pub tracking: Option<String>,
    pub lines: Vec<ShipmentLine>,
}

/// One line of a shipment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShipmentLine {
    pub product: Option<Reference>,
    /// In thousandths.
    pub quantity_milli: i64,
}

/// How much of a product can be sold at one location.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    /// The product's; the unique key.
    pub sku: String,
    pub product: Option<Reference>,
    /// In thousandths.
    pub available_milli: i64,
}

impl Canonical {
    #[must_use]
    pub const fn entity(&self) -> Entity {
        match self {
            Self::Order(_) => Entity::Order,
            Self::Customer(_) => Entity::Customer,
            Self::Product(_) => Entity::Product,
            Self::Payment(_) => Entity::Payment,
            Self::Shipment(_) => Entity::Shipment,
            Self::Stock(_) => Entity::Stock,
        }
    }

    /// The unique key by which the record is found at the other side; `None` when it has none, which makes it Invalid.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        let key = match self {
            Self::Order(order) => Some(order.number.as_str()),
            Self::Customer(customer) => customer.email.as_deref(),
            Self::Product(product) => Some(product.sku.as_str()),
            Self::Payment(payment) => Some(payment.reference.as_str()),
            Self::Shipment(shipment) => Some(shipment.number.as_str()),
            Self::Stock(stock) => Some(stock.sku.as_str()),
        };
        key.map(str::trim).filter(|key| !key.is_empty())
    }

    /// A line for lists: `#1042 · Ada Byron · 120.00 EUR` without what only a reference knows.
    #[must_use]
    pub fn description(&self) -> String {
        match self {
            Self::Order(order) => {
                let buyer = order.ship_to.as_ref().and_then(|a| a.name.as_deref());
                let total = order.total.as_ref().map(ToString::to_string);
                let parts = [Some(order.number.as_str()), buyer, total.as_deref()];
                parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
            }
            Self::Customer(customer) => match &customer.email {
                Some(email) if customer.name.is_empty() => email.clone(),
                Some(email) => format!("{} · {email}", customer.name),
                None => customer.name.clone(),
            },
            Self::Product(product) => format!("{} · {}", product.sku, product.title),
            Self::Payment(payment) => {
                let order = payment.order.as_ref().and_then(|order| order.key.as_deref());
                let amount = payment.amount.to_string();
                let parts = [Some(payment.reference.as_str()), order, Some(amount.as_str())];
                parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
            }
            Self::Shipment(shipment) => {
                let order = shipment.order.as_ref().and_then(|order| order.key.as_deref());
                let parts = [Some(shipment.number.as_str()), order, shipment.tracking.as_deref()];
                parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
            }
            Self::Stock(stock) => {
                let (whole, rest) = (stock.available_milli / 1000, (stock.available_milli % 1000).abs());
                if rest == 0 {
                    format!("{} · {whole}", stock.sku)
                } else {
                    format!("{} · {whole}.{rest:03}", stock.sku)
                }
            }
        }
    }

    /// The records that must be at the destination first, each once.
    #[must_use]
    pub fn references(&self) -> Vec<(Entity, &Reference)> {
        let all: Vec<(Entity, &Reference)> = match self {
            Self::Order(order) => {
                let products = order.lines.iter().filter_map(|line| line.product.as_ref());
                let customer = order.customer.iter().map(|c| (Entity::Customer, c));
                customer.chain(products.map(|p| (Entity::Product, p))).collect()
            }
            Self::Payment(payment) => {
                let customer = payment.customer.iter().map(|c| (Entity::Customer, c));
                payment.order.iter().map(|o| (Entity::Order, o)).chain(customer).collect()
            }
            Self::Shipment(shipment) => {
                let products = shipment.lines.iter().filter_map(|line| line.product.as_ref());
                shipment
                    .order
                    .iter()
                    .map(|o| (Entity::Order, o))
                    .chain(products.map(|p| (Entity::Product, p)))
                    .collect()
            }
            Self::Stock(stock) => stock.product.iter().map(|p| (Entity::Product, p)).collect(),
            Self::Customer(_) | Self::Product(_) => Vec::new(),
        };
        let mut found: Vec<(Entity, &Reference)> = Vec::new();
        for reference in all {
            if !found.iter().any(|(entity, r)| *entity == reference.0 && r.id == reference.1.id) {
                found.push(reference);
            }
        }
        found
    }

    /// The same record with each reference replaced by what `translate` says, or the first reference it knows nothing
    /// of.
    ///
    /// # Errors
    /// The untranslated reference.
    pub fn translated(
        &self,
        translate: impl Fn(Entity, &Reference) -> Option<Reference>,
    ) -> Result<Self, (Entity, Reference)> {
        let mut record = self.clone();
        let replace = |entity: Entity, reference: &mut Reference| {
            *reference = translate(entity, reference).ok_or_else(|| (entity, reference.clone()))?;
            Ok(())
        };
        record.references_mut().into_iter().try_for_each(|(entity, reference)| replace(entity, reference))?;
        Ok(record)
    }

    fn references_mut(&mut self) -> Vec<(Entity, &mut Reference)> {
        match self {
            Self::Order(order) => {
                let products = order.lines.iter_mut().filter_map(|line| line.product.as_mut());
                let customer = order.customer.iter_mut().map(|c| (Entity::Customer, c));
                customer.chain(products.map(|p| (Entity::Product, p))).collect()
            }
            Self::Payment(payment) => {
                let customer = payment.customer.iter_mut().map(|c| (Entity::Customer, c));
                payment.order.iter_mut().map(|o| (Entity::Order, o)).chain(customer).collect()
            }
            Self::Shipment(shipment) => {
                let products = shipment.lines.iter_mut().filter_map(|line| line.product.as_mut());
                let order = shipment.order.iter_mut().map(|o| (Entity::Order, o));
                order.chain(products.map(|p| (Entity::Product, p))).collect()
            }
            Self::Stock(stock) => stock.product.iter_mut().map(|p| (Entity::Product, p)).collect(),
            Self::Customer(_) | Self::Product(_) => Vec::new(),
        }
    }

    /// What two equal states have in common, whichever way they came.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(self)
    }
}
