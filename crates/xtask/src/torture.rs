//! `cargo xtask torture`: real processes that are killed in the midst of their work, again and again.
//!
//! Two workers and a web process of the binary `syncline` work on a PostgreSQL of this command's own, against the
//! sandbox, while orders go from the shop to the ERP. At moments that a printed seed decides, one of the processes gets
//! SIGKILL, or PostgreSQL is restarted without saying goodbye. When the kills are over everything has to come to rest,
//! and the sandbox, which was not killed, is asked what really arrived.

mod end;
mod options;
mod poison;
mod scale;
mod stage;

use std::{
    fs::File,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{build, paths::Workspace, postgres::Postgres, steps, stop};

use options::Dice;
pub use options::Options;
use scale::Scale;
use stage::{Progress, Stage, Victim};

/// After the last kill, work that makes no progress for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(300);

/// Does what the command's arguments ask for.
pub fn dispatch(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    match Scale::parse(arguments)? {
        Some(scale) => scale.run(workspace),
        None => run(workspace, &Options::parse(arguments)?),
    }
}

/// Builds the binary and tortures it.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let binary = if options.built { workspace.binary("debug") } else { build::debug_server(workspace)? };
    let own = Workspace {
        root: workspace.root.clone(),
        data: workspace.data.join("torture"),
        target: workspace.target.clone(),
        dist: workspace.dist.clone(),
    };
    std::fs::create_dir_all(&own.data)?;
    let lock = File::create(own.data.join("torture.lock"))?;
    lock.try_lock()
        .context("another torture of this checkout is under way; it would kill this one's PostgreSQL too")?;
    let postgres = Postgres::start(&own)?;
    postgres.owner()?.drop_orphans()?;
    let mut stage = Stage::set(&own, &postgres, binary, options)?;
    let began = Instant::now();
    steps::note(&format!(
        "{} orders, {} kills, seed {} (the same seed kills in the same order)",
        options.orders, options.kills, options.seed
    ));
    let outcome = torture(&mut stage, &postgres, options, began);
    match outcome.and_then(|()| end::check(&mut stage, options, began)) {
        Ok(()) => stage.clear_away(),
        Err(error) => {
            let (logs, database) = (stage.logs(), &stage.database);
            steps::note(&format!("what the processes said is in {}; the database {database} is kept", logs.display()));
            Err(error.context(format!("the torture with seed {} failed", options.seed)))
        }
    }
}

fn torture(stage: &mut Stage, postgres: &Postgres, options: &Options, began: Instant) -> Result<()> {
    kill(stage, postgres, options, began)?;
    settle(stage, began)?;
    if options.poison {
        poison::poison(stage, began)?;
        settle(stage, began)?;
    }
    Ok(())
}

/// Kills one after the other, at random moments of the work: each when so many records are done as the dice say, or when
/// nothing has happened for a while.
fn kill(stage: &mut Stage, postgres: &Postgres, options: &Options, began: Instant) -> Result<()> {
    let mut dice = Dice::new(options.seed);
    let mut moments: Vec<u64> = (0..options.kills).map(|_| dice.below(u64::from(options.orders))).collect();
    moments.sort_unstable();
    for (number, moment) in (1..).zip(moments) {
        let progress = await_moment(stage, i64::try_from(moment)?)?;
        if stop::wait(Duration::from_millis(dice.below(700))) {
            return Err(stop::Interrupted.into());
        }
        let victim = Victim::ALL[dice.pick(Victim::ALL.len())];
        steps::note(&format!(
            "{:>6.1} s  kill {number} of {}: {} ({} of {} records done)",
            began.elapsed().as_secs_f64(),
            options.kills,
            victim.name(),
            progress.done,
            progress.all
        ));
        stage.kill(victim, postgres)?;
        // A while without it, so that its work is found lying about rather than taken up again at once.
        if stop::wait(Duration::from_millis(dice.below(1500))) {
            return Err(stop::Interrupted.into());
        }
        stage.revive(victim)?;
    }
    Ok(())
}

/// What is taken over or waits must not keep a kill waiting for ever.
const LULL: Duration = Duration::from_secs(20);

fn await_moment(stage: &mut Stage, done: i64) -> Result<Progress> {
    let began = Instant::now();
    loop {
        let progress = stage.progress()?;
        if progress.done > done || began.elapsed() > LULL {
            return Ok(progress);
        }
        if stop::wait(Duration::from_millis(100)) {
            return Err(stop::Interrupted.into());
        }
        stage.tend()?;
    }
}

/// Waits until nothing is left to do.
fn settle(stage: &mut Stage, began: Instant) -> Result<()> {
    let (mut last, mut since) = (stage.progress()?, Instant::now());
    loop {
        let progress = stage.progress()?;
        if progress.is_over() {
            steps::note(&format!("{:>6.1} s  at rest: {} records done", began.elapsed().as_secs_f64(), progress.done));
            return Ok(());
        }
        if progress != last {
            (last, since) = (progress, Instant::now());
        }
        if since.elapsed() > PATIENCE {
            bail!("nothing has moved for {} s: {progress:?}", PATIENCE.as_secs());
        }
        if stop::wait(Duration::from_millis(500)) {
            return Err(stop::Interrupted.into());
        }
        stage.tend()?;
    }
}
