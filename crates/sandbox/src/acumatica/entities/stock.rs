//! Stock levels, and the inquiries that tell them.

use super::{Entity, Field, Kind};

/// How much of an item is in a warehouse. The API tells it through inquiries only.
pub static STOCK: Entity = Entity {
    name: "InventoryStatus",
    keys: &["WarehouseID", "InventoryID"],
    indexed: &["id", "InventoryID"],
    modified: "LastModifiedDateTime",
    fields: &[
        ("WarehouseID", Kind::Code(30)),
        ("InventoryID", Kind::Code(30)),
        ("QtyOnHand", Kind::Decimal(4)),
        ("QtyAvailable", Kind::Decimal(4)),
        ("LastModifiedDateTime", Kind::Time),
    ],
};

/// What is available of each item, over all warehouses.
pub static QUANTITY_AVAILABLE: Entity = Entity {
    name: "InventoryQuantityAvailable",
    keys: &[],
    indexed: &[],
    modified: "LastModifiedDateTime",
    fields: &[
        ("InventoryID", Kind::Code(30)),
        ("LastModifiedDateTime", Kind::Time),
        ("Results", Kind::Details(AVAILABLE)),
    ],
};

static AVAILABLE: &[Field] =
    &[("InventoryID", Kind::Code(30)), ("LastModifiedDateTime", Kind::Time), ("QtyAvailable", Kind::Decimal(4))];

/// What there is of one item, warehouse by warehouse.
pub static INVENTORY_SUMMARY: Entity = Entity {
    name: "InventorySummaryInquiry",
    keys: &[],
    indexed: &[],
    modified: "",
    fields: &[
        ("InventoryID", Kind::Code(30)),
        ("WarehouseID", Kind::Code(30)),
        ("LocationID", Kind::Code(10)),
        ("ExpandByLotSerialNbr", Kind::Flag),
        ("Results", Kind::Details(SUMMARY)),
    ],
};

static SUMMARY: &[Field] = &[
    ("WarehouseID", Kind::Code(30)),
    ("LocationID", Kind::Code(10)),
    ("BaseUOM", Kind::Code(6)),
    ("QtyOnHand", Kind::Decimal(4)),
    ("QtyAvailable", Kind::Decimal(4)),
    ("QtyAvailableForShipment", Kind::Decimal(4)),
    ("QtyNotAvailable", Kind::Decimal(4)),
];
