//! Syncs: making one with its prerequisites and schedules, its settings, pausing and deleting it.

mod create;
mod filters;
mod holds;
mod ranges;
mod settings;

use chrono::{DateTime, Utc};
use connectors::mapping;
use domain::SyncId;
use domain::account::Permission;
use domain::activity::Tone;
use domain::run::{DryRunRow, Phase};
use domain::sync::{SyncDetail, SyncState, SyncView};

use crate::db::TenantTx;
use crate::store::runs::Which;
use crate::{Engine, Error, Member, Result, store};

pub(crate) use create::insert;
pub use create::{able, create};
pub use filters::{filter_changed, filter_preview};
pub use holds::{allow_deletions, dismiss_hold};
pub use ranges::prepare_range;
pub use settings::{change, possible, settings};

/// Syncs of one organisation at most.
pub const MAX_SYNCS: usize = 200;

/// Every sync with its counts and what runs now.
pub async fn list(engine: &Engine, member: &Member) -> Result<Vec<SyncView>> {
    let mut tx = engine.db.begin(member.tenant).await?;
    with_counts(&mut tx, None).await
}

/// A sync's own page.
pub async fn get(engine: &Engine, member: &Member, id: SyncId) -> Result<SyncDetail> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let sync = with_counts(&mut tx, Some(id)).await?.pop().ok_or(Error::NotFound)?;
    let schedules = store::schedules::views(&mut tx, Some(id)).await?;
    let runs = store::runs::views(&mut tx, Which { sync: Some(id), ..Which::default() }, 20).await?;
    let (source, destination) = (sync.source.connection, sync.destination.connection);
    let mut pair = store::syncs::of_pair(&mut tx, source, destination).await?;
    pair.extend(store::syncs::of_pair(&mut tx, destination, source).await?);
    let needed = sync.entity.prerequisites();
    let prerequisites =
        pair.iter().filter(|s| needed.contains(&s.entity)).map(|s| (s.id, s.entity.label().to_owned())).collect();
    let mapping = mapping(sync.source.vendor, sync.destination.vendor, sync.entity);
    let settings = store::syncs::get(&mut tx, id).await?.settings;
    let drifts = store::schema_drifts::open(&mut tx, Some(id)).await?.into_iter().map(|(_, drift)| drift).collect();
    Ok(SyncDetail { sync, schedules, runs, prerequisites, mapping, settings, drifts })
}

/// What the newest dry run of a sync said, and when.
pub async fn dry_run(engine: &Engine, member: &Member, id: SyncId) -> Result<Option<(DateTime<Utc>, Vec<DryRunRow>)>> {
    let mut tx = engine.db.begin(member.tenant).await?;
    store::syncs::get(&mut tx, id).await?;
    let Some((at, report)) = store::reports::newest(&mut tx, id, Phase::DryRun).await? else { return Ok(None) };
    Ok(Some((at, serde_json::from_value(report)?)))
}

pub(crate) async fn with_counts(tx: &mut TenantTx, only: Option<SyncId>) -> Result<Vec<SyncView>> {
    let mut syncs = store::syncs::views(tx, only).await?;
    let mut counts = store::counts::by_sync(tx, only).await?;
    let active = store::runs::views(tx, Which { active: true, sync: only, ..Which::default() }, 500).await?;
    let mut agreements = store::reconcile_findings::agreements(tx, only).await?;
    for sync in &mut syncs {
        sync.agreement = agreements.remove(&sync.id);
        sync.counts = counts.remove(&sync.id).unwrap_or_default();
        sync.active = active.iter().filter(|run| run.sync == Some(sync.id)).cloned().collect();
    }
    Ok(syncs)
}

pub async fn pause(engine: &Engine, member: &Member, id: SyncId, now: DateTime<Utc>) -> Result<()> {
    set_state(engine, member, id, SyncState::Paused, now).await
}

pub async fn resume(engine: &Engine, member: &Member, id: SyncId, now: DateTime<Utc>) -> Result<()> {
    set_state(engine, member, id, SyncState::Active, now).await
}

async fn set_state(engine: &Engine, member: &Member, id: SyncId, state: SyncState, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let sync = store::syncs::get(&mut tx, id).await?;
    if store::syncs::set_state(&mut tx, id, state, now).await? {
        if state == SyncState::Paused {
            let active = store::runs::active_of(&mut tx, None, &[id.0]).await?;
            cancel_and_show(&mut tx, &active, "The sync was paused.", now).await?;
        }
        let verb = if state == SyncState::Active { "Resumed" } else { "Paused" };
        let text = format!("{verb} the sync of {}.", sync.entity.label().to_lowercase());
        store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), Some(format!("syncs/{id}")), now).await?;
    }
    tx.commit().await
}

async fn cancel_and_show(tx: &mut TenantTx, runs: &[uuid::Uuid], why: &str, now: DateTime<Utc>) -> Result<()> {
    store::runs::cancel(tx, runs, why, now).await?;
    for run in runs {
        store::activity::show_run(tx, domain::RunId(*run), now).await?;
    }
    Ok(())
}

/// Deletes a sync with its schedules and its history. What it wrote to the other system stays there.
pub async fn delete(engine: &Engine, member: &Member, id: SyncId, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let sync = store::syncs::get(&mut tx, id).await?;
    let active = store::runs::active_of(&mut tx, None, &[id.0]).await?;
    store::runs::cancel(&mut tx, &active, "The sync was deleted.", now).await?;
    store::syncs::delete(&mut tx, id).await?;
    let text = format!("Deleted the sync of {} with its history.", sync.entity.label().to_lowercase());
    store::activity::say(&mut tx, Tone::Warning, text, Some(&member.email), None, now).await?;
    tx.commit().await
}
