//! Acumatica: the contract-based REST API. Reads and writes sales orders (type SO), customers, stock items and payments;
//! reads confirmed shipments and stock levels.
//!
//! Our ids are the numbers that people know: `OrderNbr`, `CustomerID`, `InventoryID`, `ReferenceNbr`, `ShipmentNbr`.

mod annotate;
mod api;
mod body;
mod deadline;
mod fault;
mod filter;
mod model;
mod normalise;
mod remove;
mod save;
mod schema;
mod session;
mod stock;
mod table;
mod value;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::canonical::Canonical;
use domain::connection::Reached;
use domain::{Entity, Vendor};
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use secrecy::SecretString;
use serde_json::Value;

use crate::error::{Error, Failure, Result};
use crate::http::GuardedClient;
use crate::settings::{Settings, refused};
use crate::vendor::{
    Abilities, Annotation, Connector, Exchange, Found, Listing, Page, Removal, Save, Saved, SchemaField, SignIns,
};
use api::Api;
use body::Accounting;
use model::Reader;
use session::Session;
pub(crate) use table::fields;
use table::table;

/// A request that arrived just before its deadline may be worked on a little longer.
const AFTER_THE_DEADLINE: Duration = Duration::from_secs(5);

/// One tenant of one instance.
pub struct Acumatica {
    api: Api,
    /// What the prices of items are in; they do not say it themselves.
    base_currency: Option<String>,
    /// Whose stock levels are read; `None` = those of all together.
    warehouse: Option<String>,
    accounting: Accounting,
}

impl Acumatica {
    /// # Errors
    /// [`Error::Rejected`] with the setting that cannot be used.
    pub fn new(
        client: GuardedClient,
        settings: &BTreeMap<String, String>,
        credentials: &BTreeMap<String, SecretString>,
        session: Option<SecretString>,
        sign_ins: Option<Arc<dyn SignIns>>,
    ) -> Result<Self> {
        let settings = Settings { plain: settings, secret: credentials };
        let base_currency = settings.optional("base_currency").map(str::to_uppercase);
        let code = |name: &str| settings.optional(name).map(str::to_uppercase);
        let accounting = Accounting { method: code("payment_method"), cash_account: code("cash_account") };
        let warehouse = code("warehouse");
        let session = Arc::new(Session::new(client.clone(), settings, session.as_ref(), sign_ins)?);
        Ok(Self { api: Api::new(client, settings, session)?, base_currency, warehouse, accounting })
    }

    fn reader(&self) -> Reader<'_> {
        Reader { instance: self.api.session.instance(), base_currency: self.base_currency.as_deref() }
    }

    /// The records that a filter finds.
    async fn find(&self, entity: Entity, filter: &str, most: &str) -> Result<Vec<Found>> {
        let table = table(entity);
        let filter = filter::all(&[filter, table.condition]);
        let query = table.query(&[("$filter", &filter), ("$top", most)]);
        let records = self.api.find(self.api.deadline(), table.name, &query).await?;
        let read = |raw: &Value| self.reader().read(entity, raw).map_err(|message| Error::Malformed { message });
        records.rows.iter().map(read).collect()
    }

    /// The records with any of these keys.
    async fn find_any(&self, entity: Entity, field: &'static str, keys: &[String]) -> Result<Vec<Found>> {
        let some: Vec<_> =
            filter::any_of(field, keys).into_iter().map(|keys| self.find_some(entity, field, keys)).collect();
        stream::iter(some).buffer_unordered(self.api.concurrent()).try_concat().await
    }

    /// Halves what is asked for until each answer can be read.
    fn find_some<'a>(
        &'a self,
        entity: Entity,
        field: &'static str,
        keys: Vec<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<Found>>> {
        Box::pin(async move {
            let found = self.find(entity, &filter::either(field, &keys), "").await;
            match found {
                Err(error) if error.is_too_large() && keys.len() > 1 => {
                    let (some, others) = keys.split_at(keys.len() / 2);
                    let mut found = self.find_some(entity, field, some.to_vec()).await?;
                    found.extend(self.find_some(entity, field, others.to_vec()).await?);
                    Ok(found)
                }
                found => found,
            }
        })
    }
}

/// The fields that every listing needs.
pub(crate) fn essential(entity: Entity) -> [&'static str; 2] {
    let table = table(entity);
    [table.key, table.modified]
}

/// What the ERP lets us do with an entity. An order is deleted by cancelling it; an item, a customer and a payment as
/// long as no other document needs them (the ERP refuses it then).
pub(crate) const fn abilities(entity: Entity) -> Abilities {
    let all = Abilities { read: true, insert: true, update: true, deactivate: true, delete: true };
    match entity {
        Entity::Customer | Entity::Product => all,
        Entity::Order | Entity::Payment => Abilities { deactivate: false, ..all },
        // They come into being in the ERP.
        Entity::Shipment | Entity::Stock => {
            Abilities { read: true, insert: false, update: false, deactivate: false, delete: false }
        }
    }
}

#[async_trait]
impl Connector for Acumatica {
    fn vendor(&self) -> Vendor {
        Vendor::Acumatica
    }

    async fn remove(&self, entity: Entity, id: &str, how: Removal) -> std::result::Result<Exchange, Failure> {
        self.take_away(entity, id, how).await
    }

    async fn annotate(&self, entity: Entity, id: &str, note: &Annotation) -> std::result::Result<Exchange, Failure> {
        self.note(entity, id, note).await
    }

    async fn schema(&self, entity: Entity) -> Result<Vec<SchemaField>> {
        self.fields_of(entity).await
    }

    async fn check(&self) -> Result<Reached> {
        let versions = self.api.versions().await?;
        let endpoints = versions.get("endpoints").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let named = |endpoint: &&Value| endpoint.get("name").and_then(Value::as_str) == Some("Default");
        let offered: Vec<&str> =
            endpoints.iter().filter(named).filter_map(|endpoint| endpoint.get("version")?.as_str()).collect();
        if !offered.contains(&self.api.version()) {
            let message =
                format!("The instance has no endpoint Default of this version. It offers: {}.", offered.join(", "));
            return Err(refused("endpoint", "endpoint_version", message));
        }
        // Reading one record proves the rights, which signing in does not.
        self.find(Entity::Customer, "", "1").await?;
        let instance = self.api.session.instance();
        let build = versions.pointer("/version/acumaticaBuildVersion").and_then(Value::as_str).unwrap_or("unknown");
        let host = instance.host_str().unwrap_or_default().to_owned();
        let tenant = self.api.session.tenant().unwrap_or("the only one");
        Ok(Reached {
            name: self.api.session.tenant().map_or_else(|| host.clone(), ToOwned::to_owned),
            facts: vec![
                ("Host".into(), host),
                ("Build".into(), build.into()),
                ("Endpoint".into(), format!("Default {}", self.api.version())),
                ("Tenant".into(), tenant.into()),
                ("Requests at once".into(), self.api.concurrent().to_string()),
            ],
        })
    }

    async fn list(&self, listing: &Listing) -> Result<Page> {
        match listing.entity {
            Entity::Stock => self.stock_page(listing).await,
            _ => self.window(listing).await,
        }
    }

    async fn read(&self, entity: Entity, ids: &[String]) -> Result<Vec<Found>> {
        match entity {
            Entity::Stock => self.stock_of(ids).await,
            _ => self.find_any(entity, table(entity).key, ids).await,
        }
    }

    async fn find_by_key(&self, entity: Entity, key: &str) -> Result<Vec<Found>> {
        match entity {
            Entity::Stock => self.stock_of(&[key.trim().to_owned()]).await,
            _ => self.find(entity, &filter::equals(table(entity).unique, key.trim()), "3").await,
        }
    }

    async fn find_by_keys(&self, entity: Entity, keys: &[String]) -> Result<Vec<Found>> {
        match entity {
            Entity::Stock => self.stock_of(keys).await,
            _ => self.find_any(entity, table(entity).unique, keys).await,
        }
    }

    /// A stock item keeps no reference of ours: its insert is an upsert by its inventory ID, and may be repeated.
    async fn find_written(&self, entity: Entity, idempotency_key: &str) -> Result<Option<Found>> {
        let Some(reference) = table(entity).reference else { return Ok(None) };
        let found = self.find(entity, &filter::equals(reference, idempotency_key), "1").await?;
        Ok(found.into_iter().next())
    }

    async fn save(&self, save: &Save) -> std::result::Result<Saved, Failure> {
        let record = self.normalise(&save.record);
        match &save.id {
            None => self.insert(save, &record).await,
            Some(id) => self.update(save, id, &record).await,
        }
    }

    fn normalise(&self, record: &Canonical) -> Canonical {
        normalise::normalise(record, self.base_currency.as_deref())
    }

    /// A save has one deadline for all that it does (see `deadline.rs`), a sign-in on the way included.
    fn settle(&self) -> Duration {
        self.api.timeout() + AFTER_THE_DEADLINE
    }

    fn concurrency(&self) -> usize {
        self.api.concurrent()
    }

    fn session(&self) -> Option<SecretString> {
        self.api.session.kept()
    }

    async fn close(&self) -> Result<()> {
        self.api.session.close().await
    }
}

fn unsupported(entity: Entity) -> Error {
    let message = format!("Syncline cannot do this with {} in Acumatica.", entity.label().to_lowercase());
    Error::Rejected { code: "unsupported".into(), message, field: None }
}
