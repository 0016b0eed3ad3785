//! The web role through its real router and the worker role as it runs, on a real PostgreSQL.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

mod assets;
mod events;
mod export;
mod pages;
mod refusals;
mod signing_in;
mod support;
mod worker;
