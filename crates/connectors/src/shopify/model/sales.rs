//! Payments, shipments and stock: what happens to orders and to what is sold.

use chrono::{DateTime, Utc};
use domain::canonical::{Canonical, Payment, Reference, Shipment, Stock};
use serde::Deserialize;
use serde_json::Value;

use super::{CustomerPointer, IdNode, MoneyBag, Nodes, Reader, numeric};
use crate::shopify::shipments::{Note, Sent, gathered};
use crate::text::{line, optional};
use crate::vendor::Found;

type Read<T> = std::result::Result<T, String>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentNode {
    id: String,
    kind: String,
    status: String,
    gateway: Option<String>,
    processed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    amount_set: MoneyBag,
    order: OrderPointer,
}

/// The order as far as its payments and shipments need it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderPointer {
    id: String,
    name: String,
    updated_at: DateTime<Utc>,
    customer: Option<CustomerPointer>,
    metafields: Option<Nodes<MetafieldNode>>,
}

#[derive(Deserialize)]
struct MetafieldNode {
    key: String,
    value: String,
}

impl PaymentNode {
    /// Whether money came in: authorisations, refunds and failed tries are no payments.
    pub fn is_payment(&self) -> bool {
        matches!(self.kind.as_str(), "SALE" | "CAPTURE") && self.status == "SUCCESS"
    }

    /// The reference is the transaction's number: Shopify's `paymentId` may be missing.
    pub fn found(self, reader: &Reader<'_>) -> Read<Found> {
        let reference = numeric(&self.id).unwrap_or_default().to_owned();
        let (modified_at, order) = (self.order.updated_at, self.order.id.clone());
        let label = format!("{} · {reference}", self.order.name);
        let record = Canonical::Payment(Payment {
            reference,
            order: Some(Reference { id: self.order.id, key: Some(self.order.name) }),
            customer: self.order.customer.map(CustomerPointer::reference),
            amount: self.amount_set.money()?,
            paid_on: Some(self.processed_at.unwrap_or(self.created_at).date_naive()),
            method: optional(self.gateway.as_deref(), 255),
        });
        Ok(reader.found_at(self.id, &order, label, modified_at, record))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShipmentNode {
    id: String,
    name: String,
    status: String,
    created_at: DateTime<Utc>,
    tracking_info: Vec<TrackingNode>,
    fulfillment_line_items: SentLines,
    order: OrderPointer,
}

#[derive(Deserialize)]
struct TrackingNode {
    company: Option<String>,
    number: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentLines {
    nodes: Vec<SentLine>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentLine {
    quantity: i64,
    line_item: LinePointer,
}

#[derive(Deserialize)]
struct LinePointer {
    id: String,
    product: Option<IdNode>,
}

impl ShipmentNode {
    /// Cancelled and failed fulfilments sent nothing.
    pub fn is_shipment(&self) -> bool {
        !matches!(self.status.as_str(), "CANCELLED" | "ERROR" | "FAILURE")
    }

    pub fn found(self, reader: &Reader<'_>) -> Read<Found> {
        if self.fulfillment_line_items.page_info.has_next_page {
            return Err("the shipment has more lines than Syncline reads (20)".to_owned());
        }
        let lines = self.fulfillment_line_items.nodes;
        let sent = Sent::new(lines.iter().map(|line| (line.line_item.id.as_str(), line.quantity)));
        let parcel = self.tracking_info.into_iter().next();
        let (carrier, tracking) = parcel.map_or((None, None), |parcel| (parcel.company, parcel.number));
        let tracking = optional(tracking.as_deref(), 255);
        let notes = self.order.metafields.map(|metafields| metafields.nodes).unwrap_or_default();
        let notes = notes.iter().filter_map(|node| Note::read(&node.key, &node.value));
        let note = Note::of(notes, &self.id, &sent, tracking.as_deref());
        let shipped_on = note.as_ref().and_then(|note| note.shipped_on).or(Some(self.created_at.date_naive()));
        let number = note.map_or(self.name, |note| note.number);
        let pieces = lines.into_iter().map(|line| (line.line_item.product.map(|product| product.id), line.quantity));
        let (order, modified_at) = (self.order.id.clone(), self.order.updated_at);
        let record = Canonical::Shipment(Shipment {
            number: line(&number, 255),
            // Without the order's key: what is written here knows only the id.
            order: Some(Reference { id: self.order.id, key: None }),
            shipped_on,
            carrier: optional(carrier.as_deref(), 255),
            tracking,
            lines: gathered(pieces),
        });
        Ok(reader.found_at(self.id, &order, number, modified_at, record))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StockNode {
    id: String,
    sku: Option<String>,
    variants: Nodes<VariantPointer>,
    inventory_level: Option<LevelNode>,
}

#[derive(Deserialize)]
struct VariantPointer {
    product: Option<IdNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LevelNode {
    updated_at: DateTime<Utc>,
    quantities: Vec<QuantityNode>,
}

#[derive(Deserialize)]
struct QuantityNode {
    name: String,
    quantity: i64,
}

impl StockNode {
    /// Whether the item is stocked at the location.
    pub fn is_stocked(&self) -> bool {
        self.inventory_level.is_some()
    }

    pub fn found(self, reader: &Reader<'_>) -> Read<Found> {
        let level = self.inventory_level.ok_or("the item is not stocked at the location")?;
        let available = level.quantities.iter().find(|quantity| quantity.name == "available");
        let available = available.ok_or("the level does not say what is available")?.quantity;
        let product = self.variants.nodes.into_iter().next().and_then(|variant| variant.product);
        let page = product.as_ref().map(|product| product.id.clone()).unwrap_or_default();
        let sku = line(self.sku.as_deref().unwrap_or_default(), 255);
        let record = Canonical::Stock(Stock {
            sku: sku.clone(),
            product: product.map(|product| Reference { id: product.id, key: None }),
            available_milli: available.checked_mul(1000).ok_or("the quantity is too large")?,
        });
        Ok(reader.found_at(self.id, &page, sku, level.updated_at, record))
    }
}

/// What a page of orders says of their payments: each payment with its order around it.
pub(in crate::shopify) fn payments_of(orders: Vec<Value>) -> Vec<Value> {
    let mut payments = Vec::new();
    for mut order in orders {
        let Some(Value::Array(own)) = order.get_mut("transactions").map(Value::take) else { continue };
        for mut payment in own {
            payment["order"] = order.clone();
            payments.push(payment);
        }
    }
    payments
}

/// The ids of the fulfilments of a page of orders.
pub(in crate::shopify) fn shipments_of(orders: &[Value]) -> Vec<String> {
    let own = orders.iter().filter_map(|order| order.get("fulfillments")?.as_array()).flatten();
    own.map(super::id_of).collect()
}

/// Inventory levels turned inside out: each item with its level in it.
pub(in crate::shopify) fn items_of(levels: Vec<Value>) -> Vec<Value> {
    let inside_out = |mut level: Value| {
        let mut item = level.get_mut("item").map(Value::take).unwrap_or_default();
        if item.is_object() {
            item["inventoryLevel"] = level;
        }
        item
    };
    levels.into_iter().map(inside_out).collect()
}
