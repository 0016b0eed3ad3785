//! The table of records, and the tabs above it.

use std::collections::HashSet;

use crate::prelude::*;
use domain::history::{HistoryFilter, RecordRow};
use domain::{RecordId, RecordStatus};

use super::filter::{address, first_page};
use super::rows::{LiveRow, LiveRows};
use crate::ui::number::grouped;
use crate::ui::time::MaybeTime;
use crate::ui::{Glyph, Icon, RecordBadge};

/// The tabs that are there even when no record has the status.
const ALWAYS: [RecordStatus; 5] = [
    RecordStatus::Prepared,
    RecordStatus::Processed,
    RecordStatus::Failed,
    RecordStatus::Aborted,
    RecordStatus::Skipped,
];

/// Links that show one status each, with how many records have it.
#[component]
pub fn StatusTabs(slug: String, filter: HistoryFilter, rows: LiveRows) -> impl IntoView {
    let base = first_page(&filter);
    let current = filter.status;
    let tab = move |status: Option<RecordStatus>| {
        let href = address(&slug, &HistoryFilter { status, ..base.clone() }, None);
        let label = status.map_or("All", RecordStatus::label);
        let count =
            move || rows.counts.with(|counts| status.map_or_else(|| counts.total(), |status| counts.of(status)));
        let there = move || status.is_none_or(|s| ALWAYS.contains(&s) || current == Some(s) || count() > 0);
        view! {
            <li hidden=move || !there()>
                <a href=href class="tab" aria-current=(current == status).then_some("page")>
                    {label} " " <span class="tab-count numeric">{move || grouped(count())}</span>
                </a>
            </li>
        }
    };
    let statuses = RecordStatus::ALL.iter().map(|status| Some(*status));
    view! {
        <nav class="tabs" aria-label="By status">
            <ul>{std::iter::once(None).chain(statuses).map(tab).collect_view()}</ul>
        </nav>
    }
}

/// The rows. `selected` has a tick box per row when there are actions to choose them for.
#[component]
pub fn RecordTable(
    slug: String,
    filter: HistoryFilter,
    rows: LiveRows,
    selected: Option<RwSignal<HashSet<RecordId>>>,
) -> impl IntoView {
    let link = StoredValue::new((slug, filter));
    let href = move |id| link.with_value(|(slug, filter)| address(slug, filter, Some(id)));
    view! {
        <div class="table-region" role="region" aria-label="Records" tabindex="0">
            <table class="table table-cards history-table">
                <thead>
                    <tr>
                        {selected.map(|selected| view! { <th scope="col">{select_page(rows, selected)}</th> })}
                        <th scope="col">"Record"</th>
                        <th scope="col">"Sync"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Source id"</th>
                        <th scope="col">"Destination id"</th>
                        <th scope="col">"Last operation"</th>
                        <th scope="col">"Last error"</th>
                        <th scope="col" class="numeric">"Attempts"</th>
                        <th scope="col">"Last attempt"</th>
                        <th scope="col">"Next try"</th>
                        <th scope="col">"Changed at source"</th>
                        <th scope="col">"Changed at destination"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.rows.get() key=|row| row.id let:live>
                        {record_row(live, selected, href)}
                    </For>
                </tbody>
            </table>
        </div>
    }
}

fn record_row(
    live: LiveRow,
    selected: Option<RwSignal<HashSet<RecordId>>>,
    href: impl Fn(RecordId) -> String + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let LiveRow { id, row } = live;
    let tick = selected.map(|selected| tick_box(id, row.with_untracked(|row| row.description.clone()), selected));
    let is_selected = move || selected.is_some_and(|selected| selected.with(|ids| ids.contains(&id)));
    view! {
        <tr data-row="" class:is-selected=is_selected>
            {tick}
            {move || row.with(|row| cells(row, href(id)))}
        </tr>
    }
}

fn tick_box(id: RecordId, description: String, selected: RwSignal<HashSet<RecordId>>) -> impl IntoView {
    let toggle = move |ev| {
        let on = event_target_checked(&ev);
        selected.update(|ids| _ = if on { ids.insert(id) } else { ids.remove(&id) });
    };
    view! {
        <td class="tick">
            <input
                type="checkbox"
                name="ids[]"
                value=id.to_string()
                aria-label=format!("Select {description}")
                prop:checked=move || selected.with(|ids| ids.contains(&id))
                on:change=toggle
            />
        </td>
    }
}

/// The tick box that stands for every row on the page.
fn select_page(rows: LiveRows, selected: RwSignal<HashSet<RecordId>>) -> impl IntoView {
    let all = move || selected.with(|chosen| !chosen.is_empty() && rows.ids().is_subset(chosen));
    let toggle = move |ev| selected.set(if event_target_checked(&ev) { rows.ids() } else { HashSet::new() });
    view! { <input type="checkbox" aria-label="Select every record on this page" prop:checked=all on:change=toggle/> }
}

fn cells(row: &RecordRow, href: String) -> impl IntoView + use<> {
    let error = row.last_error.clone().map(|error| {
        let title = row.error_field.as_ref().map_or_else(|| error.clone(), |field| format!("{field}: {error}"));
        view! { <span class="one-line" title=title>{error}</span> }
    });
    let source = external(row.source_label.as_ref().or(row.source_id.as_ref()), row.source_url.as_ref());
    let destination =
        external(row.destination_label.as_ref().or(row.destination_id.as_ref()), row.destination_url.as_ref());
    // What will never be tried again by itself has no next try, whatever time is left in its row.
    let next_try = row.next_attempt_at.filter(|_| row.status.is_due_some_day());
    view! {
        <th scope="row" data-label="Record" class="record">
            <a href=href class="one-line record-link" data-record-link="" title=row.description.clone()>
                {row.description.clone()}
            </a>
        </th>
        <td data-label="Sync">{row.sync_name.clone()}</td>
        <td data-label="Status"><RecordBadge status=row.status in_work=row.in_work/></td>
        <td data-label="Source id">{source}</td>
        <td data-label="Destination id">{destination}</td>
        <td data-label="Last operation">{row.last_operation.label()}</td>
        <td data-label="Last error" class="error-cell">{error}</td>
        <td data-label="Attempts" class="numeric">{row.attempts}</td>
        <td data-label="Last attempt"><MaybeTime at=row.last_attempt_at/></td>
        <td data-label="Next try"><MaybeTime at=next_try/></td>
        <td data-label="Changed at source"><MaybeTime at=row.source_modified_at/></td>
        <td data-label="Changed at destination"><MaybeTime at=row.destination_modified_at/></td>
    }
}

/// An id in another system: a link where a person can see the record there. Only web addresses become links, because
/// the address is the vendor's.
pub fn external(label: Option<&String>, url: Option<&String>) -> impl IntoView + use<> {
    let Some(label) = label.cloned() else { return view! { <span class="muted">"–"</span> }.into_any() };
    let url = url.filter(|url| url.starts_with("https://") || url.starts_with("http://")).cloned();
    match url {
        Some(url) => view! {
            <a href=url target="_blank" rel="noopener noreferrer" class="external">
                {label} <Icon glyph=Glyph::External />
            </a>
        }
        .into_any(),
        None => view! { <span class="id">{label}</span> }.into_any(),
    }
}
