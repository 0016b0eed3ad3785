//! Time and memory.

use std::time::Duration;

use anyhow::{Context, Result};

/// The middle one; of an even number, the lower of the two.
///
/// # Panics
/// Never: no times have a middle of zero.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// The most memory that this process has had, in MB, as the kernel counts it.
///
/// # Errors
/// Where there is no `/proc`.
pub fn peak_memory_mb() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("this system has no /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM is missing")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_round_does_not_move_the_median() {
        let seconds = |n: &[u64]| n.iter().map(|n| Duration::from_secs(*n)).collect::<Vec<_>>();
        assert_eq!(median(seconds(&[90, 2, 1])), Duration::from_secs(2));
        assert_eq!(median(Vec::new()), Duration::ZERO);
    }
}
