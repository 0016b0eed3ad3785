//! The table of records, and the tabs above it.

use std::collections::HashSet;

use crate::prelude::*;
use domain::history::{HistoryColumn, HistoryFilter, RecordRow};
use domain::{RecordId, RecordStatus};

use super::columns::shown;
use super::filter::{address, first_page};
use super::part::{Part, part_address};
use super::rows::{LiveRow, LiveRows};
use crate::ui::number::grouped;
use crate::ui::time::{Due, MaybeTime};
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
    let columns = StoredValue::new(shown(&filter));
    let link = StoredValue::new((slug, filter));
    // A conflict opens where it is resolved.
    let part = |status| if status == RecordStatus::Conflict { Part::Conflict } else { Part::Overview };
    let href =
        move |row: &RecordRow| link.with_value(|(slug, filter)| part_address(slug, filter, row.id, part(row.status)));
    let heads = columns.with_value(|columns| columns.iter().map(|column| head(*column)).collect_view());
    view! {
        <div class="table-region" role="region" aria-label="Records" tabindex="0">
            <table class="table history-table">
                <thead>
                    <tr>
                        {selected.map(|selected| view! { <th scope="col">{select_page(rows, selected)}</th> })}
                        <th scope="col">"Record"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.rows.get() key=|row| row.id let:live>
                        {record_row(live, selected, columns, href)}
                    </For>
                </tbody>
            </table>
        </div>
    }
}

fn head(column: HistoryColumn) -> impl IntoView {
    let class = if is_number(column) { "numeric" } else { "" };
    view! { <th scope="col" class=class>{column.label()}</th> }
}

const fn is_number(column: HistoryColumn) -> bool {
    matches!(column, HistoryColumn::Attempts | HistoryColumn::Version)
}

fn record_row(
    live: LiveRow,
    selected: Option<RwSignal<HashSet<RecordId>>>,
    columns: StoredValue<Vec<HistoryColumn>>,
    href: impl Fn(&RecordRow) -> String + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let LiveRow { id, row } = live;
    let tick = selected.map(|selected| tick_box(id, row.with_untracked(|row| row.description.clone()), selected));
    let is_selected = move || selected.is_some_and(|selected| selected.with(|ids| ids.contains(&id)));
    view! {
        <tr data-row="" class:is-selected=is_selected>
            {tick}
            {move || row.with(|row| columns.with_value(|columns| cells(row, href(row), columns)))}
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

fn cells(row: &RecordRow, href: String, columns: &[HistoryColumn]) -> impl IntoView + use<> {
    let cells = columns.iter().map(|column| {
        let class = match column {
            HistoryColumn::LastError => "error-cell",
            HistoryColumn::LastOperation => "operation-cell",
            column if is_number(*column) => "numeric",
            _ => "",
        };
        view! { <td data-label=column.label() class=class>{cell(row, *column)}</td> }
    });
    view! {
        <th scope="row" data-label="Record" class="record">
            <a href=href class="one-line record-link" data-record-link="" title=row.description.clone()>
                {row.description.clone()}
            </a>
        </th>
        {cells.collect_view()}
    }
}

fn cell(row: &RecordRow, column: HistoryColumn) -> AnyView {
    use HistoryColumn as C;
    match column {
        C::Sync => row.sync_name.clone().into_any(),
        C::Status => view! { <RecordBadge status=row.status in_work=row.in_work /> }.into_any(),
        C::SourceId => {
            external(row.source_label.as_ref().or(row.source_id.as_ref()), row.source_url.as_ref()).into_any()
        }
        C::DestinationId => {
            let label = row.destination_label.as_ref().or(row.destination_id.as_ref());
            external(label, row.destination_url.as_ref()).into_any()
        }
        C::LastOperation => {
            let words = row.last_operation.label();
            view! { <span class="one-line" title=words>{words}</span> }.into_any()
        }
        C::LastError => error_cell(row),
        C::Attempts => row.attempts.into_any(),
        C::LastAttempt => view! { <MaybeTime at=row.last_attempt_at /> }.into_any(),
        C::NextTry => next_try(row),
        C::ChangedAtSource => view! { <MaybeTime at=row.source_modified_at /> }.into_any(),
        C::ChangedAtDestination => view! { <MaybeTime at=row.destination_modified_at /> }.into_any(),
        C::Version => row.version.into_any(),
    }
}

fn error_cell(row: &RecordRow) -> AnyView {
    let Some(error) = row.last_error.clone() else { return ().into_any() };
    let title = row.error_field.as_ref().map_or_else(|| error.clone(), |field| format!("{field}: {error}"));
    view! { <span class="one-line" title=title>{error}</span> }.into_any()
}

/// When it is tried next: what will never be tried again by itself has no such time, whatever is left in its row, and a
/// time that has come waits for the next run.
fn next_try(row: &RecordRow) -> AnyView {
    match row.next_attempt_at.filter(|_| row.status.is_due_some_day()) {
        Some(at) => view! { <Due at /> }.into_any(),
        None => view! { <MaybeTime at=None /> }.into_any(),
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
