//! The queries. What comes from outside goes into them as variables, never as text.

use domain::Entity;

/// A query whose cost grows with the number of records it asks for.
pub(super) struct Query {
    /// The cost of each kind is learnt under its name.
    pub name: &'static str,
    pub text: &'static str,
    /// Where the records are in the answer, as a JSON pointer.
    pub root: &'static str,
    /// Records at most.
    pub most: usize,
    /// A guess at the cost of each record until an answer has said it.
    pub cost_each: f64,
    /// Whether it changes something, so that its answer is kept for people.
    pub writes: bool,
}

impl Query {
    const fn read(name: &'static str, text: &'static str, root: &'static str, most: usize, cost_each: f64) -> Self {
        Self { name, text, root, most, cost_each, writes: false }
    }
}

macro_rules! address {
    () => {
        "{ name address1 address2 city provinceCode zip countryCodeV2 }"
    };
}

macro_rules! order {
    () => {
        concat!(
            "fragment F on Order { id name createdAt updatedAt cancelledAt note currencyCode \
             customer { id defaultEmailAddress { emailAddress } } shippingAddress ",
            address!(),
            " totalPriceSet { shopMoney { amount currencyCode } } totalTaxSet { shopMoney { amount currencyCode } } \
             totalShippingPriceSet { shopMoney { amount currencyCode } } \
             lineItems(first: 10) { nodes { ...L } pageInfo { hasNextPage endCursor } } } ",
            line!()
        )
    };
}

macro_rules! line {
    () => {
        "fragment L on LineItem { sku title quantity product { id } \
         discountedUnitPriceSet { shopMoney { amount currencyCode } } }"
    };
}

macro_rules! customer {
    () => {
        concat!(
            "fragment F on Customer { id displayName updatedAt defaultEmailAddress { emailAddress } \
             defaultPhoneNumber { phoneNumber } defaultAddress ",
            address!(),
            " }"
        )
    };
}

macro_rules! product {
    () => {
        "fragment F on Product { id title updatedAt variants(first: 1) { nodes { sku price } } }"
    };
}

/// Without its order, which is around it in a listing.
macro_rules! payment {
    () => {
        "fragment T on OrderTransaction { id kind status gateway paymentId processedAt createdAt \
         amountSet { shopMoney { amount currencyCode } } }"
    };
}

macro_rules! shipment {
    () => {
        "fragment F on Fulfillment { id name status createdAt trackingInfo(first: 1) { company number } \
         fulfillmentLineItems(first: 20) { nodes { quantity lineItem { id product { id } } } pageInfo { hasNextPage } } \
         order { id name updatedAt \
         metafields(first: 50, namespace: \"syncline_shipments\") { nodes { key value } } } }"
    };
}

macro_rules! stock {
    () => {
        "fragment V on InventoryLevel { updatedAt quantities(names: [\"available\"]) { name quantity } } \
         fragment I on InventoryItem { id sku variants(first: 1) { nodes { product { id } } } }"
    };
}

macro_rules! list {
    ($root:literal, $extra:literal, $fields:literal) => {
        concat!(
            "query List($first: Int!, $after: String, $query: String) { ",
            $extra,
            $root,
            "(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) { nodes ",
            $fields,
            " pageInfo { hasNextPage endCursor } } } "
        )
    };
}

macro_rules! nodes {
    ($extra:literal) => {
        concat!("query Read($ids: [ID!]!) { ", $extra, "nodes(ids: $ids) { ...F } } ")
    };
}

// Here, because macros are seen only behind the place where they stand.
mod writes;

pub(super) use writes::*;

/// A product's price has the shop's currency and does not say it.
pub(super) static SHOP: Query = Query::read(
    "shop",
    "query Shop { shop { name myshopifyDomain currencyCode ianaTimezone plan { publicDisplayName } } \
     currentAppInstallation { accessScopes { handle } } }",
    "/shop",
    1,
    6.0,
);

/// The location whose stock is meant when the connection names none: the shop's primary one.
pub(super) static LOCATION: Query = Query::read("location", "query Location { location { id } }", "/location", 1, 1.0);

/// The lines of an order beyond its first ten.
pub(super) static LINES: Query = Query::read(
    "lines",
    concat!(
        "query Lines($id: ID!, $after: String!) { order(id: $id) { lineItems(first: 100, after: $after) \
         { nodes { ...L } pageInfo { hasNextPage endCursor } } } } ",
        line!()
    ),
    "/order",
    100,
    5.0,
);

static ORDERS: Query = Query::read("orders", concat!(list!("orders", "", "{ ...F }"), order!()), "/orders", 250, 30.0);
static CUSTOMERS: Query =
    Query::read("customers", concat!(list!("customers", "", "{ ...F }"), customer!()), "/customers", 250, 4.0);
static PRODUCTS: Query = Query::read(
    "products",
    concat!(list!("products", "shop { currencyCode } ", "{ ...F }"), product!()),
    "/products",
    250,
    5.0,
);
static PAYMENTS: Query = Query::read(
    "payments",
    concat!(
        list!(
            "orders",
            "",
            "{ id name updatedAt customer { id defaultEmailAddress { emailAddress } } transactions(first: 50) { ...T } }"
        ),
        payment!()
    ),
    "/orders",
    250,
    20.0,
);
/// Only which fulfilments there are: what they hold is read by their ids, in a query of its own.
static SHIPMENTS: Query = Query::read(
    "shipments",
    list!("orders", "", "{ id name updatedAt fulfillments(first: 50) { id } }"),
    "/orders",
    250,
    15.0,
);
static LEVELS: Query = Query::read(
    "levels",
    concat!(
        "query List($first: Int!, $after: String, $query: String, $location: ID) { location(id: $location) \
         { inventoryLevels(first: $first, after: $after, query: $query) { nodes { ...V item { ...I } } \
         pageInfo { hasNextPage endCursor } } } } ",
        stock!()
    ),
    "/location/inventoryLevels",
    250,
    8.0,
);

static ORDER_NODES: Query = Query::read("order_nodes", concat!(nodes!(""), order!()), "/nodes", 250, 30.0);
static CUSTOMER_NODES: Query = Query::read("customer_nodes", concat!(nodes!(""), customer!()), "/nodes", 250, 4.0);
static PRODUCT_NODES: Query =
    Query::read("product_nodes", concat!(nodes!("shop { currencyCode } "), product!()), "/nodes", 250, 5.0);
static PAYMENT_NODES: Query = Query::read(
    "payment_nodes",
    concat!(
        "query Read($ids: [ID!]!) { nodes(ids: $ids) { ... on OrderTransaction { ...T order { id name updatedAt \
         customer { id defaultEmailAddress { emailAddress } } } } } } ",
        payment!()
    ),
    "/nodes",
    250,
    6.0,
);
static SHIPMENT_NODES: Query = Query::read("shipment_nodes", concat!(nodes!(""), shipment!()), "/nodes", 250, 80.0);
static STOCK_NODES: Query = Query::read(
    "stock_nodes",
    concat!(
        "query Read($ids: [ID!]!, $location: ID!) { nodes(ids: $ids) { ... on InventoryItem { ...I \
         inventoryLevel(locationId: $location) { ...V } } } } ",
        stock!()
    ),
    "/nodes",
    250,
    8.0,
);

/// Inventory items by SKU; the listing of changes goes by levels.
static ITEMS: Query = Query::read(
    "items",
    concat!(
        "query Find($first: Int!, $query: String, $location: ID!) { inventoryItems(first: $first, query: $query) \
         { nodes { ...I inventoryLevel(locationId: $location) { ...V } } pageInfo { hasNextPage endCursor } } } ",
        stock!()
    ),
    "/inventoryItems",
    250,
    8.0,
);

pub(super) fn list(entity: Entity) -> &'static Query {
    match entity {
        Entity::Order => &ORDERS,
        Entity::Customer => &CUSTOMERS,
        Entity::Product => &PRODUCTS,
        Entity::Payment => &PAYMENTS,
        Entity::Shipment => &SHIPMENTS,
        Entity::Stock => &LEVELS,
    }
}

/// The query that searches by a key.
pub(super) fn find(entity: Entity) -> &'static Query {
    if entity == Entity::Stock { &ITEMS } else { list(entity) }
}

pub(super) fn nodes(entity: Entity) -> &'static Query {
    match entity {
        Entity::Order => &ORDER_NODES,
        Entity::Customer => &CUSTOMER_NODES,
        Entity::Product => &PRODUCT_NODES,
        Entity::Payment => &PAYMENT_NODES,
        Entity::Shipment => &SHIPMENT_NODES,
        Entity::Stock => &STOCK_NODES,
    }
}
