//! The guarded HTTP client: the only way out of this crate.
//!
//! Tenants type the addresses that are called here, so every address is checked twice: as it is written, and as its
//! name resolves at the moment of connecting. Nothing is redirected, no proxy of the environment is used, and time
//! and size are bounded.

mod budget;
mod client;
mod fault;
mod guard;
mod resolver;
mod response;
#[cfg(feature = "testing")]
mod testing;

pub use client::{GuardedClient, Request};
pub use guard::{Forbidden, Guard, is_public};
pub use response::Response;
#[cfg(feature = "testing")]
pub use testing::Transport;
