//! What people do to one record by hand: edit what goes out, link, choose in a conflict.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::canonical::Change;
use crate::canonical::fields::{Field, Groups, Pair};
use crate::{EditId, RecordId, Side};

crate::text_enum! {
    /// What a person changed.
    EditKind {
        /// What is written to the destination, once.
        Payload = "payload", "Edited";
        /// Which record of the other side it belongs to.
        Link = "link", "Linked";
        /// What both sides are to hold.
        Conflict = "conflict", "Conflict resolved";
    }
}

crate::text_enum! {
    /// What happens to a record whose other side is gone, when a person decides that it stays gone.
    Removal {
        Delete = "delete", "Delete it here too";
        Deactivate = "deactivate", "Deactivate it here";
        Keep = "keep", "Keep it here, and leave it alone";
    }
}

/// Something that was changed by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditView {
    pub kind: EditKind,
    pub actor: String,
    pub made_at: DateTime<Utc>,
    pub version: i64,
    pub changes: Vec<Change>,
    pub removal: Option<Removal>,
    /// When it was written; `None` while it waits for it, and for a link.
    pub used_at: Option<DateTime<Utc>>,
}

/// Both sides of a record that changed on both, in the destination's terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictView {
    pub found_at: DateTime<Utc>,
    /// The fields that differ, each under the path by which it is chosen; empty when one side is gone.
    pub groups: Groups,
    /// The fields in which both agree, or those of the side that is left.
    pub same: Vec<Pair>,
    /// The side that is gone.
    pub gone: Option<Side>,
    /// What can be done to the side that is left.
    pub removals: Vec<Removal>,
}

/// What a person decides about a record that is gone on one side and was changed on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WholeChoice {
    /// It is written again to the side where it is gone.
    BringBack,
    Remove(Removal),
}

impl std::str::FromStr for WholeChoice {
    type Err = crate::UnknownText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "bring_back" { Ok(Self::BringBack) } else { text.parse().map(Self::Remove) }
    }
}

/// What would be written to the destination, as a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditForm {
    pub record: RecordId,
    pub description: String,
    pub opened_on: OpenedOn,
    /// With an empty line after the last one, where the record has lines.
    pub fields: Vec<Field>,
    /// What has to be known about it first: records that it refers to and that are not at the destination yet.
    pub missing: Vec<String>,
    pub destination: String,
    /// An edit that waits to be written; a new one takes its place.
    pub pending: Option<EditView>,
}

/// What a form shows. What came after it is not overwritten by what was typed without knowing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedOn {
    pub version: i64,
    /// The newest edit, written or not.
    pub edit: Option<EditId>,
}
