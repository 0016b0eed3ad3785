//! From Shopify's shapes to the canonical ones.

mod sales;

use chrono::{DateTime, Utc};
use domain::canonical::{Address, Canonical, Customer, Order, OrderLine, Product, Reference};
use domain::{Entity, Money};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::normalise;
use crate::error::{Error, Result};
use crate::settings::join;
use crate::text::line;
use crate::vendor::{Found, Gone};
use sales::{PaymentNode, ShipmentNode, StockNode};
pub(super) use sales::{items_of, payments_of, shipments_of};

/// Reads nodes of one entity.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub entity: Entity,
    pub shop: &'a Url,
    pub shop_currency: Option<&'a str>,
}

impl Reader<'_> {
    /// `None` when the node is none of the entity's records: a refund among the payments, a cancelled order.
    ///
    /// # Errors
    /// Why the node cannot be read, for people.
    pub fn read(&self, node: &Value) -> std::result::Result<Option<Found>, String> {
        let found = match self.entity {
            Entity::Order => {
                let node = parsed::<OrderNode>(node)?;
                return if node.is_alive() { node.found(self).map(Some) } else { Ok(None) };
            }
            Entity::Customer => parsed::<CustomerNode>(node)?.found(self),
            Entity::Product => parsed::<ProductNode>(node)?.found(self),
            Entity::Payment => {
                let node = parsed::<PaymentNode>(node)?;
                return if node.is_payment() { node.found(self).map(Some) } else { Ok(None) };
            }
            Entity::Shipment => {
                let node = parsed::<ShipmentNode>(node)?;
                return if node.is_shipment() { node.found(self).map(Some) } else { Ok(None) };
            }
            Entity::Stock => {
                let node = parsed::<StockNode>(node)?;
                return if node.is_stocked() { node.found(self).map(Some) } else { Ok(None) };
            }
        };
        found.map(Some)
    }

    /// What a node that is none of the entity's records says of one that was.
    pub fn gone(&self, node: &Value) -> Option<Gone> {
        if self.entity != Entity::Order {
            return None;
        }
        let order = parsed::<OrderNode>(node).ok().filter(|order| !order.is_alive())?;
        Some(Gone { id: order.id, modified_at: Some(order.updated_at) })
    }

    fn found(&self, id: String, label: String, modified_at: DateTime<Utc>, record: Canonical) -> Found {
        let page = id.clone();
        self.found_at(id, &page, label, modified_at, record)
    }

    /// A record that people see on another record's page.
    fn found_at(&self, id: String, page: &str, label: String, modified_at: DateTime<Utc>, record: Canonical) -> Found {
        let screen = match self.entity {
            Entity::Order | Entity::Payment | Entity::Shipment => "orders",
            Entity::Customer => "customers",
            Entity::Product | Entity::Stock => "products",
        };
        let url = numeric(page).map(|number| join(self.shop, &["admin", screen, number]).to_string());
        Found { id, label: line(&label, LONGEST_LABEL), url, modified_at: Some(modified_at), record }
    }
}

/// What a person knows a record by is one line of a list.
const LONGEST_LABEL: usize = 255;

fn parsed<'a, T: Deserialize<'a>>(node: &'a Value) -> std::result::Result<T, String> {
    T::deserialize(node).map_err(|error| format!("a field has an unexpected shape ({error})"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderNode {
    id: String,
    name: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    cancelled_at: Option<DateTime<Utc>>,
    note: Option<String>,
    currency_code: String,
    customer: Option<CustomerPointer>,
    shipping_address: Option<AddressNode>,
    total_price_set: Option<MoneyBag>,
    total_tax_set: Option<MoneyBag>,
    total_shipping_price_set: Option<MoneyBag>,
    line_items: Nodes<LineNode>,
}

impl OrderNode {
    /// A cancelled order is one that is gone, as it is in an ERP: Shopify deletes none that was paid.
    const fn is_alive(&self) -> bool {
        self.cancelled_at.is_none()
    }

    fn found(self, reader: &Reader<'_>) -> std::result::Result<Found, String> {
        let record = Canonical::Order(Order {
            number: self.name.clone(),
            placed_on: Some(self.created_at.date_naive()),
            currency: self.currency_code,
            note: normalise::note(self.note.as_deref()),
            customer: self.customer.map(CustomerPointer::reference),
            ship_to: self.shipping_address.and_then(AddressNode::address),
            lines: self.line_items.nodes.into_iter().map(LineNode::line).collect::<std::result::Result<_, _>>()?,
            shipping: self.total_shipping_price_set.map(MoneyBag::money).transpose()?,
            tax: self.total_tax_set.map(MoneyBag::money).transpose()?,
            total: self.total_price_set.map(MoneyBag::money).transpose()?,
        });
        Ok(reader.found(self.id, self.name, self.updated_at, record))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LineNode {
    sku: Option<String>,
    title: String,
    quantity: i64,
    product: Option<IdNode>,
    discounted_unit_price_set: MoneyBag,
}

impl LineNode {
    fn line(self) -> std::result::Result<OrderLine, String> {
        let sku = self.sku.filter(|sku| !sku.trim().is_empty());
        Ok(OrderLine {
            product: self.product.map(|product| Reference { id: product.id, key: sku }),
            quantity_milli: self
                .quantity
                .checked_mul(1000)
                .ok_or_else(|| format!("“{}”: the quantity is too large", self.title))?,
            title: line(&self.title, normalise::LONGEST_LINE),
            unit_price: self.discounted_unit_price_set.money()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomerNode {
    id: String,
    display_name: String,
    updated_at: DateTime<Utc>,
    default_email_address: Option<EmailNode>,
    default_phone_number: Option<PhoneNode>,
    default_address: Option<AddressNode>,
}

impl CustomerNode {
    fn found(self, reader: &Reader<'_>) -> std::result::Result<Found, String> {
        let record = Canonical::Customer(Customer {
            email: self.default_email_address.and_then(EmailNode::address),
            name: line(&self.display_name, normalise::LONGEST_LINE),
            phone: self.default_phone_number.and_then(PhoneNode::number),
            address: self.default_address.and_then(AddressNode::address),
        });
        Ok(reader.found(self.id, self.display_name, self.updated_at, record))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductNode {
    id: String,
    title: String,
    updated_at: DateTime<Utc>,
    variants: Nodes<VariantNode>,
}

#[derive(Deserialize)]
struct VariantNode {
    sku: Option<String>,
    price: String,
}

impl ProductNode {
    fn found(self, reader: &Reader<'_>) -> std::result::Result<Found, String> {
        let variant = self.variants.nodes.into_iter().next();
        let (sku, price) = variant.map_or((None, None), |variant| (variant.sku, Some(variant.price)));
        let sku = line(sku.as_deref().unwrap_or_default(), normalise::LONGEST_LINE);
        let price = match (price, reader.shop_currency) {
            (Some(price), Some(currency)) => Some(amount(&price, currency)?),
            _ => None,
        };
        let title = line(&self.title, normalise::LONGEST_LINE);
        let label = if sku.is_empty() { title.clone() } else { sku.clone() };
        let record = Canonical::Product(Product { sku, title, price: price.filter(|price| price.minor != 0) });
        Ok(reader.found(self.id, label, self.updated_at, record))
    }
}

#[derive(Deserialize)]
struct IdNode {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomerPointer {
    id: String,
    default_email_address: Option<EmailNode>,
}

impl CustomerPointer {
    fn reference(self) -> Reference {
        Reference { id: self.id, key: self.default_email_address.and_then(EmailNode::address) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EmailNode {
    email_address: Option<String>,
}

impl EmailNode {
    fn address(self) -> Option<String> {
        self.email_address.map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneNode {
    phone_number: Option<String>,
}

impl PhoneNode {
    fn number(self) -> Option<String> {
        normalise::phone(self.phone_number.as_deref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddressNode {
    name: Option<String>,
    address1: Option<String>,
    address2: Option<String>,
    city: Option<String>,
    province_code: Option<String>,
    zip: Option<String>,
    country_code_v2: Option<String>,
}

impl AddressNode {
    fn address(self) -> Option<Address> {
        normalise::address(&Address {
            name: self.name,
            line1: self.address1,
            line2: self.address2,
            city: self.city,
            region: self.province_code,
            postal_code: self.zip,
            country: self.country_code_v2,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MoneyBag {
    shop_money: MoneyNode,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MoneyNode {
    amount: String,
    currency_code: String,
}

impl MoneyBag {
    fn money(self) -> std::result::Result<Money, String> {
        amount(&self.shop_money.amount, &self.shop_money.currency_code)
    }
}

fn amount(text: &str, currency: &str) -> std::result::Result<Money, String> {
    Money::parse(text, currency).ok_or_else(|| "an amount is no number, or too large".to_owned())
}

#[derive(Deserialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

/// The nodes of a connection and the cursor of its next page.
pub(super) fn connection(connection: Option<&Value>) -> Result<(Vec<Value>, Option<String>)> {
    let connection = connection.ok_or_else(|| malformed("the list is missing"))?;
    let nodes = connection.get("nodes").and_then(Value::as_array).cloned();
    let nodes = nodes.ok_or_else(|| malformed("the list's nodes are missing"))?;
    let more = connection.pointer("/pageInfo/hasNextPage").and_then(Value::as_bool);
    let cursor = connection.pointer("/pageInfo/endCursor").and_then(Value::as_str);
    match (more, cursor) {
        (Some(false), _) => Ok((nodes, None)),
        (Some(true), Some(cursor)) => Ok((nodes, Some(cursor.to_owned()))),
        _ => Err(malformed("the list does not say where it goes on")),
    }
}

/// Where an order's lines go on, if they do.
pub(super) fn next_lines(order: &Value) -> Option<String> {
    let page = order.pointer("/lineItems/pageInfo")?;
    let cursor = page.get("endCursor").and_then(Value::as_str)?;
    page.get("hasNextPage").and_then(Value::as_bool)?.then(|| cursor.to_owned())
}

/// The lines that an order has so far.
pub(super) fn count_lines(order: &Value) -> usize {
    order.pointer("/lineItems/nodes").and_then(Value::as_array).map_or(0, Vec::len)
}

/// Adds a further page of lines to an order.
pub(super) fn append_lines(order: &mut Value, mut data: Value) -> Result<()> {
    let mut page =
        data.pointer_mut("/order/lineItems").map(Value::take).ok_or_else(|| malformed("an order lost its lines"))?;
    let more = page.get_mut("nodes").map(Value::take).unwrap_or_default();
    let (Value::Array(more), Some(lines)) = (more, order.pointer_mut("/lineItems/nodes").and_then(Value::as_array_mut))
    else {
        return Err(malformed("an order's lines are no list"));
    };
    if more.is_empty() {
        return Err(malformed("an order's lines end before their last page"));
    }
    lines.extend(more);
    order["lineItems"]["pageInfo"] = page["pageInfo"].take();
    Ok(())
}

pub(super) fn shop_currency(data: &Value) -> Option<&str> {
    data.pointer("/shop/currencyCode").and_then(Value::as_str)
}

pub(super) fn id_of(node: &Value) -> String {
    node.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What a person may know a node by that cannot be read.
pub(super) fn label_of(node: &Value) -> String {
    let text = |name| node.get(name).and_then(Value::as_str);
    text("name")
        .or_else(|| text("displayName"))
        .or_else(|| text("title"))
        .unwrap_or("a record without a name")
        .to_owned()
}

/// Whether it is an id of this entity: another one would fail the whole query.
pub(super) fn is_gid(entity: Entity, id: &str) -> bool {
    let kind = match entity {
        Entity::Order => "gid://shopify/Order/",
        Entity::Customer => "gid://shopify/Customer/",
        Entity::Product => "gid://shopify/Product/",
        Entity::Payment => "gid://shopify/OrderTransaction/",
        Entity::Shipment => "gid://shopify/Fulfillment/",
        Entity::Stock => "gid://shopify/InventoryItem/",
    };
    id.starts_with(kind) && numeric(id).is_some()
}

pub(super) fn numeric(gid: &str) -> Option<&str> {
    let number = gid.rsplit('/').next()?;
    (!number.is_empty() && number.len() <= 20 && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

pub(super) fn malformed(message: &str) -> Error {
    Error::Malformed { message: message.to_owned() }
}
