//! The story of a seed: what happened, in order, with the virtual time of each line.

use chrono::{DateTime, Utc};

use crate::time::VirtualTime;

/// How a story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// Kept for the end.
    Kept,
    /// While it happens.
    Aloud,
    /// While it happens, with every piece of every task: to see where two tellings part.
    Pieces,
}

/// The lines so far.
pub struct Story {
    began: DateTime<Utc>,
    lines: Vec<String>,
    telling: Telling,
}

impl Story {
    #[must_use]
    pub fn new(time: &VirtualTime, telling: Telling) -> Self {
        Self { began: time.now(), lines: Vec::new(), telling }
    }

    /// Adds a line.
    pub fn tell(&mut self, now: DateTime<Utc>, line: impl std::fmt::Display) {
        let seconds = (now - self.began).num_milliseconds() as f64 / 1000.0;
        let line = format!("{seconds:>9.3}  {line}");
        if self.telling != Telling::Kept {
            println!("{line}");
        }
        self.lines.push(line);
    }

    /// Whether every piece of every task is a line of its own.
    #[must_use]
    pub fn tells_pieces(&self) -> bool {
        self.telling == Telling::Pieces
    }

    #[must_use]
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}

/// A short mark of a story: two tellings with the same one are the same, line by line.
#[must_use]
pub fn fingerprint(lines: &[String]) -> u64 {
    // FNV-1a: the standard library's hash is not promised to stay what it is.
    let bytes = lines.iter().flat_map(|line| line.bytes().chain([b'\n']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
