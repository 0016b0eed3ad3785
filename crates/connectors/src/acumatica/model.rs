//! From Acumatica's shapes to the canonical ones.
//!
//! An order's shipping address counts when it was given for the order; where it is the customer's own, there is none.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Entity;
use domain::Money;
use domain::canonical::{Address, Canonical, Customer, Order, OrderLine, Product, Reference};
use serde_json::Value;
use url::Url;

use super::normalise::{NO_CURRENCY, normalise};
use super::table::{Table, table};
use super::value::{flag, money, rows, text, thousandths};
use crate::settings::join;
use crate::vendor::Found;

/// Reads records of one connection.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub instance: &'a Url,
    pub base_currency: Option<&'a str>,
}

impl Reader<'_> {
    /// # Errors
    /// Why it cannot be read, for people.
    pub fn read(&self, entity: Entity, raw: &Value) -> Result<Found, String> {
        let table = table(entity);
        let id = text(raw, table.key).ok_or_else(|| format!("{} is missing", table.key))?.trim().to_owned();
        let record = match entity {
            Entity::Order => Canonical::Order(order(raw)?),
            Entity::Customer => Canonical::Customer(customer(raw)),
            Entity::Product | Entity::Payment | Entity::Shipment | Entity::Stock => {
                Canonical::Product(self.product(raw)?)
            }
        };
        Ok(Found {
            label: id.clone(),
            url: Some(self.screen(table, &id)),
            modified_at: modified(table, raw),
            record: normalise(&record, self.base_currency),
            id,
        })
    }

    fn product(&self, raw: &Value) -> Result<Product, String> {
        Ok(Product {
            sku: owned(raw, "InventoryID").unwrap_or_default(),
            title: owned(raw, "Description").unwrap_or_default(),
            price: money(raw, "DefaultPrice", self.base_currency.unwrap_or(NO_CURRENCY))?,
        })
    }

    /// Where a person sees the record.
    fn screen(&self, table: &Table, id: &str) -> String {
        let mut url = join(self.instance, &["Main"]);
        let (screen, parameter) = table.screen;
        let mut query = url.query_pairs_mut();
        query.append_pair("ScreenId", screen);
        if table.name == "SalesOrder" {
            query.append_pair("OrderType", "SO");
        }
        query.append_pair(parameter, id);
        drop(query);
        url.into()
    }
}

/// When the record was last changed, by the ERP's clock.
pub(super) fn modified(table: &Table, raw: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text(raw, table.modified)?).ok().map(|time| time.to_utc())
}

fn order(raw: &Value) -> Result<Order, String> {
    let currency = owned(raw, "CurrencyID").ok_or("CurrencyID is missing")?;
    let line = |row: &Value| order_line(row, &currency);
    Ok(Order {
        number: owned(raw, "CustomerOrder").unwrap_or_default(),
        placed_on: text(raw, "Date").and_then(date),
        note: owned(raw, "Description"),
        customer: owned(raw, "CustomerID").map(|id| Reference { id, key: None }),
        ship_to: ship_to(raw),
        lines: rows(raw, "Details").iter().map(line).collect::<Result<_, _>>()?,
        shipping: freight(raw, &currency)?,
        tax: None,
        total: None,
        currency,
    })
}

/// One line of an order.
pub(super) fn order_line(row: &Value, currency: &str) -> Result<OrderLine, String> {
    Ok(OrderLine {
        product: owned(row, "InventoryID").map(|id| Reference { key: Some(id.clone()), id }),
        title: owned(row, "LineDescription").unwrap_or_default(),
        quantity_milli: thousandths(row, "OrderQty")?,
        unit_price: money(row, "UnitPrice", currency)?.unwrap_or_else(|| Money::new(0, currency)),
    })
}

/// Times of the ERP are in its own zone; the day is what stands there, whatever the zone.
fn date(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}

fn freight(raw: &Value, currency: &str) -> Result<Option<Money>, String> {
    let price = money(raw, "Totals/FreightPrice", currency)?;
    let premium = money(raw, "Totals/PremiumFreight", currency)?;
    let sum = [price, premium].iter().flatten().try_fold(0_i64, |sum, part| sum.checked_add(part.minor));
    sum.map(|minor| Some(Money::new(minor, currency))).ok_or_else(|| "the freight is too large".to_owned())
}

fn ship_to(raw: &Value) -> Option<Address> {
    let given = [("ShipToAddressOverride", "ShipToAddress"), ("ShipToContactOverride", "ShipToContact")];
    let [place, contact] = given.map(|(condition, part)| raw.get(part).filter(|_| flag(raw, condition)));
    let place = place.map(address).unwrap_or_default();
    let name = contact.and_then(|contact| owned(contact, "Attention"));
    Some(Address { name, ..place })
}

fn customer(raw: &Value) -> Customer {
    Customer {
        email: owned(raw, "MainContact/Email").or_else(|| owned(raw, "Email")),
        name: owned(raw, "CustomerName").unwrap_or_default(),
        phone: owned(raw, "MainContact/Phone1"),
        address: raw.pointer("/MainContact/Address").map(address),
    }
}

fn address(raw: &Value) -> Address {
    Address {
        name: None,
        line1: owned(raw, "AddressLine1"),
        line2: owned(raw, "AddressLine2"),
        city: owned(raw, "City"),
        region: owned(raw, "State"),
        postal_code: owned(raw, "PostalCode"),
        country: owned(raw, "Country"),
    }
}

fn owned(raw: &Value, path: &str) -> Option<String> {
    text(raw, path).map(ToOwned::to_owned)
}
