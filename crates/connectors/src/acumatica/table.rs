//! How the canonical entities are called at Acumatica, by the `Default` endpoint's published contract.

use domain::Entity;

/// One entity of the endpoint.
pub(super) struct Table {
    /// Its name in the URL.
    pub name: &'static str,
    /// The key field whose value is our id.
    pub key: &'static str,
    /// When it was last changed.
    pub modified: &'static str,
    pub expand: &'static str,
    /// Holds for every record that is synchronised; may be empty.
    pub condition: &'static str,
    /// The field that the canonical key is looked up in.
    pub unique: &'static str,
    /// Where an insert's idempotency key is kept; `None` when the key itself makes an insert repeatable.
    pub reference: Option<&'static str>,
    /// The screen's number, and the parameter of its address that takes the key.
    pub screen: (&'static str, &'static str),
}

static SALES_ORDER: Table = Table {
    name: "SalesOrder",
    key: "OrderNbr",
    modified: "LastModified",
    expand: "Details,ShipToAddress,ShipToContact,Totals",
    condition: "OrderType eq 'SO'",
    unique: "CustomerOrder",
    reference: Some("ExternalRef"),
    screen: ("SO301000", "OrderNbr"),
};

static CUSTOMER: Table = Table {
    name: "Customer",
    key: "CustomerID",
    modified: "LastModifiedDateTime",
    expand: "MainContact,MainContact/Address",
    condition: "",
    unique: "MainContact/Email",
    reference: Some("AccountRef"),
    screen: ("AR303000", "AcctCD"),
};

static STOCK_ITEM: Table = Table {
    name: "StockItem",
    key: "InventoryID",
    modified: "LastModified",
    expand: "",
    condition: "",
    unique: "InventoryID",
    reference: None,
    screen: ("IN202500", "InventoryCD"),
};

pub(super) fn table(entity: Entity) -> &'static Table {
    match entity {
        Entity::Order => &SALES_ORDER,
        Entity::Customer => &CUSTOMER,
        Entity::Product | Entity::Payment | Entity::Shipment | Entity::Stock => &STOCK_ITEM,
    }
}

impl Table {
    /// The query of a request: what is given, and what is to come back.
    pub fn query<'a>(&'a self, given: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let expand = (!self.expand.is_empty()).then_some(("$expand", self.expand));
        given.iter().copied().filter(|(_, value)| !value.is_empty()).chain(expand).collect()
    }
}

/// The canonical fields and where they are at Acumatica.
pub(crate) const fn fields(entity: Entity) -> &'static [(&'static str, &'static str)] {
    match entity {
        Entity::Order => &[
            ("number", "SalesOrder.CustomerOrder"),
            ("placed_on", "SalesOrder.Date"),
            ("currency", "SalesOrder.CurrencyID"),
            ("note", "SalesOrder.Description"),
            ("customer", "SalesOrder.CustomerID"),
            ("ship_to", "SalesOrder.ShipToAddress and ShipToContact"),
            ("lines.product", "Details.InventoryID"),
            ("lines.title", "Details.LineDescription"),
            ("lines.quantity", "Details.OrderQty"),
            ("lines.unit_price", "Details.UnitPrice"),
            ("shipping", "SalesOrder.Totals.FreightPrice"),
        ],
        Entity::Customer => &[
            ("email", "Customer.MainContact.Email"),
            ("name", "Customer.CustomerName"),
            ("phone", "Customer.MainContact.Phone1"),
            ("address", "Customer.MainContact.Address"),
        ],
        Entity::Payment | Entity::Shipment | Entity::Stock => &[],
        Entity::Product => {
            &[("sku", "StockItem.InventoryID"), ("title", "StockItem.Description"), ("price", "StockItem.DefaultPrice")]
        }
    }
}
