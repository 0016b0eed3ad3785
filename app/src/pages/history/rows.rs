//! The rows on the screen, and what a live event does to them.

use std::collections::HashSet;

use crate::prelude::*;
use chrono::{DateTime, Utc};
use domain::RecordId;
use domain::history::{HistoryFilter, PAGE_SIZE, RecordPage, RecordRow};
use domain::sync::StatusCounts;

use super::filter::{belongs, is_first_page};

/// So many new records appear at the top by themselves; more wait behind a button, so that the list holds still while
/// somebody reads it.
const QUIET: usize = 5;

/// One row, which changes in place.
#[derive(Debug, Clone)]
pub struct LiveRow {
    pub id: RecordId,
    pub row: ArcRwSignal<RecordRow>,
}

/// A page of rows that follows what happens.
#[derive(Debug, Clone, Copy)]
pub struct LiveRows {
    pub filter: StoredValue<HistoryFilter>,
    pub rows: RwSignal<Vec<LiveRow>>,
    pub counts: RwSignal<StatusCounts>,
    pub next: RwSignal<Option<String>>,
    pub previous: RwSignal<Option<String>>,
    /// New records that are not shown yet.
    pub fresh: RwSignal<HashSet<RecordId>>,
    /// The newest change when the page was read.
    newest: StoredValue<Option<DateTime<Utc>>>,
}

impl LiveRows {
    #[must_use]
    pub fn new(filter: HistoryFilter, page: RecordPage) -> Self {
        Self {
            filter: StoredValue::new(filter),
            newest: StoredValue::new(newest(&page)),
            rows: RwSignal::new(page.rows.into_iter().map(live).collect()),
            counts: RwSignal::new(page.counts),
            next: RwSignal::new(page.next),
            previous: RwSignal::new(page.previous),
            fresh: RwSignal::new(HashSet::new()),
        }
    }

    /// Takes over what an event says of `changed`, and answers whether the page as a whole may be out of date.
    pub fn patch(&self, changed: &[RecordRow]) -> bool {
        let filter = self.filter.get_value();
        let mut touched = false;
        for row in changed {
            match self.find(row.id) {
                Some(shown) => {
                    update(&shown, row);
                    touched = true;
                }
                None if belongs(&filter, row) && self.is_new(row) => {
                    touched = true;
                    if is_first_page(&filter) && filter.text.is_none() {
                        self.fresh.update(|fresh| _ = fresh.insert(row.id));
                    }
                }
                None => touched |= in_scope(&filter, row),
            }
        }
        touched
    }

    /// Takes away what was deleted from the history, and answers whether any of it was here.
    pub fn forget(&self, gone: &[RecordId]) -> bool {
        let here = self.rows.with_untracked(|rows| rows.iter().any(|row| gone.contains(&row.id)));
        if here {
            self.rows.update(|rows| rows.retain(|row| !gone.contains(&row.id)));
        }
        here || !gone.is_empty()
    }

    /// Takes over a page that was read again. With `may_move`, a few new records come in at the top, and a list that
    /// is shorter than a page shows whatever there is.
    pub fn refresh(&self, page: RecordPage, may_move: bool) {
        self.counts.set(page.counts.clone());
        for row in &page.rows {
            if let Some(shown) = self.find(row.id) {
                update(&shown, row);
            }
        }
        let new: Vec<RecordRow> = page.rows.iter().filter(|row| self.find(row.id).is_none()).cloned().collect();
        if new.is_empty() {
            self.fresh.set(HashSet::new());
        } else if may_move && new.len() <= QUIET {
            self.prepend(new, page);
        } else if may_move && self.rows.with_untracked(Vec::len) < PAGE_SIZE as usize {
            self.replace(page);
        }
    }

    /// Shows `page` instead of what is there.
    pub fn replace(&self, page: RecordPage) {
        self.fresh.set(HashSet::new());
        self.newest.set_value(newest(&page));
        self.counts.set(page.counts);
        self.next.set(page.next);
        self.previous.set(page.previous);
        let rows = page.rows.into_iter().map(|row| match self.find(row.id) {
            Some(shown) => {
                update(&shown, &row);
                shown
            }
            None => live(row),
        });
        self.rows.set(rows.collect());
    }

    /// The records on the page.
    pub fn ids(&self) -> HashSet<RecordId> {
        self.rows.with(|rows| rows.iter().map(|row| row.id).collect())
    }

    fn prepend(&self, new: Vec<RecordRow>, page: RecordPage) {
        let too_long = self.rows.with_untracked(Vec::len) + new.len() > 2 * PAGE_SIZE as usize;
        if too_long {
            return self.replace(page);
        }
        self.fresh.set(HashSet::new());
        self.newest.set_value(newest(&page));
        self.rows.update(|rows| _ = rows.splice(0..0, new.into_iter().map(live)));
    }

    fn find(&self, id: RecordId) -> Option<LiveRow> {
        self.rows.with_untracked(|rows| rows.iter().find(|row| row.id == id).cloned())
    }

    /// A stream repeats its last minute; what is not newer than the page was on another page when this one was read.
    fn is_new(&self, row: &RecordRow) -> bool {
        self.newest.get_value().is_none_or(|newest| row.updated_at > newest)
    }
}

fn newest(page: &RecordPage) -> Option<DateTime<Utc>> {
    page.rows.iter().map(|row| row.updated_at).max()
}

fn live(row: RecordRow) -> LiveRow {
    LiveRow { id: row.id, row: ArcRwSignal::new(row) }
}

/// An older state never overwrites a newer one.
fn update(shown: &LiveRow, row: &RecordRow) {
    if shown.row.with_untracked(|old| row.updated_at > old.updated_at) {
        shown.row.set(row.clone());
    }
}

/// Whether the counts beside the tabs may change with `row`.
fn in_scope(filter: &HistoryFilter, row: &RecordRow) -> bool {
    belongs(&HistoryFilter { status: None, ..filter.clone() }, row)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use domain::{Entity, LastOperation, RecordStatus, SyncId};

    use super::*;

    fn row(seconds: i64, status: RecordStatus) -> RecordRow {
        let at = DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap();
        RecordRow {
            id: RecordId::new(at),
            sync: SyncId(uuid::Uuid::nil()),
            sync_name: "Orders".into(),
            entity: Entity::Order,
            source_id: None,
            source_label: None,
            source_url: None,
            destination_id: None,
            destination_label: None,
            destination_url: None,
            description: format!("#{seconds}"),
            status,
            last_operation: LastOperation::Found,
            last_error: None,
            error_field: None,
            attempts: 0,
            next_attempt_at: None,
            last_attempt_at: None,
            source_modified_at: None,
            destination_modified_at: None,
            in_work: false,
            version: 1,
            updated_at: at,
        }
    }

    fn page(rows: &[RecordRow]) -> RecordPage {
        RecordPage { rows: rows.to_vec(), next: None, previous: None, counts: StatusCounts::default() }
    }

    fn shown(list: &LiveRows) -> Vec<(String, RecordStatus)> {
        let rows = list.rows.get_untracked();
        rows.iter().map(|live| live.row.with_untracked(|row| (row.description.clone(), row.status))).collect()
    }

    #[test]
    fn a_visible_row_changes_in_place_and_never_back() {
        let _owner = Owner::new_root(None);
        let old = row(1, RecordStatus::Prepared);
        let list = LiveRows::new(HistoryFilter::default(), page(std::slice::from_ref(&old)));
        let newer = RecordRow {
            status: RecordStatus::Processed,
            updated_at: old.updated_at + TimeDelta::seconds(9),
            ..old.clone()
        };
        assert!(list.patch(&[newer]));
        list.patch(&[old]);
        assert_eq!(shown(&list), [("#1".into(), RecordStatus::Processed)]);
    }

    #[test]
    fn a_few_new_records_come_in_at_the_top_and_many_wait() {
        let _owner = Owner::new_root(None);
        let there: Vec<RecordRow> = (0..PAGE_SIZE).rev().map(|n| row(n, RecordStatus::Processed)).collect();
        let list = LiveRows::new(HistoryFilter::default(), page(&there));
        let few = [row(100, RecordStatus::Prepared)];
        list.patch(&few);
        assert_eq!(list.fresh.with_untracked(HashSet::len), 1);
        list.refresh(page(&few), true);
        assert_eq!(shown(&list)[0].0, "#100");
        let many: Vec<RecordRow> = (200..220).map(|n| row(n, RecordStatus::Prepared)).collect();
        list.patch(&many);
        list.refresh(page(&many), true);
        assert_eq!(shown(&list)[0].0, "#100");
        assert_eq!(list.fresh.with_untracked(HashSet::len), 20);
    }

    #[test]
    fn what_another_filter_shows_is_not_new_here() {
        let _owner = Owner::new_root(None);
        let filter = HistoryFilter { status: Some(RecordStatus::Failed), ..HistoryFilter::default() };
        let list = LiveRows::new(filter, page(&[]));
        assert!(list.patch(&[row(1, RecordStatus::Processed)]), "the counts beside the tabs changed");
        assert!(list.fresh.with_untracked(HashSet::is_empty));
    }
}
