//! What a run looks up for one record at the vendors, and what it found.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::canonical::fields::Pair;
use crate::run::RunView;
use crate::{RecordId, Side};

crate::text_enum! {
    /// By what a record is looked up.
    FindBy {
        /// The entity's unique key: a number, an e-mail address, a SKU.
        Key = "key", "Key";
        /// The system's own id.
        Id = "id", "Id";
    }
}

/// What a compare run is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordRequest {
    /// Both sides as they are now.
    Compare { record: RecordId },
    /// Records of one side that this one may be linked to.
    Find { record: RecordId, side: Side, by: FindBy, text: String },
}

impl RecordRequest {
    #[must_use]
    pub const fn record(&self) -> RecordId {
        match self {
            Self::Compare { record } | Self::Find { record, .. } => *record,
        }
    }
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordReport {
    Compared(Box<Comparison>),
    Found { candidates: Vec<Candidate> },
}

/// Both sides of a record, read at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub read_at: DateTime<Utc>,
    pub source: SideSeen,
    pub destination: SideSeen,
    /// Every field, in the destination's terms: the source on the left.
    pub pairs: Vec<Pair>,
    /// Records that it refers to and that have no partner at the destination yet, so that they stand in the source's terms.
    pub untranslated: Vec<String>,
}

/// What one side said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SideSeen {
    /// The record has no partner there.
    NotLinked,
    /// It had one, and it is gone.
    Gone {
        id: String,
    },
    There(SideView),
}

/// A record as one system has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideView {
    pub id: String,
    pub label: String,
    pub url: Option<String>,
    pub modified_at: Option<DateTime<Utc>>,
}

/// A record of the other side to which this one may be linked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub seen: SideView,
    pub description: String,
    /// Who is linked to it already: the record and its description.
    pub linked_to: Option<(RecordId, String)>,
}

/// A run that looked something up, with what it was asked and what it has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportView {
    pub run: RunView,
    pub request: RecordRequest,
    /// `None` until the run has ended, and when it failed.
    pub report: Option<RecordReport>,
}
