//! Shopify's Admin GraphQL API: `POST /shopify/{shop}/admin/api/{version}/graphql.json`.
//!
//! What is here follows shopify.dev: access tokens and their scopes, quarterly versions, cursors, `updated_at` search, calculated query cost with a leaky
//! bucket, mutations with user errors and idempotency keys, introspection.

mod bucket;
mod compile;
mod connection;
mod drift;
mod execute;
mod handler;
mod mutations;
pub mod records;
mod schema;
mod search;
mod selection;
mod shop;

pub use handler::routes;
pub use shop::{CUSTOMERS, Clocked, ORDERS, PAYMENTS, PRODUCTS, SHIPMENTS, STOCK, Shop, TABLES};

/// The global id of a record of a table.
#[must_use]
pub fn record_id(table: &str, number: u64) -> String {
    let name = schema::NODES.iter().find(|(_, of)| *of == table).map_or("", |(ty, _)| ty.name);
    selection::gid(name, number)
}

/// The type of the schema that a table's records, or this name, stand for.
#[must_use]
pub fn type_name(name: &str) -> Option<&'static str> {
    let table = schema::NODES.iter().find(|(_, of)| *of == name).map(|(ty, _)| ty.name);
    table.or_else(|| schema::DESCRIBED.into_iter().find(|ty| ty.name == name).map(|ty| ty.name))
}
