//! Orders: what may be changed of one, its cancellation, and notes on any record.

use serde_json::{Value, json};

use crate::table::Doc;

use super::super::records;
use super::super::schema::{CODED_ERROR, JOB, Kind, ORDER, Type, USER_ERROR};
use super::super::shop::{CUSTOMERS, ORDERS, PRODUCTS};
use super::{Call, Mutation, Refused, UserError, payload, texts};

/// The mutations.
pub const ALL: &[Mutation] = &[
    Mutation {
        name: "orderUpdate",
        arguments: &["input"],
        scope: "write_orders",
        keyed: false,
        payload: &UPDATE_PAYLOAD,
        run: update,
    },
    Mutation {
        name: "orderCancel",
        arguments: &["orderId", "reason", "refundMethod", "restock", "notifyCustomer", "staffNote"],
        scope: "write_orders",
        keyed: false,
        payload: &CANCEL_PAYLOAD,
        run: cancel,
    },
    Mutation {
        name: "tagsAdd",
        arguments: &["id", "tags"],
        scope: "write_orders",
        keyed: false,
        payload: &TAGS_PAYLOAD,
        run: add_tags,
    },
];

static UPDATE_PAYLOAD: Type = Type {
    name: "OrderUpdatePayload",
    fields: &[("order", Kind::Ref(&ORDER, ORDERS)), ("userErrors", Kind::List(&USER_ERROR))],
};
static CANCEL_PAYLOAD: Type = Type {
    name: "OrderCancelPayload",
    fields: &[
        ("job", Kind::Object(&JOB)),
        ("orderCancelUserErrors", Kind::List(&CODED_ERROR)),
        ("userErrors", Kind::List(&USER_ERROR)),
    ],
};
static TAGS_PAYLOAD: Type = Type { name: "TagsAddPayload", fields: &[("userErrors", Kind::List(&USER_ERROR))] };

fn update(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("input");
    let number = existing(call, input.get("id"))
        .ok_or_else(|| UserError::coded(&["id"], "Order does not exist", "NOT_FOUND"))?;
    let mut changes = texts(&input, &["note", "email", "phone", "poNumber"]);
    if let Some(address) = input.get("shippingAddress") {
        let address = if address.is_null() { Value::Null } else { records::address(address)? };
        changes.insert("shippingAddress".to_owned(), address);
    }
    let number = if changes.is_empty() { number } else { call.save(ORDERS, Some(number), &changes)? };
    Ok(payload("order", number))
}

fn cancel(call: &mut Call<'_>) -> Result<Doc, Refused> {
    for required in ["orderId", "reason", "restock"] {
        if !call.arguments.contains_key(required) {
            let message = format!("Field 'orderCancel' is missing required arguments: {required}");
            return Err(Refused::Request(message, "missingRequiredArguments"));
        }
    }
    let number = existing(call, call.arguments.get("orderId"))
        .ok_or_else(|| UserError::coded(&["orderId"], "Order does not exist", "NOT_FOUND"))?;
    let is_cancelled = |doc: Doc| doc.get("cancelledAt").is_some_and(|at| !at.is_null());
    if call.doc(ORDERS, number).is_some_and(is_cancelled) {
        return Err(UserError::new(&["orderId"], "Cannot cancel an order that has already been canceled").into());
    }
    let changes = records::cancellation(call.now);
    call.save(ORDERS, Some(number), &changes)?;
    // The vendor does it in the background; here it is done before the answer.
    Ok(payload("job", json!({"id": number, "done": true})))
}

fn add_tags(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let found = record(call, call.arguments.get("id"));
    let (table, number) = found.ok_or_else(|| UserError::new(&["id"], "Resource does not exist"))?;
    let mut tags = call.doc(table, number).and_then(|doc| doc.get("tags")?.as_array().cloned()).unwrap_or_default();
    let given = call.arguments.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
    let longest = if table == PRODUCTS { 255 } else { 40 };
    for tag in given {
        if tag.as_str().is_none_or(|tag| tag.trim().is_empty() || tag.chars().count() > longest) {
            let message = format!("Tags must not be empty or longer than {longest} characters");
            return Err(UserError::new(&["tags"], &message).into());
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    call.save(table, Some(number), &Doc::from_iter([("tags".to_owned(), tags.into())]))?;
    Ok(payload("node", Value::Null))
}

fn existing(call: &Call<'_>, id: Option<&Value>) -> Option<u64> {
    call.number(id, ORDER.name).filter(|number| call.doc(ORDERS, *number).is_some())
}

/// A record that can be noted on: its table and number.
pub fn record(call: &Call<'_>, id: Option<&Value>) -> Option<(&'static str, u64)> {
    let kinds = [("Order", ORDERS), ("Customer", CUSTOMERS), ("Product", PRODUCTS)];
    let found = kinds.into_iter().find_map(|(name, table)| Some((table, call.number(id, name)?)));
    found.filter(|(table, number)| call.doc(table, *number).is_some())
}
