//! What the API says of itself: the fields of an entity's type and of its rows, by introspection.

use domain::Entity;
use serde_json::{Value, json};

use super::{Shopify, model, queries};
use crate::error::Result;
use crate::vendor::SchemaField;

impl Shopify {
    pub(super) async fn described(&self, entity: Entity) -> Result<Vec<SchemaField>> {
        let (own, inner, path) = types(entity);
        let answer = self.api.query(&queries::SCHEMA, 1, json!({"own": own, "inner": inner})).await?;
        let mut fields = read(answer.data.get("own"), "")?;
        fields.extend(read(answer.data.get("inner"), &format!("{path}."))?);
        fields.sort();
        Ok(fields)
    }
}

/// The type of an entity, the type of what it consists of, and where that is in it.
const fn types(entity: Entity) -> (&'static str, &'static str, &'static str) {
    match entity {
        Entity::Order => ("Order", "LineItem", "lineItems"),
        Entity::Customer => ("Customer", "MailingAddress", "defaultAddress"),
        Entity::Product => ("Product", "ProductVariant", "variants"),
        Entity::Payment => ("OrderTransaction", "Order", "order"),
        Entity::Shipment => ("Fulfillment", "FulfillmentLineItem", "fulfillmentLineItems"),
        Entity::Stock => ("InventoryItem", "InventoryLevel", "inventoryLevel"),
    }
}

fn read(ty: Option<&Value>, prefix: &str) -> Result<Vec<SchemaField>> {
    let fields = ty.and_then(|ty| ty.get("fields")).and_then(Value::as_array);
    let fields = fields.ok_or_else(|| model::malformed("the API does not describe its types"))?;
    let field = |field: &Value| {
        let name = field.get("name")?.as_str()?;
        Some(SchemaField { name: format!("{prefix}{name}"), kind: kind(field.get("type")?) })
    };
    Ok(fields.iter().filter_map(field).collect())
}

/// `[Order!]!`, as GraphQL writes it.
fn kind(ty: &Value) -> String {
    let inner = || ty.get("ofType").map(kind).unwrap_or_default();
    match ty.get("kind").and_then(Value::as_str) {
        Some("NON_NULL") => format!("{}!", inner()),
        Some("LIST") => format!("[{}]", inner()),
        _ => ty.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}
