//! What comes of one load's writes to one side, answer by answer, until it can be settled.

use chrono::{DateTime, Utc};
use connectors::{Error as Vendor, Failure};
use uuid::Uuid;

use super::outcome::Timing;
use super::pipeline::Settled;
use super::save::{self, Done, Noted, Write};
use crate::store::results::Outcome;

/// Results that are settled together.
const BATCH: usize = 50;

/// The answers to some writes.
pub struct Answers {
    pub timing: Timing,
    pub intended_at: DateTime<Utc>,
    /// The records of the writes' chunk.
    pub chunk: Vec<Uuid>,
    /// Writes that are not over yet.
    left: usize,
    outcomes: Vec<Outcome>,
    /// Records for which nothing was sent.
    unsent: Vec<Uuid>,
    /// Records whose write was not answered: their fate is unknown.
    unanswered: Vec<(Outcome, Vendor)>,
    answered: bool,
    obstacle: Option<Vendor>,
}

impl Answers {
    pub fn new(timing: Timing, intended_at: DateTime<Utc>, chunk: Vec<Uuid>) -> Self {
        let (outcomes, unsent, unanswered) = (Vec::new(), Vec::new(), Vec::new());
        Self { timing, intended_at, chunk, left: 0, outcomes, unsent, unanswered, answered: false, obstacle: None }
    }

    /// One more write belongs to these.
    pub fn expect(&mut self) {
        self.left += 1;
    }

    /// A write is not sent any more.
    pub fn leave(&mut self, record: Uuid) {
        self.left -= 1;
        self.unsent.push(record);
    }

    pub fn take(&mut self, write: Write, timing: Timing, answer: std::result::Result<Done, Failure>, noted: Noted) {
        self.left -= 1;
        match answer {
            Ok(done) => {
                self.answered = true;
                self.outcomes.push(save::done_outcome(write, done, timing, noted));
            }
            Err(Failure { error: error @ (Vendor::RateLimited { .. } | Vendor::Unauthorised { .. }), .. }) => {
                self.unsent.push(write.pair.record.id);
                self.obstacle.get_or_insert(error);
            }
            Err(failure) => {
                let error = failure.error.clone();
                let unknown = matches!(error, Vendor::Unavailable { .. } | Vendor::Malformed { .. });
                let outcome = save::failed_outcome(write, failure, timing, unknown);
                if unknown {
                    self.unanswered.push((outcome, error));
                } else {
                    self.answered = true;
                    self.outcomes.push(outcome);
                }
            }
        }
    }

    pub const fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// Outcomes that are enough for a transaction of their own.
    pub fn batch(&mut self) -> Option<Settled> {
        (self.outcomes.len() >= BATCH).then(|| Settled::Outcomes(std::mem::take(&mut self.outcomes)))
    }

    /// The rest. Writes that were not answered count as tries when others were answered meanwhile; when none was, it is
    /// the system that is down, and the records are given back with their intents.
    pub fn finish(mut self) -> (Vec<Settled>, Option<Vendor>) {
        let mut obstacle = self.obstacle.take();
        let mut settled = Vec::new();
        if self.answered {
            self.outcomes.extend(self.unanswered.into_iter().map(|(outcome, _)| outcome));
        } else {
            let ids = self.unanswered.iter().map(|(outcome, _)| outcome.id).collect();
            settled.push(Settled::Unanswered(ids));
            obstacle = obstacle.or_else(|| self.unanswered.pop().map(|(_, error)| error));
        }
        settled.push(Settled::Outcomes(self.outcomes));
        settled.push(Settled::Unsent(self.unsent));
        settled.retain(|settled| !settled.is_empty());
        (settled, obstacle)
    }
}
