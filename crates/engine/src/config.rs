//! What the server tells the engine at its start.

use std::net::SocketAddr;

use secrecy::SecretString;

/// Settings of one process; see the README for the environment variables behind them.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The demo's sandbox, when this installation offers it: the only private address that connections may name.
    pub sandbox: Option<Sandbox>,
    /// Slices that this process does at once; 0 = the default of 32.
    pub slices: usize,
    /// Attempts, activity, versions and finished runs are kept for so many days; 0 = the default of 90.
    pub retention_days: u16,
}

impl Config {
    /// How long history is kept.
    #[must_use]
    pub fn retention(&self) -> chrono::TimeDelta {
        chrono::TimeDelta::days(i64::from(if self.retention_days == 0 { 90 } else { self.retention_days }))
    }

    /// Slices of one queue that this process does at once: most slots process; listings are few and long, tests few and
    /// short. Each queue has one at least.
    #[must_use]
    pub fn slots(&self, queue: &str) -> usize {
        let slices = if self.slices == 0 { 32 } else { self.slices };
        if queue == "process" { (slices / 2).max(1) } else { (slices / 4).max(1) }
    }
}

/// The demo's sandbox.
#[derive(Debug, Clone)]
pub struct Sandbox {
    pub addr: SocketAddr,
    /// The token of its control API.
    pub token: SecretString,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_has_a_slot_and_all_slots_are_shared_out() {
        let config = |slices| Config { slices, ..Config::default() };
        assert!(crate::jobs::QUEUES.iter().all(|queue| config(2).slots(queue) == 1));
        assert_eq!(crate::jobs::QUEUES.iter().map(|queue| config(32).slots(queue)).sum::<usize>(), 32);
    }
}
