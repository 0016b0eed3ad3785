//! The ERP's screens.

mod documents;

use crate::acumatica::{CUSTOMER, SALES_ORDER, STOCK_ITEM};
use crate::table::Doc;
use crate::world::World;

use super::{Action, Cell, Kind, Lines, Options, Screen, field, text, time};

const MOST_OPTIONS: usize = 300;
const CUSTOMER_STATES: &[&str] = &["Active", "On Hold", "Credit Hold", "Inactive", "One-Time"];
const ITEM_STATES: &[&str] = &["Active", "No Sales", "No Purchases", "No Request", "Inactive", "Marked for Deletion"];

pub static SCREENS: [Screen; 6] =
    [SALES_ORDERS, CUSTOMERS, STOCK_ITEMS, documents::PAYMENTS, documents::SHIPMENTS, documents::STOCK_LEVELS];

const SALES_ORDERS: Screen = Screen {
    office: "erp",
    slug: "orders",
    title: "Sales orders",
    one: "sales order",
    table: SALES_ORDER.name,
    name: |doc| format!("{} {}", text(doc, "OrderType"), text(doc, "OrderNbr")),
    columns: &[
        ("Customer", |_, doc| Cell::Text(text(doc, "CustomerID"))),
        ("Customer order", |_, doc| Cell::Text(text(doc, "CustomerOrder"))),
        ("Date", |_, doc| Cell::Text(text(doc, "Date").chars().take(10).collect())),
        ("Total", |_, doc| Cell::Number(format!("{} {}", text(doc, "OrderTotal"), text(doc, "CurrencyID")))),
        ("State", |_, doc| Cell::State(text(doc, "Status"), text(doc, "Status") == "On Hold")),
    ],
    fields: &[
        field("CustomerID", "Customer", Kind::Pick(customers)),
        field("CustomerOrder", "Customer order", Kind::Text),
        field("ExternalRef", "External reference", Kind::Text),
        field("Description", "Description", Kind::Area),
        field("TaxTotal", "Tax", Kind::Amount),
        field("FreightPrice", "Freight", Kind::Amount),
        field("Hold", "On hold", Kind::Flag),
    ],
    lines: Some(&Lines {
        list: "Details",
        item: "InventoryID",
        quantity: "OrderQty",
        price: "UnitPrice",
        set_price: "UnitPrice",
        deletes_by_mark: true,
        options: items,
    }),
    actions: ORDER_ACTIONS,
};

const CUSTOMERS: Screen = Screen {
    office: "erp",
    slug: "customers",
    title: "Customers",
    one: "customer",
    table: CUSTOMER.name,
    name: |doc| text(doc, "CustomerName"),
    columns: &[
        ("ID", |_, doc| Cell::Text(text(doc, "CustomerID"))),
        ("E-mail", |_, doc| Cell::Text(text(doc, "Email"))),
        ("City", |_, doc| Cell::Text(text(doc, "MainContact/Address/City"))),
        ("Changed", |_, doc| time(doc, "LastModifiedDateTime")),
        ("State", |_, doc| Cell::State(text(doc, "Status"), text(doc, "Status") != "Active")),
    ],
    fields: &[
        field("CustomerID", "Customer ID (empty: numbered)", Kind::Key),
        field("CustomerName", "Name", Kind::Text),
        field("AccountRef", "Account reference", Kind::Text),
        field("MainContact/Email", "E-mail", Kind::Email),
        field("MainContact/Phone1", "Phone", Kind::Text),
        field("MainContact/Address/AddressLine1", "Address", Kind::Text),
        field("MainContact/Address/AddressLine2", "Address, second line", Kind::Text),
        field("MainContact/Address/PostalCode", "Postal code", Kind::Text),
        field("MainContact/Address/City", "City", Kind::Text),
        field("MainContact/Address/Country", "Country code", Kind::Text),
        field("Status", "State", Kind::Choice(CUSTOMER_STATES)),
    ],
    lines: None,
    actions: &[],
};

const STOCK_ITEMS: Screen = Screen {
    office: "erp",
    slug: "items",
    title: "Stock items",
    one: "stock item",
    table: STOCK_ITEM.name,
    name: |doc| text(doc, "InventoryID"),
    columns: &[
        ("Description", |_, doc| Cell::Text(text(doc, "Description"))),
        ("Price", |_, doc| Cell::Number(text(doc, "DefaultPrice"))),
        ("Changed", |_, doc| time(doc, "LastModified")),
        ("State", |_, doc| Cell::State(text(doc, "ItemStatus"), text(doc, "ItemStatus") != "Active")),
    ],
    fields: &[
        field("InventoryID", "Inventory ID", Kind::Key),
        field("Description", "Description", Kind::Text),
        field("DefaultPrice", "Price", Kind::Amount),
        field("BaseUOM", "Unit", Kind::Text),
        field("ItemStatus", "State", Kind::Choice(ITEM_STATES)),
    ],
    lines: None,
    actions: &[
        Action {
            slug: "activate",
            label: "Activate",
            done: "The item is active.",
            when: |doc| text(doc, "ItemStatus") != "Active",
            changes: |_| state("ItemStatus", "Active"),
        },
        Action {
            slug: "deactivate",
            label: "Deactivate",
            done: "The item is inactive.",
            when: |doc| text(doc, "ItemStatus") == "Active",
            changes: |_| state("ItemStatus", "Inactive"),
        },
    ],
};

/// Shipping makes a shipment of all that is open, which is confirmed at once.
const ORDER_ACTIONS: &[Action] = &[
    Action {
        slug: "ship",
        label: "Ship all",
        done: "The order is shipped. See Shipments.",
        when: |doc| ["Open", "Back Order"].contains(&text(doc, "Status").as_str()),
        changes: |_| state("Status", "Shipping"),
    },
    Action {
        slug: "cancel",
        label: "Cancel order",
        done: "The order is canceled.",
        when: |doc| ["Open", "On Hold"].contains(&text(doc, "Status").as_str()),
        changes: |_| state("Status", "Canceled"),
    },
    Action {
        slug: "reopen",
        label: "Reopen order",
        done: "The order is open again.",
        when: |doc| text(doc, "Status") == "Canceled",
        changes: |_| state("Status", "Open"),
    },
];

fn state(field: &str, status: &str) -> Doc {
    Doc::from_iter([(field.to_owned(), status.into())])
}

fn customers(world: &World) -> Options {
    let rows = world.table(CUSTOMER.name).rows().rev().take(MOST_OPTIONS);
    rows.map(|row| {
        (text(&row.doc, "CustomerID"), format!("{} · {}", text(&row.doc, "CustomerID"), text(&row.doc, "CustomerName")))
    })
    .collect()
}

fn items(world: &World) -> Options {
    let rows = world.table(STOCK_ITEM.name).rows().take(MOST_OPTIONS);
    rows.map(|row| {
        (
            text(&row.doc, "InventoryID"),
            format!("{} · {}", text(&row.doc, "InventoryID"), text(&row.doc, "Description")),
        )
    })
    .collect()
}
