//! Payments and shipments: what follows an order.

use super::{Entity, Field, Kind};

/// A payment of a customer.
pub static PAYMENT: Entity = Entity {
    name: "Payment",
    keys: &["Type", "ReferenceNbr"],
    indexed: &["id", "ReferenceNbr", "ExternalRef", "PaymentRef", "CustomerID"],
    modified: "LastModifiedDateTime",
    fields: &[
        ("Type", Kind::Choice(&["Payment", "Prepayment", "Credit Memo", "Customer Refund"])),
        ("ReferenceNbr", Kind::Code(15)),
        ("CustomerID", Kind::Code(30)),
        ("CustomerLocationID", Kind::Code(10)),
        ("PaymentRef", Kind::Text(40)),
        ("ExternalRef", Kind::Text(40)),
        ("PaymentMethod", Kind::Code(10)),
        ("CashAccount", Kind::Code(10)),
        ("Branch", Kind::Code(30)),
        ("CurrencyID", Kind::Code(5)),
        ("PaymentAmount", Kind::Decimal(2)),
        ("AppliedToOrders", Kind::Decimal(2)),
        ("AppliedToDocuments", Kind::Decimal(2)),
        ("AvailableBalance", Kind::Decimal(2)),
        ("ApplicationDate", Kind::Time),
        ("Description", Kind::Text(256)),
        ("Hold", Kind::Flag),
        ("IsCCPayment", Kind::Flag),
        ("Status", Kind::Choice(&["On Hold", "Balanced", "Open", "Closed", "Voided"])),
        ("LastModifiedDateTime", Kind::Time),
        ("NoteID", Kind::Text(36)),
        ("OrdersToApply", Kind::Details(PAYMENT_ORDER)),
        ("DocumentsToApply", Kind::Details(PAYMENT_DOCUMENT)),
    ],
};

static PAYMENT_ORDER: &[Field] =
    &[("OrderType", Kind::Code(2)), ("OrderNbr", Kind::Code(15)), ("AppliedToOrder", Kind::Decimal(2))];

static PAYMENT_DOCUMENT: &[Field] = &[
    ("DocType", Kind::Text(20)),
    ("ReferenceNbr", Kind::Code(15)),
    ("AmountPaid", Kind::Decimal(2)),
    ("Balance", Kind::Decimal(2)),
];

/// A shipment to a customer.
pub static SHIPMENT: Entity = Entity {
    name: "Shipment",
    keys: &["ShipmentNbr"],
    indexed: &["id", "ShipmentNbr", "CustomerID"],
    modified: "LastModifiedDateTime",
    fields: &[
        ("Type", Kind::Choice(&["Shipment", "Receipt", "Transfer"])),
        ("ShipmentNbr", Kind::Code(15)),
        ("CustomerID", Kind::Code(30)),
        ("LocationID", Kind::Code(10)),
        ("WarehouseID", Kind::Code(30)),
        ("ShipmentDate", Kind::Time),
        ("ShipVia", Kind::Code(15)),
        ("ShippingTerms", Kind::Code(10)),
        ("Description", Kind::Text(256)),
        (
            "Status",
            Kind::Choice(&["On Hold", "Open", "Confirmed", "Partially Invoiced", "Invoiced", "Completed", "Canceled"]),
        ),
        ("Hold", Kind::Flag),
        ("Operation", Kind::Text(20)),
        ("ControlQty", Kind::Decimal(4)),
        ("ShippedQty", Kind::Decimal(4)),
        ("PackageCount", Kind::Integer),
        ("CreatedDateTime", Kind::Time),
        ("LastModifiedDateTime", Kind::Time),
        ("NoteID", Kind::Text(36)),
        ("Details", Kind::Details(SHIPMENT_LINE)),
        ("Orders", Kind::Details(SHIPMENT_ORDER)),
        ("Packages", Kind::Details(PACKAGE)),
    ],
};

static SHIPMENT_LINE: &[Field] = &[
    ("LineNbr", Kind::Integer),
    ("InventoryID", Kind::Code(30)),
    ("Description", Kind::Text(256)),
    ("WarehouseID", Kind::Code(30)),
    ("LocationID", Kind::Code(10)),
    ("UOM", Kind::Code(6)),
    ("OrderType", Kind::Code(2)),
    ("OrderNbr", Kind::Code(15)),
    ("OrderLineNbr", Kind::Integer),
    ("OrderedQty", Kind::Decimal(4)),
    ("ShippedQty", Kind::Decimal(4)),
    ("OpenQty", Kind::Decimal(4)),
];

static SHIPMENT_ORDER: &[Field] = &[
    ("OrderType", Kind::Code(2)),
    ("OrderNbr", Kind::Code(15)),
    ("ShipmentNbr", Kind::Code(15)),
    ("ShippedQty", Kind::Decimal(4)),
    ("InvoiceNbr", Kind::Code(15)),
];

static PACKAGE: &[Field] = &[
    ("LineNbr", Kind::Integer),
    ("BoxID", Kind::Code(15)),
    ("TrackingNbr", Kind::Text(30)),
    ("Description", Kind::Text(256)),
    ("Weight", Kind::Decimal(4)),
    ("UOM", Kind::Code(6)),
    ("Confirmed", Kind::Flag),
];
