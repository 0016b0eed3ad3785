//! The seam at which a test takes the place of the network: only with the feature `testing`, which the server never has.

use futures::future::BoxFuture;

use super::client::{GuardedClient, Request};
use super::guard::Guard;
use super::response::Response;
use crate::error::Result;

/// Carries requests to a vendor and its answers back.
pub trait Transport: std::fmt::Debug + Send + Sync {
    /// Sends a request whose address was checked already. Keeping to its timeout is the transport's matter.
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>>;
}

impl GuardedClient {
    /// A client that checks addresses as ever and sends through `transport`.
    #[must_use]
    pub fn through(guard: Guard, transport: std::sync::Arc<dyn Transport>) -> Self {
        let mut client = Self::new(guard);
        client.transport = Some(transport);
        client
    }
}
