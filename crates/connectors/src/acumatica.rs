//! Acumatica: the contract-based REST API. Reads and writes sales orders (type SO), customers and stock items.
//!
//! Our ids are the numbers that people know: `OrderNbr`, `CustomerID`, `InventoryID`.

mod api;
mod body;
mod fault;
mod filter;
mod model;
mod normalise;
mod save;
mod session;
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
use futures::{StreamExt, TryStreamExt, stream};
use secrecy::SecretString;
use serde_json::Value;

use crate::error::{Error, Failure, Result};
use crate::http::GuardedClient;
use crate::settings::{Settings, refused};
use crate::vendor::{
    Abilities, Annotation, Connector, Exchange, Found, Listing, Page, Removal, Save, Saved, SchemaField,
};
use api::Api;
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
}

impl Acumatica {
    /// # Errors
    /// [`Error::Rejected`] with the setting that cannot be used.
    pub fn new(
        client: GuardedClient,
        settings: &BTreeMap<String, String>,
        credentials: &BTreeMap<String, SecretString>,
        session: Option<SecretString>,
    ) -> Result<Self> {
        let settings = Settings { plain: settings, secret: credentials };
        let base_currency = settings.optional("base_currency").map(str::to_uppercase);
        let session = Arc::new(Session::new(client.clone(), settings, session.as_ref())?);
        Ok(Self { api: Api::new(client, settings, session)?, base_currency })
    }

    fn reader(&self) -> Reader<'_> {
        Reader { instance: self.api.session.instance(), base_currency: self.base_currency.as_deref() }
    }

    async fn find(&self, entity: Entity, filter: &str, most: &str) -> Result<Vec<Found>> {
        let table = table(entity);
        let filter = filter::all(&[filter, table.condition]);
        let records = self.api.find(table.name, &table.query(&[("$filter", &filter), ("$top", most)])).await?;
        let read = |raw: &Value| self.reader().read(entity, raw).map_err(|message| Error::Malformed { message });
        records.rows.iter().map(read).collect()
    }
}

/// What the ERP lets us do with an entity.
pub(crate) const fn abilities(entity: Entity) -> Abilities {
    let known = matches!(entity, Entity::Order | Entity::Customer | Entity::Product);
    Abilities { read: known, insert: known, update: known, deactivate: false, delete: false }
}

#[async_trait]
impl Connector for Acumatica {
    fn vendor(&self) -> Vendor {
        Vendor::Acumatica
    }

    async fn remove(&self, entity: Entity, _id: &str, _how: Removal) -> std::result::Result<Exchange, Failure> {
        Err(unsupported(entity).into())
    }

    async fn annotate(&self, entity: Entity, _id: &str, _note: &Annotation) -> std::result::Result<Exchange, Failure> {
        Err(unsupported(entity).into())
    }

    async fn schema(&self, _entity: Entity) -> Result<Vec<SchemaField>> {
        Ok(Vec::new())
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
        self.window(listing).await
    }

    async fn read(&self, entity: Entity, ids: &[String]) -> Result<Vec<Found>> {
        let filters = filter::any_of(table(entity).key, ids);
        let found = stream::iter(filters).map(|filter| async move { self.find(entity, &filter, "").await });
        found.buffer_unordered(self.api.concurrent()).try_concat().await
    }

    async fn find_by_key(&self, entity: Entity, key: &str) -> Result<Vec<Found>> {
        self.find(entity, &filter::equals(table(entity).unique, key.trim()), "3").await
    }

    async fn find_by_keys(&self, entity: Entity, keys: &[String]) -> Result<Vec<Found>> {
        let filters = filter::any_of(table(entity).unique, keys);
        let found = stream::iter(filters).map(|filter| async move { self.find(entity, &filter, "").await });
        found.buffer_unordered(self.api.concurrent()).try_concat().await
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
