//! Virtual time: the engine's clock, the sandbox's and tokio's timers are one, and only the simulation moves it.
//!
//! Tokio would move its paused clock by itself whenever all tasks wait, also when they wait for Postgres; a blocking
//! thread that lives as long as the simulation keeps it from doing so. The same thread wakes the simulation some real
//! microseconds later when it has to look whether the database is still busy.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// When every story begins.
const BEGINNING: i64 = 1_795_000_000_000;
/// How soon the simulation looks again at a database that is busy.
const GLANCE: Duration = Duration::from_micros(300);

/// The clock of everything; a clone is another handle to it.
#[derive(Clone)]
pub struct VirtualTime {
    millis: Arc<AtomicI64>,
    glances: Arc<Glances>,
}

#[derive(Default)]
struct Glances {
    wanted: Mutex<Option<Waker>>,
    asked: Condvar,
    over: AtomicBool,
}

impl VirtualTime {
    /// Takes charge of the current runtime's timers, which must be paused.
    #[must_use]
    pub fn start() -> Self {
        let glances = Arc::new(Glances::default());
        let theirs = glances.clone();
        tokio::task::spawn_blocking(move || theirs.serve());
        Self { millis: Arc::new(AtomicI64::new(BEGINNING)), glances }
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.millis.load(Ordering::SeqCst)).unwrap_or_default()
    }

    /// The time as the engine and the sandbox read it.
    #[must_use]
    pub fn clock(&self) -> engine::Clock {
        let time = self.clone();
        Arc::new(move || time.now())
    }

    /// Lets time pass for everything at once.
    pub async fn pass(&self, by: TimeDelta) {
        let millis = by.num_milliseconds().max(0);
        self.millis.fetch_add(millis, Ordering::SeqCst);
        tokio::time::advance(Duration::from_millis(millis.unsigned_abs())).await;
    }

    /// Back to the beginning, for the next seed; tokio's timers only know forward, which nothing notices.
    pub fn rewind(&self) {
        self.millis.store(BEGINNING, Ordering::SeqCst);
    }

    /// Wakes `waker` a moment of real time later.
    pub fn glance(&self, waker: &Waker) {
        *self.glances.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
        self.glances.asked.notify_one();
    }

    /// Lets the runtime end.
    pub fn stop(&self) {
        self.glances.over.store(true, Ordering::SeqCst);
        self.glances.asked.notify_one();
    }
}

impl Glances {
    #[expect(
        clippy::disallowed_methods,
        reason = "a thread of its own waits for the real database, and no task can wait here"
    )]
    fn serve(&self) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.over.load(Ordering::SeqCst) {
            match wanted.take() {
                Some(waker) => {
                    drop(wanted);
                    std::thread::sleep(GLANCE);
                    waker.wake();
                    wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
                }
                None => wanted = self.asked.wait(wanted).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}
