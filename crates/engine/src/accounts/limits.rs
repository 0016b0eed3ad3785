//! How often somebody may try to sign in or up: counted per address and per client before the password is looked at, so
//! that tries at the same time are counted too.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::Client;
use crate::db::Engine;
use crate::error::{Error, Result};
use crate::store::signin_limits::{self, Counted};

const WINDOW: TimeDelta = TimeDelta::minutes(15);
const PER_ADDRESS: i32 = 10;
const PER_ADDRESS_EVERYWHERE: i32 = 100;
const PER_CLIENT: i32 = 50;
const SIGN_UPS_PER_CLIENT: i32 = 60;

/// What one try counts against: keys with the number of tries that a window allows.
pub(super) struct Limit {
    keys: Vec<(Vec<u8>, i32)>,
}

impl Limit {
    /// A try to sign in as the owner of this address.
    pub(super) fn sign_in(email: &str, client: &Client) -> Self {
        let Some(network) = client.address.map(network) else {
            return Self { keys: vec![(hashed(&format!("email:{email}")), PER_ADDRESS)] };
        };
        // Who is elsewhere is not kept out by a stranger who guesses; only very many guesses from all over are stopped.
        let keys = [
            (format!("email:{email} from {network}"), PER_ADDRESS),
            (format!("email:{email}"), PER_ADDRESS_EVERYWHERE),
            (format!("client:{network}"), PER_CLIENT),
        ];
        Self { keys: keys.map(|(key, most)| (hashed(&key), most)).into() }
    }

    /// A new account from this client.
    pub(super) fn sign_up(client: &Client) -> Self {
        let key = |ip| (hashed(&format!("sign-up:{}", network(ip))), SIGN_UPS_PER_CLIENT);
        Self { keys: client.address.map(key).into_iter().collect() }
    }
}

/// Counts one try.
///
/// # Errors
/// [`Error::TooMany`] when it is one too many.
pub(super) async fn count(engine: &Engine, limit: &Limit, now: DateTime<Utc>) -> Result<()> {
    let mut wait = None;
    let mut tx = engine.db.begin_across_tenants().await?;
    // In one order, so that two tries at once wait for each other and never in a circle.
    for (key, most) in &limit.keys {
        let Counted { failures, window_ends_at } =
            signin_limits::count_across_tenants(&mut tx, key, now, now + WINDOW).await?;
        if failures > *most {
            wait = wait.max(Some(window_ends_at - now));
        }
    }
    tx.commit().await?;
    let seconds = |wait: TimeDelta| Duration::from_secs(u64::try_from(wait.num_seconds() + 1).unwrap_or(1));
    wait.map_or(Ok(()), |wait| Err(Error::TooMany { retry_after: seconds(wait) }))
}

/// Takes back the try that turned out right, and the address's failures before it.
pub(super) async fn forgive(engine: &Engine, limit: &Limit) -> Result<()> {
    let mut tx = engine.db.begin_across_tenants().await?;
    for (at, (key, _)) in limit.keys.iter().enumerate() {
        match at {
            0 => signin_limits::delete_across_tenants(&mut tx, key).await?,
            _ => signin_limits::uncount_across_tenants(&mut tx, key).await?,
        }
    }
    tx.commit().await
}

/// An IPv6 client has a network of its own, so its /64 is what counts.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

fn hashed(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_eq!(network("::ffff:10.1.2.3"), network("10.1.2.3"));
    }
}
