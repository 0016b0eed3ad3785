//! Shopify: Admin GraphQL. Reads and writes orders, customers, products, payments, shipments and stock as far as
//! [`abilities`] says; a product is its first variant.
//!
//! Every answer says what the query cost and what is left in the shop's bucket; before the next query the connector
//! looks whether the bucket can pay for it (see [`cost`]), so that it is hardly ever throttled.

mod api;
mod cost;
mod fault;
mod fields;
mod model;
mod normalise;
mod queries;
mod remove;
mod save;
mod schema;
mod search;
mod shipments;

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
use crate::settings::{Settings, refused};
use crate::vendor::{Annotation, Connector, Exchange, Found, Gone, Listing, Page, Removal, Save, Saved, SchemaField};
use api::Api;
pub(crate) use fields::{abilities, fields};
use model::Reader;
use tokio::sync::OnceCell;

/// A request that arrived just before its deadline may be worked on a little longer.
const AFTER_THE_DEADLINE: Duration = Duration::from_secs(5);
/// Keys in one search: Shopify's searches are short texts.
const KEYS_AT_ONCE: usize = 15;

/// One shop.
pub struct Shopify {
    api: Api,
    /// The location that the connection names, as a global id.
    location: OnceCell<String>,
    /// What the prices of products are in; they do not say it themselves.
    currency: OnceCell<String>,
    /// Whether the metafields of our ids are defined.
    customer_ids: OnceCell<()>,
    product_ids: OnceCell<()>,
}

impl Shopify {
    /// # Errors
    /// [`Error::Rejected`] with the setting that cannot be used.
    pub fn new(
        client: GuardedClient,
        settings: &BTreeMap<String, String>,
        credentials: &BTreeMap<String, SecretString>,
    ) -> Result<Self> {
        let settings = Settings { plain: settings, secret: credentials };
        let location = match settings.optional("location_id") {
            None => OnceCell::new(),
            Some(id) => OnceCell::new_with(Some(location_gid(id)?)),
        };
        Ok(Self {
            api: Api::new(client, settings)?,
            location,
            currency: OnceCell::new(),
            customer_ids: OnceCell::new(),
            product_ids: OnceCell::new(),
        })
    }

    /// The location whose stock is meant.
    async fn location(&self) -> Result<&str> {
        let primary = || async {
            let answer = self.api.query(&queries::LOCATION, 1, json!({})).await?;
            let id = answer.data.pointer("/location/id").and_then(Value::as_str);
            id.map(ToOwned::to_owned).ok_or_else(|| model::malformed("the shop has no location"))
        };
        self.location.get_or_try_init(primary).await.map(String::as_str)
    }

    /// The shop's currency.
    async fn currency(&self) -> Result<&str> {
        let ask = || async {
            let answer = self.api.query(&queries::SHOP, 1, json!({})).await?;
            let currency = model::shop_currency(&answer.data).map(ToOwned::to_owned);
            currency.ok_or_else(|| model::malformed("the shop does not say its currency"))
        };
        self.currency.get_or_try_init(ask).await.map(String::as_str)
    }

    /// Only products need it: everything else says its currency itself.
    async fn currency_for(&self, entity: Entity) -> Result<Option<&str>> {
        if entity == Entity::Product { self.currency().await.map(Some) } else { Ok(None) }
    }

    /// Reads all records of an answer, completing what did not fit into it.
    async fn complete(&self, entity: Entity, nodes: Vec<Value>, shop_currency: Option<&str>) -> Result<Batch> {
        let reader = Reader { entity, shop: self.api.shop_url(), shop_currency };
        let mut batch = Batch::default();
        for mut node in nodes.into_iter().filter(|node| !node.is_null()) {
            if entity == Entity::Order && !self.remaining_lines(&mut node).await? {
                let why = format!("it has more than {MOST_LINES} lines, which is the most that Syncline reads");
                batch.unreadable.push((model::id_of(&node), model::label_of(&node), why));
                continue;
            }
            match reader.read(&node) {
                Ok(Some(found)) => batch.found.push(found),
                Ok(None) => batch.gone.extend(reader.gone(&node)),
                Err(why) => batch.unreadable.push((model::id_of(&node), model::label_of(&node), why)),
            }
        }
        Ok(batch)
    }

    /// Appends the lines beyond the first page of them; `false` = there are too many.
    async fn remaining_lines(&self, order: &mut Value) -> Result<bool> {
        let id = model::id_of(order);
        while let Some(after) = model::next_lines(order) {
            if model::count_lines(order) >= MOST_LINES {
                return Ok(false);
            }
            let variables = json!({"id": id, "after": after});
            let answer = self.api.query(&queries::LINES, queries::LINES.most, variables).await?;
            model::append_lines(order, answer.data)?;
        }
        Ok(model::count_lines(order) <= MOST_LINES)
    }

    /// What a page of a listing or of a search holds of an entity: payments and shipments are inside their orders, and an
    /// inventory item around its level.
    async fn unfold(&self, entity: Entity, nodes: Vec<Value>, shop_currency: Option<&str>) -> Result<Batch> {
        match entity {
            Entity::Payment => self.complete(entity, model::payments_of(nodes), None).await,
            Entity::Shipment => {
                let found = self.found(entity, &model::shipments_of(&nodes)).await?;
                Ok(Batch { found, ..Batch::default() })
            }
            _ => self.complete(entity, nodes, shop_currency).await,
        }
    }

    async fn search(&self, entity: Entity, query: &str, most: usize) -> Result<(Vec<Found>, bool)> {
        let find = queries::find(entity);
        let location = if entity == Entity::Stock { Some(self.location().await?) } else { None };
        let mut variables = json!({"first": most, "query": query});
        match location {
            Some(location) => variables["location"] = json!(location),
            None => variables["after"] = Value::Null,
        }
        let answer = self.api.query(find, most, variables).await?;
        let (nodes, next) = model::connection(answer.data.pointer(find.root))?;
        let batch = self.unfold(entity, nodes, model::shop_currency(&answer.data)).await?;
        Ok((batch.all_readable()?, next.is_some()))
    }

    /// The records with these ids, in as few requests as the bucket allows.
    async fn found(&self, entity: Entity, ids: &[String]) -> Result<Vec<Found>> {
        let mut wanted: Vec<&str> = ids.iter().map(String::as_str).filter(|id| model::is_gid(entity, id)).collect();
        let location = if entity == Entity::Stock && !wanted.is_empty() { Some(self.location().await?) } else { None };
        let mut all = Vec::new();
        while !wanted.is_empty() {
            let mut taken = 0;
            let answer = self
                .api
                .paged(queries::nodes(entity), |first| {
                    taken = first.min(wanted.len());
                    match location {
                        Some(location) => json!({"ids": &wanted[..taken], "location": location}),
                        None => json!({"ids": &wanted[..taken]}),
                    }
                })
                .await?;
            let nodes = answer.data.get("nodes").and_then(Value::as_array).cloned();
            let nodes = nodes.ok_or_else(|| model::malformed("the nodes are missing"))?;
            all.extend(self.complete(entity, nodes, model::shop_currency(&answer.data)).await?.all_readable()?);
            wanted.drain(..taken);
        }
        Ok(all)
    }
}

/// Lines of an order that are read.
const MOST_LINES: usize = 2_000;

#[derive(Default)]
struct Batch {
    found: Vec<Found>,
    unreadable: Vec<(String, String, String)>,
    gone: Vec<Gone>,
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

#[async_trait]
impl Connector for Shopify {
    fn vendor(&self) -> Vendor {
        Vendor::Shopify
    }

    async fn remove(&self, entity: Entity, id: &str, how: Removal) -> std::result::Result<Exchange, Failure> {
        self.take_away(entity, id, how).await
    }

    async fn annotate(&self, entity: Entity, id: &str, note: &Annotation) -> std::result::Result<Exchange, Failure> {
        self.note_on(entity, id, note).await
    }

    async fn schema(&self, entity: Entity) -> Result<Vec<SchemaField>> {
        self.described(entity).await
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
        facts.extend(scopes(&answer.data));
        if let Some(limits) = self.api.limits() {
            facts.push(("Query budget".to_owned(), limits));
        }
        Ok(Reached { name: text("/name"), facts })
    }

    async fn list(&self, listing: &Listing) -> Result<Page> {
        let list = queries::list(listing.entity);
        let location = if listing.entity == Entity::Stock { Some(self.location().await?) } else { None };
        let query = span(listing);
        let variables = |first| {
            let mut variables = json!({"first": first, "after": listing.cursor, "query": query});
            if let Some(location) = location {
                variables["location"] = json!(location);
            }
            variables
        };
        let answer = self.api.paged(list, variables).await?;
        let (nodes, next) = model::connection(answer.data.pointer(list.root))?;
        let nodes = if listing.entity == Entity::Stock { model::items_of(nodes) } else { nodes };
        let batch = self.unfold(listing.entity, nodes, model::shop_currency(&answer.data)).await?;
        let Batch { found, unreadable, gone } = batch;
        Ok(Page { found, unreadable, gone, next, clock: answer.clock })
    }

    async fn read(&self, entity: Entity, ids: &[String]) -> Result<Vec<Found>> {
        self.found(entity, ids).await
    }

    /// Many keys in one search; one by one where the answer does not hold all that match.
    async fn find_by_keys(&self, entity: Entity, keys: &[String]) -> Result<Vec<Found>> {
        let mut all = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            if keys.len() == 1 || matches!(entity, Entity::Payment | Entity::Shipment) {
                for key in keys {
                    all.extend(self.find_by_key(entity, key).await?);
                }
                continue;
            }
            let (found, more) = self.search(entity, &search::by_keys(entity, keys), KEYS_AT_ONCE * 3).await?;
            let is_one = |found: &Found| {
                let theirs = found.record.key();
                theirs.is_some_and(|theirs| keys.iter().any(|key| search::same_key(entity, theirs, key)))
            };
            if more {
                for key in keys {
                    all.extend(self.find_by_key(entity, key).await?);
                }
            } else {
                all.extend(found.into_iter().filter(is_one));
            }
        }
        Ok(all)
    }

    async fn find_by_key(&self, entity: Entity, key: &str) -> Result<Vec<Found>> {
        let mut found = match entity {
            // A payment's key is its number, and there is nothing to search by.
            Entity::Payment => self.found(entity, &[format!("gid://shopify/OrderTransaction/{}", key.trim())]).await?,
            _ => self.search(entity, &search::by_key(entity, key), 10).await?.0,
        };
        // The search is by words; only the same key counts.
        found.retain(|found| found.record.key().is_some_and(|theirs| search::same_key(entity, theirs, key)));
        found.truncate(3);
        Ok(found)
    }

    /// A shipment's insert looks at its order itself before it makes anything, and may be repeated; so may the setting of
    /// a stock level.
    async fn find_written(&self, entity: Entity, idempotency_key: &str) -> Result<Option<Found>> {
        self.written(entity, idempotency_key).await
    }

    async fn save(&self, save: &Save) -> std::result::Result<Saved, Failure> {
        self.write(save).await
    }

    fn normalise(&self, record: &Canonical) -> Canonical {
        normalise::normalise(record)
    }

    /// Inserts are looked up by a unique metafield, without an index that lags.
    fn settle(&self) -> Duration {
        self.api.timeout() + AFTER_THE_DEADLINE
    }

    fn concurrency(&self) -> usize {
        api::AT_ONCE
    }

    fn session(&self) -> Option<SecretString> {
        None
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

/// The access scopes of the token, and what they suffice to write.
fn scopes(data: &Value) -> Vec<(String, String)> {
    let granted = data.pointer("/currentAppInstallation/accessScopes").and_then(Value::as_array);
    let granted: Vec<&str> = granted.into_iter().flatten().filter_map(|scope| scope["handle"].as_str()).collect();
    let writes = [
        ("orders", "write_orders"),
        ("customers", "write_customers"),
        ("products", "write_products"),
        ("shipments", "write_merchant_managed_fulfillment_orders"),
        ("stock levels", "write_inventory"),
    ];
    let may: Vec<&str> = writes.iter().filter(|(_, scope)| granted.contains(scope)).map(|(what, _)| *what).collect();
    let may = if may.is_empty() { "nothing: the token may only read".to_owned() } else { may.join(", ") };
    vec![("Access scopes".into(), granted.join(", ")), ("May write".into(), may)]
}

/// `gid://shopify/Location/…`, of a number or of the whole id.
fn location_gid(id: &str) -> Result<String> {
    let number = id.strip_prefix("gid://shopify/Location/").unwrap_or(id);
    if number.is_empty() || number.len() > 20 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = "Not a location's number. It is at the end of the address of the location's page in the admin.";
        return Err(refused("setting_invalid", "location_id", message.into()));
    }
    Ok(format!("gid://shopify/Location/{number}"))
}

/// The span of changes as a search; `None` for everything.
fn span(listing: &Listing) -> Option<String> {
    let since = listing.since.map(|since| format!("updated_at:>='{}'", seconds(since)));
    let until = listing.until.map(|until| format!("updated_at:<='{}'", seconds(until)));
    let terms: Vec<String> = since.into_iter().chain(until).collect();
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

/// Shopify's times have whole seconds; rounding down lists a record twice rather than not at all.
fn seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
