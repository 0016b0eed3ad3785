//! Stock levels, from two inquiries of the `Default` endpoint.
//!
//! `InventoryQuantityAvailable` says what is available of each item over all warehouses, and when that last changed; it
//! takes the moment from which on changes are asked for, or one item. `InventorySummaryInquiry` says it of one item
//! warehouse by warehouse, and is asked for each item when the connection names a warehouse. See "Retrieve Data from an
//! Inquiry Form" in Acumatica's Integration Development Guide.
//!
//! An inquiry has no pages. So a page here is the oldest changes behind the cursor, and the cursor is the last one's time
//! and item: the next page asks again from that time on. What changes meanwhile moves behind the cursor.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::Entity;
use domain::canonical::{Canonical, Reference, Stock};
use futures::{StreamExt, TryStreamExt, stream};
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Acumatica;
use super::api::{Call, succeeded};
use super::model;
use super::table::table;
use super::value::{object, text, thousandths, wrap};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::vendor::{Found, Listing, Page};

/// Levels of a page.
const PAGE: usize = 200;
/// So many items are asked for one by one; above that, all levels are asked for in one request.
const FEW: usize = 8;

/// What is available of one item.
struct Level {
    item: String,
    modified_at: Option<DateTime<Utc>>,
    available_milli: i64,
}

#[derive(Deserialize)]
struct Inquiry {
    #[serde(rename = "Results", default)]
    results: Vec<Value>,
}

impl Acumatica {
    pub(super) async fn stock_page(&self, listing: &Listing) -> Result<Page> {
        let after = listing.cursor.as_deref().map(parse).transpose()?;
        let from = after.as_ref().map_or(listing.since, |(time, _)| *time);
        let (mut levels, clock) = self.levels(None, from).await?;
        levels.sort_by(|one, other| (one.modified_at, &one.item).cmp(&(other.modified_at, &other.item)));
        levels.retain(|level| {
            let is_wanted = level.modified_at.is_none_or(|time| {
                listing.since.is_none_or(|since| time >= since) && listing.until.is_none_or(|until| time <= until)
            });
            is_wanted && after.as_ref().is_none_or(|(time, item)| (level.modified_at, &level.item) > (*time, item))
        });
        let has_more = levels.len() > PAGE;
        levels.truncate(PAGE);
        let next = levels.last().filter(|_| has_more).map(|last| cursor(last.modified_at, &last.item));
        Ok(Page { found: self.found_in(levels).await?, unreadable: Vec::new(), gone: Vec::new(), next, clock })
    }

    pub(super) async fn stock_of(&self, items: &[String]) -> Result<Vec<Found>> {
        let levels = if items.len() > FEW {
            let wanted: std::collections::HashSet<String> =
                items.iter().map(|item| item.trim().to_uppercase()).collect();
            let mut all = self.levels(None, None).await?.0;
            all.retain(|level| wanted.contains(&level.item.to_uppercase()));
            all
        } else {
            let each = items.iter().filter(|item| !item.trim().is_empty());
            let asked = each.map(|item| async move { Ok::<_, Error>(self.levels(Some(item.trim()), None).await?.0) });
            let asked: Vec<_> = asked.collect();
            stream::iter(asked).buffered(self.api.concurrent()).try_concat().await?
        };
        self.found_in(levels).await
    }

    /// The levels of one item or of all, changed at this moment or later.
    async fn levels(
        &self,
        item: Option<&str>,
        since: Option<DateTime<Utc>>,
    ) -> Result<(Vec<Level>, Option<DateTime<Utc>>)> {
        // Whether the moment itself is within is not documented; what comes too much is left out above.
        let since = since.map(|time| (time - TimeDelta::seconds(1)).to_rfc3339_opts(SecondsFormat::Millis, false));
        let asked = [("InventoryID", item), ("LastModifiedDateTime", since.as_deref())];
        let asked = object(asked.into_iter().filter_map(|(name, text)| Some((name, wrap(Some(text?))))));
        let response = match self.ask(table(Entity::Stock).name, asked).await {
            Err(Error::NotFound) => return Ok((Vec::new(), None)),
            // An item that is not there.
            Err(Error::Rejected { field: Some(field), .. }) if item.is_some() && field == "InventoryID" => {
                return Ok((Vec::new(), None));
            }
            other => other?,
        };
        let inquiry: Inquiry = response.json()?;
        let level = |row: &Value| {
            let key = model::key(table(Entity::Stock), row)?;
            // Where the parameter is ignored, all come.
            let is_asked = item.is_none_or(|item| item.eq_ignore_ascii_case(&key));
            let modified_at = model::modified(table(Entity::Stock), row);
            let level = Level { item: key, modified_at, available_milli: thousandths(row, "QtyAvailable")? };
            Ok::<_, String>(is_asked.then_some(level))
        };
        let levels =
            inquiry.results.iter().filter_map(|row| level(row).transpose()).collect::<std::result::Result<_, _>>();
        Ok((levels.map_err(|message| Error::Malformed { message })?, response.clock()))
    }

    async fn found_in(&self, levels: Vec<Level>) -> Result<Vec<Found>> {
        let each: Vec<_> = levels.into_iter().map(|level| self.in_warehouse(level)).collect();
        let levels: Vec<Level> = stream::iter(each).buffered(self.api.concurrent()).try_collect().await?;
        Ok(levels.into_iter().map(|level| self.level(level)).collect())
    }

    /// What of it is in the connection's warehouse, when it names one.
    async fn in_warehouse(&self, level: Level) -> Result<Level> {
        let Some(warehouse) = &self.warehouse else { return Ok(level) };
        let asked = object([("InventoryID", wrap(Some(&level.item))), ("WarehouseID", wrap(Some(warehouse)))]);
        let inquiry: Inquiry = self.ask("InventorySummaryInquiry", asked).await?.json()?;
        let is_here =
            |row: &&Value| text(row, "WarehouseID").is_some_and(|own| own.trim().eq_ignore_ascii_case(warehouse));
        // One row for each location.
        let rows = inquiry.results.iter().filter(is_here).map(|row| thousandths(row, "QtyAvailable"));
        let available_milli =
            rows.sum::<std::result::Result<i64, String>>().map_err(|message| Error::Malformed { message })?;
        Ok(Level { available_milli, ..level })
    }

    async fn ask(&self, inquiry: &str, parameters: Map<String, Value>) -> Result<Response> {
        let body = Value::Object(parameters);
        let query = [("$expand", "Results")];
        let call = Call { method: Method::PUT, path: &[inquiry], query: &query, precondition: None, body: Some(&body) };
        succeeded(self.api.call(self.api.deadline(), &call).await?)
    }

    fn level(&self, level: Level) -> Found {
        let product = Reference { id: level.item.clone(), key: Some(level.item.clone()) };
        let stock = Stock { sku: level.item.clone(), product: Some(product), available_milli: level.available_milli };
        self.reader().found(Entity::Stock, level.item, level.modified_at, &Canonical::Stock(stock))
    }
}

/// `microseconds/item`, without the time for a level that says no time.
fn cursor(time: Option<DateTime<Utc>>, item: &str) -> String {
    let time = time.map(|time| time.timestamp_micros().to_string()).unwrap_or_default();
    format!("{time}/{item}")
}

fn parse(cursor: &str) -> Result<(Option<DateTime<Utc>>, String)> {
    let read = || {
        let (time, item) = cursor.split_once('/')?;
        let time = if time.is_empty() { None } else { Some(DateTime::from_timestamp_micros(time.parse().ok()?)?) };
        Some((time, item.to_owned()))
    };
    read().ok_or_else(|| Error::Malformed { message: "not a cursor of this connector".into() })
}
