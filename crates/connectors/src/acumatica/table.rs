//! How the canonical entities are called at Acumatica, by the `Default` endpoint's published contract.

use domain::Entity;

/// One entity of the endpoint.
pub(super) struct Table {
    /// Its name in the URL.
    pub name: &'static str,
    /// The key field whose value is our id.
    pub key: &'static str,
    /// The key field before it, and the one value of it that is synchronised.
    pub kind: Option<(&'static str, &'static str)>,
    /// When it was last changed.
    pub modified: &'static str,
    pub expand: &'static str,
    /// The fields that are read: an order has a hundred, and the ERP works out each that it answers.
    pub select: &'static str,
    /// Holds for every record that is synchronised; what does not fulfil it is not there for us. May be empty.
    pub condition: &'static str,
    /// The field that the canonical key is looked up in.
    pub unique: &'static str,
    /// Where an insert's idempotency key is kept; `None` when the key itself makes an insert repeatable.
    pub reference: Option<&'static str>,
    /// The screen's number, what its address says beside the key, and the parameter that takes the key.
    pub screen: (&'static str, Option<(&'static str, &'static str)>, &'static str),
}

/// A cancelled order is one that is gone: the ERP deletes no order that it has worked on.
static SALES_ORDER: Table = Table {
    name: "SalesOrder",
    key: "OrderNbr",
    kind: Some(("OrderType", "SO")),
    modified: "LastModified",
    expand: "Details,ShipToAddress,ShipToContact,Totals",
    select: "OrderNbr,CustomerOrder,Date,CurrencyID,Description,CustomerID,LastModified,ShipToAddressOverride,\
             ShipToContactOverride,ShipToAddress/AddressLine1,ShipToAddress/AddressLine2,ShipToAddress/City,\
             ShipToAddress/State,ShipToAddress/PostalCode,ShipToAddress/Country,ShipToContact/Attention,\
             Totals/Freight,Totals/PremiumFreight,Details/InventoryID,Details/LineDescription,Details/OrderQty,\
             Details/UnitPrice",
    condition: "OrderType eq 'SO' and Status ne 'Canceled'",
    unique: "CustomerOrder",
    reference: Some("ExternalRef"),
    screen: ("SO301000", Some(("OrderType", "SO")), "OrderNbr"),
};

static CUSTOMER: Table = Table {
    name: "Customer",
    key: "CustomerID",
    kind: None,
    modified: "LastModifiedDateTime",
    expand: "MainContact,MainContact/Address",
    select: "CustomerID,CustomerName,Email,LastModifiedDateTime,MainContact/Email,MainContact/Phone1,\
             MainContact/Address/AddressLine1,MainContact/Address/AddressLine2,MainContact/Address/City,\
             MainContact/Address/State,MainContact/Address/PostalCode,MainContact/Address/Country",
    condition: "",
    unique: "MainContact/Email",
    reference: Some("AccountRef"),
    screen: ("AR303000", None, "AcctCD"),
};

static STOCK_ITEM: Table = Table {
    name: "StockItem",
    key: "InventoryID",
    kind: None,
    modified: "LastModified",
    expand: "",
    select: "InventoryID,Description,DefaultPrice,LastModified",
    condition: "",
    unique: "InventoryID",
    reference: None,
    screen: ("IN202500", None, "InventoryCD"),
};

/// The reference that people see (`PaymentRef`) is the shop's; `ExternalRef` is free for ours.
static PAYMENT: Table = Table {
    name: "Payment",
    key: "ReferenceNbr",
    kind: Some(("Type", "Payment")),
    modified: "LastModifiedDateTime",
    expand: "OrdersToApply",
    select: "ReferenceNbr,PaymentRef,CustomerID,PaymentAmount,CurrencyID,ApplicationDate,LastModifiedDateTime,\
             OrdersToApply/OrderType,OrdersToApply/OrderNbr",
    condition: "Type eq 'Payment' and Status ne 'Voided'",
    unique: "PaymentRef",
    reference: Some("ExternalRef"),
    screen: ("AR302000", Some(("DocType", "PMT")), "RefNbr"),
};

/// Goods have left the house when the shipment is confirmed; what is not confirmed (any more) is not there for us.
static SHIPMENT: Table = Table {
    name: "Shipment",
    key: "ShipmentNbr",
    kind: None,
    modified: "LastModifiedDateTime",
    expand: "Details,Orders,Packages",
    select: "ShipmentNbr,ShipmentDate,ShipVia,LastModifiedDateTime,Details/InventoryID,Details/ShippedQty,\
             Orders/OrderType,Orders/OrderNbr,Packages/TrackingNbr",
    condition: "Type eq 'Shipment' and Status ne 'On Hold' and Status ne 'Open' and Status ne 'Canceled'",
    unique: "ShipmentNbr",
    reference: None,
    screen: ("SO302000", None, "ShipmentNbr"),
};

/// An inquiry: it is asked by `PUT`, and its rows are its answer (see `stock.rs`). A person sees the item.
static QUANTITY_AVAILABLE: Table = Table {
    name: "InventoryQuantityAvailable",
    key: "InventoryID",
    kind: None,
    modified: "LastModifiedDateTime",
    expand: "Results",
    select: "",
    condition: "",
    unique: "InventoryID",
    reference: None,
    screen: ("IN202500", None, "InventoryCD"),
};

pub(super) fn table(entity: Entity) -> &'static Table {
    match entity {
        Entity::Order => &SALES_ORDER,
        Entity::Customer => &CUSTOMER,
        Entity::Product => &STOCK_ITEM,
        Entity::Payment => &PAYMENT,
        Entity::Shipment => &SHIPMENT,
        Entity::Stock => &QUANTITY_AVAILABLE,
    }
}

impl Table {
    /// The query of a request: what is given, and what is to come back.
    pub fn query<'a>(&'a self, given: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let shape = [("$expand", self.expand), ("$select", self.select)];
        given.iter().copied().chain(shape).filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// The canonical fields and where they are at Acumatica: the name in the schema, behind the entity's name where it is a
/// field of the entity itself; two that belong together are joined by “and”.
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
            ("shipping", "SalesOrder.Totals.Freight"),
        ],
        Entity::Customer => &[
            ("email", "Customer.MainContact.Email"),
            ("name", "Customer.CustomerName"),
            ("phone", "Customer.MainContact.Phone1"),
            ("address", "Customer.MainContact.Address"),
        ],
        Entity::Product => {
            &[("sku", "StockItem.InventoryID"), ("title", "StockItem.Description"), ("price", "StockItem.DefaultPrice")]
        }
        Entity::Payment => &[
            ("reference", "Payment.PaymentRef"),
            ("order", "OrdersToApply.OrderNbr"),
            ("customer", "Payment.CustomerID"),
            ("amount", "Payment.PaymentAmount"),
            ("paid_on", "Payment.ApplicationDate"),
        ],
        Entity::Shipment => &[
            ("number", "Shipment.ShipmentNbr"),
            ("order", "Orders.OrderNbr"),
            ("shipped_on", "Shipment.ShipmentDate"),
            ("carrier", "Shipment.ShipVia"),
            ("tracking", "Packages.TrackingNbr"),
            ("lines.product", "Details.InventoryID"),
            ("lines.quantity", "Details.ShippedQty"),
        ],
        Entity::Stock => {
            &[("sku", "Results.InventoryID"), ("product", "Results.InventoryID"), ("available", "Results.QtyAvailable")]
        }
    }
}
