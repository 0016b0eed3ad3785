//! The queries. What comes from outside goes into them as variables, never as text.

use domain::Entity;

/// A query whose cost grows with the number of records it asks for.
pub(super) struct Query {
    /// The cost of each kind is learnt under its name.
    pub name: &'static str,
    pub text: &'static str,
    /// Where the records are in the answer.
    pub root: &'static str,
    /// Records at most.
    pub most: usize,
    /// A guess at the cost of each record until an answer has said it.
    pub cost_each: f64,
}

macro_rules! order {
    () => {
        "fragment F on Order { id name createdAt updatedAt note currencyCode \
         customer { id defaultEmailAddress { emailAddress } } \
         shippingAddress { name address1 address2 city provinceCode zip countryCodeV2 } \
         totalPriceSet { shopMoney { amount currencyCode } } totalTaxSet { shopMoney { amount currencyCode } } \
         totalShippingPriceSet { shopMoney { amount currencyCode } } \
         lineItems(first: 10) { nodes { ...L } pageInfo { hasNextPage endCursor } } } "
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
        "fragment F on Customer { id displayName updatedAt defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber } \
         defaultAddress { name address1 address2 city provinceCode zip countryCodeV2 } }"
    };
}

macro_rules! product {
    () => {
        "fragment F on Product { id title updatedAt variants(first: 1) { nodes { sku price } } }"
    };
}

macro_rules! list {
    ($root:literal, $extra:literal) => {
        concat!(
            "query List($first: Int!, $after: String, $query: String) { ",
            $extra,
            $root,
            "(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) \
             { nodes { ...F } pageInfo { hasNextPage endCursor } } } "
        )
    };
}

macro_rules! nodes {
    ($extra:literal) => {
        concat!("query Read($ids: [ID!]!) { ", $extra, "nodes(ids: $ids) { ...F } } ")
    };
}

/// A product's price has the shop's currency and does not say it.
pub(super) static SHOP: Query = Query {
    name: "shop",
    text: "query Shop { shop { name myshopifyDomain currencyCode ianaTimezone plan { publicDisplayName } } }",
    root: "shop",
    most: 1,
    cost_each: 5.0,
};

/// The lines of an order beyond its first ten.
pub(super) static LINES: Query = Query {
    name: "lines",
    text: concat!(
        "query Lines($id: ID!, $after: String!) { order(id: $id) { lineItems(first: 100, after: $after) \
         { nodes { ...L } pageInfo { hasNextPage endCursor } } } } ",
        line!()
    ),
    root: "order",
    most: 100,
    cost_each: 5.0,
};

static ORDERS: Query = Query {
    name: "orders",
    text: concat!(list!("orders", ""), order!(), line!()),
    root: "orders",
    most: 250,
    cost_each: 30.0,
};
static CUSTOMERS: Query = Query {
    name: "customers",
    text: concat!(list!("customers", ""), customer!()),
    root: "customers",
    most: 250,
    cost_each: 4.0,
};
static PRODUCTS: Query = Query {
    name: "products",
    text: concat!(list!("products", "shop { currencyCode } "), product!()),
    root: "products",
    most: 250,
    cost_each: 5.0,
};
static ORDER_NODES: Query = Query {
    name: "order_nodes",
    text: concat!(nodes!(""), order!(), line!()),
    root: "nodes",
    most: 250,
    cost_each: 30.0,
};
static CUSTOMER_NODES: Query =
    Query { name: "customer_nodes", text: concat!(nodes!(""), customer!()), root: "nodes", most: 250, cost_each: 4.0 };
static PRODUCT_NODES: Query = Query {
    name: "product_nodes",
    text: concat!(nodes!("shop { currencyCode } "), product!()),
    root: "nodes",
    most: 250,
    cost_each: 5.0,
};

pub(super) fn list(entity: Entity) -> &'static Query {
    match entity {
        Entity::Order => &ORDERS,
        Entity::Customer => &CUSTOMERS,
        Entity::Product | Entity::Payment | Entity::Shipment | Entity::Stock => &PRODUCTS,
    }
}

pub(super) fn nodes(entity: Entity) -> &'static Query {
    match entity {
        Entity::Order => &ORDER_NODES,
        Entity::Customer => &CUSTOMER_NODES,
        Entity::Product | Entity::Payment | Entity::Shipment | Entity::Stock => &PRODUCT_NODES,
    }
}
