//! Tasks that are carried out piece by piece: a worker's slice, a loop's step. A piece ends with the next answer of the
//! database, or when the task waits for something else; between two pieces the seed decides what happens.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use anyhow::{Result, bail};
use engine::Engine;

use crate::database::Database;
use crate::probe;
use crate::time::VirtualTime;
use crate::wire::Wire;

/// Glances at a busy database before it is asked whether it waits for a lock.
const GLANCES: u32 = 12;
/// What the task has spawned gets so many turns of the runtime before the task is believed to wait.
const YIELDS: u32 = 2;
/// A task that is still busy after so many questions hangs.
const QUESTIONS: u32 = 4_000;

/// What a task says at its end.
pub type Ended = std::result::Result<String, String>;

/// One of the places in which a task can be: a worker process's, a loop's.
pub struct Slot {
    pub number: usize,
    /// With a pool of its own, as a process has.
    pub engine: Engine,
    pub task: Option<Task>,
}

/// Something under way.
pub struct Task {
    pub name: String,
    future: Pin<Box<dyn Future<Output = Ended> + Send>>,
    pub pieces: u32,
}

impl Task {
    pub fn new(name: String, future: impl Future<Output = Ended> + Send + 'static) -> Self {
        Self { name, future: Box::pin(future), pieces: 0 }
    }
}

/// What a piece of a task came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// The database answered, and the task goes on.
    Moved,
    /// It waits for the wire or a timer.
    Waits,
    /// It waits for another task's lock.
    Locked,
    Over(Ended),
}

enum Seen {
    Piece(Piece),
    /// The database has something of it in hand.
    Busy,
}

impl Slot {
    #[must_use]
    pub fn new(number: usize, engine: Engine) -> Self {
        Self { number, engine, task: None }
    }

    /// Carries the slot's task on by one piece.
    ///
    /// # Errors
    /// Of the database's observer; when the task hangs.
    pub async fn step(&mut self, time: &VirtualTime, wire: &Wire, database: &mut Database) -> Result<Piece> {
        wire.sends(self.number);
        for _ in 0..QUESTIONS {
            let piece = match self.look(time).await {
                Seen::Piece(piece) => piece,
                Seen::Busy if database.is_locked(self.number).await? => Piece::Locked,
                Seen::Busy => continue,
            };
            if let Some(task) = &mut self.task {
                task.pieces += 1;
            }
            if matches!(piece, Piece::Over(_)) {
                self.task = None;
            }
            return Ok(piece);
        }
        bail!("{} hangs", self.task.as_ref().map_or("nobody", |task| &task.name))
    }

    async fn look(&mut self, time: &VirtualTime) -> Seen {
        let Some(task) = &mut self.task else { return Seen::Piece(Piece::Waits) };
        let (before, pool) = (probe::points(), self.engine.db.pool());
        let (mut glances, mut yields) = (0, 0);
        poll_fn(|context| match task.future.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Seen::Piece(Piece::Over(ended))),
            Poll::Pending if probe::points() != before => Poll::Ready(Seen::Piece(Piece::Moved)),
            Poll::Pending if yields < YIELDS => {
                yields += 1;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending if pool.size() as usize == pool.num_idle() => Poll::Ready(Seen::Piece(Piece::Waits)),
            Poll::Pending if glances == GLANCES => Poll::Ready(Seen::Busy),
            Poll::Pending => {
                glances += 1;
                time.glance(context.waker());
                Poll::Pending
            }
        })
        .await
    }

    /// The process dies: its task is dropped where it stands, and the database takes back what it had open.
    ///
    /// # Errors
    /// Of the database's observer.
    pub async fn die(&mut self, time: &VirtualTime, wire: &Wire, database: &mut Database) -> Result<()> {
        drop(self.task.take());
        wire.orphan(self.number);
        self.settle(time, database).await
    }

    /// Waits until all its connections are back in the pool, as far as no other task's lock keeps them.
    ///
    /// # Errors
    /// Of the database's observer.
    pub async fn settle(&self, time: &VirtualTime, database: &mut Database) -> Result<()> {
        let pool = self.engine.db.pool();
        let is_quiet = || pool.size() as usize == pool.num_idle();
        for _ in 0..QUESTIONS {
            let mut glances = 0;
            poll_fn(|context| {
                if is_quiet() || glances == GLANCES {
                    return Poll::Ready(());
                }
                glances += 1;
                time.glance(context.waker());
                Poll::Pending
            })
            .await;
            if is_quiet() {
                return Ok(());
            }
            if database.is_locked(self.number).await? {
                return Ok(());
            }
        }
        bail!("a dead worker's connections do not come to rest")
    }
}
