//! What the database does to a slice without the slice's fault: another transaction was in the way of one of its own, or
//! the database was away for a moment.
//!
//! Where it is easy, a transaction is done again on the spot. Wherever else it happens, the slice ends there as if its
//! time were over: its claims are given back and the run goes on at once. It costs neither a record a try nor anybody a
//! crash, because this process lives and knows better. What was sent meanwhile is looked for by its intent.

use std::time::{Duration, Instant};

use super::context::Context;
use super::{Next, open};
use crate::jobs::Job;
use crate::{Clock, Engine, Error, Result, store};

/// How often a transaction is done again that another one was in the way of.
const CONTENTIONS: u32 = 5;
/// A database that restarts is back within seconds; after twenty the leases are over, and the sweeper's successor has
/// the run.
const OUTAGE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(500);

/// Opens a slice.
pub async fn open(engine: &Engine, job: Job, clock: &Clock) -> Result<Option<Context>> {
    let mut tries = Tries::default();
    loop {
        match open::open(engine, job, clock).await {
            Err(error) if tries.another(&error).await => {}
            other => return other,
        }
    }
}

/// Ends a slice.
pub async fn close(context: &mut Context, next: Next) -> Result<()> {
    let mut tries = Tries::default();
    loop {
        match super::close(context, next.clone()).await {
            Err(error) if tries.another(&error).await => context.forget_stored_sessions(),
            other => return other,
        }
    }
}

/// Gives back what the slice has claimed and not settled.
pub async fn give_up(context: &mut Context) -> Result<Next> {
    context.forget_stored_sessions();
    let mut tries = Tries::default();
    loop {
        match give_back(context).await {
            Err(error) if tries.another(&error).await => {}
            other => return other.map(|()| Next::Continue),
        }
    }
}

/// No epoch is checked: what is still claimed by this one is nobody else's, and this slice sends nothing more.
pub async fn give_back(context: &Context) -> Result<()> {
    let claimed = context.claimed();
    if claimed.is_empty() {
        return Ok(());
    }
    let mut tx = context.begin().await?;
    // Those that were settled are not claimed any more and stay as they are.
    store::results::give_back(&mut tx, &context.run, &claimed, false).await?;
    tx.commit().await
}

/// How often a transaction was tried.
#[derive(Default)]
struct Tries {
    contentions: u32,
    /// Since when the database is away.
    away: Option<Instant>,
}

impl Tries {
    /// Whether another try may help; it is time for it when this comes back.
    async fn another(&mut self, error: &Error) -> bool {
        if error.is_contention() {
            self.contentions += 1;
            return self.contentions < CONTENTIONS;
        }
        if error.is_outage() && self.away.get_or_insert_with(Instant::now).elapsed() < OUTAGE {
            tokio::time::sleep(PAUSE).await;
            return true;
        }
        false
    }
}
