//! The part of Shopify's Admin schema that is here: types and their fields, named as on shopify.dev.

mod sales;

pub use sales::{
    CODED_ERROR, DESCRIBED, FULFILLMENT, INSTALLATION, INVENTORY_ADJUSTMENT, INVENTORY_ITEM, JOB, LOCATION, METAFIELD,
    METAFIELD_DEFINITION, TRANSACTION, TYPE_INFO, USER_ERROR,
};

use sales::FULFILLMENT_ORDER;

use super::shop::{CUSTOMERS, ORDERS, PAYMENTS, PRODUCTS, SHIPMENTS, STOCK};

/// An object type.
#[derive(Debug, PartialEq, Eq)]
pub struct Type {
    /// Its name in the schema.
    pub name: &'static str,
    /// Its fields.
    pub fields: &'static [(&'static str, Kind)],
}

/// What a field leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value, or a list of values.
    Scalar,
    /// The global id, made of the type's name and the record's number.
    Gid,
    /// The record's number as text.
    Number,
    /// A `MoneyBag` in the record's currency.
    Money,
    /// An object inside the record.
    Object(&'static Type),
    /// Another record, by its number.
    Ref(&'static Type, &'static str),
    /// The variant of a line, by its number in the line's product.
    Variant,
    /// Objects inside the record, as a connection.
    Items(&'static Type),
    /// Objects inside the record, as a plain list.
    List(&'static Type),
    /// Records of another table that name this one as their order, as a plain list.
    Related(&'static Type, &'static str),
    /// A metafield by namespace and key.
    Metafield,
    /// The order's line that a fulfilment's line is of.
    Line,
    /// Another face of the same record: an inventory item and its level at the location.
    Same(&'static Type),
    /// The only location.
    Location,
    /// The app that asks.
    Installation,
    /// A type of the schema.
    TypeInfo(&'static Type),
    /// A record by another identifier than its id.
    Identified(&'static Type, &'static str),
    /// The shop.
    Shop,
    /// One record by global id.
    One(&'static Type, &'static str),
    /// All records of a table, as a connection.
    Many(&'static Type, &'static str),
    /// How many records a table has.
    Count(&'static str),
    /// Any record by global id.
    Node,
    /// Any records by global ids.
    Nodes,
}

impl Type {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<(&'static str, Kind)> {
        self.fields.iter().find(|(field, _)| *field == name).copied()
    }
}

impl Kind {
    /// Whether the field has no arguments.
    #[must_use]
    pub fn takes_nothing(self) -> bool {
        matches!(
            self,
            Self::Scalar
                | Self::Gid
                | Self::Number
                | Self::Money
                | Self::Object(_)
                | Self::Ref(..)
                | Self::Variant
                | Self::Shop
                | Self::Line
                | Self::Installation
        )
    }
}

/// The types that a global id can name, with their tables.
pub const NODES: [(&Type, &str); 6] = [
    (&ORDER, ORDERS),
    (&CUSTOMER, CUSTOMERS),
    (&PRODUCT, PRODUCTS),
    (&TRANSACTION, PAYMENTS),
    (&FULFILLMENT, SHIPMENTS),
    (&INVENTORY_ITEM, STOCK),
];

/// Where queries start.
pub static QUERY: Type = Type {
    name: "QueryRoot",
    fields: &[
        ("shop", Kind::Shop),
        ("order", Kind::One(&ORDER, ORDERS)),
        ("orders", Kind::Many(&ORDER, ORDERS)),
        ("ordersCount", Kind::Count(ORDERS)),
        ("customer", Kind::One(&CUSTOMER, CUSTOMERS)),
        ("customers", Kind::Many(&CUSTOMER, CUSTOMERS)),
        ("customersCount", Kind::Count(CUSTOMERS)),
        ("product", Kind::One(&PRODUCT, PRODUCTS)),
        ("products", Kind::Many(&PRODUCT, PRODUCTS)),
        ("productsCount", Kind::Count(PRODUCTS)),
        ("customerByIdentifier", Kind::Identified(&CUSTOMER, CUSTOMERS)),
        ("productByIdentifier", Kind::Identified(&PRODUCT, PRODUCTS)),
        ("location", Kind::Location),
        ("inventoryItem", Kind::One(&INVENTORY_ITEM, STOCK)),
        ("inventoryItems", Kind::Many(&INVENTORY_ITEM, STOCK)),
        ("fulfillment", Kind::One(&FULFILLMENT, SHIPMENTS)),
        ("currentAppInstallation", Kind::Installation),
        ("__type", Kind::TypeInfo(&TYPE_INFO)),
        ("node", Kind::Node),
        ("nodes", Kind::Nodes),
    ],
};

/// The shop itself.
pub static SHOP: Type = Type {
    name: "Shop",
    fields: &[
        ("id", Kind::Gid),
        ("name", Kind::Scalar),
        ("email", Kind::Scalar),
        ("myshopifyDomain", Kind::Scalar),
        ("url", Kind::Scalar),
        ("currencyCode", Kind::Scalar),
        ("ianaTimezone", Kind::Scalar),
        ("timezoneAbbreviation", Kind::Scalar),
        ("taxesIncluded", Kind::Scalar),
        ("plan", Kind::Object(&SHOP_PLAN)),
    ],
};

static SHOP_PLAN: Type = Type {
    name: "ShopPlan",
    fields: &[
        ("publicDisplayName", Kind::Scalar),
        ("displayName", Kind::Scalar),
        ("partnerDevelopment", Kind::Scalar),
        ("shopifyPlus", Kind::Scalar),
    ],
};

/// A number of records.
pub static COUNT: Type = Type { name: "Count", fields: &[("count", Kind::Scalar), ("precision", Kind::Scalar)] };

/// An order.
pub static ORDER: Type = Type {
    name: "Order",
    fields: &[
        ("id", Kind::Gid),
        ("legacyResourceId", Kind::Number),
        ("name", Kind::Scalar),
        ("email", Kind::Scalar),
        ("phone", Kind::Scalar),
        ("poNumber", Kind::Scalar),
        ("note", Kind::Scalar),
        ("tags", Kind::Scalar),
        ("test", Kind::Scalar),
        ("confirmed", Kind::Scalar),
        ("closed", Kind::Scalar),
        ("sourceName", Kind::Scalar),
        ("taxesIncluded", Kind::Scalar),
        ("createdAt", Kind::Scalar),
        ("updatedAt", Kind::Scalar),
        ("processedAt", Kind::Scalar),
        ("closedAt", Kind::Scalar),
        ("cancelledAt", Kind::Scalar),
        ("cancelReason", Kind::Scalar),
        ("displayFinancialStatus", Kind::Scalar),
        ("displayFulfillmentStatus", Kind::Scalar),
        ("currencyCode", Kind::Scalar),
        ("presentmentCurrencyCode", Kind::Scalar),
        ("subtotalLineItemsQuantity", Kind::Scalar),
        ("totalPriceSet", Kind::Money),
        ("currentTotalPriceSet", Kind::Money),
        ("subtotalPriceSet", Kind::Money),
        ("totalTaxSet", Kind::Money),
        ("totalShippingPriceSet", Kind::Money),
        ("totalDiscountsSet", Kind::Money),
        ("customer", Kind::Ref(&CUSTOMER, CUSTOMERS)),
        ("shippingAddress", Kind::Object(&ADDRESS)),
        ("billingAddress", Kind::Object(&ADDRESS)),
        ("lineItems", Kind::Items(&LINE_ITEM)),
        ("transactions", Kind::Related(&TRANSACTION, PAYMENTS)),
        ("fulfillments", Kind::Related(&FULFILLMENT, SHIPMENTS)),
        ("fulfillmentOrders", Kind::Items(&FULFILLMENT_ORDER)),
        ("metafield", Kind::Metafield),
        ("metafields", Kind::Items(&METAFIELD)),
    ],
};

/// A line of an order.
pub static LINE_ITEM: Type = Type {
    name: "LineItem",
    fields: &[
        ("id", Kind::Gid),
        ("sku", Kind::Scalar),
        ("title", Kind::Scalar),
        ("name", Kind::Scalar),
        ("variantTitle", Kind::Scalar),
        ("vendor", Kind::Scalar),
        ("quantity", Kind::Scalar),
        ("currentQuantity", Kind::Scalar),
        ("requiresShipping", Kind::Scalar),
        ("taxable", Kind::Scalar),
        ("product", Kind::Ref(&PRODUCT, PRODUCTS)),
        ("variant", Kind::Variant),
        ("originalUnitPriceSet", Kind::Money),
        ("discountedUnitPriceSet", Kind::Money),
        ("originalTotalSet", Kind::Money),
        ("discountedTotalSet", Kind::Money),
        ("totalDiscountSet", Kind::Money),
    ],
};

/// A customer.
pub static CUSTOMER: Type = Type {
    name: "Customer",
    fields: &[
        ("id", Kind::Gid),
        ("legacyResourceId", Kind::Number),
        ("firstName", Kind::Scalar),
        ("lastName", Kind::Scalar),
        ("displayName", Kind::Scalar),
        ("email", Kind::Scalar),
        ("phone", Kind::Scalar),
        ("defaultEmailAddress", Kind::Object(&EMAIL)),
        ("defaultPhoneNumber", Kind::Object(&PHONE)),
        ("defaultAddress", Kind::Object(&ADDRESS)),
        ("note", Kind::Scalar),
        ("tags", Kind::Scalar),
        ("state", Kind::Scalar),
        ("locale", Kind::Scalar),
        ("taxExempt", Kind::Scalar),
        ("verifiedEmail", Kind::Scalar),
        ("metafield", Kind::Metafield),
        ("metafields", Kind::Items(&METAFIELD)),
        ("createdAt", Kind::Scalar),
        ("updatedAt", Kind::Scalar),
    ],
};

static EMAIL: Type =
    Type { name: "CustomerEmailAddress", fields: &[("emailAddress", Kind::Scalar), ("marketingState", Kind::Scalar)] };
static PHONE: Type =
    Type { name: "CustomerPhoneNumber", fields: &[("phoneNumber", Kind::Scalar), ("marketingState", Kind::Scalar)] };

/// A postal address.
pub static ADDRESS: Type = Type {
    name: "MailingAddress",
    fields: &[
        ("id", Kind::Scalar),
        ("firstName", Kind::Scalar),
        ("lastName", Kind::Scalar),
        ("name", Kind::Scalar),
        ("company", Kind::Scalar),
        ("address1", Kind::Scalar),
        ("address2", Kind::Scalar),
        ("city", Kind::Scalar),
        ("zip", Kind::Scalar),
        ("province", Kind::Scalar),
        ("provinceCode", Kind::Scalar),
        ("country", Kind::Scalar),
        ("countryCodeV2", Kind::Scalar),
        ("phone", Kind::Scalar),
    ],
};

/// A product.
pub static PRODUCT: Type = Type {
    name: "Product",
    fields: &[
        ("id", Kind::Gid),
        ("legacyResourceId", Kind::Number),
        ("title", Kind::Scalar),
        ("handle", Kind::Scalar),
        ("status", Kind::Scalar),
        ("descriptionHtml", Kind::Scalar),
        ("vendor", Kind::Scalar),
        ("productType", Kind::Scalar),
        ("tags", Kind::Scalar),
        ("totalInventory", Kind::Scalar),
        ("createdAt", Kind::Scalar),
        ("updatedAt", Kind::Scalar),
        ("publishedAt", Kind::Scalar),
        ("variants", Kind::Items(&VARIANT)),
        ("metafield", Kind::Metafield),
        ("metafields", Kind::Items(&METAFIELD)),
    ],
};

/// A variant of a product: what is sold.
pub static VARIANT: Type = Type {
    name: "ProductVariant",
    fields: &[
        ("id", Kind::Gid),
        ("legacyResourceId", Kind::Number),
        ("sku", Kind::Scalar),
        ("title", Kind::Scalar),
        ("price", Kind::Scalar),
        ("compareAtPrice", Kind::Scalar),
        ("barcode", Kind::Scalar),
        ("taxable", Kind::Scalar),
        ("inventoryQuantity", Kind::Scalar),
        ("product", Kind::Ref(&PRODUCT, PRODUCTS)),
        ("inventoryItem", Kind::Ref(&INVENTORY_ITEM, STOCK)),
        ("createdAt", Kind::Scalar),
        ("updatedAt", Kind::Scalar),
    ],
};

/// An amount in the shop's and in the buyer's currency.
pub static MONEY_BAG: Type = Type {
    name: "MoneyBag",
    fields: &[("shopMoney", Kind::Object(&MONEY)), ("presentmentMoney", Kind::Object(&MONEY))],
};

static MONEY: Type = Type { name: "MoneyV2", fields: &[("amount", Kind::Scalar), ("currencyCode", Kind::Scalar)] };
