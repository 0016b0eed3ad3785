//! Counts what the API's writes did to each record: the proof that nothing was doubled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What one write through the vendor's API did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A record came into being.
    Insert,
    /// A record was changed.
    Update,
    /// The record already was as asked.
    Unchanged,
    /// A record went.
    Delete,
}

/// How often a record was written, by effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records made under this key: more than one is a duplicate.
    pub inserts: u64,
    /// Writes that changed it.
    pub updates: u64,
    /// Writes that were applied and found nothing to change.
    pub unchanged: u64,
    /// Records taken away under this key.
    #[serde(default)]
    pub deletes: u64,
}

impl Counts {
    /// All writes that were applied.
    #[must_use]
    pub fn total(self) -> u64 {
        self.inserts + self.updates + self.unchanged + self.deletes
    }
}

/// The counts of one table, by the reference that the writer gave (or the record's own key).
#[derive(Debug, Default)]
pub struct Ledger {
    counts: BTreeMap<String, Counts>,
}

impl Ledger {
    /// What the counts will be after one more write.
    #[must_use]
    pub fn after(&self, key: &str, effect: Effect) -> Counts {
        let mut counts = self.counts.get(key).copied().unwrap_or_default();
        match effect {
            Effect::Insert => counts.inserts += 1,
            Effect::Update => counts.updates += 1,
            Effect::Unchanged => counts.unchanged += 1,
            Effect::Delete => counts.deletes += 1,
        }
        counts
    }

    /// Sets a record's counts.
    pub fn set(&mut self, key: String, counts: Counts) {
        self.counts.insert(key, counts);
    }

    /// All counts by key.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Counts)> {
        self.counts.iter()
    }

    /// `{records, total, inserts, max_per_record, max_inserts_per_record}` and, when asked, `by_record`.
    #[must_use]
    pub fn summary(&self, with_records: Detail) -> Value {
        let highest = |of: fn(Counts) -> u64| self.counts.values().map(|counts| of(*counts)).max().unwrap_or(0);
        let sum = |of: fn(Counts) -> u64| self.counts.values().map(|counts| of(*counts)).sum::<u64>();
        let mut summary = json!({
            "records": self.counts.len(),
            "total": sum(Counts::total),
            "inserts": sum(|counts| counts.inserts),
            "updates": sum(|counts| counts.updates),
            "unchanged": sum(|counts| counts.unchanged),
            "deletes": sum(|counts| counts.deletes),
            "max_per_record": highest(Counts::total),
            "max_inserts_per_record": highest(|counts| counts.inserts),
        });
        if with_records == Detail::ByRecord {
            let by_record =
                self.counts.iter().map(|(key, counts)| (key.clone(), Value::from(counts.total()))).collect();
            summary["by_record"] = Value::Object(by_record);
        }
        summary
    }
}

/// How much a summary says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Sums only.
    Sums,
    /// Sums and every record's own number.
    ByRecord,
}
