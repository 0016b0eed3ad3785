//! The entities of the `Default` endpoint that are here, with their fields as its published contract names them.

mod documents;
mod stock;

pub use documents::{PAYMENT, SHIPMENT};
pub use stock::{INVENTORY_SUMMARY, QUANTITY_AVAILABLE, STOCK};

/// A field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, cut to this many characters.
    Text(usize),
    /// Text in capitals: a key of the segmented kind.
    Code(usize),
    /// A decimal, rounded to this many places.
    Decimal(u32),
    /// An integer.
    Integer,
    /// True or false.
    Flag,
    /// A time.
    Time,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A linked entity.
    Linked(&'static [Field]),
    /// Detail entities.
    Details(&'static [Field]),
}

/// A field: its name and its type.
pub type Field = (&'static str, Kind);

/// A top-level entity.
#[derive(Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its name in the URL, and its table's.
    pub name: &'static str,
    /// Its key fields.
    pub keys: &'static [&'static str],
    /// All fields.
    pub fields: &'static [Field],
    /// Fields that `$filter` finds quickly.
    pub indexed: &'static [&'static str],
    /// Where the time of the last change is told.
    pub modified: &'static str,
}

/// Every entity whose records are kept here.
pub static ENTITIES: [&Entity; 6] = [&SALES_ORDER, &CUSTOMER, &STOCK_ITEM, &PAYMENT, &SHIPMENT, &STOCK];

/// The inquiries of the endpoint: they keep nothing.
pub static INQUIRIES: [&Entity; 2] = [&QUANTITY_AVAILABLE, &INVENTORY_SUMMARY];

/// The field of this name.
#[must_use]
pub fn field(fields: &'static [Field], name: &str) -> Option<Field> {
    fields.iter().find(|(field, _)| *field == name).copied()
}

/// The entity of this name; the shop's words for it are understood too (`orders`, `customers`, `products`, `payments`,
/// `shipments`, `stock`).
#[must_use]
pub fn entity(name: &str) -> Option<&'static Entity> {
    let name = match name {
        "orders" => "SalesOrder",
        "customers" => "Customer",
        "products" => "StockItem",
        "payments" => "Payment",
        "shipments" => "Shipment",
        "stock" => STOCK.name,
        other => other,
    };
    ENTITIES.into_iter().find(|entity| entity.name == name)
}

/// A sales order.
pub static SALES_ORDER: Entity = Entity {
    name: "SalesOrder",
    keys: &["OrderType", "OrderNbr"],
    indexed: &["id", "OrderNbr", "ExternalRef", "CustomerOrder", "CustomerID"],
    modified: "LastModified",
    fields: &[
        ("OrderType", Kind::Code(2)),
        ("OrderNbr", Kind::Code(15)),
        ("CustomerID", Kind::Code(30)),
        ("CustomerOrder", Kind::Text(40)),
        ("ExternalRef", Kind::Text(40)),
        ("LocationID", Kind::Code(10)),
        ("Branch", Kind::Code(30)),
        ("Date", Kind::Time),
        ("RequestedOn", Kind::Time),
        ("EffectiveDate", Kind::Time),
        ("CreatedDate", Kind::Time),
        ("LastModified", Kind::Time),
        ("Description", Kind::Text(256)),
        ("CurrencyID", Kind::Code(5)),
        (
            "Status",
            Kind::Choice(&[
                "Open",
                "On Hold",
                "Pending Approval",
                "Shipping",
                "Back Order",
                "Completed",
                "Canceled",
                "Rejected",
            ]),
        ),
        ("Hold", Kind::Flag),
        ("Approved", Kind::Flag),
        ("CreditHold", Kind::Flag),
        ("Project", Kind::Code(30)),
        ("ShipVia", Kind::Code(15)),
        ("PaymentMethod", Kind::Code(10)),
        ("PaymentRef", Kind::Text(40)),
        ("DestinationWarehouseID", Kind::Code(30)),
        ("OrderedQty", Kind::Decimal(4)),
        ("ControlTotal", Kind::Decimal(2)),
        ("OrderTotal", Kind::Decimal(2)),
        ("TaxTotal", Kind::Decimal(2)),
        ("FreightPrice", Kind::Decimal(2)),
        ("VATExemptTotal", Kind::Decimal(2)),
        ("VATTaxableTotal", Kind::Decimal(2)),
        ("DisableAutomaticTaxCalculation", Kind::Flag),
        ("IsTaxValid", Kind::Flag),
        ("BillToAddressOverride", Kind::Flag),
        ("BillToContactOverride", Kind::Flag),
        ("ShipToAddressOverride", Kind::Flag),
        ("ShipToContactOverride", Kind::Flag),
        ("NoteID", Kind::Text(36)),
        ("BillToAddress", Kind::Linked(ADDRESS)),
        ("BillToContact", Kind::Linked(DOC_CONTACT)),
        ("ShipToAddress", Kind::Linked(ADDRESS)),
        ("ShipToContact", Kind::Linked(DOC_CONTACT)),
        ("Totals", Kind::Linked(TOTALS)),
        ("TaxDetails", Kind::Details(TAX_DETAIL)),
        ("Details", Kind::Details(ORDER_LINE)),
    ],
};

/// A line of a sales order.
pub static ORDER_LINE: &[Field] = &[
    ("LineNbr", Kind::Integer),
    ("LineType", Kind::Text(40)),
    ("InventoryID", Kind::Code(30)),
    ("LineDescription", Kind::Text(256)),
    ("Branch", Kind::Code(30)),
    ("WarehouseID", Kind::Code(30)),
    ("UOM", Kind::Code(6)),
    ("OrderQty", Kind::Decimal(4)),
    ("OpenQty", Kind::Decimal(4)),
    ("UnitPrice", Kind::Decimal(4)),
    ("ManualPrice", Kind::Flag),
    ("UnitCost", Kind::Decimal(4)),
    ("DiscountPercent", Kind::Decimal(4)),
    ("DiscountAmount", Kind::Decimal(2)),
    ("DiscountCode", Kind::Code(10)),
    ("DiscountedUnitPrice", Kind::Decimal(4)),
    ("ManualDiscount", Kind::Flag),
    ("ExtendedPrice", Kind::Decimal(2)),
    ("Amount", Kind::Decimal(2)),
    ("FreeItem", Kind::Flag),
    ("TaxCategory", Kind::Code(15)),
    ("ShipComplete", Kind::Flag),
    ("RequestedOn", Kind::Time),
    ("ShipOn", Kind::Time),
    ("ExternalRef", Kind::Text(64)),
];

static TAX_DETAIL: &[Field] = &[
    ("TaxID", Kind::Code(60)),
    ("TaxRate", Kind::Decimal(4)),
    ("TaxableAmount", Kind::Decimal(2)),
    ("TaxAmount", Kind::Decimal(2)),
    ("IncludeInVATExemptTotal", Kind::Flag),
];

static TOTALS: &[Field] = &[
    ("DiscountTotal", Kind::Decimal(2)),
    ("Freight", Kind::Decimal(2)),
    ("FreightCost", Kind::Decimal(2)),
    ("PremiumFreight", Kind::Decimal(2)),
    ("FreightTaxCategory", Kind::Code(15)),
    ("OverrideFreightAmount", Kind::Flag),
    ("LineTotalAmount", Kind::Decimal(2)),
    ("MiscTotalAmount", Kind::Decimal(2)),
    ("OrderVolume", Kind::Decimal(4)),
    ("OrderWeight", Kind::Decimal(4)),
    ("TaxTotal", Kind::Decimal(2)),
    ("UnbilledAmount", Kind::Decimal(2)),
    ("UnbilledQty", Kind::Decimal(4)),
    ("UnpaidBalance", Kind::Decimal(2)),
];

static ADDRESS: &[Field] = &[
    ("AddressLine1", Kind::Text(50)),
    ("AddressLine2", Kind::Text(50)),
    ("AddressLine3", Kind::Text(50)),
    ("City", Kind::Text(50)),
    ("State", Kind::Code(50)),
    ("PostalCode", Kind::Text(20)),
    ("Country", Kind::Code(2)),
    ("Validated", Kind::Flag),
];

static DOC_CONTACT: &[Field] = &[
    ("Attention", Kind::Text(255)),
    ("BusinessName", Kind::Text(255)),
    ("Email", Kind::Text(255)),
    ("JobTitle", Kind::Text(255)),
    ("Phone1", Kind::Text(50)),
];

/// A customer.
pub static CUSTOMER: Entity = Entity {
    name: "Customer",
    keys: &["CustomerID"],
    indexed: &["id", "CustomerID", "AccountRef", "Email", "CustomerName", "MainContact/Email"],
    modified: "LastModifiedDateTime",
    fields: &[
        ("CustomerID", Kind::Code(30)),
        ("CustomerName", Kind::Text(60)),
        ("CustomerClass", Kind::Code(10)),
        ("CustomerCategory", Kind::Text(40)),
        ("AccountRef", Kind::Text(50)),
        ("Email", Kind::Text(255)),
        ("Status", Kind::Choice(&["Active", "On Hold", "Credit Hold", "Inactive", "One-Time"])),
        ("CurrencyID", Kind::Code(5)),
        ("CurrencyRateType", Kind::Code(6)),
        ("Terms", Kind::Code(10)),
        ("TaxZone", Kind::Code(10)),
        ("TaxRegistrationID", Kind::Text(50)),
        ("StatementCycleID", Kind::Code(10)),
        ("PriceClassID", Kind::Code(10)),
        ("LocationName", Kind::Text(60)),
        ("ShipVia", Kind::Code(15)),
        ("WarehouseID", Kind::Code(30)),
        ("CreditLimit", Kind::Decimal(2)),
        ("ApplyOverdueCharges", Kind::Flag),
        ("AutoApplyPayments", Kind::Flag),
        ("IsGuestCustomer", Kind::Flag),
        ("BillingAddressOverride", Kind::Flag),
        ("BillingContactOverride", Kind::Flag),
        ("ShippingAddressOverride", Kind::Flag),
        ("ShippingContactOverride", Kind::Flag),
        ("CreatedDateTime", Kind::Time),
        ("LastModifiedDateTime", Kind::Time),
        ("BAccountID", Kind::Integer),
        ("NoteID", Kind::Text(36)),
        ("MainContact", Kind::Linked(CONTACT)),
        ("PrimaryContact", Kind::Linked(CONTACT)),
        ("BillingContact", Kind::Linked(CONTACT)),
        ("ShippingContact", Kind::Linked(CONTACT)),
    ],
};

static CONTACT: &[Field] = &[
    ("Title", Kind::Text(50)),
    ("FirstName", Kind::Text(50)),
    ("LastName", Kind::Text(100)),
    ("DisplayName", Kind::Text(255)),
    ("FullName", Kind::Text(255)),
    ("CompanyName", Kind::Text(255)),
    ("Attention", Kind::Text(255)),
    ("JobTitle", Kind::Text(255)),
    ("Email", Kind::Text(255)),
    ("Phone1", Kind::Text(50)),
    ("Phone1Type", Kind::Text(40)),
    ("Phone2", Kind::Text(50)),
    ("Phone2Type", Kind::Text(40)),
    ("Fax", Kind::Text(50)),
    ("WebSite", Kind::Text(255)),
    ("LanguageOrLocale", Kind::Text(10)),
    ("Active", Kind::Flag),
    ("Address", Kind::Linked(ADDRESS)),
];

/// A stock item.
pub static STOCK_ITEM: Entity = Entity {
    name: "StockItem",
    keys: &["InventoryID"],
    indexed: &["id", "InventoryID", "Description"],
    modified: "LastModified",
    fields: &[
        ("InventoryID", Kind::Code(30)),
        ("Description", Kind::Text(256)),
        ("ItemClass", Kind::Code(30)),
        (
            "ItemStatus",
            Kind::Choice(&["Active", "No Sales", "No Purchases", "No Request", "Inactive", "Marked for Deletion"]),
        ),
        ("ItemType", Kind::Choice(&["Finished Good", "Component Part", "Subassembly"])),
        ("DefaultPrice", Kind::Decimal(4)),
        ("MSRP", Kind::Decimal(4)),
        ("CurrentStdCost", Kind::Decimal(4)),
        ("LastCost", Kind::Decimal(4)),
        ("BaseUOM", Kind::Code(6)),
        ("SalesUOM", Kind::Code(6)),
        ("PurchaseUOM", Kind::Code(6)),
        ("WeightUOM", Kind::Code(6)),
        ("DimensionWeight", Kind::Decimal(4)),
        ("TaxCategory", Kind::Code(15)),
        ("PostingClass", Kind::Code(10)),
        ("LotSerialClass", Kind::Code(10)),
        ("ValuationMethod", Kind::Choice(&["Average", "FIFO", "Specific", "Standard"])),
        ("PriceClass", Kind::Code(10)),
        ("DefaultWarehouseID", Kind::Code(30)),
        ("CountryOfOrigin", Kind::Code(2)),
        ("Content", Kind::Text(4_000)),
        ("Visibility", Kind::Text(40)),
        ("Availability", Kind::Text(40)),
        ("CustomURL", Kind::Text(255)),
        ("PageTitle", Kind::Text(255)),
        ("IsAKit", Kind::Flag),
        ("LastModified", Kind::Time),
        ("NoteID", Kind::Text(36)),
        ("CrossReferences", Kind::Details(CROSS_REFERENCE)),
        ("WarehouseDetails", Kind::Details(WAREHOUSE_DETAIL)),
    ],
};

static CROSS_REFERENCE: &[Field] = &[
    ("AlternateID", Kind::Text(50)),
    (
        "AlternateType",
        Kind::Choice(&["Global", "Barcode", "GTIN/EAN/UPC/ISBN", "Customer Part Number", "Vendor Part Number"]),
    ),
    ("Description", Kind::Text(60)),
    ("UOM", Kind::Code(6)),
];

static WAREHOUSE_DETAIL: &[Field] = &[
    ("WarehouseID", Kind::Code(30)),
    ("QtyOnHand", Kind::Decimal(4)),
    ("IsDefault", Kind::Flag),
    ("Status", Kind::Text(20)),
];
