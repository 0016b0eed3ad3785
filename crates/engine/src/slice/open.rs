//! The beginning of a slice: taking the run on, its leases, and its connectors.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ConnectionId;
use domain::connection::ConnectionState;
use domain::run::{Phase, RunState};
use secrecy::SecretString;
use uuid::Uuid;

use super::context::{Context, End};
use super::health::Health;
use super::sign_ins::InSlot;
use super::{MAX_CRASHES, enqueue, obstacle, prepare};
use crate::db::TenantTx;
use crate::jobs::Job;
use crate::keys::{self, DataKey};
use crate::store::connections::Sealed;
use crate::store::leases::Slot;
use crate::store::runs::Taken;
use crate::store::syncs::SyncRow;
use crate::{Clock, Engine, Error, Result, store};

/// How soon a run asks again for a slot that was taken.
const SLOT_PAUSE: TimeDelta = TimeDelta::seconds(2);

/// How soon a run asks again for a slot that a session has which nobody knows.
const LOST_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// How soon a run asks again that has to leave the workers to other tenants.
const SHARE_PAUSE: TimeDelta = TimeDelta::seconds(1);

/// Takes the run on with everything that it needs; `None` when there is nothing to do now.
pub async fn open(engine: &Engine, job: Job, clock: &Clock) -> Result<Option<Context>> {
    let now = clock();
    let mut tx = engine.db.begin(job.tenant).await?;
    let Some(run) = store::runs::take(&mut tx, job.run, now).await? else { return Ok(None) };
    let sync = match run.sync {
        Some(id) => Some(store::syncs::get(&mut tx, id).await?),
        None => None,
    };
    let wanted = connections_of(&run, sync.as_ref());
    let sealed = in_order(store::connections::sealed(&mut tx, &wanted).await?, &wanted)?;
    if !may_begin(&mut tx, &run, &sealed, now).await? {
        tx.commit().await?;
        return Ok(None);
    }
    let queue = crate::jobs::queue_of(run.phase);
    let Some(place) = engine.places.take(queue, job.tenant, engine.config.slots(queue)) else {
        let message = "Waits for a free worker: this organisation's other runs have its share of them.";
        wait(&mut tx, &run, now + SHARE_PAUSE, message, now).await?;
        tx.commit().await?;
        return Ok(None);
    };
    let Some(slots) = store::leases::take(&mut tx, &run, &wanted, now).await? else {
        let (until, message) = why_no_slot(&mut tx, &wanted, &sealed, now).await?;
        wait(&mut tx, &run, until, &message, now).await?;
        tx.commit().await?;
        return Ok(None);
    };
    let key = store::tenants::data_key(&mut tx, &engine.keys).await?;
    store::activity::show_run(&mut tx, run.id, now).await?;
    tx.commit().await?;
    let in_slot = |slot: Slot| InSlot { engine: engine.clone(), clock: clock.clone(), run: run.clone(), slot };
    let ends = sealed.into_iter().map(|sealed| end(in_slot, &key, sealed, &slots)).collect::<Result<Vec<_>>>()?;
    let context = Context {
        engine: engine.clone(),
        clock: clock.clone(),
        run,
        began: now,
        key,
        sync,
        ends,
        shown_at: Mutex::new(now),
        health: Mutex::new(Health::default()),
        under_way: Mutex::default(),
        halted: Mutex::default(),
        is_alone: AtomicBool::default(),
        turn: Arc::default(),
        claimed: Mutex::default(),
        _place: place,
    };
    Ok(Some(context))
}

/// The connections whose slots the slice needs. A test of a saved connection takes one too, because it signs in.
fn connections_of(run: &Taken, sync: Option<&SyncRow>) -> Vec<Uuid> {
    match (run.phase, sync) {
        (Phase::Prepare | Phase::FullPrepare | Phase::RangePrepare, Some(sync)) => prepare::connections(run, sync),
        (Phase::Process | Phase::Reconcile | Phase::DryRun | Phase::Compare, Some(sync)) => {
            vec![sync.source.0, sync.destination.0]
        }
        _ => run.connection.iter().map(|id| id.0).collect(),
    }
}

fn in_order(mut sealed: Vec<Sealed>, wanted: &[Uuid]) -> Result<Vec<Sealed>> {
    sealed.sort_by_key(|connection| wanted.iter().position(|id| *id == connection.id.0));
    if sealed.len() == wanted.len() { Ok(sealed) } else { Err(Error::NotFound) }
}

/// Ends or postpones a run that cannot go on now.
async fn may_begin(tx: &mut TenantTx, run: &Taken, sealed: &[Sealed], now: DateTime<Utc>) -> Result<bool> {
    if run.crashes >= MAX_CRASHES {
        let message =
            format!("Its worker died {} times in a row. See the server's log; then start it again.", run.crashes);
        end_early(tx, run, RunState::Failed, &message, now).await?;
        return Ok(false);
    }
    if let Some(sync) = run.sync
        && let Some(why) = store::syncs::obstacle(tx, sync, run.phase).await?
    {
        end_early(tx, run, RunState::Cancelled, &why, now).await?;
        return Ok(false);
    }
    if let Some((connection, breaker)) = sealed.iter().find_map(|c| Some((c, c.breaker?)))
        && run.phase != Phase::Test
    {
        let message = obstacle::waits_for_breaker(&connection.name);
        wait(tx, run, obstacle::after_probe(breaker, now), &message, now).await?;
        return Ok(false);
    }
    let waits = sealed.iter().filter(|c| c.state == ConnectionState::Active || run.phase == Phase::Test);
    let latest =
        waits.filter_map(|c| Some((c.wait_until.filter(|until| *until > now)?, c))).max_by_key(|(until, _)| *until);
    if let Some((until, connection)) = latest {
        let message = format!("“{}” asked to slow down; goes on by itself.", connection.name);
        wait(tx, run, until, &message, now).await?;
        return Ok(false);
    }
    Ok(true)
}

async fn end_early(tx: &mut TenantTx, run: &Taken, state: RunState, why: &str, now: DateTime<Utc>) -> Result<()> {
    store::runs::finish(tx, run, state, Some(why), None, now).await?;
    store::activity::show_run(tx, run.id, now).await
}

async fn wait(tx: &mut TenantTx, run: &Taken, until: DateTime<Utc>, why: &str, now: DateTime<Utc>) -> Result<()> {
    store::runs::release(tx, run, Some(until), Some(why), run.setbacks, now).await?;
    enqueue(tx, run, crate::jobs::not_before(until)).await?;
    store::activity::show_run(tx, run.id, now).await
}

/// When to ask for a slot again, and why.
async fn why_no_slot(
    tx: &mut TenantTx,
    wanted: &[Uuid],
    sealed: &[Sealed],
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, String)> {
    let Some((id, until)) = store::leases::lost_until(tx, wanted, now).await? else {
        return Ok((now + SLOT_PAUSE, "Waits for a free session: other runs use the connection.".to_owned()));
    };
    let name = sealed.iter().find(|connection| connection.id == id).map_or("", |connection| &connection.name);
    // It may be over sooner: somebody may edit the connection, or allow it more sessions.
    let again = until.clamp(now + SLOT_PAUSE, now + LOST_PAUSE);
    Ok((again, obstacle::waits_for_lost_session(name, until)))
}

fn end(place: impl Fn(Slot) -> InSlot, key: &DataKey, sealed: Sealed, slots: &[Slot]) -> Result<End> {
    let slot = slots.iter().find(|slot| slot.connection == sealed.id).cloned().ok_or(Error::NotFound)?;
    let sign_ins = place(slot.clone());
    let (run, client) = (&sign_ins.run, sign_ins.engine.client.clone());
    let credentials = unseal(key, run, sealed.id, &sealed.credentials)?;
    let session = session(key, run, &slot)?;
    let stored_session = session.as_ref().map(|session| secrecy::ExposeSecret::expose_secret(session).to_owned());
    let stored_session = Mutex::new(stored_session);
    let (settings, sign_ins) = (&sealed.settings, Some(Arc::new(sign_ins) as Arc<_>));
    let connector = connectors::connect_noting(sealed.vendor, client, settings, &credentials, session, sign_ins)?;
    Ok(End { connection: sealed.id, name: sealed.name, connector, slot, stored_session })
}

fn unseal(
    key: &DataKey,
    run: &Taken,
    connection: ConnectionId,
    sealed: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, SecretString>> {
    let open = |(field, value): (&String, &String)| {
        Ok((field.clone(), keys::open(key, run.tenant, connection, field, value)?))
    };
    sealed.iter().map(open).collect()
}

fn session(key: &DataKey, run: &Taken, slot: &Slot) -> Result<Option<SecretString>> {
    let Some(sealed) = &slot.session_sealed else { return Ok(None) };
    let plain = keys::open_bytes(key, run.tenant, slot.connection.0, "session", sealed)?;
    let text = std::str::from_utf8(&plain).map_err(|_| Error::Unsealing)?;
    Ok(Some(SecretString::from(text)))
}
