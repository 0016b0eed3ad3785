//! An entity's fields, from `$adHocSchema`: the contract's own, and the custom ones with their types.
//!
//! The ERP tells the types of custom fields only (`CustomStringField`); a field of the contract is there or it is not.
//! See "Retrieve the Schema of Custom Fields and Workflow Actions" in Acumatica's Integration Development Guide.

use domain::Entity;
use http::Method;
use serde_json::{Map, Value};

use super::Acumatica;
use super::api::{Call, succeeded};
use super::table::table;
use crate::error::Result;
use crate::text::line;
use crate::vendor::SchemaField;

/// What every record has beside its fields.
const SYSTEM: [&str; 8] = ["id", "rowNumber", "note", "custom", "error", "files", "_links", "_workflowActions"];
/// The kind of a field whose type the ERP does not tell.
const PLAIN: &str = "Field";
/// More than any contract has.
const MOST_FIELDS: usize = 5_000;
const DEEPEST: usize = 8;

impl Acumatica {
    pub(super) async fn fields_of(&self, entity: Entity) -> Result<Vec<SchemaField>> {
        let path = [table(entity).name, "$adHocSchema"];
        let call = Call { method: Method::GET, path: &path, query: &[], precondition: None, body: None };
        let schema: Value = succeeded(self.api.call(self.api.deadline(), &call).await?)?.json()?;
        let mut fields = Vec::new();
        collect(&schema, "", 0, &mut fields);
        fields.sort();
        fields.dedup();
        Ok(fields)
    }
}

fn collect(value: &Value, path: &str, depth: usize, fields: &mut Vec<SchemaField>) {
    if depth > DEEPEST || fields.len() >= MOST_FIELDS {
        return;
    }
    match value {
        Value::Array(rows) => rows.iter().take(1).for_each(|row| collect(row, path, depth + 1, fields)),
        Value::Object(object) if depth > 0 && is_field(object) => fields.push(field(path, object)),
        Value::Object(object) => {
            for (name, inner) in object.iter().filter(|(name, _)| !SYSTEM.contains(&name.as_str())) {
                collect(inner, &join(path, name), depth + 1, fields);
            }
            let views = object.get("custom").and_then(Value::as_object).into_iter().flatten();
            for (view, custom) in views.filter_map(|(view, custom)| Some((view, custom.as_object()?))) {
                let custom = custom.iter().filter_map(|(name, inner)| Some((name, inner.as_object()?)));
                fields.extend(custom.map(|(name, inner)| field(&join(path, &format!("custom.{view}.{name}")), inner)));
            }
        }
        _ => {}
    }
}

/// A field is empty, or says its value and type; a linked entity has fields of its own.
fn is_field(object: &Map<String, Value>) -> bool {
    object.keys().all(|key| key == "value" || key == "type")
}

fn field(path: &str, object: &Map<String, Value>) -> SchemaField {
    let kind = object.get("type").and_then(Value::as_str).unwrap_or(PLAIN);
    SchemaField { name: line(path, 255), kind: line(kind, 80) }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_named_by_their_path_and_custom_ones_have_their_type() {
        let schema = json!({
            "id": null, "rowNumber": 1, "note": {}, "OrderNbr": {},
            "Details": [{"InventoryID": {}, "custom": {"Transactions": {"UsrColour": {"type": "CustomStringField", "value": null}}}}],
            "Totals": {"Freight": {}, "custom": {}}, "_workflowActions": [{"Open": {}}],
        });
        let mut fields = Vec::new();
        collect(&schema, "", 0, &mut fields);
        fields.sort();
        let told: Vec<(&str, &str)> = fields.iter().map(|field| (field.name.as_str(), field.kind.as_str())).collect();
        let custom = ("Details.custom.Transactions.UsrColour", "CustomStringField");
        assert_eq!(told, [("Details.InventoryID", PLAIN), custom, ("OrderNbr", PLAIN), ("Totals.Freight", PLAIN)]);
    }
}
