//! `cargo xtask simulate` runs this: seeds one after the other, on as many threads as asked for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use engine::testing::{Safeguard, Switches};
use simulation::{Outcome, Probe, Stage, Telling, VirtualTime};

const USAGE: &str = "usage: simulation [--seeds N] [--seed S] [--jobs J] [--without intent|epoch|version] [--aloud] [--pieces] [--keep-going]";

const SAFEGUARDS: [(&str, Safeguard); 3] =
    [("intent", Safeguard::Intent), ("epoch", Safeguard::Epoch), ("version", Safeguard::Version)];

struct Arguments {
    seeds: u64,
    first: u64,
    jobs: u64,
    telling: Telling,
    /// What the engine has to do without, so that the simulation must fail.
    without: Option<Safeguard>,
    /// Goes on after a failure, to count them.
    keep_going: bool,
}

/// What the threads have in common.
#[derive(Default)]
struct Shared {
    next: AtomicU64,
    stop: AtomicBool,
    played: AtomicU64,
    failed: Mutex<Vec<Outcome>>,
}

fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    drop(rustls::crypto::ring::default_provider().install_default());
    if let Some(safeguard) = arguments.without {
        Switches.take_away(safeguard);
    }
    let began = Instant::now();
    let shared = Shared { next: AtomicU64::new(arguments.first), ..Shared::default() };
    let worker = || work(&arguments, &shared);
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.jobs).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread panicked"))).collect()
    });
    results.into_iter().collect::<Result<()>>()?;
    let seconds = began.elapsed().as_secs_f64();
    let played = shared.played.load(Ordering::SeqCst);
    println!(
        "{played} seeds in {seconds:.1} s, {:.2} s each and thread",
        seconds * arguments.jobs as f64 / played.max(1) as f64
    );
    report(shared.failed.into_inner().unwrap_or_default(), &arguments)
}

fn report(mut failed: Vec<Outcome>, arguments: &Arguments) -> Result<()> {
    failed.sort_by_key(|outcome| outcome.seed);
    let Some(first) = failed.first() else { return Ok(()) };
    if arguments.telling == Telling::Kept {
        println!("\nThe story of seed {}:", first.seed);
        first.story.iter().chain(&first.violations).for_each(|line| println!("{line}"));
    }
    bail!(
        "{} of the seeds failed; the first is {}: cargo xtask simulate --seed {}",
        failed.len(),
        first.seed,
        first.seed
    )
}

fn work(arguments: &Arguments, shared: &Shared) -> Result<()> {
    let owner_url =
        std::env::var("SYNCLINE_TEST_DATABASE_URL").context("SYNCLINE_TEST_DATABASE_URL names the cluster")?;
    let _probed = tracing_guard();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        // Before anything else, because tokio's clock must not run on while the database is made.
        let time = VirtualTime::start();
        let result = play(&owner_url, &time, arguments, shared).await;
        time.stop();
        result
    })
}

async fn play(owner_url: &str, time: &VirtualTime, arguments: &Arguments, shared: &Shared) -> Result<()> {
    let mut stage = Stage::set(owner_url, time.clone()).await?;
    let last = arguments.first + arguments.seeds;
    while !shared.stop.load(Ordering::SeqCst) {
        let seed = shared.next.fetch_add(1, Ordering::SeqCst);
        if seed >= last {
            break;
        }
        let outcome = simulation::play(&mut stage, seed, arguments.telling).await?;
        shared.played.fetch_add(1, Ordering::SeqCst);
        if !outcome.violations.is_empty() {
            println!("seed {seed} FAILED: {}", outcome.violations.join("\n    "));
            shared.stop.store(!arguments.keep_going, Ordering::SeqCst);
            shared.failed.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
        }
    }
    stage.strike().await
}

fn tracing_guard() -> tracing::subscriber::DefaultGuard {
    tracing::subscriber::set_default(Probe)
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut arguments =
            Self { seeds: 1, first: 1, jobs: 1, telling: Telling::Kept, without: None, keep_going: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|word| word.parse().ok()).context(USAGE);
            match word.as_str() {
                "--seeds" => arguments.seeds = number()?,
                "--seed" => arguments.first = number()?,
                "--jobs" => arguments.jobs = number()?.max(1),
                "--without" => {
                    let word = words.next().unwrap_or_default();
                    let found = SAFEGUARDS.iter().find(|(name, _)| *name == word);
                    arguments.without = Some(found.context(USAGE)?.1);
                }
                "--aloud" => arguments.telling = Telling::Aloud,
                "--pieces" => arguments.telling = Telling::Pieces,
                "--keep-going" => arguments.keep_going = true,
                _ => bail!(USAGE),
            }
        }
        Ok(arguments)
    }
}
