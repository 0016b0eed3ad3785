//! The list of syncs.

use crate::prelude::*;
use domain::RecordStatus;
use domain::history::HistoryFilter;
use domain::sync::SyncView;

use super::run::live_run;
use crate::frame::href;
use crate::pages::history::address;
use crate::ui::number::grouped;
use crate::ui::time::MaybeTime;
use crate::ui::{RunProgress, SyncBadge, Table};

/// One row a sync: where from, where to, how it stands.
#[component]
pub fn SyncTable(slug: String, syncs: Vec<SyncView>) -> impl IntoView {
    let columns = vec![
        "Sync",
        "From",
        "To",
        "State",
        "Processed",
        "Prepared",
        "Failed",
        "Needs a person",
        "Newest change",
        "Now",
    ];
    let rows = syncs.into_iter().map(|sync| sync_row(&slug, sync)).collect_view();
    view! {
        <Table label="Syncs" columns numeric=&["Processed", "Prepared", "Failed", "Needs a person"]>
            {rows}
        </Table>
    }
}

fn sync_row(slug: &str, sync: SyncView) -> impl IntoView + use<> {
    let count = |label: &'static str, status: RecordStatus| count_cell(slug, &sync, label, status);
    let persons: i64 = sync.counts.0.iter().filter(|(status, _)| status.needs_a_person()).map(|(_, n)| n).sum();
    let running = sync.active.iter().cloned().map(|run| view! { <RunProgress run=live_run(run) /> }).collect_view();
    let link = href(slug, &format!("syncs/{}", sync.id));
    let stopped = sync.stopped_by().map(|end| end.state);
    let processed = count("Processed", RecordStatus::Processed);
    let prepared = count("Prepared", RecordStatus::Prepared);
    let failed = count("Failed", RecordStatus::Failed);
    view! {
        <tr>
            <th scope="row" data-label="Sync"><a href=link class="record-link">{sync.name}</a></th>
            <td data-label="From">{sync.source.name} " " <span class="muted">{sync.source.vendor.label()}</span></td>
            <td data-label="To">
                {sync.destination.name} " " <span class="muted">{sync.destination.vendor.label()}</span>
            </td>
            <td data-label="State"><SyncBadge state=sync.state held=sync.hold.is_some() stopped /></td>
            {processed}
            {prepared}
            {failed}
            <td data-label="Needs a person" class="numeric">{grouped(persons)}</td>
            <td data-label="Newest change"><MaybeTime at=sync.watermark_at /></td>
            <td data-label="Now" class="sync-now">{running}</td>
        </tr>
    }
}

fn count_cell(slug: &str, sync: &SyncView, label: &'static str, status: RecordStatus) -> impl IntoView + use<> {
    let filter = HistoryFilter { sync: Some(sync.id), status: Some(status), ..HistoryFilter::default() };
    let number = grouped(sync.counts.of(status));
    view! {
        <td data-label=label class="numeric">
            <a href=address(slug, &filter, None)>{number} <span class="visually-hidden">" " {label}</span></a>
        </td>
    }
}
