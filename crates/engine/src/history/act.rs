//! Actions on a selection, and on everything that matches.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::activity::{EventBody, Tone};
use domain::history::{ActionOutcome, HistoryFilter, MAX_SELECTION, Selection};
use domain::run::{Phase, Trigger};
use domain::status::RecordAction;
use domain::{RecordId, RunId, SyncId};
use uuid::Uuid;

use super::{refuse_long_search, show};
use crate::db::TenantTx;
use crate::store::history::acts::Acted;
use crate::store::history::{Position, Towards};
use crate::{Engine, Error, Member, Result, runs, store};

/// Records that one statement of an action changes.
const ACTION_CHUNK: i64 = 5_000;
/// Records that one action on everything that matches changes at most: a request must not take longer than a moment.
const ACTION_LIMIT: i64 = 50_000;
/// So many records that were deleted are told to live screens, which show a page each.
const TOLD: usize = 64;

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
    let acted = store::history::acts::act(&mut tx, outcome.action, ids, &member.email, now).await?;
    outcome.done += acted.len() as i64;
    outcome.left += (ids.len() - acted.len()) as i64;
    let mut by_sync: BTreeMap<SyncId, Vec<Uuid>> = BTreeMap::new();
    for Acted { id, sync } in acted {
        by_sync.entry(sync).or_default().push(id);
    }
    for (sync, ids) in by_sync {
        if outcome.action == RecordAction::Forget {
            say_gone(&mut tx, sync, &ids, now).await?;
        } else {
            show(&mut tx, sync, &ids, now).await?;
        }
        let run = if outcome.action.is_urgent() { process(&mut tx, member, sync, now).await? } else { None };
        outcome.runs.extend(run.filter(|run| !outcome.runs.contains(run)));
        let records = if ids.len() == 1 { "1 record".to_owned() } else { format!("{} records", ids.len()) };
        let text = format!("{}: {records} of {}.", outcome.action.label(), sync_name(&mut tx, sync).await?);
        store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), Some(format!("history?sync={sync}")), now)
            .await?;
    }
    tx.commit().await
}

async fn sync_name(tx: &mut TenantTx, sync: SyncId) -> Result<String> {
    Ok(store::syncs::get(tx, sync).await?.entity.label().to_lowercase())
}

/// Tells live screens which records are no more.
async fn say_gone(tx: &mut TenantTx, sync: SyncId, ids: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    let gone = ids.iter().rev().take(TOLD).map(|id| RecordId(*id)).collect();
    store::activity::append(tx, &EventBody::Records { sync, rows: Vec::new(), gone }, now).await
}

/// Starts the run that processes what was prepared, or leaves it to the one that is active. `None` when the sync cannot
/// run now: then the records wait for it.
pub(super) async fn process(
    tx: &mut TenantTx,
    member: &Member,
    sync: SyncId,
    now: DateTime<Utc>,
) -> Result<Option<RunId>> {
    if store::syncs::obstacle(tx, sync, Phase::Process).await?.is_some() {
        return Ok(None);
    }
    let (run, _) = runs::begin(tx, sync, Phase::Process, Trigger::Manual, Some(&member.email), false, now).await?;
    Ok(Some(run))
}
