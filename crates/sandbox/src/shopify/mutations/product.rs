//! Products and their variants.

use serde_json::{Value, json};

use crate::table::Doc;

use super::super::records;
use super::super::schema::{CODED_ERROR, Kind, PRODUCT, Type, USER_ERROR, VARIANT};
use super::super::selection::parse_gid;
use super::super::shop::PRODUCTS;
use super::{Call, Mutation, Refused, UserError, metafield, payload, texts};

/// The mutations.
pub const ALL: &[Mutation] = &[
    Mutation {
        name: "productSet",
        arguments: &["input", "synchronous"],
        scope: SCOPE,
        keyed: false,
        payload: &SET_PAYLOAD,
        run: set,
    },
    Mutation {
        name: "productUpdate",
        arguments: &["product"],
        scope: SCOPE,
        keyed: false,
        payload: &UPDATE_PAYLOAD,
        run: update,
    },
    Mutation {
        name: "productVariantsBulkUpdate",
        arguments: &["productId", "variants"],
        scope: SCOPE,
        keyed: false,
        payload: &VARIANTS_PAYLOAD,
        run: update_variants,
    },
    Mutation {
        name: "productDelete",
        arguments: &["input"],
        scope: SCOPE,
        keyed: false,
        payload: &DELETE_PAYLOAD,
        run: delete,
    },
];

const SCOPE: &str = "write_products";

static SET_PAYLOAD: Type = Type {
    name: "ProductSetPayload",
    fields: &[("product", Kind::Ref(&PRODUCT, PRODUCTS)), ("userErrors", Kind::List(&CODED_ERROR))],
};
static UPDATE_PAYLOAD: Type = Type {
    name: "ProductUpdatePayload",
    fields: &[("product", Kind::Ref(&PRODUCT, PRODUCTS)), ("userErrors", Kind::List(&USER_ERROR))],
};
static VARIANTS_PAYLOAD: Type = Type {
    name: "ProductVariantsBulkUpdatePayload",
    fields: &[
        ("product", Kind::Ref(&PRODUCT, PRODUCTS)),
        ("productVariants", Kind::List(&VARIANT)),
        ("userErrors", Kind::List(&CODED_ERROR)),
    ],
};
static DELETE_PAYLOAD: Type = Type {
    name: "ProductDeletePayload",
    fields: &[("deletedProductId", Kind::Scalar), ("userErrors", Kind::List(&USER_ERROR))],
};

/// Without an id it makes a product; the sandbox knows no other use of it.
fn set(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("input");
    let mut changes = fields(&input);
    let Some(Value::Array(given)) = input.get("variants") else {
        return Err(UserError::coded(&["input", "variants"], "Variants can't be blank", "INVALID_INPUT").into());
    };
    let variants = given.iter().map(|given| variant(given, json!({})));
    changes.insert("variants".to_owned(), variants.collect::<Vec<_>>().into());
    metafield::into_record(call, PRODUCTS, &mut changes, &input)?;
    let number = call.save(PRODUCTS, None, &changes)?;
    Ok(payload("product", number))
}

fn update(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("product");
    let number = existing(call, input.get("id"), &["id"])?;
    let changes = fields(&input);
    let number = if changes.is_empty() { number } else { call.save(PRODUCTS, Some(number), &changes)? };
    Ok(payload("product", number))
}

fn update_variants(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let number = existing(call, call.arguments.get("productId"), &["productId"])?;
    let doc = call.doc(PRODUCTS, number).unwrap_or_default();
    let mut own = doc.get("variants").and_then(Value::as_array).cloned().unwrap_or_default();
    let given = call.arguments.get("variants").and_then(Value::as_array).cloned().unwrap_or_default();
    for (place, given) in given.iter().enumerate() {
        let id = given.get("id").and_then(Value::as_str).and_then(parse_gid).map(|(_, number)| number);
        let Some(found) = own.iter_mut().find(|own| own["id"].as_u64() == id && id.is_some()) else {
            let field = ["variants", &place.to_string(), "id"];
            let message = "Product variant does not exist";
            return Err(UserError::coded(&field, message, "PRODUCT_VARIANT_DOES_NOT_EXIST").into());
        };
        *found = variant(given, found.clone());
    }
    let number = call.save(PRODUCTS, Some(number), &Doc::from_iter([("variants".to_owned(), own.into())]))?;
    let saved = call.doc(PRODUCTS, number).and_then(|doc| doc.get("variants").cloned());
    let mut answer = payload("product", number);
    answer.insert("productVariants".to_owned(), saved.unwrap_or_default());
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Doc, Refused> {
    let input = call.input("input");
    let number = existing(call, input.get("id"), &["id"])?;
    call.count(PRODUCTS, number, crate::ledger::Effect::Delete)?;
    records::remove(call.world, PRODUCTS, number)?;
    Ok(payload("deletedProductId", input.get("id").cloned().unwrap_or_default()))
}

fn existing(call: &Call<'_>, id: Option<&Value>, field: &[&str]) -> Result<u64, Refused> {
    let number = call.number(id, PRODUCT.name).filter(|number| call.doc(PRODUCTS, *number).is_some());
    number.ok_or_else(|| UserError::coded(field, "Product does not exist", "PRODUCT_DOES_NOT_EXIST").into())
}

fn fields(input: &Doc) -> Doc {
    texts(input, &["title", "status", "descriptionHtml", "vendor", "productType", "handle"])
}

/// What is given of a variant, over what it is.
fn variant(given: &Value, mut own: Value) -> Value {
    let sku = given.get("sku").or_else(|| given.pointer("/inventoryItem/sku"));
    for (field, value) in [("sku", sku), ("price", given.get("price")), ("barcode", given.get("barcode"))] {
        if let Some(value) = value {
            let text = value.as_str().map(str::trim);
            own[field] = text.map_or_else(|| value.clone(), Value::from);
        }
    }
    own
}
