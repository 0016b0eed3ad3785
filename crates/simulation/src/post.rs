//! Webhooks: what the shops announce comes late, twice, out of order or never.

use std::sync::PoisonError;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::Entity;
use engine::events::Event;
use serde_json::Value;

use crate::annals::Thing;
use crate::task::Task;
use crate::world::{LOOPS, World};

/// An announcement on its way.
pub struct Letter {
    at: DateTime<Utc>,
    thing: Thing,
    /// Which edit of the record is announced.
    edit: u32,
    event: Event,
}

/// A shop announces what somebody did to a record of it: the `changes`, or that it was deleted.
pub fn announce(world: &mut World<'_>, thing: Thing, changes: &Value, deleted: bool) {
    let now = world.now();
    let edit = world.annals.note(&thing, changes);
    // A shop's times have no fractions of seconds. Some announce a later time than they ever say again when asked.
    let later = if world.dice.chance(30) { world.dice.millis(1_000..90_000) } else { TimeDelta::zero() };
    let modified_at = Some((now + later).trunc_subsecs(0));
    let external_id = thing.id.clone();
    let event = Event { entity: entity_of(thing.table), external_id, modified_at, deleted, payload: None };
    let copies = match world.dice.from(0..100) {
        0..15 => 0,
        15..75 => 1,
        _ => 2,
    };
    for _ in 0..copies {
        let by = match world.dice.from(0..100) {
            0..40 => world.dice.millis(0..10),
            40..60 => world.dice.millis(10..2_000),
            60..90 => world.dice.millis(2_000..40_000),
            _ => world.dice.millis(40_000..200_000),
        };
        world.post.push(Letter { at: now + by, thing: thing.clone(), edit, event: event.clone() });
    }
}

/// The letters from the `first` on arrive now.
pub fn hurry(world: &mut World<'_>, first: usize) {
    let now = world.now();
    world.post[first..].iter_mut().for_each(|letter| letter.at = now);
}

/// When the next letter arrives.
#[must_use]
pub fn next_at(world: &World<'_>) -> Option<DateTime<Utc>> {
    world.post.iter().map(|letter| letter.at).min()
}

/// When the last letter arrives.
#[must_use]
pub fn last_at(world: &World<'_>) -> Option<DateTime<Utc>> {
    world.post.iter().map(|letter| letter.at).max()
}

/// Takes in a letter that has arrived, at the web process; whether there was one.
pub fn deliver(world: &mut World<'_>) -> bool {
    let now = world.now();
    let due =
        (0..world.post.len()).filter(|index| world.post[*index].at <= now).min_by_key(|index| world.post[*index].at);
    let Some(index) = due.filter(|_| world.slots[LOOPS].task.is_none()) else { return false };
    let Letter { thing, edit, event, .. } = world.post.remove(index);
    let (engine, tenant, accepted) = (world.engine(), &world.tenants[thing.tenant], world.accepted.clone());
    let name = format!("{}'s shop announces {} {}", tenant.mark, event.entity, event.external_id);
    let (tenant, shop) = (tenant.member.tenant, tenant.shop);
    let task = Task::new(name, async move {
        let received = engine::events::receive(&engine, tenant, shop, &[event], now).await;
        if received.as_ref().is_ok_and(|received| received.accepted > 0) {
            accepted.lock().unwrap_or_else(PoisonError::into_inner).push((thing, edit));
        }
        received.map(|received| format!("{received:?}")).map_err(|error| error.to_string())
    });
    world.begin(LOOPS, task);
    true
}

fn entity_of(table: &str) -> Entity {
    match table {
        "customers" => Entity::Customer,
        "products" => Entity::Product,
        _ => Entity::Order,
    }
}
