//! The shop's screens.

use crate::shopify::records::cancellation;
use crate::shopify::{CUSTOMERS, ORDERS, PAYMENTS, PRODUCTS, SHIPMENTS, STOCK};
use crate::table::Doc;
use crate::world::World;

use super::{Action, Cell, Kind, Lines, Options, Screen, field, text, time};

/// Longer lists of choices would make a page nobody can use.
const MOST_OPTIONS: usize = 300;

pub static SCREENS: [Screen; 6] = [
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
        actions: &[
            Action {
                slug: "pay",
                label: "Mark as paid",
                done: "The order is paid: its payment is among the payments.",
                when: |doc| text(doc, "cancelledAt").is_empty(),
                changes: |_| flag("markAsPaid"),
            },
            Action {
                slug: "fulfil",
                label: "Fulfil items",
                done: "The goods are on their way: the shipment is among the shipments.",
                when: |doc| text(doc, "cancelledAt").is_empty() && text(doc, "displayFulfillmentStatus") != "FULFILLED",
                changes: |_| flag("fulfil"),
            },
            Action {
                slug: "cancel",
                label: "Cancel order",
                done: "The order is cancelled.",
                when: |doc| text(doc, "cancelledAt").is_empty(),
                changes: cancellation,
            },
        ],
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
    Screen {
        office: "shop",
        slug: "payments",
        title: "Payments",
        one: "payment",
        table: PAYMENTS,
        name: |doc| text(doc, "paymentId"),
        columns: &[
            ("Order", |world, doc| Cell::Text(order(world, doc))),
            ("Amount", |_, doc| Cell::Number(format!("{} {}", text(doc, "amountSet"), text(doc, "currencyCode")))),
            ("By", |_, doc| Cell::Text(text(doc, "gateway"))),
            ("Paid", |_, doc| time(doc, "processedAt")),
            ("State", |_, doc| Cell::State(text(doc, "status").to_lowercase(), text(doc, "status") != "SUCCESS")),
        ],
        fields: &[
            field("order", "Order", Kind::Pick(orders)),
            field("amountSet", "Amount", Kind::Amount),
            field("gateway", "Paid by", Kind::Text),
            field("kind", "Kind", Kind::Choice(&["SALE", "AUTHORIZATION", "CAPTURE", "REFUND", "VOID"])),
            field("status", "State", Kind::Choice(&["SUCCESS", "PENDING", "FAILURE"])),
        ],
        lines: None,
        actions: &[],
    },
    Screen {
        office: "shop",
        slug: "shipments",
        title: "Shipments",
        one: "shipment",
        table: SHIPMENTS,
        name: |doc| text(doc, "name"),
        columns: &[
            ("Order", |world, doc| Cell::Text(order(world, doc))),
            ("Pieces", |_, doc| Cell::Number(pieces(doc).to_string())),
            ("Carrier", |_, doc| Cell::Text(tracking(doc, "company"))),
            ("Tracking number", |_, doc| Cell::Text(tracking(doc, "number"))),
            ("Sent", |_, doc| time(doc, "createdAt")),
        ],
        fields: &[
            field("order", "Order", Kind::Pick(orders)),
            field("tracking/company", "Carrier", Kind::Text),
            field("tracking/number", "Tracking number", Kind::Text),
        ],
        lines: None,
        actions: &[],
    },
    Screen {
        office: "shop",
        slug: "stock",
        title: "Stock",
        one: "stock level",
        table: STOCK,
        name: |doc| text(doc, "sku"),
        columns: &[
            ("Available", |_, doc| Cell::Number(text(doc, "available"))),
            ("Changed", |_, doc| time(doc, "updatedAt")),
        ],
        fields: &[field("sku", "SKU", Kind::Key), field("available", "Available", Kind::Count)],
        lines: None,
        actions: &[],
    },
];

fn flag(name: &str) -> Doc {
    Doc::from_iter([(name.to_owned(), serde_json::Value::from(true))])
}

fn order(world: &World, doc: &Doc) -> String {
    let number = doc.get("order").and_then(serde_json::Value::as_u64);
    let row = number.and_then(|number| world.table(ORDERS).get(number));
    row.map(|row| text(&row.doc, "name")).unwrap_or_default()
}

fn orders(world: &World) -> Options {
    let rows = world.table(ORDERS).rows().rev().take(MOST_OPTIONS);
    rows.map(|row| (row.seq.to_string(), text(&row.doc, "name"))).collect()
}

fn tracking(doc: &Doc, part: &str) -> String {
    text(doc, &format!("tracking/{part}"))
}

fn pieces(doc: &Doc) -> u64 {
    let lines = doc.get("fulfillmentLineItems").and_then(serde_json::Value::as_array);
    lines.into_iter().flatten().filter_map(|line| line["quantity"].as_u64()).sum()
}

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
