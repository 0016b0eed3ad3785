//! Connectors: one module per vendor, HTTP in, canonical records out.
//!
//! A connector knows one connection's settings and credentials and nothing of the database, of runs or of other
//! tenants. All of them go through the guarded client of [`http`], are bounded in time and size, and share one
//! conformance suite (`tests/it`).

pub mod acumatica;
pub mod error;
mod exchange;
pub mod http;
mod settings;
pub mod shopify;
mod text;
pub mod vendor;

pub use error::{Error, Failure, Result};
pub use vendor::{
    Abilities, Annotation, Connector, Exchange, Found, Gone, Listing, Page, Removal, Save, Saved, SchemaField, SignIns,
    abilities, connect, connect_noting, essential, mapping,
};
