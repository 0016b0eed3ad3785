//! From Acumatica's shapes to the canonical ones.
//!
//! An order's shipping address counts when it was given for the order; where it is the customer's own, there is none.

mod documents;

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
use crate::text::line;
use crate::vendor::Found;

/// What goes into a record from here is bounded: a key that is longer than this is no key of Acumatica's.
const LONGEST_KEY: usize = 255;
const LONGEST_TEXT: usize = 1_000;
const LONGEST_URL: usize = 2_000;

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
        let id = key(table, raw)?;
        let record = match entity {
            Entity::Order => Canonical::Order(order(raw)?),
            Entity::Customer => Canonical::Customer(customer(raw)),
            Entity::Product => Canonical::Product(self.product(raw)?),
            Entity::Payment => Canonical::Payment(documents::payment(raw)?),
            Entity::Shipment => Canonical::Shipment(documents::shipment(raw)?),
            Entity::Stock => return Err("a stock level is no record".into()),
        };
        Ok(self.found(entity, id, modified(table, raw), &record))
    }

    /// A record with its label and its address.
    pub fn found(&self, entity: Entity, id: String, modified_at: Option<DateTime<Utc>>, record: &Canonical) -> Found {
        Found {
            label: line(&id, LONGEST_KEY),
            url: Some(self.screen(table(entity), &id)).filter(|url| url.len() <= LONGEST_URL),
            modified_at,
            record: normalise(record, self.base_currency),
            id,
        }
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
        let (screen, kind, parameter) = table.screen;
        let mut query = url.query_pairs_mut();
        query.append_pair("ScreenId", screen).extend_pairs(kind).append_pair(parameter, id);
        drop(query);
        url.into()
    }
}

/// The record's key, which is our id.
///
/// # Errors
/// When it has none that can be one.
pub(super) fn key(table: &Table, raw: &Value) -> Result<String, String> {
    let key = text(raw, table.key).map(str::trim).ok_or_else(|| format!("{} is missing", table.key))?;
    let fits = key.chars().count() <= LONGEST_KEY;
    fits.then(|| key.to_owned()).ok_or_else(|| format!("{} is longer than {LONGEST_KEY} characters", table.key))
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
    let price = money(raw, "Totals/Freight", currency)?;
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

/// No text that is read is longer than any field of the contract, whatever the other side sends.
fn owned(raw: &Value, path: &str) -> Option<String> {
    text(raw, path).map(|text| text.chars().take(LONGEST_TEXT).collect())
}
