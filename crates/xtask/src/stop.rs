//! Ctrl-C, SIGTERM and a closed terminal: one flag that every wait looks at.

use std::{
    fmt,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

static REQUESTED: Mutex<bool> = Mutex::new(false);
static CHANGED: Condvar = Condvar::new();

/// The error with which interrupted work ends; it is not reported, since whoever pressed Ctrl-C knows.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// From now on a signal sets the flag instead of ending the process, so that everything started is also stopped.
pub fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        *requested() = true;
        CHANGED.notify_all();
    })
    .context("cannot listen for Ctrl-C")
}

/// Waits for at most `time` and says whether a stop was asked for, in which case it returns at once.
pub fn wait(time: Duration) -> bool {
    let outcome = CHANGED.wait_timeout_while(requested(), time, |stop| !*stop);
    *outcome.unwrap_or_else(PoisonError::into_inner).0
}

/// Fails when a stop was asked for.
pub fn check() -> Result<()> {
    if *requested() { Err(Interrupted.into()) } else { Ok(()) }
}

/// Polls until `ready` answers true, a stop is asked for (an error) or the time is over (false).
pub fn wait_until(time: Duration, mut ready: impl FnMut() -> Result<bool>) -> Result<bool> {
    let deadline = Instant::now() + time;
    while !ready()? {
        if wait(Duration::from_millis(40)) {
            return Err(Interrupted.into());
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A short rest for the loops that clean up, where the flag is set already.
pub fn rest() {
    std::thread::park_timeout(Duration::from_millis(20));
}

fn requested() -> MutexGuard<'static, bool> {
    REQUESTED.lock().unwrap_or_else(PoisonError::into_inner)
}
