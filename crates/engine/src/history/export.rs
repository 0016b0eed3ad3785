//! The history as rows of a file: everything that matches, a page at a time, so that memory does not grow with it.

use domain::RecordId;
use domain::history::{HistoryFilter, RecordRow};

use super::refuse_long_search;
use crate::store::history::{Position, Towards};
use crate::{Engine, Member, Result, store};

/// Rows that are in memory at once.
const PAGE: i64 = 1_000;

/// An export under way.
#[derive(Debug)]
pub struct Export {
    member: Member,
    filter: HistoryFilter,
    from: Option<Position>,
    is_over: bool,
}

/// Begins an export of everything that matches, the newest change first, whatever page the filter names.
///
/// # Errors
/// [`crate::Error::Invalid`] when the search text is too long.
pub fn export(member: Member, filter: HistoryFilter) -> Result<Export> {
    refuse_long_search(&filter)?;
    let filter = HistoryFilter { after: None, before: None, ..filter };
    Ok(Export { member, filter, from: None, is_over: false })
}

impl Export {
    /// The next rows; none when all are out. A record that changes meanwhile comes with its old state, or not at all:
    /// it moves to the top, where the export has been.
    pub async fn next(&mut self, engine: &Engine) -> Result<Vec<RecordRow>> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let mut tx = engine.db.begin(self.member.tenant).await?;
        let ids = store::history::page_ids(&mut tx, &self.filter, Towards::Older, self.from, PAGE).await?;
        let rows = store::history::rows(&mut tx, &ids).await?;
        tx.commit().await?;
        self.is_over = (ids.len() as i64) < PAGE;
        if let Some(RecordRow { updated_at, id: RecordId(id), .. }) = rows.last() {
            self.from = Some(Position { at: *updated_at, id: *id });
        }
        Ok(rows)
    }
}
