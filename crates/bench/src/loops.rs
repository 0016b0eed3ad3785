//! The bare loops: the same connectors and the same HTTP client, without a database.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use connectors::http::{Guard, GuardedClient};
use connectors::{Connector, Found, Listing, Save};
use domain::connection::ConnectionForm;
use domain::{Entity, Vendor};
use futures::{StreamExt, TryStreamExt, stream};
use secrecy::SecretString;

use crate::world::IN_FLIGHT;

/// Records that are read from the source in one request.
const READ_TOGETHER: usize = 100;

/// A connector as the engine would make it.
///
/// # Errors
/// When the form cannot be used.
pub fn connector(addr: SocketAddr, vendor: Vendor, form: &ConnectionForm) -> Result<Box<dyn Connector>> {
    let client = GuardedClient::new(Guard { allowed: Some(addr) });
    let secret = |name: &str| matches!(name, "access_token" | "user_name" | "password");
    let (mut settings, mut credentials) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in &form.values {
        settings.insert(name.clone(), value.clone());
        if secret(name) {
            credentials.insert(name.clone(), SecretString::from(value.as_str()));
        }
    }
    Ok(connectors::connect(vendor, client, &settings, &credentials, None)?)
}

/// Lists everything, page after page, and hands back the ids.
///
/// # Errors
/// Of the vendor.
pub async fn list(source: &dyn Connector, entity: Entity) -> Result<Vec<String>> {
    let mut listing = Listing { entity, since: None, until: None, cursor: None };
    let mut ids = Vec::new();
    loop {
        let page = source.list(&listing).await?;
        ids.extend(page.found.into_iter().map(|found| found.id));
        listing.cursor = page.next;
        if listing.cursor.is_none() {
            return Ok(ids);
        }
    }
}

/// Reads, maps and inserts every record, with as many writes in flight as the engine's connection allows.
///
/// # Errors
/// Of the vendors.
pub async fn copy(source: &dyn Connector, destination: &dyn Connector, entity: Entity, ids: &[String]) -> Result<()> {
    // One write first, so that the session is there before many want it at once.
    let chunks: Vec<&[String]> = ids.chunks(READ_TOGETHER).collect();
    let reads = stream::iter(chunks).map(|chunk| async move { source.read(entity, chunk).await }).buffered(2);
    let records = reads.map_ok(|found| stream::iter(found).map(Ok)).try_flatten();
    let write = |found: Found| async move {
        let record = destination.normalise(&found.record);
        let save = Save { id: None, idempotency_key: found.id, record, current: None };
        destination.save(&save).await.map(drop).map_err(|failure| failure.error)
    };
    records.map_ok(write).try_buffer_unordered(IN_FLIGHT).try_collect::<()>().await.context("the bare loop failed")
}
