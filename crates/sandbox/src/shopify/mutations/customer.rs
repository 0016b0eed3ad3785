//! Customers and their addresses.

use serde_json::Value;

use crate::table::Doc;

use super::super::records;
use super::super::schema::{ADDRESS, CUSTOMER, Kind, Type, USER_ERROR};
use super::super::shop::{CUSTOMERS, ORDERS};
use super::{Call, Mutation, Refused, UserError, metafield, payload, texts};

/// The mutations.
pub const ALL: &[Mutation] = &[
    Mutation {
        name: "customerCreate",
        arguments: &["input"],
        scope: SCOPE,
        keyed: false,
        payload: &CUSTOMER_PAYLOAD,
        run: create,
    },
    Mutation {
        name: "customerUpdate",
        arguments: &["input"],
        scope: SCOPE,
        keyed: false,
        payload: &CUSTOMER_PAYLOAD,
        run: update,
    },
    Mutation {
        name: "customerDelete",
        arguments: &["input"],
        scope: SCOPE,
        keyed: false,
        payload: &DELETE_PAYLOAD,
        run: delete,
    },
    Mutation {
        name: "customerAddressCreate",
        arguments: &["customerId", "address", "setAsDefault"],
        scope: SCOPE,
        keyed: false,
        payload: &ADDRESS_PAYLOAD,
        run: set_address,
    },
    Mutation {
        name: "customerAddressUpdate",
        arguments: &["customerId", "addressId", "address", "setAsDefault"],
        scope: SCOPE,
        keyed: false,
        payload: &ADDRESS_PAYLOAD,
        run: set_address,
    },
    Mutation {
        name: "customerAddressDelete",
        arguments: &["customerId", "addressId"],
        scope: SCOPE,
        keyed: false,
        payload: &ADDRESS_DELETE_PAYLOAD,
        run: delete_address,
    },
];

const SCOPE: &str = "write_customers";

static CUSTOMER_PAYLOAD: Type = Type {
    name: "CustomerCreatePayload",
    fields: &[("customer", Kind::Ref(&CUSTOMER, CUSTOMERS)), ("userErrors", Kind::List(&USER_ERROR))],
};
static DELETE_PAYLOAD: Type = Type {
    name: "CustomerDeletePayload",
    fields: &[("deletedCustomerId", Kind::Scalar), ("userErrors", Kind::List(&USER_ERROR))],
};
static ADDRESS_PAYLOAD: Type = Type {
    name: "CustomerAddressUpdatePayload",
    fields: &[("address", Kind::Object(&ADDRESS)), ("userErrors", Kind::List(&USER_ERROR))],
};
static ADDRESS_DELETE_PAYLOAD: Type = Type {
    name: "CustomerAddressDeletePayload",
    fields: &[("deletedAddressId", Kind::Scalar), ("userErrors", Kind::List(&USER_ERROR))],
};

fn create(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("input");
    let mut changes = fields(&input);
    unique(call, &changes, None)?;
    if let Some(address) = input.get("addresses").and_then(|addresses| addresses.get(0)) {
        changes.insert("defaultAddress".to_owned(), records::address(address)?);
    }
    metafield::into_record(call, CUSTOMERS, &mut changes, &input)?;
    if changes.values().all(Value::is_null) {
        let error = UserError {
            field: Vec::new(),
            message: "Customer must have a name, phone number or email address".into(),
            code: "INVALID",
        };
        return Err(error.into());
    }
    let number = call.save(CUSTOMERS, None, &changes)?;
    Ok(payload("customer", number))
}

fn update(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("input");
    let number = existing(call, input.get("id"))?;
    let changes = fields(&input);
    unique(call, &changes, Some(number))?;
    // Without a field in it the mutation only answers what there is.
    let number = if changes.is_empty() { number } else { call.save(CUSTOMERS, Some(number), &changes)? };
    Ok(payload("customer", number))
}

fn delete(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("input");
    let number = call.number(input.get("id"), CUSTOMER.name).filter(|number| call.doc(CUSTOMERS, *number).is_some());
    let number = number.ok_or_else(|| UserError::new(&["id"], "Customer can't be found"))?;
    let orders = call.world.table(ORDERS).find("customer", &number.to_string()).unwrap_or_default();
    if !orders.is_empty() {
        return Err(UserError::new(&["id"], "Customer can’t be deleted because they have associated orders").into());
    }
    call.count(CUSTOMERS, number, crate::ledger::Effect::Delete)?;
    records::remove(call.world, CUSTOMERS, number)?;
    Ok(payload("deletedCustomerId", input.get("id").cloned().unwrap_or_default()))
}

fn set_address(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let number = existing(call, call.arguments.get("customerId"))?;
    let given = call.arguments.get("address").cloned().unwrap_or_default();
    let mut address = records::address(&given)?;
    if let (Some(own), Some(before)) = (address.as_object_mut(), call.doc(CUSTOMERS, number)) {
        let before = before.get("defaultAddress").and_then(Value::as_object).cloned().unwrap_or_default();
        // What was not named stays as it was, and so does the address's own id.
        for (field, value) in before {
            let input = match field.as_str() {
                "countryCodeV2" | "country" => "countryCode",
                "province" => "provinceCode",
                "name" => "lastName",
                other => other,
            };
            if given.get(input).is_none() {
                own.insert(field, value);
            }
        }
    }
    let changes = Doc::from_iter([("defaultAddress".to_owned(), address)]);
    call.save(CUSTOMERS, Some(number), &changes)?;
    let saved = call.doc(CUSTOMERS, number).and_then(|doc| doc.get("defaultAddress").cloned());
    Ok(payload("address", saved.unwrap_or_default()))
}

fn delete_address(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let number = existing(call, call.arguments.get("customerId"))?;
    call.save(CUSTOMERS, Some(number), &Doc::from_iter([("defaultAddress".to_owned(), Value::Null)]))?;
    Ok(payload("deletedAddressId", call.arguments.get("addressId").cloned().unwrap_or_default()))
}

fn existing(call: &Call<'_>, id: Option<&Value>) -> Result<u64, Refused> {
    let number = call.number(id, CUSTOMER.name).filter(|number| call.doc(CUSTOMERS, *number).is_some());
    number.ok_or_else(|| UserError::new(&["id"], "Customer does not exist").into())
}

fn fields(input: &Doc) -> Doc {
    texts(input, &["firstName", "lastName", "email", "phone", "note"])
}

/// No two customers of a shop have the same address or number.
fn unique(call: &Call<'_>, changes: &Doc, own: Option<u64>) -> Result<(), Refused> {
    let text = |name: &str| changes.get(name).and_then(Value::as_str);
    if let Some(email) = text("email") {
        let holders = call.world.table(CUSTOMERS).find("email", email).unwrap_or_default();
        if holders.iter().any(|row| Some(row.seq) != own) {
            return Err(UserError::coded(&["email"], "Email has already been taken", "TAKEN").into());
        }
    }
    if let Some(phone) = text("phone") {
        let holders = call.world.table(CUSTOMERS).find("phone", phone).unwrap_or_default();
        if holders.iter().any(|row| Some(row.seq) != own) {
            return Err(UserError::coded(&["phone"], "Phone has already been taken", "TAKEN").into());
        }
    }
    Ok(())
}
