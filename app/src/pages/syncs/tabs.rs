//! The parts of a sync's page, as links above each of them.

use crate::prelude::*;
use domain::SyncId;

use crate::frame::href;

/// A part of a sync's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Overview,
    Settings,
    Filter,
    Agreement,
    DryRun,
}

impl Part {
    const ALL: [Self; 5] = [Self::Overview, Self::Settings, Self::Filter, Self::Agreement, Self::DryRun];

    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Settings => "Settings",
            Self::Filter => "Filter",
            Self::Agreement => "Agreement",
            Self::DryRun => "Dry run",
        }
    }

    /// Its address below the organisation's.
    #[must_use]
    pub fn path(self, sync: SyncId) -> String {
        match self {
            Self::Overview => format!("syncs/{sync}"),
            Self::Settings => format!("syncs/{sync}/settings"),
            Self::Filter => format!("syncs/{sync}/filter"),
            Self::Agreement => format!("syncs/{sync}/agreement"),
            Self::DryRun => format!("syncs/{sync}/dry-run"),
        }
    }
}

/// Links to all parts; the one that is shown is marked.
#[component]
pub fn SyncTabs(slug: String, sync: SyncId, current: Part) -> impl IntoView {
    let link = |part: Part| {
        let here = (part == current).then_some("page");
        view! { <li><a class="tab" href=href(&slug, &part.path(sync)) aria-current=here>{part.label()}</a></li> }
    };
    view! {
        <nav class="tabs" aria-label="Parts of this sync">
            <ul>{Part::ALL.into_iter().map(link).collect_view()}</ul>
        </nav>
    }
}
