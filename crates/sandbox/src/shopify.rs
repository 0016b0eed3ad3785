//! Shopify's Admin GraphQL API: `POST /shopify/{shop}/admin/api/{version}/graphql.json`.
//!
//! What is here follows shopify.dev: access tokens, quarterly versions, cursors, `updated_at` search, calculated query cost with a leaky bucket.
//! Mutations are refused like unknown fields.

mod bucket;
mod compile;
mod connection;
mod execute;
mod handler;
pub mod records;
mod schema;
mod search;
mod selection;
mod shop;

pub use handler::routes;
pub use shop::{CUSTOMERS, Clocked, ORDERS, PRODUCTS, Shop};

/// The global id of a record of a table.
#[must_use]
pub fn record_id(table: &str, number: u64) -> String {
    let name = schema::NODES.iter().find(|(_, of)| *of == table).map_or("", |(ty, _)| ty.name);
    selection::gid(name, number)
}
