//! Virtual time: the engine's clock, the sandbox's and tokio's timers are one, and only the simulation moves it.
//!
//! Tokio would move its paused clock by itself whenever all tasks wait, also when they wait for Postgres; a blocking
//! task that lives as long as the simulation keeps it from doing so.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// When every story begins.
const BEGINNING: i64 = 1_795_000_000_000;

/// The clock of everything; a clone is another handle to it. When the last one is dropped, the runtime may end.
#[derive(Clone)]
pub struct VirtualTime {
    millis: Arc<AtomicI64>,
    _holds: Sender<()>,
}

impl VirtualTime {
    /// Takes charge of the current runtime's timers, which must be paused.
    #[must_use]
    pub fn start() -> Self {
        let (holds, held) = mpsc::channel();
        tokio::task::spawn_blocking(move || held.recv());
        Self { millis: Arc::new(AtomicI64::new(BEGINNING)), _holds: holds }
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.millis.load(Ordering::SeqCst)).unwrap_or_default()
    }

    /// The time as the engine and the sandbox read it.
    #[must_use]
    pub fn clock(&self) -> engine::Clock {
        let millis = self.millis.clone();
        Arc::new(move || DateTime::from_timestamp_millis(millis.load(Ordering::SeqCst)).unwrap_or_default())
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
}
