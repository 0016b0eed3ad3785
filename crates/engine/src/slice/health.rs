//! What a slice learns about the health of its connections, until it writes it down.
//!
//! Only what says something about a whole system counts: an answer about one record, also a refusal, is a success of the
//! connection; an answer that did not come is a failure. Reads in the midst of a slice say nothing, because a system
//! that can be read may still be unable to write.

use std::collections::HashMap;

use connectors::Error as Vendor;
use domain::ConnectionId;
use uuid::Uuid;

use crate::store::runs::Taken;

/// What happened at one connection since the last time it was written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Streak {
    /// It answered at least once.
    pub answered: bool,
    /// The records that it did not answer for, since it last did.
    pub failing: Vec<Uuid>,
}

/// By connection.
#[derive(Debug, Default)]
pub struct Health {
    streaks: HashMap<ConnectionId, Streak>,
}

impl Health {
    /// Notes what came of writing one record.
    pub fn note(&mut self, connection: ConnectionId, record: Uuid, failure: Option<&Vendor>) {
        let streak = self.streaks.entry(connection).or_default();
        match failure {
            None | Some(Vendor::Rejected { .. } | Vendor::NotFound) => {
                *streak = Streak { answered: true, failing: Vec::new() };
            }
            Some(Vendor::Unavailable { .. }) if !streak.failing.contains(&record) => streak.failing.push(record),
            // Neither a wait, a refused sign-in nor an odd answer says that the system is down.
            Some(_) => {}
        }
    }

    /// Notes that a request failed that was about no record in particular, or about many: a failed try of the run. Each
    /// further try counts as another, so that listings alone open the breaker too, as slowly as the run comes back.
    pub fn note_failed_try(&mut self, connection: ConnectionId, run: &Taken) {
        let streak = self.streaks.entry(connection).or_default();
        if streak.failing.is_empty() {
            let tries = u128::try_from(run.setbacks.max(0)).unwrap_or(0) + 1;
            streak.failing.push(Uuid::from_u128(run.id.0.as_u128() ^ (tries << 64)));
        }
    }

    /// Notes that a slice came to its end: what it did not fail at works.
    pub fn note_end(&mut self, connections: &[Uuid]) {
        for id in connections {
            self.streaks.entry(ConnectionId(*id)).or_insert(Streak { answered: true, failing: Vec::new() });
        }
    }

    /// What is to be written down, in the order in which the connections' rows are locked. It is kept until that is
    /// committed.
    pub fn learnt(&self) -> Vec<(ConnectionId, Streak)> {
        let mut streaks: Vec<_> = self.streaks.iter().map(|(id, streak)| (*id, streak.clone())).collect();
        streaks.sort_by_key(|(connection, _)| connection.0);
        streaks
    }

    /// It is written down.
    pub fn clear(&mut self) {
        self.streaks.clear();
    }
}

#[cfg(test)]
mod tests {
    use connectors::error::Unreachable;

    use super::*;

    fn down() -> Vendor {
        Vendor::Unavailable { message: "503".into(), reason: Unreachable::Broken }
    }

    #[test]
    fn an_answer_ends_the_row_of_failures_and_one_record_counts_once() {
        let (mut health, erp) = (Health::default(), ConnectionId(Uuid::from_u128(1)));
        let record = |n| Uuid::from_u128(n);
        health.note(erp, record(1), Some(&down()));
        health.note(erp, record(2), None);
        health.note(erp, record(3), Some(&down()));
        health.note(erp, record(3), Some(&down()));
        health.note(erp, record(4), Some(&Vendor::RateLimited { retry_after: None }));
        let streaks = health.learnt();
        assert_eq!(streaks, [(erp, Streak { answered: true, failing: vec![record(3)] })]);
        health.clear();
        assert!(health.learnt().is_empty());
    }
}
