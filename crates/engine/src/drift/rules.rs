//! Which rules of the built-in mapping use a field.
//!
//! The mapping names a vendor's fields for people (`SalesOrder.CustomerOrder`, `first variant's price`, `Order.createdAt
//! (date, UTC)`), a schema by their path within the entity (`CustomerOrder`, `variants.price`). Names are compared without
//! regard to case and plural; a rule that names a group (`MainContact.Address`) uses every field in it.

use connectors::SchemaField;

/// The rules of one system's side of a mapping: `(canonical field, the vendor's field as the mapping names it)`.
pub struct Uses<'a> {
    rules: &'a [(String, String)],
    /// Groups that the schema has (`Details`, `lineItems`): a name that begins with one of them is a path, one that begins
    /// with anything else begins with the entity's own name.
    groups: Vec<String>,
}

impl<'a> Uses<'a> {
    pub fn new(rules: &'a [(String, String)], schema: &[SchemaField]) -> Self {
        let group = |field: &SchemaField| field.name.split_once('.').map(|(group, _)| singular(group));
        Self { rules, groups: schema.iter().filter_map(group).collect() }
    }

    /// The canonical fields that a field of the schema serves.
    pub fn of(&self, field: &str) -> Vec<String> {
        let path: Vec<String> = field.split('.').map(singular).collect();
        let uses = |name: &str| self.paths(name).iter().any(|used| is_within(&path, used) || is_within(used, &path));
        let mut rules: Vec<String> =
            self.rules.iter().filter(|(_, name)| uses(name)).map(|(rule, _)| rule.clone()).collect();
        rules.dedup();
        rules
    }

    /// The paths that a name for people names.
    fn paths(&self, name: &str) -> Vec<Vec<String>> {
        // What stands behind a comma or in brackets explains.
        let named = name.split(['(', ',']).next().unwrap_or_default().replace("'s ", ".");
        let path = |word: &str| {
            let segments: Vec<String> = word.split('.').map(singular).collect();
            match segments.split_first() {
                Some((first, rest)) if !rest.is_empty() && !self.groups.contains(first) => rest.to_vec(),
                _ => segments,
            }
        };
        // A word of plain language has neither a dot nor a capital.
        let is_name = |word: &&str| word.contains('.') || word.starts_with(char::is_uppercase);
        named.split_whitespace().filter(is_name).map(path).collect()
    }
}

fn singular(word: &str) -> String {
    let lower = word.to_lowercase();
    lower.strip_suffix('s').map_or(lower.clone(), str::to_owned)
}

fn is_within(path: &[String], group: &[String]) -> bool {
    !group.is_empty() && path.starts_with(group)
}

#[cfg(test)]
mod tests {
    use domain::{Entity, Vendor};

    use super::*;

    fn rules(vendor: Vendor, entity: Entity) -> Vec<(String, String)> {
        let (source, destination) = (Vendor::Shopify, Vendor::Acumatica);
        let rows = connectors::mapping(source, destination, entity).into_iter();
        rows.map(|row| (row.field, if vendor == source { row.source } else { row.destination })).collect()
    }

    fn of(vendor: Vendor, entity: Entity, schema: &[&str], field: &str) -> Vec<String> {
        let fields: Vec<SchemaField> =
            schema.iter().map(|name| SchemaField { name: (*name).into(), kind: String::new() }).collect();
        Uses::new(&rules(vendor, entity), &fields).of(field)
    }

    #[test]
    fn a_shops_fields_are_found_by_what_the_mapping_calls_them() {
        let order = ["name", "note", "product", "title", "shippingAddress", "lineItems.title", "lineItems.product"];
        let uses = |field| of(Vendor::Shopify, Entity::Order, &order, field);
        assert_eq!(uses("name"), ["number"]);
        assert_eq!(uses("note"), ["note"]);
        assert_eq!(uses("lineItems.title"), ["lines.title"]);
        assert_eq!(uses("shippingAddress"), ["ship_to"]);
        assert!(uses("title").is_empty() && uses("product").is_empty() && uses("tags").is_empty());
        let product = ["title", "variants.sku", "variants.price"];
        assert_eq!(of(Vendor::Shopify, Entity::Product, &product, "variants.sku"), ["sku"]);
        assert_eq!(of(Vendor::Shopify, Entity::Product, &product, "title"), ["title"]);
    }

    #[test]
    fn an_erps_fields_are_found_by_what_the_mapping_calls_them() {
        let order = ["CustomerOrder", "Details.InventoryID", "ShipToContact.Email", "Totals.Freight", "CustomerID"];
        let uses = |field| of(Vendor::Acumatica, Entity::Order, &order, field);
        assert_eq!(uses("CustomerOrder"), ["number"]);
        assert_eq!(uses("Details.InventoryID"), ["lines.product"]);
        assert_eq!(uses("ShipToContact.Email"), ["ship_to"]);
        assert_eq!(uses("Totals.Freight"), ["shipping"]);
        assert_eq!(uses("CustomerID"), ["customer"]);
        assert!(uses("Details.Branch").is_empty() && uses("Status").is_empty());
        let customer = ["MainContact.Email", "MainContact.Address.City", "CustomerName"];
        let uses = |field| of(Vendor::Acumatica, Entity::Customer, &customer, field);
        assert_eq!(uses("MainContact.Address.City"), ["address"]);
        assert_eq!(uses("MainContact.Email"), ["email"]);
    }
}
