//! The story of a seed: what happened, in order, with the virtual time of each line.

use chrono::{DateTime, Utc};

use crate::time::VirtualTime;

/// The lines so far.
pub struct Story {
    began: DateTime<Utc>,
    lines: Vec<String>,
    aloud: bool,
}

impl Story {
    #[must_use]
    pub fn new(time: &VirtualTime, aloud: bool) -> Self {
        Self { began: time.now(), lines: Vec::new(), aloud }
    }

    /// Adds a line.
    pub fn tell(&mut self, now: DateTime<Utc>, line: impl std::fmt::Display) {
        let seconds = (now - self.began).num_milliseconds() as f64 / 1000.0;
        let line = format!("{seconds:>9.3}  {line}");
        if self.aloud {
            println!("{line}");
        }
        self.lines.push(line);
    }

    #[must_use]
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}
