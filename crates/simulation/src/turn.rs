//! One turn of the world: who may go on, and what happens when nobody can.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

use crate::post;
use crate::task::{Piece, Task};
use crate::world::{LOOPS, WORKERS, World};

/// The loops' steps, with how often they come in chaos and at rest.
const STEPS: [(Step, i64, i64); 4] =
    [(Step::Dispatch, 7, 60), (Step::Sweep, 5, 30), (Step::Keep, 11, 30), (Step::Probe, 13, 30)];

#[derive(Debug, Clone, Copy)]
enum Step {
    Dispatch,
    Sweep,
    Probe,
    Keep,
}

/// Whose turn it is.
pub struct Turns {
    /// Slots that wait for another one's lock.
    locked: [bool; LOOPS + 1],
    /// Slots that stand still, as a process does that is swapped out: the world goes on without them.
    still_until: [Option<DateTime<Utc>>; LOOPS + 1],
    due: [DateTime<Utc>; STEPS.len()],
    pub calm: bool,
}

impl Turns {
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            locked: [false; LOOPS + 1],
            still_until: [None; LOOPS + 1],
            due: STEPS.map(|(_, every, _)| now + TimeDelta::seconds(every)),
            calm: false,
        }
    }

    /// Slots that can go on.
    #[must_use]
    pub fn ready(&self, world: &World<'_>) -> Vec<usize> {
        let stands = |slot: usize| self.still_until[slot].is_some_and(|until| world.now() < until);
        let can = |slot: &usize| world.slots[*slot].is_ready() && !self.locked[*slot] && !stands(*slot);
        (0..=LOOPS).filter(can).collect()
    }

    /// Lets a worker stand still for a while.
    pub fn freeze(&mut self, world: &mut World<'_>, slot: usize) {
        // Often only just too long: its run is another's then, and its lease still lasts for some seconds.
        // Sometimes so long that another one has looked even for what it had sent.
        let by = match world.dice.from(0..3) {
            0 => world.dice.millis(15_500..21_000),
            1 => world.dice.millis(16_000..80_000),
            _ => world.dice.millis(75_000..150_000),
        };
        self.still_until[slot] = Some(world.now() + by);
        world.tell(format!("worker {slot} stands still for {} s", by.num_seconds()));
    }

    /// The slot has a new process.
    pub const fn thaw(&mut self, slot: usize) {
        self.still_until[slot] = None;
    }

    /// A piece of a slot's task; what it may have released lets the others try again.
    pub async fn step(&mut self, world: &mut World<'_>, slot: usize) -> Result<()> {
        match world.step(slot).await? {
            Piece::Waits => {}
            Piece::Locked => {
                self.locked[slot] = true;
                while world.is_deadlocked().await? {
                    self.look_after_locked(world).await?;
                }
            }
            Piece::Moved | Piece::Over(_) => self.look_after_locked(world).await?,
        }
        Ok(())
    }

    /// Those that wait for others' locks: each has got its lock and its answer by now, or still waits.
    pub async fn look_after_locked(&mut self, world: &mut World<'_>) -> Result<()> {
        for slot in (0..=LOOPS).filter(|slot| self.locked[*slot]).collect::<Vec<_>>() {
            let World { slots, stage, .. } = &mut *world;
            self.locked[slot] = !slots[slot].relay.look_after_blocked(&mut stage.database).await?;
        }
        Ok(())
    }

    pub async fn carry(&mut self, world: &mut World<'_>) -> Result<bool> {
        let carried = world.wire.carry().await;
        if carried {
            world.listen();
        }
        Ok(carried)
    }

    /// Lets time pass.
    pub async fn pass(&mut self, world: &mut World<'_>, by: TimeDelta) {
        world.stage.time.pass(by).await;
    }

    /// A machine that stands still: its workers come back as if nothing had happened. What was sent arrives meanwhile,
    /// because the network and the vendors go on.
    pub async fn stand_still(&mut self, world: &mut World<'_>, by: TimeDelta) -> Result<()> {
        let until = world.now() + by;
        while world.now() < until {
            while self.carry(world).await? {}
            let next = world.wire.next_at().filter(|at| *at > world.now()).map_or(until, |at| at.min(until));
            let by = next - world.now();
            self.pass(world, by).await;
        }
        Ok(())
    }

    /// Begins a job in a worker that is free; whether there was one.
    pub async fn employ(&mut self, world: &mut World<'_>) -> Result<bool> {
        let free = WORKERS.into_iter().filter(|slot| world.slots[*slot].task.is_none()).collect::<Vec<_>>();
        let slot = if self.calm { free.first().copied() } else { world.dice.pick(&free).copied() };
        let Some(slot) = slot else { return Ok(false) };
        let pick = if self.calm || world.dice.chance(600) { 0 } else { world.dice.from(0..8) };
        let Some(job) = world.take_job(pick).await? else { return Ok(false) };
        world.begin_slice(slot, job).await?;
        Ok(true)
    }

    /// Begins a step of the loops that is due, or takes in what a shop announces; whether there was something.
    pub fn tick(&mut self, world: &mut World<'_>) -> bool {
        if world.slots[LOOPS].task.is_some() {
            return false;
        }
        if post::deliver(world) {
            return true;
        }
        let now = world.now();
        let Some(index) = (0..STEPS.len()).filter(|index| self.due[*index] <= now).min_by_key(|index| self.due[*index])
        else {
            return false;
        };
        let (step, often, seldom) = STEPS[index];
        let every = if self.calm { seldom } else { often };
        self.due[index] = now + TimeDelta::seconds(every);
        let engine = world.engine();
        let task = Task::new(format!("{step:?}"), async move {
            let done = match step {
                Step::Dispatch => engine::dispatcher::tick(&engine, now)
                    .await
                    .map(|count| if count == 0 { String::new() } else { format!("{count} started") }),
                Step::Sweep => engine::sweeper::tick(&engine, now)
                    .await
                    .map(|count| if count == 0 { String::new() } else { format!("{count} revived") }),
                Step::Probe => engine::breaker::tick(&engine, now)
                    .await
                    .map(|count| if count == 0 { String::new() } else { format!("{count} probed") }),
                Step::Keep => engine::keeper::tick(&engine, now).await.map(|()| String::new()),
            };
            done.map_err(|error| error.to_string())
        });
        world.slots[LOOPS].task = Some(task);
        true
    }

    /// How long nothing will happen: until the wire's, the queue's or the loops' next moment.
    pub async fn until_next(&self, world: &mut World<'_>, at_most: TimeDelta) -> Result<TimeDelta> {
        let now = world.now();
        let mut next = now + at_most;
        next = next.min(self.due.iter().copied().min().unwrap_or(next));
        let moments = [world.wire.next_at(), post::next_at(world)].into_iter().chain(self.still_until);
        next = moments.flatten().filter(|at| *at > now).fold(next, DateTime::min);
        let idle = WORKERS.iter().any(|slot| world.slots[*slot].task.is_none());
        if let Some(at) = world.next_job_at().await?.filter(|_| idle) {
            next = next.min(at);
        }
        Ok((next - now).max(TimeDelta::milliseconds(10)))
    }
}

/// Lets everything go on without dice until nothing is under way, for `at_least` of virtual time.
pub async fn calm(world: &mut World<'_>, turns: &mut Turns, at_least: TimeDelta) -> Result<()> {
    let until = world.now() + at_least;
    turns.calm = true;
    loop {
        if turns.carry(world).await? {
            continue;
        }
        if let Some(slot) = turns.ready(world).first() {
            turns.step(world, *slot).await?;
        } else if !turns.employ(world).await? && !turns.tick(world) {
            let busy = world.slots.iter().any(|slot| slot.task.is_some()) || !world.wire.is_empty();
            if world.now() >= until && !busy {
                return Ok(());
            }
            let left = if busy { TimeDelta::seconds(5) } else { until - world.now() };
            let by = turns.until_next(world, left).await?;
            turns.pass(world, by).await;
        }
    }
}
