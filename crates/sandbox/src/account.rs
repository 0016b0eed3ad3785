//! What a shop account and an ERP account have in common: data, faults, counts.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;

use crate::faults::{Faults, Verdict};
use crate::world::{Plan, World};

/// One account's data and everything that is counted about it.
#[derive(Debug)]
pub struct Account {
    plans: &'static [Plan],
    file: Option<PathBuf>,
    world: RwLock<World>,
    faults: Mutex<Faults>,
    requests: AtomicU64,
    throttled: AtomicU64,
}

impl Account {
    /// An account with what its file held, kept in a fresh copy of that file from now on.
    pub fn open(
        plans: &'static [Plan],
        file: Option<PathBuf>,
        mut world: World,
        description: Value,
    ) -> io::Result<Self> {
        if let Some(path) = &file {
            world.keep(path, description)?;
        }
        let (world, faults) = (RwLock::new(world), Mutex::default());
        Ok(Self { plans, file, world, faults, requests: AtomicU64::new(0), throttled: AtomicU64::new(0) })
    }

    /// The data, to read.
    pub fn read(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The data, to change.
    pub fn write(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The faults that are set.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Counts a request and draws its faults.
    pub fn receive(&self) -> Verdict {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.faults().draw()
    }

    /// Counts a request that was turned away for a limit.
    pub fn throttle(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests received and requests turned away, since the start.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.throttled.load(Ordering::Relaxed))
    }

    /// Forgets records, counts and faults; keeps the limits.
    pub fn reset(&self, description: Value) -> io::Result<()> {
        self.faults().clear();
        self.requests.store(0, Ordering::Relaxed);
        self.throttled.store(0, Ordering::Relaxed);
        self.write().clear(self.plans, self.file.as_deref(), description)
    }
}

/// Locks a mutex; what a panicking holder left behind is still whole, because every change is one assignment or one insert.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
