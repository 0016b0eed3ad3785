//! A simulation of bad days: seeded, in virtual time, on a real Postgres and the sandbox, in one process.
//!
//! A seed decides everything: what people edit, which requests the network delays, loses or cuts, when two workers take
//! their turns, and at which answer of the database or of a vendor one of them dies. After the day the world is let come
//! to rest, and then both systems must agree, nothing may be doubled, stuck or in a stranger's hands.
//!
//! What is real: the engine with its SQL on Postgres, its connectors, the sandbox's HTTP handlers. What is not: the
//! network (see [`wire`]), the queue's library (jobs are taken out of its table here), the clocks.
//!
//! The same seed is meant to tell the same story, line by line and piece by piece (`--pieces`): only one task goes on at a
//! time, what it asks Postgres is handed on and answered when the simulation says so (see [`relay`]), and every seed's
//! pools begin anew. Not under the seed, and seen by nothing that decides: random texts (a vendor's session ids, the
//! ERP's note ids, sealed credentials). One thing may still differ: when two transactions wait for each other, Postgres
//! chooses by its own clock which of them it ends.

mod annals;
mod chaos;
mod checks;
mod database;
mod dice;
mod people;
mod post;
mod probe;
mod relay;
mod rest;
mod season;
mod story;
mod task;
mod tenants;
mod time;
mod turn;
mod wire;
mod world;

use anyhow::Result;

pub use season::{Played, Season};
pub use story::Telling;

use turn::Turns;
use world::{Stage, World};

/// What came of a seed.
#[derive(Debug)]
pub struct Outcome {
    pub seed: u64,
    /// What was not as it must be; nothing = the seed passed.
    pub violations: Vec<String>,
    pub story: Vec<String>,
    /// A short mark of the story: the same seed has the same one.
    pub fingerprint: u64,
}

/// Plays one seed.
///
/// # Errors
/// When the simulation itself cannot go on (no database).
async fn play(stage: &mut Stage, seed: u64, telling: Telling) -> Result<Outcome> {
    let mut world = World::make(stage, seed, telling).await?;
    let mut violations = live(&mut world).await.unwrap_or_else(|error| vec![format!("{error:#}")]);
    // A task that is still there after a failure must not reach into the next seed.
    for slot in 0..world.slots.len() {
        if world.slots[slot].task.is_some() {
            world.kill(slot).await?;
        }
    }
    violations.truncate(20);
    let story = world.story.into_lines();
    Ok(Outcome { seed, violations, fingerprint: story::fingerprint(&story), story })
}

/// A bad day and the rest after it. Says what was not as it must be; what is wrong already ends the story.
async fn live(world: &mut World<'_>) -> Result<Vec<String>> {
    let mut turns = Turns::new(world.now());
    let wrong = chaos::play(world, &mut turns).await?;
    if !wrong.is_empty() {
        return Ok(wrong);
    }
    rest::begin(world, &mut turns).await?;
    for tenant in 0..world.tenants.len() {
        let wrong = checks::at_any_time(world, tenant).await?;
        if !wrong.is_empty() {
            return Ok(wrong);
        }
    }
    rest::come(world, &mut turns).await?;
    checks::violations(world).await
}
