//! Where a request came from: the connection's other end, or what a trusted proxy says about it.

use std::net::{IpAddr, SocketAddr};

use app::request::ClientAddress;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use super::Site;
use crate::settings::Network;

/// Leaves the client's address in the request.
pub(super) async fn find(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    if let Some(peer) = peer {
        let address = client(peer, request.headers(), &site.settings.trusted_proxies);
        request.extensions_mut().insert(ClientAddress(address));
    }
    next.run(request).await
}

/// The last address in the chain that is not a trusted proxy's: what is left of it anybody can write.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let trusted = |ip: IpAddr| proxies.iter().any(|network| network.contains(ip));
    let mut found = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    for said in lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')) {
        if !trusted(found) {
            break;
        }
        let Ok(ip) = said.trim().parse::<IpAddr>() else { break };
        found = ip.to_canonical();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, chain: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in chain {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let proxies: Vec<Network> = proxies.iter().map(|network| network.parse().unwrap()).collect();
        client(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(found("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(found("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.7"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(found("10.0.0.1", &["1.2.3.4", "198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(found("10.0.0.1", &["rubbish"], &["10.0.0.0/8"]), "10.0.0.1");
    }
}
