//! Webhooks: what the shops announce comes late, twice, out of order or never.

use chrono::{DateTime, SubsecRound, Utc};
use domain::Entity;
use engine::events::Event;

use crate::task::Task;
use crate::world::{LOOPS, World};

/// An announcement on its way.
pub struct Letter {
    at: DateTime<Utc>,
    tenant: usize,
    event: Event,
}

/// A shop announces a change.
pub fn announce(world: &mut World<'_>, tenant: usize, entity: Entity, id: &str, deleted: bool) {
    let now = world.now();
    // A shop's times have no fractions of seconds.
    let modified_at = Some(now.trunc_subsecs(0));
    let event = Event { entity, external_id: id.to_owned(), modified_at, deleted, payload: None };
    let copies = match world.dice.from(0..100) {
        0..15 => 0,
        15..75 => 1,
        _ => 2,
    };
    for _ in 0..copies {
        let by = match world.dice.from(0..100) {
            0..60 => world.dice.millis(0..2_000),
            60..90 => world.dice.millis(2_000..40_000),
            _ => world.dice.millis(40_000..200_000),
        };
        world.post.push(Letter { at: now + by, tenant, event: event.clone() });
    }
}

/// When the next letter arrives.
#[must_use]
pub fn next_at(world: &World<'_>) -> Option<DateTime<Utc>> {
    world.post.iter().map(|letter| letter.at).min()
}

/// Takes in a letter that has arrived, at the web process; whether there was one.
pub fn deliver(world: &mut World<'_>) -> bool {
    let now = world.now();
    let due =
        (0..world.post.len()).filter(|index| world.post[*index].at <= now).min_by_key(|index| world.post[*index].at);
    let Some(index) = due.filter(|_| world.slots[LOOPS].task.is_none()) else { return false };
    let Letter { tenant, event, .. } = world.post.remove(index);
    let (engine, tenant) = (world.engine(), &world.tenants[tenant]);
    let name = format!("{}'s shop announces {} {}", tenant.mark, event.entity, event.external_id);
    let (tenant, shop) = (tenant.member.tenant, tenant.shop);
    let task = Task::new(name, async move {
        let received = engine::events::receive(&engine, tenant, shop, &[event], now).await;
        received.map(|received| format!("{received:?}")).map_err(|error| error.to_string())
    });
    world.begin(LOOPS, task);
    true
}
