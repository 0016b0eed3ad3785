//! The rest after the bad day: faults are off, time moves on, and everything has to come to agreement by itself.

use anyhow::{Result, bail};
use chrono::TimeDelta;
use domain::RecordStatus;
use domain::history::{HistoryFilter, Selection};
use domain::run::Phase;
use domain::status::RecordAction;
use sqlx::Row;

use crate::chaos;
use crate::people;
use crate::turn::{Turns, calm};
use crate::world::World;

/// Rounds after which what is not at rest will never be.
const ROUNDS: usize = 40;

/// Brings the world to rest.
///
/// # Errors
/// When it does not come to rest: something is stuck.
pub async fn come(world: &mut World<'_>, turns: &mut Turns) -> Result<()> {
    chaos::clear_up(world).await?;
    world.slow_schedules().await?;
    calm(world, turns, TimeDelta::minutes(2)).await?;
    // A second round is for syncs that would write to and fro.
    let (mut quiet, rounds) = (0, if world.dice.chance(350) { 2 } else { 1 });
    for round in 0..ROUNDS {
        retry_the_dead(world).await?;
        for tenant in 0..world.tenants.len() {
            people::choose(world, tenant).await?;
        }
        start_all(world, Phase::FullPrepare).await?;
        calm(world, turns, TimeDelta::seconds(40)).await?;
        start_all(world, Phase::Process).await?;
        calm(world, turns, TimeDelta::minutes(if round < 2 { 3 } else { 10 })).await?;
        let open = open_records(world).await?;
        world.tell(format!("after round {round} of rest: {}", if open.is_empty() { "all quiet" } else { &open }));
        quiet = if open.is_empty() { quiet + 1 } else { 0 };
        if quiet == rounds {
            return Ok(());
        }
    }
    bail!("it does not come to rest: {}", open_records(world).await?)
}

async fn start_all(world: &mut World<'_>, phase: Phase) -> Result<()> {
    for tenant in 0..world.tenants.len() {
        let (engine, member, now) = (world.desk.clone(), world.tenants[tenant].member.clone(), world.now());
        for sync in world.tenants[tenant].syncs.values() {
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
