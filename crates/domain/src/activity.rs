//! The timeline, and what a live stream carries.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::history::RecordRow;
use crate::run::RunView;
use crate::{ActivityId, RecordId, SyncId};

crate::text_enum! {
    /// How a line of the timeline is to be read.
    Tone {
        Info = "info", "Information";
        Success = "success", "Success";
        Warning = "warning", "Warning";
        Failure = "failure", "Failure";
    }
}

/// One event of a tenant's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Known ids are dropped: a stream that resumes gets the last minute again.
    pub id: ActivityId,
    pub at: DateTime<Utc>,
    pub body: EventBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// A run started, went on or ended.
    Run { run: Box<RunView> },
    /// Records changed; at most 64 of one sync in one event.
    Records {
        sync: SyncId,
        rows: Vec<RecordRow>,
        /// Of those that were deleted from the history, the first few.
        #[serde(default)]
        gone: Vec<RecordId>,
    },
    /// A line of the timeline.
    Line { line: Line },
}

/// A line of the timeline that people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub tone: Tone,
    /// A sentence: `Prepare of Orders found 12 changes.`
    pub text: String,
    /// Who did it; `None` = Syncline itself.
    pub actor: Option<String>,
    /// Where it leads, below the organisation's address: `syncs/0199…`.
    pub link: Option<String>,
}

/// A line with its place in the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityItem {
    pub id: ActivityId,
    pub at: DateTime<Utc>,
    pub line: Line,
}

crate::text_enum! {
    /// Who did what a line tells of.
    By {
        People = "people", "People";
        Syncline = "syncline", "Syncline itself";
    }
}

/// Which lines of the timeline are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivityFilter {
    pub tone: Option<Tone>,
    /// What happened to one sync, its runs and records.
    pub sync: Option<SyncId>,
    pub by: Option<By>,
    /// A part of the line's words, or of the person's name.
    pub text: Option<String>,
    /// Older than this one.
    pub before: Option<ActivityId>,
}

impl ActivityFilter {
    /// Whether anything is left out.
    #[must_use]
    pub const fn narrows(&self) -> bool {
        self.tone.is_some() || self.sync.is_some() || self.by.is_some() || self.text.is_some()
    }

    /// Whether `line` is shown.
    #[must_use]
    pub fn shows(&self, line: &Line) -> bool {
        let text = self.text.as_ref().map(|text| text.to_lowercase());
        let has = |words: &str, text: &str| words.to_lowercase().contains(text);
        self.tone.is_none_or(|tone| tone == line.tone)
            && self.by.is_none_or(|by| (by == By::People) == line.actor.is_some())
            && self.sync.is_none_or(|sync| line.link.as_ref().is_some_and(|link| link.contains(&sync.to_string())))
            && text
                .is_none_or(|text| has(&line.text, &text) || line.actor.as_ref().is_some_and(|actor| has(actor, &text)))
    }
}

/// A page of the timeline, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityPage {
    pub items: Vec<ActivityItem>,
    /// Give it as `before` for the next page.
    pub next: Option<ActivityId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_when_everything_that_was_asked_for_is_true_of_it() {
        let sync = SyncId::from(uuid::Uuid::from_u128(7));
        let line = Line {
            tone: Tone::Warning,
            text: "Process of Orders is done".into(),
            actor: Some("ada@example.org".into()),
            link: Some(format!("syncs/{sync}")),
        };
        let shows = |filter: ActivityFilter| filter.shows(&line);
        assert!(shows(ActivityFilter::default()));
        assert!(shows(ActivityFilter { sync: Some(sync), by: Some(By::People), ..ActivityFilter::default() }));
        assert!(shows(ActivityFilter { text: Some("ORDERS".into()), ..ActivityFilter::default() }));
        assert!(shows(ActivityFilter { text: Some("ada@".into()), ..ActivityFilter::default() }));
        assert!(!shows(ActivityFilter { by: Some(By::Syncline), ..ActivityFilter::default() }));
        assert!(!shows(ActivityFilter { tone: Some(Tone::Info), sync: Some(sync), ..ActivityFilter::default() }));
    }
}
