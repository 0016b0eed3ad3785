//! Resolves names to public addresses only, at the moment of connecting: a name that changes its address between a
//! check and the connection gains nothing.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::{Forbidden, Guard, is_public};

pub(super) struct Resolver(pub Guard);

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("unknown host")]
pub(super) struct UnknownHost;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0;
        Box::pin(async move {
            // The URL was checked before: this name is asked for with the sandbox's scheme and port only.
            if let (Some(allowed), "localhost") = (guard.allowed, name.as_str()) {
                return Ok(Box::new(std::iter::once(allowed)) as Addrs);
            }
            let all: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| UnknownHost)?.collect();
            if all.is_empty() {
                return Err(UnknownHost.into());
            }
            let public: Vec<SocketAddr> = all.into_iter().filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Forbidden::Network.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
