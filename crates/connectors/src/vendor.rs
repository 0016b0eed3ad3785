//! The one interface that the engine knows of a vendor.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::canonical::Canonical;
use domain::connection::Reached;
use domain::sync::MappingRow;
use domain::{Entity, Vendor};
use secrecy::SecretString;

use crate::error::{Failure, Result};
use crate::http::GuardedClient;

/// A record as a system holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The system's own id, the one that every other call takes.
    pub id: String,
    /// What a person knows it by there (`#1042`, `000017`).
    pub label: String,
    /// Where a person sees it in the back office.
    pub url: Option<String>,
    /// When it was last changed, by the system's clock.
    pub modified_at: Option<DateTime<Utc>>,
    pub record: Canonical,
}

/// What to list: everything changed at `since` or later, the oldest change first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub entity: Entity,
    /// `None` = everything.
    pub since: Option<DateTime<Utc>>,
    /// Only what was last changed at this time or earlier; `None` = no end.
    pub until: Option<DateTime<Utc>>,
    /// Where to go on: [`Page::next`] of the page before.
    pub cursor: Option<String>,
}

/// A record of which a listing says that it is gone, as a shop does of a cancelled order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    pub id: String,
    /// When it went; `None` where that is not said.
    pub modified_at: Option<DateTime<Utc>>,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub found: Vec<Found>,
    /// Records that are there but cannot be read into the canonical shape: id, label and why.
    pub unreadable: Vec<(String, String, String)>,
    /// Records that the listing itself names as gone.
    pub gone: Vec<Gone>,
    /// The cursor of the next page; `None` = the listing is complete.
    pub next: Option<String>,
    /// The system's own clock (its Date header) when it answered.
    pub clock: Option<DateTime<Utc>>,
}

/// A record to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// The destination's id; `None` = insert.
    pub id: Option<String>,
    /// Of our own making, the same for every try at the same insert; stored in a field of the destination that can be
    /// searched, so that a write whose answer was lost is found again.
    pub idempotency_key: String,
    /// The record in the destination's terms: references carry the destination's ids.
    pub record: Canonical,
    /// What the destination holds now, so that an update sends only the fields that differ.
    pub current: Option<Canonical>,
}

/// A record that was written.
#[derive(Debug, Clone)]
pub struct Saved {
    /// What the write's own answer says that the destination holds now.
    pub found: Found,
    pub exchange: Exchange,
}

/// A request and its response as support and the tenant may see them: secrets and cookies are not in it, each body is
/// cut at [`Exchange::MAX_BODY`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// `PUT https://…/SalesOrder` and the body.
    pub request: String,
    /// `422 Unprocessable Entity` and the body.
    pub response: String,
}

impl Exchange {
    /// Bytes of a body that are kept.
    pub const MAX_BODY: usize = 16 * 1024;
}

/// What a vendor's system lets us do with an entity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Its records can be listed and read.
    pub read: bool,
    pub insert: bool,
    pub update: bool,
    /// It can be taken out of use and stays ([`Removal::Deactivate`]).
    pub deactivate: bool,
    /// It can be deleted, or cancelled where the vendor deletes nothing ([`Removal::Delete`]).
    pub delete: bool,
}

/// How a record is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    Deactivate,
    Delete,
}

/// What is noted on a record beside its own fields, for people who look at it there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotation {
    /// A short word that lists can be filtered by (Shopify: a tag).
    pub tag: Option<String>,
    /// Named values (Shopify: metafields of the namespace `syncline`).
    pub values: Vec<(String, String)>,
}

/// A field of a vendor's entity, as its API describes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct SchemaField {
    /// By the vendor's own name, the path within the entity (`Details.InventoryID`).
    pub name: String,
    /// The vendor's own name of its type.
    pub kind: String,
}

/// One vendor's system, signed in or able to.
#[async_trait]
pub trait Connector: Send + Sync {
    /// What can be done with an entity.
    fn abilities(&self, entity: Entity) -> Abilities {
        abilities(self.vendor(), entity)
    }

    fn vendor(&self) -> Vendor;

    /// Takes a record out of use or deletes it. A record that is gone already counts as removed.
    ///
    /// # Errors
    /// With the exchange, when the vendor answered.
    async fn remove(&self, entity: Entity, id: &str, how: Removal) -> std::result::Result<Exchange, Failure>;

    /// Notes something on a record; doing it twice changes nothing. The record's own fields stay as they are, its time of
    /// change does not.
    ///
    /// # Errors
    /// With the exchange, when the vendor answered; [`crate::Error::Rejected`] where the vendor has no place for it.
    async fn annotate(&self, entity: Entity, id: &str, note: &Annotation) -> std::result::Result<Exchange, Failure>;

    /// The fields that the system's API offers for an entity, sorted, as far as they can be asked for without reading a
    /// record.
    async fn schema(&self, entity: Entity) -> Result<Vec<SchemaField>>;

    /// Asks the system who it is. Reads only.
    async fn check(&self) -> Result<Reached>;

    /// One page of what changed.
    async fn list(&self, listing: &Listing) -> Result<Page>;

    /// The records with these ids, in any order, in as few requests as the vendor allows; those that are not there are
    /// missing from the answer.
    async fn read(&self, entity: Entity, ids: &[String]) -> Result<Vec<Found>>;

    /// The records whose unique key ([`Canonical::key`]) is `key`: at most three.
    async fn find_by_key(&self, entity: Entity, key: &str) -> Result<Vec<Found>>;

    /// The records whose unique key is any of these, in as few requests as the vendor allows. Vendors compare keys without
    /// regard to case, so the caller tells by [`Canonical::key`] which key a record was found by.
    async fn find_by_keys(&self, entity: Entity, keys: &[String]) -> Result<Vec<Found>>;

    /// The record that an insert with this idempotency key made, if it arrived.
    async fn find_written(&self, entity: Entity, idempotency_key: &str) -> Result<Option<Found>>;

    /// Inserts or updates one record and says what the system made of it.
    ///
    /// # Errors
    /// With the exchange, when the vendor answered.
    async fn save(&self, save: &Save) -> std::result::Result<Saved, Failure>;

    /// What this system would hold if `record` were saved: trimmed, cut and rounded as the vendor does, without the
    /// fields that it has no place for. What was read from the system is a fixed point of it.
    fn normalise(&self, record: &Canonical) -> Canonical;

    /// How long after a write was sent it may still be applied: the longest request plus the index's lag.
    fn settle(&self) -> Duration;

    /// How many requests may be under way at once in this session.
    fn concurrency(&self) -> usize;

    /// What must be kept to resume the session in another process, or to log it out; `None` = nothing to resume.
    fn session(&self) -> Option<SecretString>;

    /// Ends the session at the vendor, if there is one. Safe to call twice.
    async fn close(&self) -> Result<()>;
}

/// Is told of sign-ins, so that a session is not forgotten with the worker that opened it.
#[async_trait]
pub trait SignIns: Send + Sync {
    /// A sign-in is about to be sent. A session that it opens and that nobody uses has ended after `lives` from now,
    /// whether its answer came or not.
    ///
    /// # Errors
    /// Then the sign-in is not sent.
    async fn begins(&self, lives: Duration) -> Result<()>;

    /// What came of it is certain: a session was opened, or none.
    async fn ended(&self, session: Option<&SecretString>);
}

/// Makes the connector of a connection. Nothing is sent before the first call.
///
/// `session` is what [`Connector::session`] of an earlier connector said; with it, credentials may be missing, which
/// suffices to [`Connector::close`] it.
///
/// # Errors
/// [`crate::Error::Rejected`] when the settings cannot be used, with the field.
pub fn connect(
    vendor: Vendor,
    client: GuardedClient,
    settings: &BTreeMap<String, String>,
    credentials: &BTreeMap<String, SecretString>,
    session: Option<SecretString>,
) -> Result<Box<dyn Connector>> {
    connect_noting(vendor, client, settings, credentials, session, None)
}

/// [`connect`], with somebody who is told of every sign-in.
///
/// # Errors
/// As [`connect`].
pub fn connect_noting(
    vendor: Vendor,
    client: GuardedClient,
    settings: &BTreeMap<String, String>,
    credentials: &BTreeMap<String, SecretString>,
    session: Option<SecretString>,
    sign_ins: Option<Arc<dyn SignIns>>,
) -> Result<Box<dyn Connector>> {
    match vendor {
        Vendor::Shopify => Ok(Box::new(crate::shopify::Shopify::new(client, settings, credentials)?)),
        Vendor::Acumatica => {
            Ok(Box::new(crate::acumatica::Acumatica::new(client, settings, credentials, session, sign_ins)?))
        }
    }
}

/// What a vendor's system lets us do with an entity.
#[must_use]
pub fn abilities(vendor: Vendor, entity: Entity) -> Abilities {
    match vendor {
        Vendor::Shopify => crate::shopify::abilities(entity),
        Vendor::Acumatica => crate::acumatica::abilities(entity),
    }
}

/// Both columns of the built-in mapping between two vendors' systems: the fields that both have.
#[must_use]
pub fn mapping(source: Vendor, destination: Vendor, entity: Entity) -> Vec<MappingRow> {
    let theirs = fields(destination, entity);
    let row = |(field, name): &(&str, &str)| {
        let destination = theirs.iter().find(|(f, _)| f == field)?.1;
        Some(MappingRow { field: (*field).into(), source: (*name).into(), destination: destination.into() })
    };
    fields(source, entity).iter().filter_map(row).collect()
}

/// The fields, by their names in [`Connector::schema`], without which an entity cannot be listed at all: its id, and when
/// it was last changed.
#[must_use]
pub fn essential(vendor: Vendor, entity: Entity) -> [&'static str; 2] {
    match vendor {
        Vendor::Shopify => ["id", "updatedAt"],
        Vendor::Acumatica => crate::acumatica::essential(entity),
    }
}

/// `(canonical field, the vendor's field)`.
fn fields(vendor: Vendor, entity: Entity) -> &'static [(&'static str, &'static str)] {
    match vendor {
        Vendor::Shopify => crate::shopify::fields(entity),
        Vendor::Acumatica => crate::acumatica::fields(entity),
    }
}
