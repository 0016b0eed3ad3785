//! How many records of a sync stand where, as links into the Sync History.

use crate::prelude::*;
use domain::history::HistoryFilter;
use domain::sync::StatusCounts;
use domain::{RecordStatus, SyncId};

use crate::pages::history::address;
use crate::ui::RecordBadge;
use crate::ui::number::grouped;

/// Shown even when no record has the status.
const ALWAYS: [RecordStatus; 3] = [RecordStatus::Processed, RecordStatus::Prepared, RecordStatus::Failed];

/// A tile a status; each leads to its records.
#[component]
pub fn Counts(slug: String, sync: SyncId, counts: StatusCounts) -> impl IntoView {
    let shown = RecordStatus::ALL.iter().copied().filter(|status| ALWAYS.contains(status) || counts.of(*status) > 0);
    let tile = |status: RecordStatus| {
        let filter = HistoryFilter { sync: Some(sync), status: Some(status), ..HistoryFilter::default() };
        view! {
            <li>
                <a class="count-tile" href=address(&slug, &filter, None)>
                    <strong class="numeric">{grouped(counts.of(status))}</strong>
                    <RecordBadge status />
                </a>
            </li>
        }
    };
    view! { <ul class="count-tiles">{shown.map(tile).collect_view()}</ul> }
}
