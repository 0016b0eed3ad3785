//! Agreement: what a reconcile run found out about a sync's two sides.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::canonical::Change;
use crate::{FindingId, RecordId, RecordStatus, RunId};

/// Findings on one page.
pub const PAGE_SIZE: i64 = 50;

crate::text_enum! {
    /// In which way a pair does not agree.
    FindingKind {
        Differs = "differs", "Differ";
        MissingInDestination = "missing_in_destination", "Missing in the destination";
        MissingInSource = "missing_in_source", "Missing in the source";
        /// Several records of one side have the same key; a person decides which one stays.
        Duplicated = "duplicated", "Duplicated";
    }
}

impl FindingKind {
    /// Whether another synchronisation can put it right.
    #[must_use]
    pub const fn is_repairable(self) -> bool {
        !matches!(self, Self::Duplicated)
    }
}

/// The sums of a reconcile run. Every record of the source, and every one of the destination that belongs to a record of
/// this sync, is in exactly one of `agreed`, `differing`, `missing_…`, `waiting` and `left_out`; the duplicated ones are
/// counted once a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub agreed: i64,
    pub differing: i64,
    pub missing_in_destination: i64,
    pub missing_in_source: i64,
    pub duplicated: i64,
    /// They do not agree yet, and the next process run takes care of them; or they changed while both sides were listed.
    pub waiting: i64,
    /// Filtered, skipped, invalid or deleted: nobody wants them at the other side.
    pub left_out: i64,
    /// The destination has them and this one-way sync has nothing to do with them.
    pub only_in_destination: i64,
}

impl Sums {
    /// Pairs of which it was asked whether they agree.
    #[must_use]
    pub const fn compared(&self) -> i64 {
        self.agreed + self.waiting + self.disagreeing()
    }

    /// Pairs that need a repair or a person.
    #[must_use]
    pub const fn disagreeing(&self) -> i64 {
        self.differing + self.missing_in_destination + self.missing_in_source + self.duplicated
    }

    #[must_use]
    pub const fn of(&self, kind: FindingKind) -> i64 {
        match kind {
            FindingKind::Differs => self.differing,
            FindingKind::MissingInDestination => self.missing_in_destination,
            FindingKind::MissingInSource => self.missing_in_source,
            FindingKind::Duplicated => self.duplicated,
        }
    }

    /// How many agree, in hundredths of a percent, rounded down: 100.00 is said only when every one does.
    #[must_use]
    pub fn agreement(&self) -> i64 {
        let compared = self.compared();
        if compared == 0 { 10_000 } else { self.agreed.saturating_mul(10_000) / compared }
    }

    /// `99.98 % agree · 7 differ · 2 missing`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let share = self.agreement();
        let mut parts = vec![format!("{}.{:02} % agree", share / 100, share % 100)];
        let missing = self.missing_in_destination + self.missing_in_source;
        let counts = [
            (self.differing, "differ"),
            (missing, "missing"),
            (self.duplicated, "duplicated"),
            (self.waiting, "waiting"),
        ];
        parts.extend(counts.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")));
        parts.join(" · ")
    }
}

/// The newest complete reconcile run of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub run: RunId,
    pub at: DateTime<Utc>,
    pub sums: Sums,
    /// Findings that were sent to be synchronised again since then.
    pub repaired: i64,
}

/// A pair that does not agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub id: FindingId,
    pub kind: FindingKind,
    pub record: Option<RecordId>,
    /// Where the record stands now.
    pub status: Option<RecordStatus>,
    pub source_id: Option<String>,
    pub destination_id: Option<String>,
    pub label: String,
    /// What would have to change in the destination.
    pub changes: Vec<Change>,
    pub repaired_at: Option<DateTime<Utc>>,
}

/// A page of findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingPage {
    /// `None` = the sync was never reconciled to the end.
    pub agreement: Option<Agreement>,
    pub findings: Vec<Finding>,
    /// Give it as `after` for the next page.
    pub next: Option<FindingId>,
    /// Findings of this kind (or of all) that a repair would take.
    pub repairable: i64,
}

/// The findings that a repair is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Repair {
    These(Vec<FindingId>),
    /// All that are not repaired yet; `None` = of any kind.
    All(Option<FindingKind>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_differs_among_a_hundred_thousand_is_not_rounded_away() {
        let sums = Sums { agreed: 99_999, differing: 1, ..Sums::default() };
        assert_eq!(sums.sentence(), "99.99 % agree · 1 differ");
        assert_eq!(Sums { agreed: 3, ..Sums::default() }.sentence(), "100.00 % agree");
        assert_eq!(Sums::default().agreement(), 10_000);
    }
}
