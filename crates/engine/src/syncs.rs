//! Syncs: making one with its prerequisites and schedules, pausing and deleting it.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::mapping;
use domain::SyncId;
use domain::account::Permission;
use domain::activity::Tone;
use domain::run::Phase;
use domain::schedule::{DEFAULT_FULL_SECONDS, DEFAULT_PREPARE_SECONDS, DEFAULT_PROCESS_SECONDS};
use domain::sync::{NewSync, SyncDetail, SyncState, SyncView};

use crate::db::TenantTx;
use crate::store::runs::Which;
use crate::{Engine, Error, Member, Result, store};

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
    let pair = store::syncs::of_pair(&mut tx, sync.source.connection, sync.destination.connection).await?;
    let needed = sync.entity.prerequisites();
    let prerequisites =
        pair.iter().filter(|s| needed.contains(&s.entity)).map(|s| (s.id, s.entity.label().to_owned())).collect();
    let mapping = mapping(sync.source.vendor, sync.destination.vendor, sync.entity);
    Ok(SyncDetail { sync, schedules, runs, prerequisites, mapping })
}

pub(crate) async fn with_counts(tx: &mut TenantTx, only: Option<SyncId>) -> Result<Vec<SyncView>> {
    let mut syncs = store::syncs::views(tx, only).await?;
    let mut counts = store::counts::by_sync(tx, only).await?;
    let active = store::runs::views(tx, Which { active: true, sync: only, ..Which::default() }, 500).await?;
    for sync in &mut syncs {
        sync.counts = counts.remove(&sync.id).unwrap_or_default();
        sync.active = active.iter().filter(|run| run.sync == Some(sync.id)).cloned().collect();
    }
    Ok(syncs)
}

/// Makes a sync, the syncs of its prerequisites between the same connections, and their default schedules.
///
/// # Errors
/// [`Error::Conflict`] when the pair has one for this entity already; [`Error::Invalid`] when the pair cannot do it.
pub async fn create(engine: &Engine, member: &Member, new: &NewSync, now: DateTime<Utc>) -> Result<SyncId> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    if store::syncs::views(&mut tx, None).await?.len() >= MAX_SYNCS {
        return Err(Error::Conflict(format!("An organisation has at most {MAX_SYNCS} syncs. Delete one first.")));
    }
    let (id, is_new) = insert(&mut tx, new, now).await?;
    if !is_new {
        return Err(Error::Conflict(format!(
            "These two connections synchronise {} already. Open that sync instead.",
            new.entity.label().to_lowercase()
        )));
    }
    let text = format!("Made the sync of {}.", new.entity.label().to_lowercase());
    store::activity::say(&mut tx, Tone::Success, text, Some(&member.email), Some(format!("syncs/{id}")), now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Writes a sync and what it needs; the caller commits.
pub(crate) async fn insert(tx: &mut TenantTx, new: &NewSync, now: DateTime<Utc>) -> Result<(SyncId, bool)> {
    refuse_impossible(tx, new).await?;
    for entity in new.entity.prerequisites() {
        insert_one(tx, &NewSync { entity: *entity, ..new.clone() }, now).await?;
    }
    insert_one(tx, new, now).await
}

async fn insert_one(tx: &mut TenantTx, new: &NewSync, now: DateTime<Utc>) -> Result<(SyncId, bool)> {
    let (id, is_new) = store::syncs::insert_or_existing(tx, new, now).await?;
    if is_new {
        for (phase, every) in [
            (Phase::Prepare, DEFAULT_PREPARE_SECONDS),
            (Phase::Process, DEFAULT_PROCESS_SECONDS),
            (Phase::FullPrepare, DEFAULT_FULL_SECONDS),
        ] {
            let first = now + TimeDelta::seconds(i64::from(every));
            store::schedules::insert(tx, id, phase, every, first, now).await?;
        }
    }
    Ok((id, is_new))
}

async fn refuse_impossible(tx: &mut TenantTx, new: &NewSync) -> Result<()> {
    if new.source == new.destination {
        return Err(Error::invalid(
            "destination",
            "Source and destination are the same connection. Choose another one.",
        ));
    }
    let ends = store::connections::sealed(tx, &[new.source.0, new.destination.0]).await?;
    let find = |id| ends.iter().find(|end| end.id == id).ok_or(Error::NotFound);
    find(new.source)?;
    let destination = find(new.destination)?;
    if destination.vendor.can_write() {
        return Ok(());
    }
    let why = format!("Syncline cannot write to {} yet. Choose an ERP as the destination.", destination.vendor.label());
    Err(Error::invalid("destination", why))
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
