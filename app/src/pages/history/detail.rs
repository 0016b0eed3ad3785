//! What a record's drawer shows: where it stands, what went wrong, what can be done, and how it came here.

use crate::prelude::*;
use chrono::{DateTime, Utc};
use domain::RecordStatus;
use domain::history::{ActionOutcome, HistoryFilter, RecordDetail, RecordRow, VersionView};

use super::actions::RecordActions;
use super::attempts::{AttemptList, change_table};
use super::filter::address;
use super::table::external;
use crate::rpc::Post;
use crate::ui::time::{MaybeTime, absolute, duration, machine};
use crate::ui::{RecordBadge, Time, now_signal};

/// The drawer's content below its heading.
#[component]
pub fn RecordDetails(
    slug: String,
    filter: HistoryFilter,
    detail: RecordDetail,
    may_operate: bool,
    action: Post<ActionOutcome>,
) -> impl IntoView {
    let RecordDetail { row, attempts, versions, changes, waits_for, .. } = detail;
    let actions = may_operate.then(|| {
        view! { <RecordActions slug=slug.clone() record=row.id status=row.status action=action/> }
    });
    let changes = (!changes.is_empty()).then(|| {
        view! {
            <section aria-labelledby="drawer-changes">
                <h3 id="drawer-changes">"Changed in version " {row.version}</h3>
                {change_table(format!("Changes of version {}", row.version), changes)}
            </section>
        }
    });
    view! {
        <p class="drawer-title">{row.description.clone()}</p>
        {problem(&row)}
        {actions}
        {facts(&slug, &row)}
        {waits_for_list(&slug, &filter, waits_for)}
        <section aria-labelledby="drawer-attempts">
            <h3 id="drawer-attempts">"Attempts"</h3>
            <AttemptList attempts=attempts/>
        </section>
        {changes}
        <section aria-labelledby="drawer-versions">
            <h3 id="drawer-versions">"Versions"</h3>
            {version_list(versions)}
        </section>
    }
}

/// What went wrong, in the vendor's words, and when it is tried again.
fn problem(row: &RecordRow) -> impl IntoView + use<> {
    let error = row.last_error.clone()?;
    let field = row.error_field.clone();
    let attempts = row.attempts;
    let next = match row.status {
        RecordStatus::Failed => row.next_attempt_at.map(|at| {
            let failed = if attempts == 1 { "1 try failed".to_owned() } else { format!("{attempts} tries failed") };
            view! { <p>{failed} ". Next try: " {next_try(at)}</p> }.into_any()
        }),
        RecordStatus::Aborted => {
            let text = format!("Given up after {attempts} tries. Mend the cause, then choose Retry.");
            Some(view! { <p>{text}</p> }.into_any())
        }
        RecordStatus::Invalid => {
            let text = "It cannot be synchronised as it is. It is looked at again as soon as it changes at the source.";
            Some(view! { <p>{text}</p> }.into_any())
        }
        _ => None,
    };
    Some(view! {
        <div class="notice notice-failure" data-testid="record-error">
            <p class="notice-title">{row.last_operation.label()}</p>
            <p class="vendor-message">{error}</p>
            {field.map(|field| view! { <p>"Field: " <code>{field}</code></p> })}
            {next}
        </div>
    })
}

fn facts(slug: &str, row: &RecordRow) -> impl IntoView + use<> {
    let sync = format!("/o/{slug}/syncs/{}", row.sync);
    let source = external(row.source_label.as_ref().or(row.source_id.as_ref()), row.source_url.as_ref());
    let destination =
        external(row.destination_label.as_ref().or(row.destination_id.as_ref()), row.destination_url.as_ref());
    view! {
        <dl class="facts">
            <dt>"Status"</dt><dd><RecordBadge status=row.status in_work=row.in_work/></dd>
            <dt>"Last operation"</dt><dd>{row.last_operation.label()}</dd>
            <dt>"Sync"</dt><dd><a href=sync>{row.sync_name.clone()}</a></dd>
            <dt>"Source id"</dt><dd>{source}</dd>
            <dt>"Destination id"</dt><dd>{destination}</dd>
            <dt>"Attempts"</dt><dd>{row.attempts}</dd>
            <dt>"Changed at source"</dt><dd><MaybeTime at=row.source_modified_at/></dd>
            <dt>"Changed at destination"</dt><dd><MaybeTime at=row.destination_modified_at/></dd>
        </dl>
    }
}

/// The records that have to be at the destination before this one.
fn waits_for_list(slug: &str, filter: &HistoryFilter, rows: Vec<RecordRow>) -> impl IntoView + use<> {
    if rows.is_empty() {
        return None;
    }
    let item = |row: RecordRow| {
        let href = address(slug, filter, Some(row.id));
        view! {
            <li>
                <a href=href>{row.description}</a> " " <span class="muted">{row.entity.singular()}</span> " "
                <RecordBadge status=row.status in_work=row.in_work/>
                {row.last_error.map(|error| view! { <p class="vendor-message">{error}</p> })}
            </li>
        }
    };
    let items = rows.into_iter().map(item).collect_view();
    Some(view! {
        <section class="notice notice-warning" aria-labelledby="drawer-waits">
            <h3 id="drawer-waits" class="notice-title">"Waits for"</h3>
            <p>"It goes on by itself when these are at the destination."</p>
            <ul class="waits">{items}</ul>
        </section>
    })
}

fn version_list(versions: Vec<VersionView>) -> impl IntoView {
    let item = |version: VersionView| {
        view! {
            <tr>
                <th scope="row" class="numeric">{version.version}</th>
                <td><Time at=version.seen_at/></td>
                <td><MaybeTime at=version.modified_at/></td>
            </tr>
        }
    };
    view! {
        <table class="table table-plain">
            <thead>
                <tr>
                    <th scope="col" class="numeric">"Version"</th>
                    <th scope="col">"Seen"</th>
                    <th scope="col">"Changed at source"</th>
                </tr>
            </thead>
            <tbody>{versions.into_iter().map(item).collect_view()}</tbody>
        </table>
    }
}

/// When the next try is, on the clock and from now.
fn next_try(at: DateTime<Utc>) -> impl IntoView {
    let now = now_signal();
    let from_now = move || match now.get() {
        Some(now) if at > now => format!(" (in {}).", duration(at - now)),
        Some(_) => " (with the next process run).".to_owned(),
        None => ".".to_owned(),
    };
    view! { <time datetime=machine(at)>{absolute(at)}</time> {from_now} }
}
