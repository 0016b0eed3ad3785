//! Payments, shipments and stock levels.

use crate::acumatica::{PAYMENT, SHIPMENT, STOCK};

use super::super::{Action, Cell, Kind, Screen, field, text, time};
use super::{customers, items, state};

pub const PAYMENTS: Screen = Screen {
    office: "erp",
    slug: "payments",
    title: "Payments",
    one: "payment",
    table: PAYMENT.name,
    name: |doc| text(doc, "ReferenceNbr"),
    columns: &[
        ("Customer", |_, doc| Cell::Text(text(doc, "CustomerID"))),
        ("Reference", |_, doc| Cell::Text(text(doc, "PaymentRef"))),
        ("Order", |_, doc| Cell::Text(text(doc, "OrdersToApply/0/OrderNbr"))),
        ("Amount", |_, doc| Cell::Number(format!("{} {}", text(doc, "PaymentAmount"), text(doc, "CurrencyID")))),
        ("State", |_, doc| Cell::State(text(doc, "Status"), text(doc, "Status") == "On Hold")),
    ],
    fields: &[
        field("CustomerID", "Customer", Kind::Pick(customers)),
        field("OrdersToApply/0/OrderNbr", "Sales order number", Kind::Key),
        field("PaymentRef", "Payment reference", Kind::Text),
        field("PaymentAmount", "Amount", Kind::Amount),
        field("Description", "Description", Kind::Text),
        field("Hold", "On hold", Kind::Flag),
    ],
    lines: None,
    actions: &[
        Action {
            slug: "release",
            label: "Release",
            done: "The payment is released.",
            when: |doc| text(doc, "Status") == "Balanced",
            changes: |_| state("Status", "Open"),
        },
        Action {
            slug: "void",
            label: "Void",
            done: "The payment is voided.",
            when: |doc| text(doc, "Status") == "Open",
            changes: |_| state("Status", "Voided"),
        },
    ],
};

pub const SHIPMENTS: Screen = Screen {
    office: "erp",
    slug: "shipments",
    title: "Shipments",
    one: "shipment",
    table: SHIPMENT.name,
    name: |doc| text(doc, "ShipmentNbr"),
    columns: &[
        ("Order", |_, doc| Cell::Text(text(doc, "Orders/0/OrderNbr"))),
        ("Date", |_, doc| Cell::Text(text(doc, "ShipmentDate").chars().take(10).collect())),
        ("Tracking", |_, doc| Cell::Text(text(doc, "Packages/0/TrackingNbr"))),
        ("Quantity", |_, doc| Cell::Number(text(doc, "ShippedQty"))),
        ("State", |_, doc| Cell::State(text(doc, "Status"), text(doc, "Status") == "Open")),
    ],
    fields: &[
        field("Orders/0/OrderNbr", "Sales order number (all that it has open is shipped)", Kind::Key),
        field("ShipVia", "Ship via", Kind::Text),
        field("Packages/0/TrackingNbr", "Tracking number", Kind::Text),
        field("Description", "Description", Kind::Text),
    ],
    lines: None,
    actions: &[
        Action {
            slug: "correct",
            label: "Correct shipment",
            done: "The shipment is open again.",
            when: |doc| text(doc, "Status") == "Confirmed",
            changes: |_| state("Status", "Open"),
        },
        Action {
            slug: "confirm",
            label: "Confirm shipment",
            done: "The shipment is confirmed.",
            when: |doc| text(doc, "Status") == "Open",
            changes: |_| state("Status", "Confirmed"),
        },
    ],
};

pub const STOCK_LEVELS: Screen = Screen {
    office: "erp",
    slug: "stock",
    title: "Stock levels",
    one: "stock level",
    table: STOCK.name,
    name: |doc| text(doc, "InventoryID"),
    columns: &[
        ("Warehouse", |_, doc| Cell::Text(text(doc, "WarehouseID"))),
        ("On hand", |_, doc| Cell::Number(text(doc, "QtyOnHand"))),
        ("Available", |_, doc| Cell::Number(text(doc, "QtyAvailable"))),
        ("Changed", |_, doc| time(doc, "LastModifiedDateTime")),
    ],
    fields: &[
        field("InventoryID", "Item", Kind::Pick(items)),
        field("WarehouseID", "Warehouse (empty: MAIN)", Kind::Key),
        field("QtyOnHand", "On hand", Kind::Amount),
        field("QtyAvailable", "Available", Kind::Amount),
    ],
    lines: None,
    actions: &[],
};
