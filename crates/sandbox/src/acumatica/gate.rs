//! The queue in front of the ERP: requests run a few at a time, wait for their turn and for the minute's quota, or are declined.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::account::lock;
use crate::clock::Clock;
use crate::shopify::Clocked;

use super::licence::{LONGEST_QUEUE, LONGEST_WAIT, Limits, Minute};

/// The gate of one licence.
#[derive(Debug)]
pub struct Gate {
    cores: Mutex<Arc<Semaphore>>,
    minute: Mutex<Minute>,
    waiting: AtomicUsize,
    delayed: AtomicU64,
    running: Arc<Running>,
    clock: Clocked,
}

#[derive(Debug, Default)]
struct Running {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A request that is being carried out; dropping it lets the next one in.
#[derive(Debug)]
pub struct Pass {
    running: Arc<Running>,
    _core: OwnedSemaphorePermit,
}

impl Gate {
    /// A gate for so many requests at a time.
    #[must_use]
    pub fn new(concurrent: usize, clock: Clock) -> Self {
        let cores = Mutex::new(Arc::new(Semaphore::new(concurrent)));
        Self {
            cores,
            minute: Mutex::default(),
            waiting: AtomicUsize::new(0),
            delayed: AtomicU64::new(0),
            running: Arc::default(),
            clock: Clocked(clock),
        }
    }

    /// Waits for a request's turn; `None` when it is declined.
    pub async fn enter(&self, limits: Limits) -> Option<Pass> {
        let delay = lock(&self.minute).delay(limits.per_minute, self.now());
        let cores = lock(&self.cores).clone();
        let free = if delay.is_zero() { cores.clone().try_acquire_owned().ok() } else { None };
        let core = match free {
            Some(core) => core,
            None => self.wait(cores, delay).await?,
        };
        lock(&self.minute).count(self.now());
        let now = self.running.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.running.most.fetch_max(now, Ordering::Relaxed);
        Some(Pass { running: self.running.clone(), _core: core })
    }

    /// Lets another number of requests run at a time; those that run now finish under the old number.
    pub fn resize(&self, concurrent: usize) {
        *lock(&self.cores) = Arc::new(Semaphore::new(concurrent));
    }

    /// Forgets the past minute and the counts.
    pub fn clear(&self) {
        *lock(&self.minute) = Minute::default();
        self.delayed.store(0, Ordering::Relaxed);
        self.running.most.store(0, Ordering::Relaxed);
    }

    /// Requests that run now, the most at a time, and how many had to wait.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, u64) {
        (
            self.running.now.load(Ordering::Relaxed),
            self.running.most.load(Ordering::Relaxed),
            self.delayed.load(Ordering::Relaxed),
        )
    }

    async fn wait(&self, cores: Arc<Semaphore>, delay: Duration) -> Option<OwnedSemaphorePermit> {
        let _place = Place::take(&self.waiting)?;
        self.delayed.fetch_add(1, Ordering::Relaxed);
        let turn = async {
            tokio::time::sleep(delay).await;
            cores.acquire_owned().await.ok()
        };
        tokio::time::timeout(LONGEST_WAIT, turn).await.ok().flatten()
    }

    fn now(&self) -> i64 {
        (self.clock.0)().timestamp_millis()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.running.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place in the queue; it is given back also when the client hangs up while waiting.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < LONGEST_QUEUE).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
