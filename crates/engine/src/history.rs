//! The Sync History: pages, a record's page, and what a person does to records.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::activity::{EventBody, Tone};
use domain::history::{
    ActionOutcome, HistoryFilter, MAX_SEARCH, MAX_SELECTION, PAGE_SIZE, RecordDetail, RecordPage, Selection,
};
use domain::run::{Phase, Trigger};
use domain::status::RecordAction;
use domain::{RecordId, RunId, SyncId};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::store::history::{Acted, Position, Towards};
use crate::{Engine, Error, Member, Result, runs, store};

/// A count says "10,000+" beyond this.
const COUNTED: i64 = 10_000;
/// Records that one statement of an action changes.
const ACTION_CHUNK: i64 = 5_000;
/// Records that one action on everything that matches changes at most: a request must not take longer than a moment.
const ACTION_LIMIT: i64 = 50_000;

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
    let versions = store::attempts::versions(&mut tx, id, 50).await?;
    let (current, earlier) = store::records::newest_payloads(&mut tx, id).await?;
    let awaited = store::history::awaited(&mut tx, id).await?;
    let waits_for = store::history::rows(&mut tx, &awaited).await?;
    let changes = match (&earlier, &current) {
        (Some(earlier), Some(current)) => domain::canonical::diff(Some(earlier), current),
        _ => Vec::new(),
    };
    Ok(RecordDetail { row, attempts, versions, current, changes, waits_for })
}

/// How many records match: exact up to 10,000, then 10,001.
pub async fn count(engine: &Engine, member: &Member, filter: &HistoryFilter) -> Result<i64> {
    refuse_long_search(filter)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    store::history::count(&mut tx, filter, COUNTED + 1).await
}

/// Does an action to a selection and starts what processes it: "sync now" does not start a second run, it raises the
/// records' priority in the one that is active.
pub async fn act(
    engine: &Engine,
    member: &Member,
    action: RecordAction,
    selection: &Selection,
    now: DateTime<Utc>,
) -> Result<ActionOutcome> {
    member.require(Permission::Operate)?;
    let mut outcome = ActionOutcome { action, done: 0, left: 0, runs: Vec::new() };
    match selection {
        Selection::These(ids) if ids.len() > MAX_SELECTION => {
            return Err(Error::invalid(
                "selection",
                format!("Select at most {MAX_SELECTION} records, or all that match."),
            ));
        }
        Selection::These(ids) => {
            let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
            act_on(engine, member, &ids, &mut outcome, now).await?;
        }
        Selection::Matching(filter) => {
            refuse_long_search(filter)?;
            act_on_matching(engine, member, filter, &mut outcome, now).await?;
        }
    }
    Ok(outcome)
}

/// Chunk by chunk, each in a transaction of its own, oldest change first: what was done is out of the way of the next
/// chunk because its last change is now.
async fn act_on_matching(
    engine: &Engine,
    member: &Member,
    filter: &HistoryFilter,
    outcome: &mut ActionOutcome,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut from = None;
    while outcome.done + outcome.left < ACTION_LIMIT {
        let mut tx = engine.db.begin(member.tenant).await?;
        let mut ids = store::history::page_ids(&mut tx, filter, Towards::Newer, from, ACTION_CHUNK).await?;
        // A page towards the newer comes newest first.
        ids.reverse();
        let rows = store::history::rows(&mut tx, &ids).await?;
        tx.commit().await?;
        let Some(last) = rows.last() else { break };
        from = Some(Position { at: last.updated_at, id: last.id.0 });
        // What changed since the click was not what the person saw, or was done by an earlier chunk.
        let ids: Vec<Uuid> = rows.iter().filter(|row| row.updated_at < now).map(|row| row.id.0).collect();
        let full = ids.len() as i64 == ACTION_CHUNK;
        act_on(engine, member, &ids, outcome, now).await?;
        if !full {
            break;
        }
    }
    Ok(())
}

async fn act_on(
    engine: &Engine,
    member: &Member,
    ids: &[Uuid],
    outcome: &mut ActionOutcome,
    now: DateTime<Utc>,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut tx = engine.db.begin(member.tenant).await?;
    let acted = store::history::act(&mut tx, outcome.action, ids, now).await?;
    outcome.done += acted.len() as i64;
    outcome.left += (ids.len() - acted.len()) as i64;
    let mut by_sync: BTreeMap<SyncId, Vec<Uuid>> = BTreeMap::new();
    for Acted { id, sync } in acted {
        by_sync.entry(sync).or_default().push(id);
    }
    for (sync, ids) in by_sync {
        show(&mut tx, sync, &ids, now).await?;
        let run = process(&mut tx, member, outcome.action, sync, now).await?;
        outcome.runs.extend(run.filter(|run| !outcome.runs.contains(run)));
        let text = format!("{}: {} records of {}.", outcome.action.label(), ids.len(), sync_name(&mut tx, sync).await?);
        store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), Some(format!("history?sync={sync}")), now)
            .await?;
    }
    tx.commit().await
}

async fn sync_name(tx: &mut TenantTx, sync: SyncId) -> Result<String> {
    Ok(store::syncs::get(tx, sync).await?.entity.label().to_lowercase())
}

/// Tells live screens, which show one page at a time, of the records that changed last.
pub(crate) async fn show(tx: &mut TenantTx, sync: SyncId, ids: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    for chunk in ids.rchunks(64).take(1) {
        let rows = store::history::rows(tx, chunk).await?;
        store::activity::append(tx, &EventBody::Records { sync, rows }, now).await?;
    }
    Ok(())
}

/// Retry and "sync now" want to see it happen; the other actions leave it to the schedule.
async fn process(
    tx: &mut TenantTx,
    member: &Member,
    action: RecordAction,
    sync: SyncId,
    now: DateTime<Utc>,
) -> Result<Option<RunId>> {
    let wanted = matches!(action, RecordAction::Retry | RecordAction::SyncNow);
    if !wanted || store::syncs::obstacle(tx, sync).await?.is_some() {
        return Ok(None);
    }
    let (run, _) = runs::begin(tx, sync, Phase::Process, Trigger::Manual, Some(&member.email), false, now).await?;
    Ok(Some(run))
}
