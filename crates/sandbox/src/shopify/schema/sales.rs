//! What happens to an order and to what is sold: payments, fulfilments, stock; notes on records; the API's words about itself.

use super::super::shop::{ORDERS, STOCK};
use super::{ADDRESS, CUSTOMER, Kind, LINE_ITEM, ORDER, PRODUCT, Type, VARIANT};

/// Money that moved for an order.
pub static TRANSACTION: Type = Type {
    name: "OrderTransaction",
    fields: &[
        ("id", Kind::Gid),
        ("kind", Kind::Scalar),
        ("status", Kind::Scalar),
        ("gateway", Kind::Scalar),
        ("formattedGateway", Kind::Scalar),
        ("paymentId", Kind::Scalar),
        ("test", Kind::Scalar),
        ("createdAt", Kind::Scalar),
        ("processedAt", Kind::Scalar),
        ("amountSet", Kind::Money),
        ("order", Kind::Ref(&ORDER, ORDERS)),
    ],
};

/// Goods that left the house.
pub static FULFILLMENT: Type = Type {
    name: "Fulfillment",
    fields: &[
        ("id", Kind::Gid),
        ("legacyResourceId", Kind::Number),
        ("name", Kind::Scalar),
        ("status", Kind::Scalar),
        ("displayStatus", Kind::Scalar),
        ("createdAt", Kind::Scalar),
        ("updatedAt", Kind::Scalar),
        ("totalQuantity", Kind::Scalar),
        ("trackingInfo", Kind::List(&TRACKING)),
        ("fulfillmentLineItems", Kind::Items(&FULFILLMENT_LINE)),
        ("order", Kind::Ref(&ORDER, ORDERS)),
    ],
};

static TRACKING: Type = Type {
    name: "FulfillmentTrackingInfo",
    fields: &[("company", Kind::Scalar), ("number", Kind::Scalar), ("url", Kind::Scalar)],
};

static FULFILLMENT_LINE: Type = Type {
    name: "FulfillmentLineItem",
    fields: &[("id", Kind::Gid), ("quantity", Kind::Scalar), ("lineItem", Kind::Line)],
};

/// What is to be sent of an order from one location.
pub static FULFILLMENT_ORDER: Type = Type {
    name: "FulfillmentOrder",
    fields: &[
        ("id", Kind::Gid),
        ("status", Kind::Scalar),
        ("orderName", Kind::Scalar),
        ("lineItems", Kind::Items(&FULFILLMENT_ORDER_LINE)),
    ],
};

static FULFILLMENT_ORDER_LINE: Type = Type {
    name: "FulfillmentOrderLineItem",
    fields: &[
        ("id", Kind::Gid),
        ("totalQuantity", Kind::Scalar),
        ("remainingQuantity", Kind::Scalar),
        ("sku", Kind::Scalar),
        ("lineItem", Kind::Line),
    ],
};

/// What is kept in stock.
pub static INVENTORY_ITEM: Type = Type {
    name: "InventoryItem",
    fields: &[
        ("id", Kind::Gid),
        ("legacyResourceId", Kind::Number),
        ("sku", Kind::Scalar),
        ("tracked", Kind::Scalar),
        ("createdAt", Kind::Scalar),
        ("updatedAt", Kind::Scalar),
        ("inventoryLevel", Kind::Same(&INVENTORY_LEVEL)),
        ("variants", Kind::Items(&VARIANT)),
    ],
};

static INVENTORY_LEVEL: Type = Type {
    name: "InventoryLevel",
    fields: &[
        ("id", Kind::Gid),
        ("createdAt", Kind::Scalar),
        ("updatedAt", Kind::Scalar),
        ("quantities", Kind::List(&INVENTORY_QUANTITY)),
        ("item", Kind::Same(&INVENTORY_ITEM)),
        ("location", Kind::Location),
    ],
};

static INVENTORY_QUANTITY: Type =
    Type { name: "InventoryQuantity", fields: &[("name", Kind::Scalar), ("quantity", Kind::Scalar)] };

/// Where stock is kept.
pub static LOCATION: Type = Type {
    name: "Location",
    fields: &[
        ("id", Kind::Gid),
        ("name", Kind::Scalar),
        ("isActive", Kind::Scalar),
        ("inventoryLevels", Kind::Many(&INVENTORY_LEVEL, STOCK)),
    ],
};

/// What `inventorySetQuantities` did.
pub static INVENTORY_ADJUSTMENT: Type = Type {
    name: "InventoryAdjustmentGroup",
    fields: &[("id", Kind::Gid), ("reason", Kind::Scalar), ("changes", Kind::List(&INVENTORY_CHANGE))],
};

static INVENTORY_CHANGE: Type = Type {
    name: "InventoryChange",
    fields: &[
        ("name", Kind::Scalar),
        ("delta", Kind::Scalar),
        ("quantityAfterChange", Kind::Scalar),
        ("item", Kind::Ref(&INVENTORY_ITEM, STOCK)),
    ],
};

/// A value that an app keeps on a record.
pub static METAFIELD: Type = Type {
    name: "Metafield",
    fields: &[
        ("id", Kind::Gid),
        ("namespace", Kind::Scalar),
        ("key", Kind::Scalar),
        ("type", Kind::Scalar),
        ("value", Kind::Scalar),
    ],
};

/// What metafields of a kind may hold.
pub static METAFIELD_DEFINITION: Type = Type {
    name: "MetafieldDefinition",
    fields: &[("id", Kind::Gid), ("namespace", Kind::Scalar), ("key", Kind::Scalar), ("name", Kind::Scalar)],
};

/// Work that goes on after the answer.
pub static JOB: Type = Type { name: "Job", fields: &[("id", Kind::Gid), ("done", Kind::Scalar)] };

/// What is wrong with a mutation's input.
pub static USER_ERROR: Type = Type { name: "UserError", fields: &[("field", Kind::Scalar), ("message", Kind::Scalar)] };

/// The same, with a code; each of the newer mutations has a type of its own for it.
pub static CODED_ERROR: Type =
    Type { name: "UserError", fields: &[("field", Kind::Scalar), ("message", Kind::Scalar), ("code", Kind::Scalar)] };

/// The app that asks.
pub static INSTALLATION: Type =
    Type { name: "AppInstallation", fields: &[("id", Kind::Gid), ("accessScopes", Kind::List(&ACCESS_SCOPE))] };

static ACCESS_SCOPE: Type =
    Type { name: "AccessScope", fields: &[("handle", Kind::Scalar), ("description", Kind::Scalar)] };

/// A type, as introspection describes it.
pub static TYPE_INFO: Type = Type {
    name: "__Type",
    fields: &[
        ("kind", Kind::Scalar),
        ("name", Kind::Scalar),
        ("fields", Kind::List(&FIELD_INFO)),
        ("ofType", Kind::Object(&TYPE_INFO)),
    ],
};

static FIELD_INFO: Type =
    Type { name: "__Field", fields: &[("name", Kind::Scalar), ("type", Kind::Object(&TYPE_INFO))] };

/// The types that introspection describes.
pub const DESCRIBED: [&Type; 11] = [
    &ORDER,
    &LINE_ITEM,
    &CUSTOMER,
    &ADDRESS,
    &PRODUCT,
    &VARIANT,
    &TRANSACTION,
    &FULFILLMENT,
    &FULFILLMENT_LINE,
    &INVENTORY_ITEM,
    &INVENTORY_LEVEL,
];
