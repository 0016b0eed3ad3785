//! Where a prepare run stands, and the decisions about it that need no database.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::Page;
use domain::Side;
use domain::run::Phase;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Result;
use crate::store::listing_seen::Began;
use crate::store::runs::Taken;

/// Each listing reads again from so long before the watermark: clocks and indexes lag.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// Where the run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    pub stage: Stage,
    /// The side that is listed, or was listed last.
    pub side: Side,
    pub range: Option<Range>,
    /// What a person who looks at the run has to know beyond its counts.
    pub message: Option<String>,
    /// Records of this slice that could not be read; the run's own count has those of the slices before.
    #[serde(skip)]
    pub failed: i64,
}

/// What the run does next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Begin,
    /// Looks again at what the filter excluded before it was changed, the newest first.
    Refilter {
        asked_at: DateTime<Utc>,
        before: (DateTime<Utc>, Uuid),
    },
    List(Listing),
    /// A full listing is complete: how many records has it not seen?
    Missing {
        began: Began,
    },
    /// Sets the tombstone's flag on them.
    Mark {
        began: Began,
    },
    /// Forgets what a full listing has seen.
    Forget,
    End,
}

/// Where a listing stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Since when it is under way; `None` = it has not begun.
    pub began: Option<Began>,
    /// From when on it lists; `None` = everything.
    pub since: Option<DateTime<Utc>>,
    /// The vendor's own cursor.
    pub page: Option<String>,
    /// The newest change seen.
    pub newest: Option<DateTime<Utc>>,
}

/// The days that somebody asked for, both ends included: a run's request is `{"from": …, "until": …}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { stage: Stage::Begin, side: Side::Source, range: None, message: None, failed: 0 }
    }
}

impl Cursor {
    /// Where the run stands; at its beginning when it has not begun, or was begun by a release that wrote its cursor in
    /// another way: listing again does no harm.
    pub fn read(run: &Taken) -> Self {
        run.cursor.clone().and_then(|cursor| serde_json::from_value(cursor).ok()).unwrap_or_default()
    }
}

impl Range {
    /// The range that the run was asked for; `None` when there is none, or none that makes sense.
    pub fn of(run: &Taken) -> Result<Option<Self>> {
        let range: Option<Self> = run.request.clone().map(serde_json::from_value).transpose()?;
        Ok(range.filter(|range| range.from <= range.until))
    }

    /// Whether a change belongs to it; one without a time might.
    pub fn includes(self, modified_at: Option<DateTime<Utc>>) -> bool {
        modified_at.is_none_or(|at| at >= self.from && at <= self.until)
    }
}

impl Listing {
    /// From when on a listing of this phase lists.
    pub fn since(phase: Phase, watermark: Option<DateTime<Utc>>, range: Option<Range>) -> Option<DateTime<Utc>> {
        match phase {
            Phase::FullPrepare => None,
            Phase::RangePrepare => range.map(|range| range.from),
            _ => watermark.map(|watermark| watermark - OVERLAP),
        }
    }

    /// Where the listing stands after a page that was asked for at `asked_at`.
    pub fn after(self, page: &Page, asked_at: DateTime<Utc>) -> Self {
        let began = self.began.unwrap_or_else(|| Began { here: asked_at, there: page.clock.unwrap_or(asked_at) });
        let newest = self.newest.max(page.found.iter().filter_map(|found| found.modified_at).max());
        Self { began: Some(began), newest, page: page.next.clone(), since: self.since }
    }

    /// The watermark that the complete listing has earned. What changed while it was under way may have come to a page
    /// that had been read already, so it is never later than the listing's beginning, by the listed system's own clock,
    /// nor much later by ours.
    pub fn watermark(&self) -> Option<DateTime<Utc>> {
        let began = self.began?;
        // A system whose clock is wrong must not have its next changes passed over.
        Some(self.newest?.min(began.there).min(began.here + OVERLAP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
    }

    fn page(clock: Option<i64>, changes: &[i64]) -> Page {
        let found = |seconds: &i64| connectors::Found {
            id: seconds.to_string(),
            label: String::new(),
            url: None,
            modified_at: Some(at(*seconds)),
            record: domain::canonical::Canonical::Customer(domain::canonical::Customer::default()),
        };
        let found = changes.iter().map(found).collect();
        Page { found, unreadable: Vec::new(), gone: Vec::new(), next: Some("next".into()), clock: clock.map(at) }
    }

    #[test]
    fn a_system_whose_clock_runs_years_ahead_does_not_hide_its_next_changes() {
        let listing = Listing::default().after(&page(Some(1_000_000_000), &[900_000_000]), at(500));
        assert_eq!(listing.watermark(), Some(at(500) + OVERLAP));
    }

    #[test]
    fn a_watermark_is_the_newest_change_seen_and_never_later_than_the_sources_clock() {
        let listing = Listing::default().after(&page(Some(100), &[10, 40]), at(500));
        assert_eq!(listing.watermark(), Some(at(40)));
        let ahead = Listing::default().after(&page(Some(30), &[10, 40]), at(500));
        assert_eq!(ahead.watermark(), Some(at(30)));
        let silent = Listing::default().after(&page(None, &[10, 900]), at(500));
        assert_eq!(silent.watermark(), Some(at(500)), "a system without a clock is taken to have ours");
        assert_eq!(Listing::default().after(&page(Some(100), &[]), at(500)).watermark(), None);
    }

    #[test]
    fn what_changes_while_pages_are_read_is_listed_again_by_the_next_run() {
        let first = Listing::default().after(&page(Some(100), &[10]), at(100));
        let second = first.after(&page(Some(160), &[150]), at(160));
        assert_eq!(second.watermark(), Some(at(100)));
    }

    #[test]
    fn each_phase_lists_from_its_own_beginning() {
        let range = Some(Range { from: at(7), until: at(9) });
        assert_eq!(Listing::since(Phase::FullPrepare, Some(at(0)), None), None);
        assert_eq!(Listing::since(Phase::RangePrepare, Some(at(0)), range), Some(at(7)));
        assert_eq!(Listing::since(Phase::Prepare, Some(at(300)), None), Some(at(0)));
        assert_eq!(Listing::since(Phase::Prepare, None, None), None);
    }
}
