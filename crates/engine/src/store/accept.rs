//! What prepare writes: pages of a listing become records that are due, and versions of records.
//!
//! A record that is known in the state that was listed is left alone; an older state never replaces a newer one. Each
//! side has statements of its own, because a record is found by that side's id and keeps that side's state apart.

mod destination;
mod source;
mod unreadable;

pub use unreadable::accept_unreadable;

use chrono::{DateTime, Utc};
use connectors::Found;
use domain::Side;
use domain::sync::Direction;
use uuid::Uuid;

use super::records::Columns;
use super::syncs::SyncRow;
use crate::db::TenantTx;
use crate::error::Result;

/// Which of the records that a listing finds in the state in which they are known are prepared nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// None.
    LeaveAlone,
    /// Those that failed: somebody asked for the range in which they are.
    TryAgain,
}

/// Writes a page of a listing of one side to the Sync History and says which records are new or changed. Records that
/// the sync's filter excludes become Filtered, records without a unique key Invalid; a record that a person or a conflict
/// holds keeps its status and gets the new version.
pub async fn accept(
    tx: &mut TenantTx,
    sync: &SyncRow,
    side: Side,
    found: &[Found],
    known: Known,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let page = Incoming { columns: Columns::of(found, now)?, passes: passes(sync, found), known };
    // Only where both sides are written can a listing show what we wrote ourselves.
    let may_echo = sync.settings.direction == Direction::TwoWay;
    match side {
        Side::Source => {
            if may_echo {
                source::note_echoes(tx, sync, &page).await?;
            }
            source::accept(tx, sync, &page, now).await
        }
        Side::Destination => {
            destination::note_echoes(tx, sync, &page).await?;
            destination::accept(tx, sync, &page, now).await
        }
    }
}

/// A page on its way into the database.
struct Incoming {
    columns: Columns,
    /// Whether the sync's filter lets each record pass.
    passes: Vec<bool>,
    known: Known,
}

fn passes(sync: &SyncRow, found: &[Found]) -> Vec<bool> {
    let filter = sync.settings.filter.as_ref();
    found.iter().map(|found| filter.is_none_or(|filter| filter.matches(&found.record))).collect()
}

fn no_key(sync: &SyncRow) -> String {
    let key = sync.entity.key_label();
    format!(
        "This {} has no {key}, by which it is found at the other side. Give it one where it is; it is then prepared again.",
        sync.entity.singular()
    )
}
