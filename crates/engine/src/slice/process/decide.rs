//! Deciding what to do with a record: pure, with everything that was read in hand.

use connectors::{Connector, Found, Save};
use domain::canonical::{Canonical, Change, ContentHash, diff};
use domain::matching::{Candidate, Match, match_record};
use domain::{LastOperation, RecordStatus};

use super::destination::State;
use super::outcome::{self, Timing};
use super::prerequisites::Ready;
use crate::store::records_due::Claimed;
use crate::store::results::{Outcome, Problem};

/// What to do with a record.
pub enum Decision {
    Settled(Box<Outcome>),
    Write(Box<Write>),
}

/// A write that is about to be sent.
pub struct Write {
    pub record: Claimed,
    pub save: Save,
    /// What the record's last operation will be when it succeeds.
    pub operation: LastOperation,
    pub changes: Vec<Change>,
    /// Of the source, as it was read.
    pub source_hash: ContentHash,
    /// Of what is about to be written.
    pub payload_hash: ContentHash,
}

/// Decides for one record.
pub fn decide(destination: &dyn Connector, ready: Ready, state: State, timing: Timing) -> Decision {
    let Ready { read, translated } = ready;
    let outgoing = destination.normalise(&translated);
    let source_hash = read.found.record.hash();
    let record = read.record;
    let draft = Draft { record, outgoing, source_hash, timing };
    match state {
        State::Unsettled => draft.unsettled(),
        State::Later => draft.later(),
        State::Failed(error) => draft.stop(outcome::problem(&error)),
        State::Gone(_) if draft.record.forced => draft.insert(),
        State::Gone(id) => draft.stop(Problem {
            message: format!("Its record {id} at the destination is gone. “Sync now” writes it there again."),
            code: Some("gone".into()),
            field: None,
        }),
        State::Linked(found) => {
            let overridden = draft.record.synced_destination_hash.is_some_and(|hash| hash != found.record.hash());
            let operation = if overridden { LastOperation::ConflictOverridden } else { LastOperation::Updated };
            draft.update(found, operation, LastOperation::NotNeeded)
        }
        State::Written(found) => draft.update(found, LastOperation::Updated, LastOperation::Inserted),
        State::Unknown { candidates } => draft.matched(candidates),
    }
}

struct Draft {
    record: Claimed,
    outgoing: Canonical,
    source_hash: ContentHash,
    timing: Timing,
}

impl Draft {
    fn matched(self, candidates: Vec<(Found, Candidate)>) -> Decision {
        let key = self.outgoing.key().unwrap_or_default().to_owned();
        let only: Vec<Candidate> = candidates.iter().map(|(_, candidate)| candidate.clone()).collect();
        match match_record(&key, &only) {
            Match::Insert => self.insert(),
            Match::Adopt(id) => match candidates.into_iter().find(|(found, _)| found.id == id) {
                Some((found, _)) => self.update(found, LastOperation::Adopted, LastOperation::Adopted),
                None => self.insert(),
            },
            Match::Stop(why) => self.stop(Problem { message: why, code: Some("match".into()), field: None }),
        }
    }

    /// Writes the fields that differ; when none does, there is nothing to do.
    fn update(self, found: Found, written: LastOperation, unchanged: LastOperation) -> Decision {
        let changes = diff(Some(&found.record), &self.outgoing);
        if changes.is_empty() {
            let outcome = Outcome {
                destination: Some(outcome::destination(&found)),
                synced: Some((self.source_hash, found.record.hash())),
                attempt: Some(self.timing.tried(None, Vec::new())),
                settles_intent: true,
                ..outcome::blank(&self.record, RecordStatus::Processed, unchanged)
            };
            return Decision::Settled(Box::new(outcome));
        }
        self.write(Some(found.id.clone()), Some(found.record), written, changes)
    }

    fn insert(self) -> Decision {
        let changes = diff(None, &self.outgoing);
        self.write(None, None, LastOperation::Inserted, changes)
    }

    fn write(
        self,
        id: Option<String>,
        current: Option<Canonical>,
        operation: LastOperation,
        changes: Vec<Change>,
    ) -> Decision {
        let payload_hash = self.outgoing.hash();
        let idempotency_key = self.record.id.to_string();
        let save = Save { id, idempotency_key, record: self.outgoing, current };
        let write =
            Write { record: self.record, save, operation, changes, source_hash: self.source_hash, payload_hash };
        Decision::Write(Box::new(write))
    }

    fn stop(self, problem: Problem) -> Decision {
        let tried = self.timing.tried(None, Vec::new());
        let failed = outcome::failed(&self.record, LastOperation::FailedToSave, problem, tried, self.timing);
        // It got here after its deadline only, and the look-up has not found the write.
        Decision::Settled(Box::new(Outcome { settles_intent: true, ..failed }))
    }

    fn later(self) -> Decision {
        let until = self.timing.now + chrono::TimeDelta::seconds(1);
        let why = "Another record with the same key is being written; looks again after it.";
        let outcome = outcome::put_back(&self.record, LastOperation::WaitsForPrerequisite, until, why.into());
        Decision::Settled(Box::new(outcome))
    }

    fn unsettled(self) -> Decision {
        let until = self.record.intent.as_ref().map_or(self.timing.now, |intent| intent.deadline_at);
        let why =
            "An earlier write was interrupted and may still arrive; looks for it before anything is written again.";
        let outcome = outcome::put_back(&self.record, LastOperation::CrashedWorker, until, why.into());
        Decision::Settled(Box::new(outcome))
    }
}
