//! Lists what changed, in windows of time.
//!
//! The API has `$top` and `$skip` but documents no order, and offsets shift while records change. So a page is not an
//! offset but everything that changed between two moments, asked for in one request: a record that changes meanwhile
//! leaves the window for a later one and is listed there. A window that holds more than a page is narrowed by the times
//! of the records that came back. Nothing is missed, whatever the order, and no request depends on another's result
//! staying true. A window whose answer is too large to be read is asked for with fewer records.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::Acumatica;
use super::api::Records;
use super::filter::{all, compares};
use super::model;
use super::table::{Table, table};
use crate::error::{Error, Result};
use crate::vendor::{Listing, Page};

/// Records of a page, unless they are very large.
const PAGE: usize = 100;
/// Narrowing a window gives up after this many requests.
const MOST_REQUESTS: usize = 40;
/// The narrowest window: the times in a filter have milliseconds.
const NARROWEST: TimeDelta = TimeDelta::milliseconds(1);
/// A window that changed while it was read by offsets is read again this often.
const MOST_PASSES: usize = 5;
/// Records of one millisecond that are listed: a system that takes no offsets would send the same page for ever.
const MOST_AT_ONCE: usize = 20_000;

/// From a moment on, for a while; `None` is without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    /// Records that are asked for at once: less than a page where they are very large.
    most: usize,
}

impl Acumatica {
    pub(super) async fn window(&self, listing: &Listing) -> Result<Page> {
        let table = table(listing.entity);
        let mut window = Window::parse(listing)?;
        for _ in 0..MOST_REQUESTS {
            let records = match self.between(table, window, window.most + 1, 0).await {
                Err(error) if error.is_too_large() && window.most > 1 => {
                    window.most = (window.most / 3).max(1);
                    continue;
                }
                records => records?,
            };
            if records.rows.len() <= window.most {
                return Ok(self.page(listing, window, records));
            }
            let times: Vec<DateTime<Utc>> = records.rows.iter().filter_map(|raw| model::modified(table, raw)).collect();
            match window.narrowed(times) {
                Some(narrower) => window = narrower,
                None => {
                    let records = self.by_offset(table, window).await?;
                    return Ok(self.page(listing, window, records));
                }
            }
        }
        Err(Error::Malformed { message: "the times of the changes lead nowhere".into() })
    }

    /// More records in one millisecond than a page holds: by offsets, until two passes agree.
    async fn by_offset(&self, table: &Table, window: Window) -> Result<Records> {
        let mut before: Option<Vec<String>> = None;
        for _ in 0..MOST_PASSES {
            let mut all = self.between(table, window, window.most, 0).await?;
            let mut last = all.rows.len();
            while last == window.most {
                let more = self.between(table, window, window.most, all.rows.len()).await?;
                last = more.rows.len();
                all.rows.extend(more.rows);
                if all.rows.len() > MOST_AT_ONCE {
                    let message = format!("more than {MOST_AT_ONCE} records seem to have changed in one millisecond");
                    return Err(Error::Malformed { message });
                }
            }
            let key = |raw: &Value| super::value::text(raw, table.key).unwrap_or_default().to_owned();
            let mut keys: Vec<String> = all.rows.iter().map(key).collect();
            keys.sort_unstable();
            keys.dedup();
            if keys.len() == all.rows.len() && before.as_ref() == Some(&keys) {
                return Ok(all);
            }
            before = Some(keys);
        }
        Err(Error::Malformed { message: "the records keep changing while they are listed".into() })
    }

    async fn between(&self, table: &Table, window: Window, top: usize, skip: usize) -> Result<Records> {
        let from = window.from.map(|time| compares(table.modified, "ge", time)).unwrap_or_default();
        let until = window.until.map(|time| compares(table.modified, "lt", time)).unwrap_or_default();
        let filter = all(&[table.condition, &from, &until]);
        let (top, skip) = (top.to_string(), if skip == 0 { String::new() } else { skip.to_string() });
        let query = table.query(&[("$filter", &filter), ("$top", &top), ("$skip", &skip)]);
        self.api.find(self.api.deadline(), table.name, &query).await
    }

    fn page(&self, listing: &Listing, window: Window, records: Records) -> Page {
        let next = window.next(records.rows.len(), records.clock, end(listing));
        let (found, unreadable, gone) = (Vec::new(), Vec::new(), Vec::new());
        let mut page = Page { found, unreadable, gone, next, clock: records.clock };
        for raw in &records.rows {
            match self.reader().read(listing.entity, raw) {
                Ok(found) => page.found.push(found),
                Err(why) => {
                    let key = super::value::text(raw, table(listing.entity).key).unwrap_or_default();
                    let key = crate::text::line(key, 255);
                    page.unreadable.push((key.clone(), key, why));
                }
            }
        }
        page.found.sort_by_key(|found| found.modified_at);
        page
    }
}

impl Window {
    /// Where a listing is: the cursor is the window, `from/until/most` with empty ends.
    fn parse(listing: &Listing) -> Result<Self> {
        let end = end(listing);
        let Some(cursor) = &listing.cursor else {
            return Ok(Self { from: listing.since.map(whole_millis), until: end, most: PAGE });
        };
        let time = |text: &str| match text {
            "" => Some(None),
            text => text.parse().ok().and_then(DateTime::from_timestamp_millis).map(Some),
        };
        let parts: Vec<&str> = cursor.split('/').collect();
        let read = match parts[..] {
            [from, until, most] => time(from).zip(time(until)).zip(most.parse().ok()),
            _ => None,
        };
        let ((from, until), most) =
            read.ok_or_else(|| Error::Malformed { message: "not a cursor of this connector".into() })?;
        let most: usize = most;
        Ok(Self { from, until: until.into_iter().chain(end).min(), most: most.clamp(1, PAGE) })
    }

    /// A narrower window from the same moment on, by some of the times in it; `None` when it is the narrowest.
    fn narrowed(self, mut times: Vec<DateTime<Utc>>) -> Option<Self> {
        times.sort_unstable();
        // Where the records come by age, nine tenths of what came fit the next request exactly.
        let wanted = times.get(times.len() * 9 / 10).copied().map(whole_millis)?;
        let first = self.from.or_else(|| times.first().copied().map(whole_millis))?;
        let narrowest = first + NARROWEST;
        let mut until = wanted.max(narrowest);
        if self.until.is_some_and(|old| until >= old) {
            // The times did not help (many at one moment): halve.
            let half = first + (self.until? - first) / 2;
            until = whole_millis(half).max(narrowest);
        }
        let is_narrower = self.until.is_none_or(|old| until < old);
        is_narrower.then_some(Self { until: Some(until), ..self })
    }

    /// The cursor of the window after this one, which held `records`; `None` when this one reached the listing's end.
    fn next(self, records: usize, clock: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) -> Option<String> {
        let start = self.until.filter(|until| end.is_none_or(|end| *until < end))?;
        let width = self.from.map(|from| start - from);
        // As wide as would have held four fifths of a page, at most eight times as wide as this one.
        let growth = i32::try_from((self.most * 4 / 5) / records.max(1)).unwrap_or(8).clamp(1, 8);
        let until = width.and_then(|width| width.checked_mul(growth)).and_then(|width| start.checked_add_signed(width));
        let until = until.map(whole_millis).filter(|until| clock.is_some_and(|clock| *until < clock) && *until > start);
        // The last window ends where the listing does: without an end, nothing lies behind it.
        let until = until.filter(|until| end.is_none_or(|end| *until < end)).or(end);
        let millis =
            |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_millis().to_string()).unwrap_or_default();
        Some(format!("{}/{}/{}", millis(Some(start)), millis(until), PAGE.min(self.most * 2)))
    }
}

/// The first moment that a listing leaves out.
fn end(listing: &Listing) -> Option<DateTime<Utc>> {
    listing.until.map(|until| whole_millis(until) + NARROWEST)
}

/// Rounded down.
fn whole_millis(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}
