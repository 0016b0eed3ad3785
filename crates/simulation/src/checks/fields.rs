//! Both sides, field by field, as the sandbox keeps them. This is a mapping of the simulation's own: it shares nothing
//! with the connectors' and the engine's.

use std::collections::BTreeMap;

use anyhow::Result;
use domain::sync::DeletionPolicy;
use serde_json::Value;

use crate::annals::Thing;
use crate::tenants::{erp_account, shop_account};
use crate::world::World;

/// A record's key and its mapped fields, each as text.
type Facts = BTreeMap<String, BTreeMap<String, String>>;

/// What the two sides do not agree about.
pub struct Difference {
    /// The record, if the shop has it.
    pub thing: Option<Thing>,
    pub what: String,
}

/// What a tenant's two systems do not agree about.
pub async fn differences(world: &World<'_>, tenant: usize) -> Result<Vec<Difference>> {
    let kept = |key: &str| {
        world.tenants[tenant].customers.deletions == DeletionPolicy::Keep && world.tenants[tenant].removed.contains(key)
    };
    let mark = world.tenants[tenant].mark;
    let shop = |table: &'static str| async move {
        let path = format!("shopify/{table}?account={}&limit=1000", shop_account(mark));
        list(world, &path).await
    };
    let erp = |entity: &'static str| async move {
        let path = format!("acumatica/{entity}?account={}&limit=1000", erp_account(mark));
        list(world, &path).await
    };
    let (shop_customers, erp_customers) = (shop("customers").await?, erp("Customer").await?);
    let (shop_products, erp_products) = (shop("products").await?, erp("StockItem").await?);
    let (shop_orders, erp_orders) = (shop("orders").await?, erp("SalesOrder").await?);
    let by_shop_number = by(&shop_customers, |customer| number(&customer["id"]));
    let sku_of = by(&shop_products, |product| number(&product["id"]));
    let shop_order = |order: &Value| shop_order(order, &by_shop_number, &sku_of);
    let by_erp_id = by(&erp_customers, |customer| text(&customer["CustomerID"]));
    let erp_order = |order: &Value| erp_order(order, &by_erp_id);
    let customers = (facts(&shop_customers, shop_customer), facts(&erp_customers, erp_customer));
    let products = (facts(&shop_products, shop_product), facts(&erp_products, erp_product));
    let orders = (facts(&shop_orders, shop_order), facts(&erp_orders, erp_order));
    let mut found = compare((tenant, mark), "customers", customers, kept);
    found.extend(compare((tenant, mark), "products", products, |_| false));
    found.extend(compare((tenant, mark), "orders", orders, |_| false));
    Ok(found)
}

async fn list(world: &World<'_>, path: &str) -> Result<Vec<Value>> {
    let listed = world.control("GET", path, Value::Null).await?;
    Ok(listed["records"].as_array().cloned().unwrap_or_default())
}

/// By key, with the places of records that share one.
fn facts(records: &[Value], of: impl Fn(&Value) -> Vec<(&'static str, String)>) -> Facts {
    let mut facts = Facts::new();
    for record in records {
        let fields: BTreeMap<String, String> =
            of(record).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let key = fields.get("key").cloned().unwrap_or_default();
        let key = if facts.contains_key(&key) { format!("{key} (again, {})", facts.len()) } else { key };
        facts.insert(key, fields);
    }
    facts
}

/// What differs; what is `kept` may be on one side only.
fn compare(
    (tenant, mark): (usize, &str),
    table: &'static str,
    (shop, erp): (Facts, Facts),
    kept: impl Fn(&str) -> bool,
) -> Vec<Difference> {
    let mut found = Vec::new();
    for (key, theirs) in &shop {
        let what = match erp.get(key) {
            None if kept(key) => continue,
            None => format!("fields: {mark}'s {table}: {key} is missing in the ERP"),
            Some(ours) => {
                let name_of = |name: &&String| *name != "id" && ours.get(*name) != theirs.get(*name);
                let differ: Vec<String> = theirs.keys().filter(name_of).map(|name| told(name, theirs, ours)).collect();
                if differ.is_empty() {
                    continue;
                }
                format!("fields: {mark}'s {table}: {key} differs: {}", differ.join("; "))
            }
        };
        let thing = theirs.get("id").map(|id| Thing { tenant, table, id: id.clone() });
        found.push(Difference { thing, what });
    }
    let strange = erp.keys().filter(|key| !shop.contains_key(*key) && !kept(key));
    found.extend(strange.map(|key| Difference {
        thing: None,
        what: format!("fields: {mark}'s {table}: {key} is in the ERP and not in the shop"),
    }));
    found
}

fn told(name: &str, shop: &BTreeMap<String, String>, erp: &BTreeMap<String, String>) -> String {
    format!("{name}: {:?} in the shop, {:?} in the ERP", shop.get(name), erp.get(name))
}

fn by(records: &[Value], key: impl Fn(&Value) -> String) -> BTreeMap<String, Value> {
    records.iter().map(|record| (key(record), record.clone())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

/// A number, however it is written, with as many decimals as needed.
fn number(value: &Value) -> String {
    let parsed = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    parsed.map(|number| format!("{number}")).unwrap_or_default()
}

fn place(address: &Value, names: [&str; 5]) -> String {
    names.map(|name| text(&address[name])).join("|")
}

const SHOP_PLACE: [&str; 5] = ["address1", "address2", "city", "zip", "countryCodeV2"];
const ERP_PLACE: [&str; 5] = ["AddressLine1", "AddressLine2", "City", "PostalCode", "Country"];

fn shop_customer(customer: &Value) -> Vec<(&'static str, String)> {
    vec![
        ("id", format!("gid://shopify/Customer/{}", number(&customer["id"]))),
        ("key", text(&customer["email"])),
        ("name", format!("{} {}", text(&customer["firstName"]), text(&customer["lastName"])).trim().to_owned()),
        ("phone", text(&customer["phone"])),
        ("place", place(&customer["defaultAddress"], SHOP_PLACE)),
    ]
}

fn erp_customer(customer: &Value) -> Vec<(&'static str, String)> {
    let contact = &customer["MainContact"];
    vec![
        ("key", text(&contact["Email"])),
        ("name", text(&customer["CustomerName"])),
        ("phone", text(&contact["Phone1"])),
        ("place", place(&contact["Address"], ERP_PLACE)),
    ]
}

fn shop_product(product: &Value) -> Vec<(&'static str, String)> {
    let variant = &product["variants"][0];
    vec![
        ("id", format!("gid://shopify/Product/{}", number(&product["id"]))),
        ("key", text(&variant["sku"])),
        ("title", text(&product["title"])),
        ("price", number(&variant["price"])),
    ]
}

fn erp_product(product: &Value) -> Vec<(&'static str, String)> {
    let price = number(&product["DefaultPrice"]);
    vec![("key", text(&product["InventoryID"])), ("title", text(&product["Description"])), ("price", price)]
}

fn shop_order(
    order: &Value,
    customers: &BTreeMap<String, Value>,
    products: &BTreeMap<String, Value>,
) -> Vec<(&'static str, String)> {
    let line = |line: &Value| {
        let product = products.get(&number(&line["product"]));
        let sku = product.map(|product| text(&product["variants"][0]["sku"])).unwrap_or_default();
        format!("{sku} × {} at {}", number(&line["quantity"]), number(&line["discountedUnitPriceSet"]))
    };
    vec![
        ("id", format!("gid://shopify/Order/{}", number(&order["id"]))),
        ("key", text(&order["name"])),
        ("note", text(&order["note"])),
        ("customer", customers.get(&number(&order["customer"])).map(|c| text(&c["email"])).unwrap_or_default()),
        ("lines", order["lineItems"].as_array().into_iter().flatten().map(line).collect::<Vec<_>>().join(", ")),
        ("shipping", number(&order["totalShippingPriceSet"])),
        ("place", place(&order["shippingAddress"], SHOP_PLACE)),
    ]
}

fn erp_order(order: &Value, customers: &BTreeMap<String, Value>) -> Vec<(&'static str, String)> {
    let line = |line: &Value| {
        let sku = text(&line["InventoryID"]);
        format!("{sku} × {} at {}", number(&line["OrderQty"]), number(&line["UnitPrice"]))
    };
    let customer = customers.get(&text(&order["CustomerID"]));
    vec![
        ("key", text(&order["CustomerOrder"])),
        ("note", text(&order["Description"])),
        ("customer", customer.map(|c| text(&c["MainContact"]["Email"])).unwrap_or_default()),
        ("lines", order["Details"].as_array().into_iter().flatten().map(line).collect::<Vec<_>>().join(", ")),
        ("shipping", number(&order["FreightPrice"])),
        ("place", place(&order["ShipToAddress"], ERP_PLACE)),
    ]
}
