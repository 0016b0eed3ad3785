//! Events: what a system announces by itself. Events mark, reads decide: an event says “look at this one, it changed at
//! t”, and makes the record due once it has been quiet for a while. What is written to the other side comes from a read
//! made while processing. Only where a system cannot be read back the event's payload takes the read's place.

mod merge;
mod pushed;

use chrono::{DateTime, TimeDelta, Utc};
use domain::canonical::Canonical;
use domain::sync::RealTime;
use domain::{ConnectionId, Entity, Side, TenantId};

use crate::db::TenantTx;
use crate::store::intake::{Marks, Target};
use crate::{Engine, Result, history, store};

pub(crate) use merge::Merged;

/// How often a batch is tried again that got in the way of a run.
const TRIES: usize = 4;
/// Clocks differ by less than this: a change that claims to be later says nothing about order.
const FUTURE: TimeDelta = TimeDelta::minutes(5);
/// Announced changes come before what a listing found; what a person asked for comes before them.
const PRIORITY: i16 = 5;

/// A change that a system announced.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub entity: Entity,
    /// By the system's own id, as its connector reads it.
    pub external_id: String,
    /// When the record changed, by the system's clock; `None` = it does not say.
    pub modified_at: Option<DateTime<Utc>>,
    pub deleted: bool,
    /// The record as the event shows it.
    pub payload: Option<Canonical>,
}

/// What became of a batch. An event counts once for each sync that it concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    pub accepted: usize,
    /// Older than what was known.
    pub discarded: usize,
    /// The sync takes no announcements from that side.
    pub ignored: usize,
    /// No sync is concerned.
    pub unknown: usize,
}

/// Takes events of one connection: a few statements for each sync, however many there are.
///
/// # Errors
/// Of the database only; nothing was taken then.
pub async fn receive(
    engine: &Engine,
    tenant: TenantId,
    connection: ConnectionId,
    events: &[Event],
    now: DateTime<Utc>,
) -> Result<Received> {
    for _ in 1..TRIES {
        match receive_once(engine, tenant, connection, events, now).await {
            Err(error) if error.is_contention() => {
                tracing::debug!(tenant.id = %tenant, "a batch of events is taken again")
            }
            other => return other,
        }
    }
    receive_once(engine, tenant, connection, events, now).await
}

async fn receive_once(
    engine: &Engine,
    tenant: TenantId,
    connection: ConnectionId,
    events: &[Event],
    now: DateTime<Utc>,
) -> Result<Received> {
    let mut tx = engine.db.begin(tenant).await?;
    let targets = store::intake::targets(&mut tx, connection).await?;
    let concerned = |event: &&Event| targets.iter().any(|target| target.sync.entity == event.entity);
    let mut received =
        Received { unknown: events.len() - events.iter().filter(concerned).count(), ..Received::default() };
    for target in &targets {
        let theirs: Vec<&Event> = events.iter().filter(|event| event.entity == target.sync.entity).collect();
        if theirs.is_empty() {
            continue;
        }
        if mode(target) == RealTime::Off {
            received.ignored += theirs.len();
            continue;
        }
        let discarded = take(&mut tx, target, &theirs, now).await?;
        received.discarded += discarded;
        received.accepted += theirs.len() - discarded;
    }
    tx.commit().await?;
    Ok(received)
}

/// Takes the events that concern one sync from one side; says how many came too late.
async fn take(tx: &mut TenantTx, target: &Target, events: &[&Event], now: DateTime<Utc>) -> Result<usize> {
    let (mut merged, mut discarded) = merge::merge(events, now + FUTURE);
    // In the order of the ids, as pages are written, so that a batch and a run seldom wait for each other.
    merged.sort_unstable_by_key(|event| event.id);
    let is_pushed = !connectors::abilities(target.vendor, target.sync.entity).read;
    if is_pushed {
        discarded += pushed::take_payloads(tx, target, &mut merged, now).await?;
    } else {
        leave_out_echoes(tx, target, &mut merged).await?;
    }
    if !merged.is_empty() {
        let marks = Marks::of(&merged, target, priority(target), now);
        let taken = store::intake::mark(tx, target, &marks, now).await?;
        discarded += usize::try_from(taken.discarded).unwrap_or_default();
        history::show(tx, target.sync.id, &taken.marked, now).await?;
    }
    if discarded > 0 {
        store::intake::count_discarded(tx, target.sync.id, discarded as i64).await?;
    }
    Ok(discarded)
}

/// An event that shows what both sides agree about already announces our own write, or comes twice.
async fn leave_out_echoes(tx: &mut TenantTx, target: &Target, merged: &mut Vec<Merged<'_>>) -> Result<()> {
    let shown: Vec<(String, Vec<u8>)> = merged
        .iter()
        .filter(|event| !event.deleted)
        .filter_map(|event| Some((event.id.to_owned(), event.payload?.hash().as_bytes().to_vec())))
        .collect();
    if shown.is_empty() {
        return Ok(());
    }
    let known = store::intake::known_as_shown(tx, target, &shown).await?;
    merged.retain(|event| !known.contains(event.id));
    Ok(())
}

const fn mode(target: &Target) -> RealTime {
    match target.side {
        Side::Source => target.sync.settings.real_time,
        Side::Destination => target.sync.settings.real_time_back,
    }
}

fn priority(target: &Target) -> i16 {
    if mode(target) == RealTime::Process { PRIORITY } else { 0 }
}
