//! The shop's screens.

use crate::shopify::records::cancellation;
use crate::shopify::{CUSTOMERS, ORDERS, PRODUCTS};
use crate::table::Doc;
use crate::world::World;

use super::{Action, Cell, Kind, Lines, Options, Screen, field, text, time};

/// Longer lists of choices would make a page nobody can use.
const MOST_OPTIONS: usize = 300;

pub static SCREENS: [Screen; 3] = [
    Screen {
        office: "shop",
        slug: "orders",
        title: "Orders",
        one: "order",
        table: ORDERS,
        name: |doc| text(doc, "name"),
        columns: &[
            ("Customer", |world, doc| Cell::Text(customer(world, doc))),
            ("Created", |_, doc| time(doc, "createdAt")),
            ("Total", |_, doc| Cell::Number(format!("{} {}", text(doc, "totalPriceSet"), text(doc, "currencyCode")))),
            ("State", |_, doc| state(doc)),
        ],
        fields: &[
            field("customer", "Customer", Kind::Pick(customers)),
            field("note", "Note", Kind::Area),
            field("totalTaxSet", "Tax", Kind::Amount),
            field("totalShippingPriceSet", "Shipping", Kind::Amount),
            field("shippingAddress/name", "Ship to", Kind::Text),
            field("shippingAddress/address1", "Address", Kind::Text),
            field("shippingAddress/address2", "Address, second line", Kind::Text),
            field("shippingAddress/zip", "Postal code", Kind::Text),
            field("shippingAddress/city", "City", Kind::Text),
            field("shippingAddress/countryCodeV2", "Country code", Kind::Text),
        ],
        lines: Some(&Lines {
            list: "lineItems",
            item: "product",
            quantity: "quantity",
            price: "originalUnitPriceSet",
            set_price: "price",
            deletes_by_mark: false,
            options: products,
        }),
        actions: &[Action {
            slug: "cancel",
            label: "Cancel order",
            done: "The order is cancelled.",
            when: |doc| text(doc, "cancelledAt").is_empty(),
            changes: cancellation,
        }],
    },
    Screen {
        office: "shop",
        slug: "customers",
        title: "Customers",
        one: "customer",
        table: CUSTOMERS,
        name: |doc| text(doc, "displayName"),
        columns: &[
            ("E-mail", |_, doc| Cell::Text(text(doc, "email"))),
            ("City", |_, doc| Cell::Text(text(doc, "defaultAddress/city"))),
            ("Changed", |_, doc| time(doc, "updatedAt")),
        ],
        fields: &[
            field("firstName", "First name", Kind::Text),
            field("lastName", "Last name", Kind::Text),
            field("email", "E-mail", Kind::Email),
            field("phone", "Phone", Kind::Text),
            field("note", "Note", Kind::Area),
            field("defaultAddress/address1", "Address", Kind::Text),
            field("defaultAddress/address2", "Address, second line", Kind::Text),
            field("defaultAddress/zip", "Postal code", Kind::Text),
            field("defaultAddress/city", "City", Kind::Text),
            field("defaultAddress/countryCodeV2", "Country code", Kind::Text),
        ],
        lines: None,
        actions: &[],
    },
    Screen {
        office: "shop",
        slug: "products",
        title: "Products",
        one: "product",
        table: PRODUCTS,
        name: |doc| text(doc, "title"),
        columns: &[
            ("SKU", |_, doc| Cell::Text(variant(doc, "sku"))),
            ("Price", |_, doc| Cell::Number(variant(doc, "price"))),
            ("In stock", |_, doc| Cell::Number(text(doc, "totalInventory"))),
            ("State", |_, doc| Cell::State(text(doc, "status"), text(doc, "status") != "ACTIVE")),
        ],
        fields: &[
            field("title", "Title", Kind::Text),
            field("sku", "SKU", Kind::Text),
            field("price", "Price", Kind::Amount),
            field("barcode", "Barcode", Kind::Text),
            field("inventoryQuantity", "In stock", Kind::Count),
            field("productType", "Kind", Kind::Text),
            field("status", "State", Kind::Choice(&["ACTIVE", "DRAFT", "ARCHIVED"])),
        ],
        lines: None,
        actions: &[],
    },
];

fn state(doc: &Doc) -> Cell {
    if text(doc, "cancelledAt").is_empty() {
        Cell::State(text(doc, "displayFinancialStatus").to_lowercase(), false)
    } else {
        Cell::State("cancelled".to_owned(), true)
    }
}

fn customer(world: &World, doc: &Doc) -> String {
    let number = doc.get("customer").and_then(serde_json::Value::as_u64);
    let row = number.and_then(|number| world.table(CUSTOMERS).get(number));
    row.map(|row| text(&row.doc, "displayName")).unwrap_or_default()
}

fn customers(world: &World) -> Options {
    let rows = world.table(CUSTOMERS).rows().rev().take(MOST_OPTIONS);
    rows.map(|row| (row.seq.to_string(), text(&row.doc, "displayName"))).collect()
}

fn products(world: &World) -> Options {
    let rows = world.table(PRODUCTS).rows().take(MOST_OPTIONS);
    rows.map(|row| (row.seq.to_string(), format!("{} · {}", text(&row.doc, "title"), variant(&row.doc, "price"))))
        .collect()
}

fn variant(doc: &Doc, field: &str) -> String {
    let value = doc.get("variants").and_then(|variants| variants.get(0)?.get(field)?.as_str());
    value.unwrap_or_default().to_owned()
}
