//! Icons: inline SVG, one stroke width, drawn on a grid of 16.

use crate::prelude::*;

/// Which icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    Overview,
    Syncs,
    History,
    Schedules,
    Connections,
    Activity,
    Settings,
    Check,
    Cross,
    Warning,
    Info,
    Dash,
    Dot,
    Clock,
    Spinner,
    Pause,
    Play,
    Plus,
    Copy,
    External,
    Search,
    ChevronDown,
    ChevronLeft,
    ChevronRight,
    ArrowRight,
    Sun,
    Moon,
    Screen,
    SignOut,
    Question,
    Trash,
    Retry,
    Filter,
    Skip,
    Key,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "M2.5 2.5h4.5v5h-4.5zM9 2.5h4.5v3h-4.5zM9 7.5h4.5v6h-4.5zM2.5 9.5h4.5v4h-4.5z",
            Self::Syncs => "M2.5 5.5h10M9.5 2.5l3 3-3 3M13.5 10.5h-10M6.5 7.5l-3 3 3 3",
            Self::History => {
                "M2.5 3.5h11M2.5 8h6M2.5 12.5h5M11.5 8.5v2.5l1.5 1M15 11.5a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0"
            }
            Self::Schedules => "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3M8 9v2l1.5 1",
            Self::Connections => "M5.5 2.5v3M10.5 2.5v3M3.5 5.5h9v2.5a4.5 4.5 0 0 1-9 0zM8 12.5v2",
            Self::Activity => "M1.5 8h3l2-5 3 10 2-5h3",
            Self::Settings => "M2.5 4.5h6M12 4.5h1.5M2.5 11.5h1.5M7.5 11.5h6M10.25 2.75v3.5M5.75 9.75v3.5",
            Self::Check => "M3 8.5l3.5 3.5 6.5-7.5",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
            Self::Warning => "M8 2.5l6 11h-12zM8 6.5v3.5M8 12v.01",
            Self::Info => "M14 8a6 6 0 1 1-12 0 6 6 0 0 1 12 0M8 7.5v3.5M8 5v.01",
            Self::Dash => "M4 8h8",
            Self::Dot => "M10.5 8a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0",
            Self::Clock => "M14 8a6 6 0 1 1-12 0 6 6 0 0 1 12 0M8 4.5v3.5l2.5 1.5",
            Self::Spinner => "M8 2a6 6 0 1 1-6 6",
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Self::Play => "M5 3l8 5-8 5z",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Copy => "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
            Self::External => "M6.5 3.5h-3.5v9.5h9.5v-3.5M9 2.5h4.5v4.5M13.5 2.5l-6 6",
            Self::Search => "M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0M10.3 10.3l3.7 3.7",
            Self::ChevronDown => "M4 6l4 4 4-4",
            Self::ChevronLeft => "M10 4l-4 4 4 4",
            Self::ChevronRight => "M6 4l4 4-4 4",
            Self::ArrowRight => "M2.5 8h11M9.5 4l4 4-4 4",
            Self::Sun => {
                "M10.5 8a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0M8 1.5v1.5M8 13v1.5M1.5 8h1.5M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1"
            }
            Self::Moon => "M13.5 9.5a6 6 0 1 1-7-7 5 5 0 0 0 7 7",
            Self::Screen => "M2 3h12v8h-12zM5.5 13.5h5M8 11v2.5",
            Self::SignOut => "M6.5 2.5h-4v11h4M7 8h7M11 5l3 3-3 3",
            Self::Question => {
                "M14 8a6 6 0 1 1-12 0 6 6 0 0 1 12 0M6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.4v.01"
            }
            Self::Trash => "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9M6.8 7v4M9.2 7v4",
            Self::Retry => "M13 8a5 5 0 1 1-1.5-3.6M13.5 2v3h-3",
            Self::Filter => "M2.5 4h11M4.5 8h7M6.5 12h3",
            Self::Skip => "M3.5 3.5l6 4.5-6 4.5zM12.5 3.5v9",
            Self::Key => "M7 10a3 3 0 1 1-4.2-2.7A3 3 0 0 1 7 10M6.2 8l6.3-5.5M10.5 4.3l2 2.2",
        }
    }
}

/// An icon beside words that say the same: hidden from screen readers.
#[component]
pub fn Icon(glyph: Glyph) -> impl IntoView {
    let class = if glyph == Glyph::Spinner { "icon icon-spin" } else { "icon" };
    view! {
        <svg class=class viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
            <path d=glyph.path() />
        </svg>
    }
}
