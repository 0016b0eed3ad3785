//! The canonical entities: the shape between any two systems.
//!
//! A connector reads its vendor's shape into these and writes them out again; the engine compares, hashes and stores
//! only these. References to other records ([`Reference`]) carry the id *of the system the record was read from*; the
//! engine translates them on the way to the other side.

mod diff;
mod hash;

pub use diff::{Change, diff};
pub use hash::ContentHash;

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

impl Canonical {
    #[must_use]
    pub const fn entity(&self) -> Entity {
        match self {
            Self::Order(_) => Entity::Order,
            Self::Customer(_) => Entity::Customer,
            Self::Product(_) => Entity::Product,
        }
    }

    /// The unique key by which the record is found at the other side; `None` when it has none, which makes it Invalid.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        let key = match self {
            Self::Order(order) => Some(order.number.as_str()),
            Self::Customer(customer) => customer.email.as_deref(),
            Self::Product(product) => Some(product.sku.as_str()),
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
        }
    }

    /// The records that must be at the destination first, each once.
    #[must_use]
    pub fn references(&self) -> Vec<(Entity, &Reference)> {
        let Self::Order(order) = self else { return Vec::new() };
        let mut found: Vec<(Entity, &Reference)> = Vec::new();
        let products = order.lines.iter().filter_map(|line| line.product.as_ref());
        let all = order.customer.iter().map(|c| (Entity::Customer, c)).chain(products.map(|p| (Entity::Product, p)));
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
        let Self::Order(order) = self else { return Ok(self.clone()) };
        let mut order = order.clone();
        if let Some(customer) = &mut order.customer {
            *customer = translate(Entity::Customer, customer).ok_or((Entity::Customer, customer.clone()))?;
        }
        for product in order.lines.iter_mut().filter_map(|line| line.product.as_mut()) {
            *product = translate(Entity::Product, product).ok_or((Entity::Product, product.clone()))?;
        }
        Ok(Self::Order(order))
    }

    /// What two equal states have in common, whichever way they came.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(self)
    }
}
