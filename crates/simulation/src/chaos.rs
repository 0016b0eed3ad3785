//! The bad day: people edit, the network fails, workers die, and the seed decides what comes when.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::checks;
use crate::people;
use crate::post;
use crate::tenants::{erp_account, shop_account};
use crate::turn::Turns;
use crate::wire::{UnderWay, Weather};
use crate::world::{WORKERS, World};

/// How long the bad day lasts, in virtual minutes.
const MINUTES: i64 = 7;
/// A day with more turns than this goes round in circles.
const MOST_TURNS: usize = 60_000;

/// What the day is full of. Where everything fails all the time, few writes are ever answered, and few mistakes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    Deaths,
    Edits,
    Everything,
}

/// Plays the day to its end; workers may be in the middle of something then. What is wrong already ends it before.
pub async fn play(world: &mut World<'_>, turns: &mut Turns) -> Result<Vec<String>> {
    let until = world.now() + TimeDelta::minutes(MINUTES);
    let day = *world.dice.pick(&[Day::Deaths, Day::Edits, Day::Everything]).unwrap_or(&Day::Everything);
    world.tell(format!("a day of {day:?}"));
    people::open_shop(world).await?;
    let mut left = MOST_TURNS;
    while world.now() < until && left > 0 {
        left -= 1;
        interfere(world, turns, day).await?;
        turn(world, turns, day).await?;
        let Some(tenant) = world.has_processed.take() else { continue };
        let wrong = checks::at_any_time(world, tenant).await?;
        if !wrong.is_empty() {
            return Ok(wrong);
        }
    }
    anyhow::ensure!(left > 0, "the day does not end: time stands still");
    Ok(Vec::new())
}

/// What hurts most while a write is under way: its worker dies or stands still, or its record is edited.
async fn interfere(world: &mut World<'_>, turns: &mut Turns, day: Day) -> Result<()> {
    let writes = world.wire.writes_under_way();
    let Some(write) = world.dice.pick(&writes).filter(|write| WORKERS.contains(&write.sender)) else { return Ok(()) };
    let (dies, freezes, edits) = match day {
        Day::Deaths => (40, 44, 50),
        Day::Edits => (2, 4, 80),
        Day::Everything => (24, 36, 60),
    };
    match world.dice.from(0..1000) {
        roll if roll < dies => {
            world.kill(write.sender).await?;
            turns.thaw(write.sender);
            turns.look_after_locked(world).await?;
            edit_perhaps(world, write).await
        }
        roll if roll < freezes => {
            turns.freeze(world, write.sender);
            edit_perhaps(world, write).await
        }
        roll if roll < edits => edit_at_once(world, write).await,
        _ => Ok(()),
    }
}

/// The record changes between its read and its write, once, and mostly that is known before the write has been answered.
async fn edit_at_once(world: &mut World<'_>, write: &UnderWay) -> Result<()> {
    if world.edited.insert(write.id) {
        let posted = world.post.len();
        people::edit_like(world, write).await?;
        post::hurry(world, posted);
        post::deliver(world);
    }
    Ok(())
}

/// While nobody can say what becomes of the write, the record changes again.
async fn edit_perhaps(world: &mut World<'_>, write: &UnderWay) -> Result<()> {
    if world.dice.chance(600) { people::edit_like(world, write).await } else { Ok(()) }
}

async fn turn(world: &mut World<'_>, turns: &mut Turns, day: Day) -> Result<()> {
    let ready = turns.ready(world);
    let spares = day != Day::Everything && !world.dice.chance(200);
    match world.dice.from(0..1000) {
        0..7 | 10..14 if spares => Ok(()),
        0..3 => kill(world, turns).await,
        3..7 => {
            let busy = at_records(world);
            if let Some(slot) = world.dice.pick(&busy).copied() {
                turns.freeze(world, slot);
            }
            Ok(())
        }
        7..10 => people::act(world).await,
        10..13 => change_weather(world).await,
        13..14 if !ready.is_empty() => {
            let by = world.dice.millis(12_000..70_000);
            world.tell(format!("everything stands still for {} s", by.num_seconds()));
            turns.stand_still(world, by).await
        }
        14..20 => {
            let by = world.dice.millis(20..900);
            turns.pass(world, by).await;
            Ok(())
        }
        // An announcement comes in the midst of everything, too.
        20..50 => {
            post::deliver(world);
            Ok(())
        }
        50..120 => turns.employ(world).await.map(drop),
        120..350 => turns.carry(world).await.map(drop),
        _ => match world.dice.pick(&ready) {
            Some(slot) => turns.step(world, *slot).await,
            None => idle(world, turns).await,
        },
    }
}

/// Nobody can go on: the wire, the queue and the loops are asked, and then time passes.
async fn idle(world: &mut World<'_>, turns: &mut Turns) -> Result<()> {
    if turns.carry(world).await? || turns.employ(world).await? || turns.tick(world) {
        return Ok(());
    }
    let by = turns.until_next(world, TimeDelta::seconds(8)).await?;
    turns.pass(world, by).await;
    // Something may happen in every stretch of time, also when nobody works.
    if world.dice.chance(60) {
        people::act(world).await?;
    }
    Ok(())
}

async fn kill(world: &mut World<'_>, turns: &mut Turns) -> Result<()> {
    let busy = busy(world);
    if let Some(slot) = world.dice.pick(&busy).copied() {
        world.kill(slot).await?;
        turns.thaw(slot);
        turns.look_after_locked(world).await?;
    }
    Ok(())
}

fn busy(world: &World<'_>) -> Vec<usize> {
    WORKERS.into_iter().filter(|slot| world.slots[*slot].task.is_some()).collect()
}

/// The workers that process records: what they hold is what another one could take.
fn at_records(world: &World<'_>) -> Vec<usize> {
    let processes = |slot: &usize| world.slots[*slot].task.as_ref().is_some_and(|task| task.name.contains("process"));
    WORKERS.into_iter().filter(processes).collect()
}

async fn change_weather(world: &mut World<'_>) -> Result<()> {
    let weather = match world.dice.from(0..4) {
        0 => Weather::default(),
        1 => Weather { slow: 300, lost: 20, cut: 30 },
        2 => Weather { slow: 60, lost: 80, cut: 120 },
        _ => Weather { slow: 100, lost: 10, cut: 300 },
    };
    world.wire.set_weather(weather);
    world.tell(format!("weather: {weather:?}"));
    // Most bad weather is the network's alone: a vendor that fails all the time would keep everything from happening.
    if !world.dice.chance(500) {
        return Ok(());
    }
    let noisy = world.dice.chance(700);
    let mark = if noisy { "noisy" } else { "quiet" };
    fault(world, mark).await
}

/// A fault at one of a tenant's two vendors, for a few requests.
async fn fault(world: &mut World<'_>, mark: &str) -> Result<()> {
    let kinds = ["429", "5xx", "cut_after_write", "cut_after_write", "cut_after_write", "malformed"];
    let kind = *world.dice.pick(&kinds).unwrap_or(&"5xx");
    let next = world.dice.from(1..5);
    let (vendor, account) =
        if world.dice.chance(650) { ("acumatica", erp_account(mark)) } else { ("shopify", shop_account(mark)) };
    world.tell(format!("fault at {mark}'s {vendor}: {kind} for the next {next}"));
    let body: Value = json!({"account": account, "kind": kind, "next": next});
    world.control("POST", &format!("{vendor}/faults"), body).await.map(drop)
}

/// Good weather again.
pub async fn clear_up(world: &mut World<'_>) -> Result<()> {
    world.wire.set_weather(Weather::default());
    for mark in world.tenants.iter().map(|tenant| tenant.mark).collect::<Vec<_>>() {
        for (vendor, account) in [("acumatica", erp_account(mark)), ("shopify", shop_account(mark))] {
            world.control("DELETE", &format!("{vendor}/faults?account={account}"), Value::Null).await?;
        }
    }
    world.tell("the weather clears up; nothing dies any more");
    Ok(())
}
