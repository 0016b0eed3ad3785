//! A season: many seeds, on as many threads as asked for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use engine::testing::{Safeguard, Switches};

use crate::probe::Probe;
use crate::story::Telling;
use crate::time::VirtualTime;
use crate::world::Stage;
use crate::{Outcome, play};

/// After so many seeds a season says how far it is.
const TOLD_EVERY: usize = 10;

/// Which seeds, and how.
#[derive(Debug, Clone, Copy)]
pub struct Season {
    pub first: u64,
    pub seeds: u64,
    /// How many at once, each with a database of its own.
    pub at_once: u64,
    pub telling: Telling,
    /// What the engine has to do without, so that the simulation must fail.
    pub without: Option<Safeguard>,
    /// Goes on after a failure, to count them.
    pub keep_going: bool,
}

/// What came of a season.
#[derive(Debug, Default)]
pub struct Played {
    /// Every seed with the mark of its story, in order.
    pub stories: Vec<(u64, u64)>,
    /// What failed, in order.
    pub failed: Vec<Outcome>,
}

/// What the threads have in common.
struct Shared {
    next: AtomicU64,
    stop: AtomicBool,
    played: Mutex<Played>,
}

impl Season {
    /// Seeds from the first one on.
    #[must_use]
    pub const fn of(first: u64, seeds: u64) -> Self {
        Self { first, seeds, at_once: 1, telling: Telling::Kept, without: None, keep_going: false }
    }

    /// Plays it on the cluster of `owner_url`.
    ///
    /// # Errors
    /// When the simulation itself cannot go on.
    pub fn play(&self, owner_url: &str) -> Result<Played> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let shared = Shared {
            next: AtomicU64::new(self.first),
            stop: AtomicBool::new(false),
            played: Mutex::new(Played::default()),
        };
        let results: Vec<Result<()>> = std::thread::scope(|scope| {
            let one = || scope.spawn(|| self.on_this_thread(owner_url, &shared));
            let threads: Vec<_> = (0..self.at_once).map(|_| one()).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread panicked"))).collect()
        });
        results.into_iter().collect::<Result<()>>()?;
        let mut played = shared.played.into_inner().unwrap_or_else(PoisonError::into_inner);
        played.stories.sort_unstable();
        played.failed.sort_by_key(|outcome| outcome.seed);
        Ok(played)
    }

    fn on_this_thread(&self, owner_url: &str, shared: &Shared) -> Result<()> {
        let probe = Probe { statements: self.telling == Telling::Pieces };
        let _probed = tracing::subscriber::set_default(probe);
        if let Some(safeguard) = self.without {
            Switches.take_away(safeguard);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
        // Before anything else, because tokio's clock must not run on while the database is made.
        let result = runtime.block_on(async { self.one_by_one(owner_url, VirtualTime::start(), shared).await });
        Switches.restore();
        result
    }

    async fn one_by_one(&self, owner_url: &str, time: VirtualTime, shared: &Shared) -> Result<()> {
        let mut stage = Stage::set(owner_url, time).await?;
        let last = self.first + self.seeds;
        while !shared.stop.load(Ordering::SeqCst) {
            let seed = shared.next.fetch_add(1, Ordering::SeqCst);
            if seed >= last {
                break;
            }
            let outcome = play(&mut stage, seed, self.telling).await?;
            let mut played = shared.played.lock().unwrap_or_else(PoisonError::into_inner);
            played.stories.push((seed, outcome.fingerprint));
            if played.stories.len().is_multiple_of(TOLD_EVERY) {
                println!("{} seeds played, {} failed", played.stories.len(), played.failed.len());
            }
            if !outcome.violations.is_empty() {
                println!("seed {seed} FAILED: {}", outcome.violations.join("\n    "));
                shared.stop.store(!self.keep_going, Ordering::SeqCst);
                played.failed.push(outcome);
            }
        }
        stage.strike().await
    }
}
