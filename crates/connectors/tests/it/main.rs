//! Every vendor's connector against its sandbox, through real HTTP.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

mod acumatica;
mod acumatica_documents;
mod acumatica_removal;
mod conformance;
mod fixture;
mod guard;
mod round_trip;
mod sessions;
mod shopify;
mod sign_ins;
mod writing;
