//! Three things at once, for as long as the slice goes on: the next chunk is claimed, read and decided while the present
//! one is being written, and answers are settled while others are under way.
//!
//! Invariants: a write is sent only after its intent is committed, and its intent only when the record is still as it was
//! read. What the slice has claimed it settles or gives back, whatever stops it; only its death leaves claims behind. All
//! of it is one future: when the run is taken over, everything is dropped at once.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use super::chunk::{self, Counted, Readied};
use super::save::{self, Load, SENDING};
use super::{CHUNK, claim, send, settle};
use crate::Result;
use crate::slice::context::Context;
use crate::slice::line::Share;
use crate::slice::obstacle::Obstacle;
use crate::store::results::Outcome;
use crate::store::syncs::SyncRow;

/// Batches that may wait for being settled; then no more writes are begun.
const UNSETTLED: usize = 4;
/// Outcomes that are settled in one transaction when several batches wait.
const TOGETHER: usize = 200;

/// How the pipeline ended.
pub enum Ended {
    /// Nothing more was due; `worked` = something was at first, and what has come of it may have made more due.
    Dry {
        worked: bool,
    },
    /// The slice has done its share.
    Enough,
    Stopped(Stop),
}

/// A connection failed.
pub struct Stop {
    pub obstacle: Obstacle,
    /// The records of the chunk that met it.
    pub records: Vec<Uuid>,
}

/// What is to be settled.
pub enum Settled {
    Outcomes(Vec<Outcome>),
    /// Nothing was sent for these: what was intended is taken back.
    Unsent(Vec<Uuid>),
    /// The system did not answer: what was intended may have happened.
    Unanswered(Vec<Uuid>),
}

impl Settled {
    pub const fn is_empty(&self) -> bool {
        match self {
            Self::Outcomes(outcomes) => outcomes.is_empty(),
            Self::Unsent(ids) | Self::Unanswered(ids) => ids.is_empty(),
        }
    }
}

/// How the stages wait for each other.
pub struct Flow {
    /// Room for one more load.
    room: Semaphore,
    /// Whether room that was taken is still to be made again.
    taken: AtomicBool,
}

impl Flow {
    pub fn new() -> Self {
        Self { room: Semaphore::new(1), taken: AtomicBool::new(false) }
    }

    /// Nothing more is taken on.
    pub fn stop(&self) {
        self.room.close();
    }

    pub fn take_room(&self) {
        self.taken.store(true, Ordering::Relaxed);
    }

    pub fn make_room(&self) {
        if self.taken.swap(false, Ordering::Relaxed) {
            self.room.add_permits(1);
        }
    }

    /// Waits for room; `false` = nothing more is taken on.
    async fn has_room(&self) -> bool {
        match self.room.acquire().await {
            Ok(permit) => {
                permit.forget();
                true
            }
            Err(_) => false,
        }
    }
}

/// Processes what is due until there is no more, or the slice has done its share, or a connection fails.
pub async fn run(context: &Context, sync: &SyncRow, share: &mut Share) -> Result<Ended> {
    let flow = Flow::new();
    let (loads, ready) = mpsc::unbounded_channel();
    let producing = produce(context, sync, share, &flow, loads);
    let delivering = deliver(context, sync, ready, Counted::InRun, &flow);
    // Boxed: the compiler cannot see by itself that what borrows across so many awaits can be sent.
    let (ended, stop) = futures::try_join!(producing.boxed(), delivering.boxed())?;
    Ok(match (ended, stop) {
        (Ended::Stopped(first), Some(second)) => Ended::Stopped(one_of(context, first, second)),
        (ended, stop) => stop.map_or(ended, Ended::Stopped),
    })
}

/// Reading has failed, and writing too. The run goes on as the one says, and the other is noted beside it; an odd answer is
/// met again, when the connection that is down or wants to be left alone is asked again.
fn one_of(context: &Context, reading: Stop, writing: Stop) -> Stop {
    let is_odd = |stop: &Stop| matches!(stop.obstacle.error, connectors::Error::Malformed { .. });
    if is_odd(&writing) {
        return reading;
    }
    if !is_odd(&reading) {
        context.halt(reading.obstacle);
    }
    writing
}

/// Sends loads and settles what comes of them.
pub async fn deliver(
    context: &Context,
    sync: &SyncRow,
    loads: mpsc::UnboundedReceiver<Load>,
    counted: Counted,
    flow: &Flow,
) -> Result<Option<Stop>> {
    let (settled, answers) = mpsc::channel(UNSETTLED);
    let sending = send::send(context, sync, loads, settled, flow);
    let (stop, ()) = futures::try_join!(sending, settle_all(context, sync, answers, counted))?;
    Ok(stop)
}

/// Claims chunk after chunk and makes them ready to be sent.
async fn produce(
    context: &Context,
    sync: &SyncRow,
    share: &mut Share,
    flow: &Flow,
    loads: mpsc::UnboundedSender<Load>,
) -> Result<Ended> {
    let mut worked = false;
    while !flow.room.is_closed() && share.goes_on(context).await? {
        let claimed = claim(context, sync.id).await?;
        if claimed.is_empty() {
            return Ok(Ended::Dry { worked });
        }
        worked = true;
        share.done += claimed.len();
        let is_last = claimed.len() < usize::try_from(CHUNK).unwrap_or(usize::MAX);
        let records: Vec<Uuid> = claimed.iter().map(|record| record.id).collect();
        let (writes, timing) = match chunk::make_ready(context, sync, claimed, Counted::InRun).await? {
            Readied::Writes { writes, timing } => (writes, timing),
            Readied::Stopped(obstacle) => {
                context.heed(&obstacle);
                return Ok(Ended::Stopped(Stop { obstacle, records }));
            }
        };
        if !writes.is_empty() {
            let ids: Vec<Uuid> = writes.iter().map(|write| write.pair.record.id).collect();
            context.note_under_way(&ids);
            // What had to wait too long for the writes before it is left to the next slice.
            if !flow.has_room().await || context.now() - context.began >= SENDING {
                settle::give_back(context, &ids, false).await?;
                context.forget_under_way(&ids);
                return Ok(Ended::Enough);
            }
            drop(loads.send(save::intend(context, sync, writes, timing, records).await?));
        }
        if is_last {
            return Ok(Ended::Dry { worked });
        }
    }
    Ok(Ended::Enough)
}

/// Settles what comes until nothing more comes; what waits meanwhile is settled together.
async fn settle_all(
    context: &Context,
    sync: &SyncRow,
    mut settled: mpsc::Receiver<Settled>,
    counted: Counted,
) -> Result<()> {
    let mut next = settled.recv().await;
    while let Some(this) = next.take() {
        match this {
            Settled::Outcomes(mut outcomes) => {
                while outcomes.len() < TOGETHER {
                    match settled.try_recv() {
                        Ok(Settled::Outcomes(more)) => outcomes.extend(more),
                        Ok(other) => {
                            next = Some(other);
                            break;
                        }
                        Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                    }
                }
                let ids: Vec<Uuid> = outcomes.iter().map(|outcome| outcome.id).collect();
                settle::settle(context, sync, outcomes, counted).await?;
                context.forget_under_way(&ids);
            }
            Settled::Unsent(ids) => {
                settle::give_back(context, &ids, true).await?;
                context.forget_under_way(&ids);
            }
            Settled::Unanswered(ids) => {
                settle::give_back(context, &ids, false).await?;
                context.forget_under_way(&ids);
            }
        }
        if next.is_none() {
            next = settled.recv().await;
        }
    }
    Ok(())
}
