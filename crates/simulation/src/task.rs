//! Tasks that are carried out piece by piece: a worker's slice, a loop's step. A piece ends with the next question to the
//! database, or when the task waits for something else; between two pieces the seed decides what happens.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use anyhow::Result;
use engine::Engine;

use crate::database::Database;
use crate::relay::Relay;
use crate::wire::Wire;

/// After so many turns of the runtime in which nothing moved, nothing will.
const TURNS: u32 = 4;

/// What a task says at its end.
pub type Ended = std::result::Result<String, String>;

/// One of the places in which a task can be: a worker process's, a loop's.
pub struct Slot {
    pub number: usize,
    /// With a pool of its own, as a process has.
    pub engine: Engine,
    pub relay: Relay,
    pub task: Option<Task>,
}

/// Something under way.
pub struct Task {
    pub name: String,
    future: Pin<Box<dyn Future<Output = Ended> + Send>>,
    pub pieces: u32,
    woken: Arc<Woken>,
}

/// Whether what a task waited for has happened.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Task {
    pub fn new(name: String, future: impl Future<Output = Ended> + Send + 'static) -> Self {
        Self { name, future: Box::pin(future), pieces: 0, woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }

    fn poll(&mut self) -> Poll<Ended> {
        self.woken.0.store(false, Ordering::SeqCst);
        self.future.as_mut().poll(&mut Context::from_waker(&Waker::from(self.woken.clone())))
    }
}

/// What a piece of a task came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// It has asked the database something.
    Moved,
    /// It waits for the wire or a timer.
    Waits,
    /// It waits for another task's lock.
    Locked,
    Over(Ended),
}

impl Slot {
    #[must_use]
    pub const fn new(number: usize, engine: Engine, relay: Relay) -> Self {
        Self { number, engine, relay, task: None }
    }

    /// Whether there is something to carry on: also what a dead worker has left at the database.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.relay.is_asked() || self.task.as_ref().is_some_and(Task::is_woken)
    }

    /// Carries the slot's task on by one piece.
    ///
    /// # Errors
    /// Of the database.
    pub async fn step(&mut self, wire: &Wire, database: &mut Database) -> Result<Piece> {
        wire.sends(self.number);
        let woken = self.task.as_ref().is_some_and(Task::is_woken);
        if !woken && self.relay.is_asked() && !self.relay.answer(database).await? {
            return Ok(Piece::Locked);
        }
        let ended = self.go_on().await?;
        if let Some(task) = &mut self.task {
            task.pieces += 1;
        }
        Ok(match ended {
            Some(ended) => Piece::Over(ended),
            None if self.relay.is_asked() => Piece::Moved,
            None => Piece::Waits,
        })
    }

    /// Lets the task, and what it has spawned, go on until all of it waits.
    async fn go_on(&mut self) -> Result<Option<Ended>> {
        let (mut ended, mut calm) = (None, 0);
        poll_fn(|context| {
            let woken = self.task.as_mut().filter(|task| task.is_woken());
            let mut moved = woken.is_some();
            if let Some(Poll::Ready(end)) = woken.map(Task::poll) {
                self.task = None;
                ended = Some(end);
            }
            // Asking for new connections costs more than all the rest of a turn.
            let pumped = if calm + 1 == TURNS { self.relay.accept() } else { Ok(false) };
            match pumped.map(|accepted| self.relay.pump() || accepted) {
                Ok(pumped) => moved |= pumped,
                Err(error) => return Poll::Ready(Err(error)),
            }
            calm = if moved { 0 } else { calm + 1 };
            if calm == TURNS {
                return Poll::Ready(Ok(()));
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await?;
        Ok(ended)
    }

    /// The process dies: its task is dropped where it stands, and the database takes back what it had open.
    ///
    /// # Errors
    /// Of the database.
    pub async fn die(&mut self, wire: &Wire, database: &mut Database) -> Result<()> {
        drop(self.task.take());
        wire.orphan(self.number);
        self.settle(database).await
    }

    /// Waits until its connections are at rest, as far as no other task's lock keeps them.
    ///
    /// # Errors
    /// Of the database.
    pub async fn settle(&mut self, database: &mut Database) -> Result<()> {
        self.go_on().await?;
        while self.relay.is_asked() && self.relay.answer(database).await? {
            self.go_on().await?;
        }
        Ok(())
    }
}
