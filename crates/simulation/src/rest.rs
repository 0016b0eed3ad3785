//! The rest after the bad day: faults are off, time moves on, and everything has to come to agreement by itself.

use anyhow::{Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use domain::history::{HistoryFilter, Selection};
use domain::run::Phase;
use domain::status::RecordAction;
use domain::{Entity, RecordStatus};
use sqlx::Row;

use crate::chaos;
use crate::people;
use crate::post;
use crate::turn::{Turns, calm};
use crate::world::World;

/// Rounds after which what is not at rest will never be.
const ROUNDS: usize = 15;
/// In this time the keeper has logged out of every session that nobody uses any more.
const KEEPERS: TimeDelta = TimeDelta::seconds(75);

/// The faults end, and what is under way and was announced is carried out; nothing is listed meanwhile.
///
/// # Errors
/// Of the database.
pub async fn begin(world: &mut World<'_>, turns: &mut Turns) -> Result<()> {
    chaos::clear_up(world).await?;
    world.slow_schedules().await?;
    calm(world, turns, TimeDelta::minutes(1)).await?;
    outwait_lost_sessions(world, turns).await?;
    let last = post::last_at(world).map_or(TimeDelta::zero(), |at| at - world.now());
    calm(world, turns, TimeDelta::minutes(2).max(last + TimeDelta::minutes(1))).await
}

/// Sessions that nobody knows keep their slots until the vendor ends them. Nobody works until then, for all of them would
/// only ask again and again.
async fn outwait_lost_sessions(world: &mut World<'_>, turns: &mut Turns) -> Result<()> {
    let now = world.now();
    let row = sqlx::query("SELECT max(unknown_until) AS until FROM leases WHERE unknown_until > $1")
        .bind(now)
        .fetch_one(world.stage.database.looker())
        .await?;
    if let Some(until) = row.get::<Option<DateTime<Utc>>, _>("until") {
        world.tell(format!("nobody works until the vendors have ended all lost sessions at {until}"));
        turns.pass(world, until - now + TimeDelta::seconds(1)).await;
    }
    Ok(())
}

/// Brings the world to rest.
///
/// # Errors
/// When it does not come to rest: something is stuck.
pub async fn come(world: &mut World<'_>, turns: &mut Turns) -> Result<()> {
    // A second round is for syncs that would write to and fro.
    let (mut quiet, rounds) = (0, if world.dice.chance(350) { 2 } else { 1 });
    for round in 0..ROUNDS {
        retry_the_dead(world).await?;
        for tenant in 0..world.tenants.len() {
            people::choose(world, tenant).await?;
        }
        for phase in [Phase::FullPrepare, Phase::Process] {
            // One after the other, because an ERP allows few sessions: who waits for one only passes the time.
            for entity in [Entity::Customer, Entity::Product, Entity::Order] {
                start(world, entity, phase).await?;
                until_over(world, turns).await?;
            }
        }
        if round > 1 {
            calm(world, turns, TimeDelta::minutes(8)).await?;
        }
        let open = open_records(world).await?;
        world.tell(format!("after round {round} of rest: {}", if open.is_empty() { "all quiet" } else { &open }));
        quiet = if open.is_empty() { quiet + 1 } else { 0 };
        if quiet == rounds {
            return calm(world, turns, KEEPERS).await;
        }
    }
    bail!("it does not come to rest: {}", open_records(world).await?)
}

/// Lets the runs go on until none is active, but not for ever: some wait for what only time brings.
async fn until_over(world: &mut World<'_>, turns: &mut Turns) -> Result<()> {
    for _ in 0..20 {
        calm(world, turns, TimeDelta::seconds(6)).await?;
        let row = sqlx::query("SELECT count(*) AS n FROM runs WHERE state IN ('queued', 'running', 'waiting')")
            .fetch_one(world.stage.database.looker())
            .await?;
        if row.get::<i64, _>("n") == 0 {
            break;
        }
    }
    Ok(())
}

async fn start(world: &mut World<'_>, entity: Entity, phase: Phase) -> Result<()> {
    for tenant in 0..world.tenants.len() {
        let (engine, member, now) = (world.desk.clone(), world.tenants[tenant].member.clone(), world.now());
        if let Some(sync) = world.tenants[tenant].syncs.get(&entity) {
            engine::runs::start(&engine, &member, *sync, phase, now).await?;
        }
    }
    Ok(())
}

/// What was given up on is tried again by a person, as it would be after an outage.
async fn retry_the_dead(world: &mut World<'_>) -> Result<()> {
    let now = world.now();
    for tenant in 0..world.tenants.len() {
        let (engine, member) = (world.desk.clone(), world.tenants[tenant].member.clone());
        let filter = HistoryFilter { status: Some(RecordStatus::Aborted), ..HistoryFilter::default() };
        let all = Selection::Matching(filter);
        let outcome = engine::history::act(&engine, &member, RecordAction::Retry, &all, now).await?;
        if outcome.done > 0 {
            world.tell(format!("somebody retries {} aborted records", outcome.done));
        }
    }
    world.listen();
    Ok(())
}

/// Records and runs that are not at their end, in words.
async fn open_records(world: &mut World<'_>) -> Result<String> {
    let rows = sqlx::query(
        "SELECT format('%s %s %s %s (%s)', t.slug, r.entity, r.description, r.status,
            coalesce(r.last_error, r.last_operation)) AS what
        FROM records r JOIN tenants t ON t.id = r.tenant_id
        WHERE r.status IN ('prepared', 'failed', 'aborted', 'conflict') OR r.claimed_run IS NOT NULL OR r.intent_key IS NOT NULL
        UNION ALL
        SELECT format('%s %s run %s: %s', t.slug, runs.phase, runs.state, runs.message)
        FROM runs JOIN tenants t ON t.id = runs.tenant_id
        WHERE runs.state IN ('queued', 'running', 'waiting')
        ORDER BY 1",
    )
    .fetch_all(world.stage.database.looker())
    .await?;
    Ok(rows.iter().map(|row| row.get::<String, _>("what")).collect::<Vec<_>>().join("; "))
}
