//! Status → colour, icon and word. Nowhere else.

use crate::prelude::*;
use domain::RecordStatus;
use domain::activity::Tone;
use domain::connection::ConnectionState;
use domain::run::RunState;
use domain::sync::SyncState;

use super::icon::{Glyph, Icon};

/// The colour of a status, by what a person does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hue {
    Good,
    Busy,
    Waiting,
    Wrong,
    Still,
}

impl Hue {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "badge badge-good",
            Self::Busy => "badge badge-busy",
            Self::Waiting => "badge badge-waiting",
            Self::Wrong => "badge badge-wrong",
            Self::Still => "badge badge-still",
        }
    }
}

const fn of_record(status: RecordStatus) -> (Hue, Glyph) {
    match status {
        RecordStatus::Prepared => (Hue::Busy, Glyph::Clock),
        RecordStatus::Processed => (Hue::Good, Glyph::Check),
        RecordStatus::Failed => (Hue::Waiting, Glyph::Retry),
        RecordStatus::Aborted => (Hue::Wrong, Glyph::Cross),
        RecordStatus::Conflict => (Hue::Wrong, Glyph::Question),
        RecordStatus::AwaitingApproval => (Hue::Waiting, Glyph::Clock),
        RecordStatus::Skipped => (Hue::Still, Glyph::Skip),
        RecordStatus::Filtered => (Hue::Still, Glyph::Filter),
        RecordStatus::Invalid => (Hue::Wrong, Glyph::Warning),
        RecordStatus::Deleted => (Hue::Still, Glyph::Trash),
    }
}

const fn of_run(state: RunState) -> (Hue, Glyph) {
    match state {
        RunState::Queued => (Hue::Busy, Glyph::Clock),
        RunState::Running => (Hue::Busy, Glyph::Spinner),
        RunState::Waiting => (Hue::Waiting, Glyph::Clock),
        RunState::Succeeded => (Hue::Good, Glyph::Check),
        RunState::CompletedWithErrors => (Hue::Waiting, Glyph::Warning),
        RunState::Failed => (Hue::Wrong, Glyph::Cross),
        RunState::Cancelled => (Hue::Still, Glyph::Dash),
    }
}

/// The status of a record; while a worker is at it, the icon turns.
#[component]
pub fn RecordBadge(status: RecordStatus, #[prop(optional)] in_work: bool) -> impl IntoView {
    let (hue, glyph) = of_record(status);
    badge(hue, if in_work { Glyph::Spinner } else { glyph }, status.label())
}

/// The state of a run.
#[component]
pub fn RunBadge(state: RunState) -> impl IntoView {
    let (hue, glyph) = of_run(state);
    badge(hue, glyph, state.label())
}

/// The state of a connection.
#[component]
pub fn ConnectionBadge(state: ConnectionState) -> impl IntoView {
    let (hue, glyph) = match state {
        ConnectionState::Active => (Hue::Good, Glyph::Check),
        ConnectionState::Paused => (Hue::Still, Glyph::Pause),
        ConnectionState::Unauthorised => (Hue::Wrong, Glyph::Key),
    };
    badge(hue, glyph, state.label())
}

/// The state of a sync; that it waits for somebody's decision comes first, then what its connections let it do.
#[component]
pub fn SyncBadge(
    state: SyncState,
    held: bool,
    /// The state of the connection that stops it.
    stopped: Option<ConnectionState>,
) -> impl IntoView {
    if held {
        return badge(Hue::Wrong, Glyph::Question, "Waits for you").into_any();
    }
    let (hue, glyph, word) = match (state, stopped) {
        (SyncState::Paused, _) => (Hue::Still, Glyph::Pause, state.label()),
        (SyncState::Active, Some(ConnectionState::Unauthorised)) => (Hue::Wrong, Glyph::Cross, "Credentials refused"),
        (SyncState::Active, Some(ConnectionState::Paused)) => (Hue::Still, Glyph::Pause, "Connection paused"),
        (SyncState::Active, Some(ConnectionState::Active) | None) => (Hue::Good, Glyph::Check, state.label()),
    };
    badge(hue, glyph, word).into_any()
}

/// The icon of a line of the timeline; its word is for screen readers.
#[component]
pub fn ToneIcon(tone: Tone) -> impl IntoView {
    let (class, glyph) = match tone {
        Tone::Info => ("tone tone-info", Glyph::Info),
        Tone::Success => ("tone tone-success", Glyph::Check),
        Tone::Warning => ("tone tone-warning", Glyph::Warning),
        Tone::Failure => ("tone tone-failure", Glyph::Cross),
    };
    view! {
        <span class=class>
            <Icon glyph />
            <span class="visually-hidden">{tone.label()}</span>
        </span>
    }
}

/// The class of a bar or a number that stands for a record status, so that a chart and a badge agree.
#[must_use]
pub const fn record_class(status: RecordStatus) -> &'static str {
    match of_record(status).0 {
        Hue::Good => "fill-good",
        Hue::Busy => "fill-busy",
        Hue::Waiting => "fill-waiting",
        Hue::Wrong => "fill-wrong",
        Hue::Still => "fill-still",
    }
}

fn badge(hue: Hue, glyph: Glyph, word: &'static str) -> impl IntoView {
    view! {
        <span class=hue.class()>
            <Icon glyph />
            {word}
        </span>
    }
}
