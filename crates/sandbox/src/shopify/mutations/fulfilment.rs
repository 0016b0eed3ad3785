//! Fulfilments: sending an order's goods, and where they are.

use serde_json::{Value, json};

use crate::ledger::Effect;
use crate::table::Doc;
use crate::world::Write;

use super::super::records;
use super::super::schema::{FULFILLMENT, Kind, Type, USER_ERROR};
use super::super::selection::parse_gid;
use super::super::shop::{ORDERS, SHIPMENTS};
use super::{Call, Mutation, Refused, UserError, payload};

/// The mutations.
pub const ALL: &[Mutation] = &[
    Mutation {
        name: "fulfillmentCreate",
        arguments: &["fulfillment", "message"],
        scope: SCOPE,
        keyed: false,
        payload: &PAYLOAD,
        run: create,
    },
    Mutation {
        name: "fulfillmentTrackingInfoUpdate",
        arguments: &["fulfillmentId", "trackingInfoInput", "notifyCustomer"],
        scope: SCOPE,
        keyed: false,
        payload: &PAYLOAD,
        run: track,
    },
];

const SCOPE: &str = "write_merchant_managed_fulfillment_orders";

static PAYLOAD: Type = Type {
    name: "FulfillmentCreatePayload",
    fields: &[("fulfillment", Kind::Ref(&FULFILLMENT, SHIPMENTS)), ("userErrors", Kind::List(&USER_ERROR))],
};

fn create(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("fulfillment");
    let groups = input.get("lineItemsByFulfillmentOrder").and_then(Value::as_array).cloned().unwrap_or_default();
    let [group] = groups.as_slice() else {
        let message = "Fulfillment orders must be of the same order and location.";
        return Err(UserError::new(&["fulfillment"], message).into());
    };
    let order = call.number(group.get("fulfillmentOrderId"), "FulfillmentOrder");
    let order = order.and_then(|order| call.doc(ORDERS, order));
    let order = order.ok_or_else(|| UserError::new(&["fulfillment"], "Fulfillment order does not exist."))?;
    let is_open = order.get("cancelledAt").is_none_or(Value::is_null)
        && records::remaining(&order, call.world).iter().any(|(_, _, left)| *left > 0);
    if !is_open {
        let message = "Fulfillment order is closed and has an unfulfillable status.";
        return Err(UserError::new(&["fulfillment"], message).into());
    }
    let wanted = group.get("fulfillmentOrderLineItems").and_then(Value::as_array);
    let lines: Vec<Value> = wanted
        .into_iter()
        .flatten()
        .map(|line| json!({"lineItem": number(line.get("id")), "quantity": line.get("quantity")}))
        .collect();
    let mut changes = Doc::from_iter([("order".to_owned(), order.get("id").cloned().unwrap_or_default())]);
    changes.insert("lineItems".to_owned(), lines.into());
    changes.insert("trackingInfo".to_owned(), input.get("trackingInfo").cloned().unwrap_or_default());
    let saved = records::save(call.world, SHIPMENTS, None, &changes, call.now).map_err(|refusal| match refusal {
        records::Refusal::Invalid { message, .. } => UserError::new(&["fulfillment"], &message).into(),
        other => Refused::from(other),
    })?;
    // A fulfilment has no id of the sender's; the same parcel twice is a doubled write all the same.
    let tracking = input.get("trackingInfo").and_then(|tracking| tracking.get("number")).and_then(Value::as_str);
    let order = order.get("id").cloned().unwrap_or_default();
    let key = tracking.map_or_else(|| super::record_id(SHIPMENTS, saved), |tracking| format!("{order}/{tracking}"));
    call.world.note(SHIPMENTS, &Write { key, effect: Effect::Insert })?;
    Ok(payload("fulfillment", saved))
}

fn track(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let number = call.number(call.arguments.get("fulfillmentId"), FULFILLMENT.name);
    let number = number.filter(|number| call.doc(SHIPMENTS, *number).is_some());
    let number = number.ok_or_else(|| UserError::new(&["fulfillmentId"], "Fulfillment does not exist."))?;
    let given = call.arguments.get("trackingInfoInput").cloned().unwrap_or_default();
    let changes = Doc::from_iter([("tracking".to_owned(), records::parcel(&given))]);
    let number = call.save(SHIPMENTS, Some(number), &changes)?;
    Ok(payload("fulfillment", number))
}

fn number(id: Option<&Value>) -> Value {
    let number = id.and_then(Value::as_str).and_then(parse_gid).map(|(_, number)| number);
    number.map_or(Value::Null, Value::from)
}
