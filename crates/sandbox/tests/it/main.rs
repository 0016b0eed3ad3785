//! The sandbox through its routes, as a connector and as a test would use it.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

mod acumatica;
mod acumatica_documents;
mod faults;
mod journal;
mod kit;
mod mutations;
mod pages;
mod shopify;
