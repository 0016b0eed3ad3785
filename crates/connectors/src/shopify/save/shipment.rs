//! Shipments: fulfilments of an order's lines.

use domain::Entity;
use domain::canonical::{Canonical, Shipment};
use serde_json::{Value, json};

use super::{Outcome, user_error};
use crate::error::{Error, Failure, Result};
use crate::settings::refused;
use crate::shopify::shipments::{NAMESPACE, Note, Sent, Sibling, key_of};
use crate::shopify::{Shopify, model, queries, search};
use crate::vendor::Save;

/// What an order says before something of it is sent.
struct Before {
    notes: Vec<Note>,
    siblings: Vec<Sibling>,
    /// The fulfilment order's line, its fulfilment order, the order's line, its product, what is left of it.
    open: Vec<Open>,
}

struct Open {
    fulfillment_order: String,
    id: String,
    line: String,
    product: Option<String>,
    left: i64,
}

impl Shopify {
    pub(super) async fn insert_shipment(&self, save: &Save, shipment: &Shipment) -> Outcome {
        let Some(order) = shipment.order.as_ref().map(|order| order.id.clone()) else {
            return Err(refused("no_order", "order", "The shipment names no order of the shop.".into()).into());
        };
        let before = self.before(&order).await?;
        let key = key_of(&save.idempotency_key);
        let own = |note: &&Note| note.key == key || note.number == shipment.number;
        let earlier = before.notes.iter().find(own).cloned();
        if let Some(made) = earlier.as_ref().and_then(|note| note.made(&before.notes, &before.siblings)) {
            // The insert arrived before, or somebody has deleted our record of it.
            return self.as_it_is(Entity::Shipment, &made.id.clone()).await;
        }
        let (wanted, sent) = chosen(shipment, &before.open)?;
        let there = before.siblings.iter().map(|sibling| sibling.id.clone());
        let note = Note {
            number: shipment.number.clone(),
            shipped_on: shipment.shipped_on,
            sent,
            tracking: shipment.tracking.clone(),
            before: earlier.as_ref().map_or_else(|| there.collect(), |note| note.before.clone()),
            id: None,
            key: earlier.map_or(key, |note| note.key),
        };
        let variables = json!({
            "order": order, "tags": [search::shipment_tag(&shipment.number)], "note": [noted(&order, &note)?],
            "fulfillment": {
                "lineItemsByFulfillmentOrder": wanted, "trackingInfo": tracking(shipment), "notifyCustomer": false,
            },
        });
        let (data, exchange) = self.api.mutate(&queries::FULFIL, variables).await?;
        if let Some(error) = user_error(&data) {
            return Err(Failure { error, exchange: Some(exchange) });
        }
        let id = data.pointer("/fulfillmentCreate/fulfillment/id").and_then(Value::as_str).map(ToOwned::to_owned);
        let saved = self.saved(Entity::Shipment, data, exchange).await?;
        // From here on the fulfilment is known by its id. When this is lost, it is known by what it holds.
        let note = Note { id, ..note };
        drop(self.api.mutate(&queries::NOTE, json!({"values": [noted(&order, &note)?]})).await);
        Ok(saved)
    }

    /// Tracking, and our own note; what was sent stays sent.
    pub(super) async fn update_shipment(&self, id: &str, shipment: &Shipment, current: Option<&Canonical>) -> Outcome {
        let Some(Canonical::Shipment(known)) = current else {
            return Err(
                refused("unsupported", "lines", "What the shop holds of the shipment is not known.".into()).into()
            );
        };
        if known.lines != shipment.lines {
            let message = "The shop does not change what a fulfilment holds. Cancel it in the shop's admin and let the \
                           shipment be made again.";
            return Err(refused("unsupported", "lines", message.into()).into());
        }
        let noted_differs = known.number != shipment.number || known.shipped_on != shipment.shipped_on;
        let tracked_differs = (&known.carrier, &known.tracking) != (&shipment.carrier, &shipment.tracking);
        if !noted_differs && !tracked_differs {
            return self.as_it_is(Entity::Shipment, id).await;
        }
        let order = known.order.as_ref().map(|order| order.id.clone()).ok_or(Error::NotFound)?;
        let before = self.before(&order).await?;
        let sibling = before.siblings.iter().find(|sibling| sibling.id == id).ok_or(Error::NotFound)?;
        let earlier = before
            .notes
            .iter()
            .find(|note| note.made(&before.notes, &before.siblings).is_some_and(|made| made.id == id));
        let note = Note {
            number: shipment.number.clone(),
            shipped_on: shipment.shipped_on,
            sent: sibling.sent.clone(),
            tracking: shipment.tracking.clone(),
            before: Vec::new(),
            id: Some(id.to_owned()),
            key: earlier.map_or_else(|| key_of(model::numeric(id).unwrap_or_default()), |note| note.key.clone()),
        };
        let variables = json!({
            "id": id, "tracking": tracking(shipment), "note": [noted(&order, &note)?], "noted": true,
        });
        self.update(Entity::Shipment, id, &queries::TRACK, variables).await
    }

    async fn before(&self, order: &str) -> Result<Before> {
        let answer = self.api.query(&queries::TO_FULFIL, 1, json!({"id": order})).await?;
        let order = answer.data.get("order").filter(|order| !order.is_null()).ok_or(Error::NotFound)?;
        Ok(Before { notes: notes(order), siblings: siblings(order), open: open(order)? })
    }
}

fn list<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, path: &str) -> Option<String> {
    value.pointer(path).and_then(Value::as_str).map(ToOwned::to_owned)
}

fn notes(order: &Value) -> Vec<Note> {
    let read = |node: &Value| Note::read(node.get("key")?.as_str()?, node.get("value")?.as_str()?);
    list(order, "/metafields/nodes").filter_map(read).collect()
}

fn siblings(order: &Value) -> Vec<Sibling> {
    let is_alive = |node: &&Value| !matches!(node["status"].as_str(), Some("CANCELLED" | "ERROR" | "FAILURE"));
    let sibling = |node: &Value| {
        let line = |line: &Value| Some((text(line, "/lineItem/id")?, line.get("quantity")?.as_i64()?));
        let lines: Vec<(String, i64)> = list(node, "/fulfillmentLineItems/nodes").filter_map(line).collect();
        let sent = Sent::new(lines.iter().map(|(line, quantity)| (line.as_str(), *quantity)));
        let tracking = text(node, "/trackingInfo/0/number");
        Some(Sibling { id: text(node, "/id")?, sent, tracking: tracking.filter(|tracking| !tracking.is_empty()) })
    };
    list(order, "/fulfillments").filter(is_alive).filter_map(sibling).collect()
}

fn open(order: &Value) -> Result<Vec<Open>> {
    let mut open = Vec::new();
    for fulfillment_order in list(order, "/fulfillmentOrders/nodes") {
        let is_open = matches!(fulfillment_order["status"].as_str(), Some("OPEN" | "IN_PROGRESS"));
        let Some(own) = text(fulfillment_order, "/id").filter(|_| is_open) else { continue };
        if fulfillment_order.pointer("/lineItems/pageInfo/hasNextPage") == Some(&Value::Bool(true)) {
            let message = "The order has more lines to send than Syncline reads (50).";
            return Err(refused("too_many_lines", "lines", message.into()));
        }
        let line = |line: &Value| {
            let (id, of) = (text(line, "/id")?, text(line, "/lineItem/id")?);
            let (product, left) = (text(line, "/lineItem/product/id"), line.get("remainingQuantity")?.as_i64()?);
            Some(Open { fulfillment_order: own.clone(), id, line: of, product, left })
        };
        open.extend(list(fulfillment_order, "/lineItems/nodes").filter_map(line));
    }
    Ok(open)
}

/// Which of the order's open lines the shipment takes: `lineItemsByFulfillmentOrder`, and what that is of the order.
fn chosen(shipment: &Shipment, open: &[Open]) -> Result<(Value, Sent)> {
    let (mut wanted, mut taken): (Vec<Value>, Vec<(&str, i64)>) = (Vec::new(), Vec::new());
    for line in &shipment.lines {
        let product = line.product.as_ref().map(|product| product.id.as_str());
        if line.quantity_milli % 1000 != 0 || line.quantity_milli <= 0 {
            let message = "The shop counts whole pieces; the shipment has a part of one.";
            return Err(refused("whole_pieces", "lines.quantity", message.into()));
        }
        let mut missing = line.quantity_milli / 1000;
        for open in open.iter().filter(|open| open.product.as_deref() == product && open.left > 0) {
            let quantity = missing.min(open.left);
            if quantity > 0 {
                let part = json!({"id": open.id, "quantity": quantity});
                group(&mut wanted, &open.fulfillment_order, part);
                taken.push((&open.line, quantity));
                missing -= quantity;
            }
        }
        if missing > 0 {
            let message = "The shop's order has fewer pieces left to send than the shipment holds.";
            return Err(refused("nothing_left", "lines.quantity", message.into()));
        }
    }
    if wanted.is_empty() {
        return Err(refused("nothing_left", "lines", "The shipment holds nothing.".into()));
    }
    Ok((Value::Array(wanted), Sent::new(taken.into_iter())))
}

fn group(wanted: &mut Vec<Value>, fulfillment_order: &str, part: Value) {
    let own = wanted.iter_mut().find(|group| group["fulfillmentOrderId"] == fulfillment_order);
    match own.and_then(|group| group["fulfillmentOrderLineItems"].as_array_mut()) {
        Some(parts) => parts.push(part),
        None => {
            wanted.push(json!({"fulfillmentOrderId": fulfillment_order, "fulfillmentOrderLineItems": [part]}));
        }
    }
}

fn tracking(shipment: &Shipment) -> Value {
    json!({"company": shipment.carrier, "number": shipment.tracking})
}

fn noted(order: &str, note: &Note) -> Result<Value> {
    let value = serde_json::to_string(note).map_err(|error| Error::Malformed { message: error.to_string() })?;
    Ok(json!({"ownerId": order, "namespace": NAMESPACE, "key": note.key, "type": "json", "value": value}))
}
