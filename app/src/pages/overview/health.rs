//! How one sync is doing.

use crate::prelude::*;
use domain::RecordStatus;
use domain::sync::{StatusCounts, SyncView};

use crate::frame::href;
use crate::ui::status::record_class;
use crate::ui::{SyncBadge, Time, counted, grouped};

/// A card: where from and to, how many records stand where, how fresh it is.
#[component]
pub(super) fn SyncHealth(slug: String, sync: SyncView) -> impl IntoView {
    let total = sync.counts.total();
    let held = sync.hold.is_some();
    let stopped = sync.stopped_by().map(|end| end.state);
    let quiet = held || sync.is_still();
    let agreed = agreement(&slug, &sync);
    let to = href(&slug, &format!("syncs/{}", sync.id));
    let history = |status: RecordStatus| href(&slug, &format!("history?sync={}&status={status}", sync.id));
    let parts = RecordStatus::ALL.iter().map(|status| (*status, sync.counts.of(*status)));
    let parts = parts.filter(|(_, number)| *number > 0).map(|(status, number)| {
        view! { <li><a href=history(status)><span class="numeric">{grouped(number)}</span> " " {status.label()}</a></li> }
    });
    view! {
        <article class="card health">
            <header>
                <h3>
                    <a href=to>{sync.name}</a>
                </h3>
                {quiet.then(|| view! { <SyncBadge state=sync.state held stopped /> })}
            </header>
            <p class="muted">{format!("{} → {}", sync.source.name, sync.destination.name)}</p>
            <p class="health-total numeric">{counted(total, "record")}</p>
            {(total > 0).then(|| view! {
                <StatusBar counts=sync.counts.clone() />
                <ul class="health-counts">{parts.collect_view()}</ul>
            })}
            {(total == 0).then(|| view! { <p class="muted">"Its next prepare run looks for some."</p> })}
            {agreed}
            {sync.watermark_at.map(|at| view! { <p class="muted">"Newest change seen " <Time at /></p> })}
        </article>
    }
}

/// Whether the two systems hold the same, as of the newest comparison.
fn agreement(slug: &str, sync: &SyncView) -> Option<AnyView> {
    let found = sync.agreement.as_ref()?;
    let link = href(slug, &format!("syncs/{}/agreement", sync.id));
    let view = view! {
        <p class="health-agreement">
            <a href=link>
                {grouped(found.sums.compared())} " " {sync.entity.label().to_lowercase()} " · " {found.sums.sentence()}
            </a>
            " " <span class="muted">"compared " <Time at=found.at /></span>
        </p>
    };
    Some(view.into_any())
}

/// The statuses' shares as one bar; its numbers stand beside it.
#[component]
pub fn StatusBar(counts: StatusCounts) -> impl IntoView {
    let total = counts.total();
    let mut x = 0;
    let parts = RecordStatus::ALL.iter().filter_map(|status| {
        let number = counts.of(*status);
        (number > 0).then(|| {
            // Out of a thousand, and never so thin that it cannot be seen.
            let width = (number * 1_000 / total.max(1)).max(6);
            x += width;
            view! { <rect class=record_class(*status) x=x - width y="0" width=width height="6" /> }
        })
    });
    view! {
        <svg class="status-bar" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">
            {parts.collect_view()}
        </svg>
    }
}
