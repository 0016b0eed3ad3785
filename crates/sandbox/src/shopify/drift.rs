//! How a shop's schema has come to differ from the published one, by the control API: what a new version of the API does to those who rely on it.

use serde_json::{Value, json};

use super::schema::{Kind, Type};

/// The differences.
#[derive(Debug, Default)]
pub struct Drift(Vec<Change>);

#[derive(Debug)]
struct Change {
    of: String,
    field: String,
    /// `None` = the field is gone.
    kind: Option<String>,
}

impl Drift {
    /// Takes a field away: it is missing from answers, whoever asks for it.
    pub fn remove(&mut self, of: &str, field: &str) {
        self.change(of, field, None);
    }

    /// Adds a field, or gives one another type; the introspection says so.
    pub fn set(&mut self, of: &str, field: &str, kind: &str) {
        self.change(of, field, Some(kind.to_owned()));
    }

    /// Whether a field was taken away.
    #[must_use]
    pub fn has_removed(&self, of: &str, field: &str) -> bool {
        self.0.iter().any(|change| change.of == of && change.field == field && change.kind.is_none())
    }

    /// What introspection says of a type.
    #[must_use]
    pub fn describe(&self, ty: &Type) -> Value {
        let own = ty.fields.iter().map(|(name, kind)| ((*name).to_owned(), kind_name(name, *kind)));
        let mut fields: Vec<(String, String)> = own.collect();
        for change in self.0.iter().filter(|change| change.of == ty.name) {
            fields.retain(|(name, _)| *name != change.field);
            fields.extend(change.kind.clone().map(|kind| (change.field.clone(), kind)));
        }
        fields.sort();
        let fields: Vec<Value> =
            fields.iter().map(|(name, kind)| json!({"name": name, "type": described(kind)})).collect();
        json!({"kind": "OBJECT", "name": ty.name, "fields": fields})
    }

    fn change(&mut self, of: &str, field: &str, kind: Option<String>) {
        self.0.retain(|change| change.of != of || change.field != field);
        self.0.push(Change { of: of.to_owned(), field: field.to_owned(), kind });
    }
}

/// `[Order!]!` as introspection nests it.
fn described(kind: &str) -> Value {
    if let Some(inner) = kind.strip_suffix('!') {
        return json!({"kind": "NON_NULL", "name": null, "ofType": described(inner)});
    }
    if let Some(inner) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        return json!({"kind": "LIST", "name": null, "ofType": described(inner)});
    }
    let scalars = ["String", "Int", "Boolean", "ID", "DateTime", "Money", "UnsignedInt64", "JSON"];
    json!({"kind": if scalars.contains(&kind) { "SCALAR" } else { "OBJECT" }, "name": kind, "ofType": null})
}

fn kind_name(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Scalar => scalar(name).to_owned(),
        Kind::Gid => "ID!".to_owned(),
        Kind::Number => "UnsignedInt64!".to_owned(),
        Kind::Money => "MoneyBag!".to_owned(),
        Kind::Object(ty) | Kind::Ref(ty, _) | Kind::Same(ty) | Kind::One(ty, _) | Kind::Identified(ty, _) => {
            ty.name.to_owned()
        }
        Kind::Items(ty) | Kind::Many(ty, _) => format!("{}Connection!", ty.name),
        Kind::List(ty) | Kind::Related(ty, _) => format!("[{}!]!", ty.name),
        Kind::Variant => "ProductVariant".to_owned(),
        Kind::Line => "LineItem!".to_owned(),
        Kind::Metafield => "Metafield".to_owned(),
        Kind::Location => "Location!".to_owned(),
        Kind::Shop => "Shop!".to_owned(),
        Kind::Count(_) => "Count".to_owned(),
        Kind::Installation => "AppInstallation!".to_owned(),
        Kind::TypeInfo(ty) => ty.name.to_owned(),
        Kind::Node => "Node".to_owned(),
        Kind::Nodes => "[Node]!".to_owned(),
    }
}

/// The published type of a scalar field, by its name.
fn scalar(name: &str) -> &'static str {
    match name {
        "createdAt" | "updatedAt" => "DateTime!",
        _ if name.ends_with("At") => "DateTime",
        "tags" => "[String!]!",
        "price" => "Money!",
        "compareAtPrice" => "Money",
        "quantity"
        | "currentQuantity"
        | "totalInventory"
        | "subtotalLineItemsQuantity"
        | "totalQuantity"
        | "remainingQuantity" => "Int!",
        "inventoryQuantity" => "Int",
        "test" | "confirmed" | "closed" | "taxesIncluded" | "requiresShipping" | "taxable" | "taxExempt"
        | "verifiedEmail" | "tracked" => "Boolean!",
        "name" | "title" | "displayName" | "handle" | "status" | "kind" => "String!",
        _ => "String",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shopify::schema::ORDER;

    #[test]
    fn what_was_added_removed_and_retyped_shows_in_the_description() {
        let mut drift = Drift::default();
        drift.remove("Order", "note");
        drift.set("Order", "giftWrap", "Boolean!");
        drift.set("Order", "test", "String");
        let description = drift.describe(&ORDER);
        let kind = |name: &str| {
            let fields = description["fields"].as_array().unwrap();
            fields.iter().find(|field| field["name"] == name).map(|field| field["type"].clone())
        };
        assert!(drift.has_removed("Order", "note") && kind("note").is_none());
        assert_eq!(kind("giftWrap").unwrap()["ofType"]["name"], "Boolean");
        assert_eq!(kind("test").unwrap()["name"], "String");
        assert_eq!(kind("lineItems").unwrap()["ofType"]["name"], "LineItemConnection");
    }
}
