//! The Sync History: its pages and a record's page here, what a person does to records in the modules below.

mod act;
mod by_hand;
mod compare;
mod export;
mod link;
pub(crate) mod outgoing;

use chrono::{DateTime, Utc};
use domain::activity::EventBody;
use domain::history::{HistoryFilter, MAX_SEARCH, PAGE_SIZE, RecordDetail, RecordPage, VersionPage};
use domain::{RecordId, RecordStatus, Side, SyncId};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::store::history::{Position, Towards};
use crate::{Engine, Error, Member, Result, store};

pub use act::act;
pub use by_hand::{edit, edit_form, replay, resolve, resolve_gone, versions_compared};
pub use compare::{compare, find, report};
pub use export::{Export, export};
pub use link::link;

/// A count says "10,000+" beyond this.
const COUNTED: i64 = 10_000;

/// A page of the history.
///
/// # Errors
/// [`Error::Invalid`] when a cursor is none of ours or the search text is too long.
pub async fn page(engine: &Engine, member: &Member, filter: &HistoryFilter) -> Result<RecordPage> {
    refuse_long_search(filter)?;
    let (towards, from) = match (&filter.after, &filter.before) {
        (Some(after), _) => (Towards::Older, Some(read_cursor(after)?)),
        (None, Some(before)) => (Towards::Newer, Some(read_cursor(before)?)),
        (None, None) => (Towards::Older, None),
    };
    let mut tx = engine.db.begin(member.tenant).await?;
    let mut ids = store::history::page_ids(&mut tx, filter, towards, from, PAGE_SIZE + 1).await?;
    let more = ids.len() as i64 > PAGE_SIZE;
    if more {
        match towards {
            Towards::Older => ids.truncate(PAGE_SIZE as usize),
            Towards::Newer => drop(ids.remove(0)),
        }
    }
    let rows = store::history::rows(&mut tx, &ids).await?;
    let counts = store::counts::totals(&mut tx, filter.sync, filter.entity).await?;
    tx.commit().await?;
    let cursor = |row: Option<&domain::history::RecordRow>| row.map(|row| write_cursor(row.updated_at, row.id));
    let (has_older, has_newer) = match towards {
        Towards::Older => (more, from.is_some()),
        Towards::Newer => (true, more),
    };
    let next = if has_older { cursor(rows.last()) } else { None };
    let previous = if has_newer { cursor(rows.first()) } else { None };
    Ok(RecordPage { next, previous, rows, counts })
}

fn refuse_long_search(filter: &HistoryFilter) -> Result<()> {
    let length = filter.text.as_deref().map_or(0, |text| text.chars().count());
    if length > MAX_SEARCH {
        return Err(Error::invalid("q", format!("Search for at most {MAX_SEARCH} characters.")));
    }
    if filter.text.as_deref().is_some_and(|text| text.contains('\0')) {
        return Err(Error::invalid("q", "The search text contains a character that no record has. Type it anew."));
    }
    Ok(())
}

/// A row's place, as it stands in URLs: microseconds and id.
fn write_cursor(at: DateTime<Utc>, id: RecordId) -> String {
    format!("{}_{id}", at.timestamp_micros())
}

fn read_cursor(text: &str) -> Result<Position> {
    let position = || {
        let (micros, id) = text.split_once('_')?;
        // Beyond the year 9999 PostgreSQL and we no longer mean the same.
        let micros = micros.parse().ok().filter(|micros| (0..253_402_300_800_000_000_i64).contains(micros))?;
        Some(Position { at: DateTime::from_timestamp_micros(micros)?, id: id.parse().ok()? })
    };
    position().ok_or_else(|| Error::invalid("after", "This page of the list does not exist. Begin at the first one."))
}

/// A record's page.
pub async fn detail(engine: &Engine, member: &Member, id: RecordId) -> Result<RecordDetail> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let row = store::history::rows(&mut tx, &[id.0]).await?.pop().ok_or(Error::NotFound)?;
    let attempts = store::attempts::of_record(&mut tx, id, 50).await?;
    let VersionPage { versions, older } = store::history::versions::of_record(&mut tx, id, None).await?;
    let side = if row.source_id.is_some() { Side::Source } else { Side::Destination };
    let (current, earlier) = store::history::versions::newest(&mut tx, id, side).await?;
    let awaited = store::history::awaited(&mut tx, id).await?;
    let waits_for = store::history::rows(&mut tx, &awaited).await?;
    let changes = match (&earlier, &current) {
        (Some(earlier), Some(current)) => domain::canonical::fields::told(Some(earlier), current),
        _ => Vec::new(),
    };
    let held = store::history::held::look(&mut tx, id).await?;
    let conflict = match row.status {
        RecordStatus::Conflict => by_hand::conflict_view(&mut tx, &held).await?,
        _ => None,
    };
    let edits = store::history::edits::of_record(&mut tx, id, 50).await?;
    let ends = ends(&mut tx, row.sync).await?;
    Ok(RecordDetail {
        row,
        attempts,
        versions,
        older_versions: older,
        current,
        changes,
        waits_for,
        edits,
        conflict,
        replay_version: held.replay_version,
        ends,
        gone: held.gone,
    })
}

/// The versions of a record before one of them.
pub async fn versions_before(engine: &Engine, member: &Member, id: RecordId, before: i64) -> Result<VersionPage> {
    let mut tx = engine.db.begin(member.tenant).await?;
    store::history::rows(&mut tx, &[id.0]).await?.pop().ok_or(Error::NotFound)?;
    store::history::versions::of_record(&mut tx, id, Some(before)).await
}

/// How many records match: exact up to 10,000, then 10,001.
pub async fn count(engine: &Engine, member: &Member, filter: &HistoryFilter) -> Result<i64> {
    refuse_long_search(filter)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    store::history::count(&mut tx, filter, COUNTED + 1).await
}

/// What the two connections of a sync are called: the source, then the destination.
async fn ends(tx: &mut TenantTx, sync: SyncId) -> Result<(String, String)> {
    let view = store::syncs::views(tx, Some(sync)).await?.pop().ok_or(Error::NotFound)?;
    Ok((view.source.name, view.destination.name))
}

/// Tells live screens, which show one page at a time, of the records that changed last.
pub(crate) async fn show(tx: &mut TenantTx, sync: SyncId, ids: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    for chunk in ids.rchunks(64).take(1) {
        let rows = store::history::rows(tx, chunk).await?;
        store::activity::append(tx, &EventBody::Records { sync, rows, gone: Vec::new() }, now).await?;
    }
    Ok(())
}
