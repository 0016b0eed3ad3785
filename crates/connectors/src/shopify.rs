//! Shopify: Admin GraphQL. Reads orders, customers and products; a product is its first variant.
//!
//! Every answer says what the query cost and what is left in the shop's bucket; before the next query the connector
//! looks whether the bucket can pay for it (see [`cost`]), so that it is hardly ever throttled.

mod api;
mod cost;
mod fault;
mod model;
mod queries;
mod search;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::canonical::Canonical;
use domain::connection::Reached;
use domain::{Entity, Vendor};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::error::{Error, Failure, Result};
use crate::http::GuardedClient;
use crate::settings::Settings;
use crate::vendor::{
    Abilities, Annotation, Connector, Exchange, Found, Listing, Page, Removal, Save, Saved, SchemaField,
};
use api::Api;
use model::Reader;
pub(crate) use model::fields;

/// One shop.
pub struct Shopify {
    api: Api,
}

impl Shopify {
    /// # Errors
    /// [`Error::Rejected`] with the setting that cannot be used.
    pub fn new(
        client: GuardedClient,
        settings: &BTreeMap<String, String>,
        credentials: &BTreeMap<String, SecretString>,
    ) -> Result<Self> {
        Api::new(client, Settings { plain: settings, secret: credentials }).map(|api| Self { api })
    }

    /// Reads all records of an answer, completing what did not fit into it.
    async fn complete(&self, entity: Entity, nodes: Vec<Value>, shop_currency: Option<&str>) -> Result<Batch> {
        let reader = Reader { entity, shop: self.api.shop_url(), shop_currency };
        let mut batch = Batch::default();
        for mut node in nodes.into_iter().filter(|node| !node.is_null()) {
            if entity == Entity::Order {
                self.remaining_lines(&mut node).await?;
            }
            match reader.read(&node) {
                Ok(found) => batch.found.push(found),
                Err(why) => batch.unreadable.push((model::id_of(&node), model::label_of(&node), why)),
            }
        }
        Ok(batch)
    }

    /// Appends the lines beyond the first page of them.
    async fn remaining_lines(&self, order: &mut Value) -> Result<()> {
        let id = model::id_of(order);
        while let Some(after) = model::next_lines(order) {
            let variables = json!({"id": id, "after": after});
            let answer = self.api.query(&queries::LINES, queries::LINES.most, variables).await?;
            model::append_lines(order, answer.data)?;
        }
        Ok(())
    }

    async fn search(&self, entity: Entity, query: &str) -> Result<Vec<Found>> {
        let list = queries::list(entity);
        let variables = json!({"first": 10, "after": null, "query": query});
        let answer = self.api.query(list, 10, variables).await?;
        let (nodes, _) = model::connection(answer.data.get(list.root))?;
        let batch = self.complete(entity, nodes, model::shop_currency(&answer.data)).await?;
        batch.all_readable()
    }
}

#[derive(Default)]
struct Batch {
    found: Vec<Found>,
    unreadable: Vec<(String, String, String)>,
}

impl Batch {
    /// Where a missing record would be taken for one that is not there, an unreadable one is an error.
    fn all_readable(self) -> Result<Vec<Found>> {
        match self.unreadable.into_iter().next() {
            None => Ok(self.found),
            Some((_, label, why)) => Err(Error::Malformed { message: format!("{label}: {why}") }),
        }
    }
}

/// What the shop lets us do with an entity.
pub(crate) const fn abilities(entity: Entity) -> Abilities {
    let read = matches!(entity, Entity::Order | Entity::Customer | Entity::Product);
    Abilities { read, insert: false, update: false, deactivate: false, delete: false }
}

#[async_trait]
impl Connector for Shopify {
    fn vendor(&self) -> Vendor {
        Vendor::Shopify
    }

    async fn remove(&self, _entity: Entity, _id: &str, _how: Removal) -> std::result::Result<Exchange, Failure> {
        Err(read_only().into())
    }

    async fn annotate(&self, _entity: Entity, _id: &str, _note: &Annotation) -> std::result::Result<Exchange, Failure> {
        Err(read_only().into())
    }

    async fn schema(&self, _entity: Entity) -> Result<Vec<SchemaField>> {
        Ok(Vec::new())
    }

    async fn check(&self) -> Result<Reached> {
        let answer = self.api.query(&queries::SHOP, 1, json!({})).await?;
        let shop = answer.data.get("shop").ok_or_else(|| model::malformed("the shop is missing"))?;
        let text = |path: &str| shop.pointer(path).and_then(Value::as_str).unwrap_or("unknown").to_owned();
        let mut facts = vec![
            ("Domain".to_owned(), text("/myshopifyDomain")),
            ("Plan".to_owned(), text("/plan/publicDisplayName")),
            ("Currency".to_owned(), text("/currencyCode")),
            ("Time zone".to_owned(), text("/ianaTimezone")),
            ("API version".to_owned(), self.api.version().to_owned()),
        ];
        if let Some(limits) = self.api.limits() {
            facts.push(("Query budget".to_owned(), limits));
        }
        Ok(Reached { name: text("/name"), facts })
    }

    async fn list(&self, listing: &Listing) -> Result<Page> {
        let list = queries::list(listing.entity);
        let query = listing.since.map(|since| format!("updated_at:>='{}'", seconds(since)));
        let answer =
            self.api.paged(list, |first| json!({"first": first, "after": listing.cursor, "query": query})).await?;
        let (nodes, next) = model::connection(answer.data.get(list.root))?;
        let batch = self.complete(listing.entity, nodes, model::shop_currency(&answer.data)).await?;
        Ok(Page { found: batch.found, unreadable: batch.unreadable, next, clock: answer.clock })
    }

    async fn read(&self, entity: Entity, ids: &[String]) -> Result<Vec<Found>> {
        let mut wanted: Vec<&str> = ids.iter().map(String::as_str).filter(|id| model::is_gid(entity, id)).collect();
        let mut all = Vec::new();
        while !wanted.is_empty() {
            let mut taken = 0;
            let answer = self
                .api
                .paged(queries::nodes(entity), |first| {
                    taken = first.min(wanted.len());
                    json!({"ids": &wanted[..taken]})
                })
                .await?;
            let nodes = answer.data.get("nodes").and_then(Value::as_array).cloned();
            let nodes = nodes.ok_or_else(|| model::malformed("the nodes are missing"))?;
            all.extend(self.complete(entity, nodes, model::shop_currency(&answer.data)).await?.all_readable()?);
            wanted.drain(..taken);
        }
        Ok(all)
    }

    async fn find_by_keys(&self, entity: Entity, keys: &[String]) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for key in keys {
            found.extend(self.find_by_key(entity, key).await?);
        }
        Ok(found)
    }

    async fn find_by_key(&self, entity: Entity, key: &str) -> Result<Vec<Found>> {
        let mut found = self.search(entity, &search::by_key(entity, key)).await?;
        // The search is by words; only the same key counts.
        found.retain(|found| found.record.key().is_some_and(|theirs| search::same_key(entity, theirs, key)));
        found.truncate(3);
        Ok(found)
    }

    async fn find_written(&self, _entity: Entity, _idempotency_key: &str) -> Result<Option<Found>> {
        Err(read_only())
    }

    async fn save(&self, _save: &Save) -> std::result::Result<Saved, Failure> {
        Err(read_only().into())
    }

    fn normalise(&self, record: &Canonical) -> Canonical {
        record.clone()
    }

    fn settle(&self) -> Duration {
        self.api.timeout()
    }

    fn concurrency(&self) -> usize {
        2
    }

    fn session(&self) -> Option<SecretString> {
        None
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

fn read_only() -> Error {
    Error::Rejected {
        code: "read_only".into(),
        message: "Syncline cannot write to Shopify yet. Choose the shop as the source of the sync.".into(),
        field: None,
    }
}

/// Shopify's times have whole seconds; rounding down lists a record twice rather than not at all.
fn seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
