//! What a record's drawer shows: where it stands, what went wrong, what can be done, and how it came here.

use crate::prelude::*;
use chrono::{DateTime, Utc};
use domain::history::{ActionOutcome, HistoryFilter, RecordDetail, RecordRow};
use domain::{RecordStatus, Side};

use super::actions::RecordActions;
use super::attempts::change_table;
use super::filter::address;
use super::part::{Part, part_address};
use super::table::external;
use super::timeline::Timeline;
use crate::rpc::Post;
use crate::ui::time::{MaybeTime, absolute, duration, machine};
use crate::ui::{RecordBadge, now_signal};

/// The drawer's content below its heading.
#[component]
pub fn RecordDetails(
    slug: String,
    filter: HistoryFilter,
    detail: RecordDetail,
    may_operate: bool,
    action: Post<ActionOutcome>,
) -> impl IntoView {
    let RecordDetail { row, attempts, versions, changes, waits_for, edits, replay_version, gone, ends, .. } = detail;
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
        {problem(&row)}
        {conflict_notice(&slug, &filter, &row)}
        {coming(replay_version, gone, &ends)}
        {actions}
        {facts(&slug, &row)}
        {waits_for_list(&slug, &filter, waits_for)}
        {changes}
        <section aria-labelledby="drawer-timeline">
            <h3 id="drawer-timeline">"What happened"</h3>
            <Timeline attempts edits versions/>
        </section>
    }
}

/// The way to the choice, when both sides changed.
fn conflict_notice(slug: &str, filter: &HistoryFilter, row: &RecordRow) -> impl IntoView + use<> {
    let href = (row.status == RecordStatus::Conflict).then(|| part_address(slug, filter, row.id, Part::Conflict))?;
    Some(view! {
        <div class="notice notice-warning">
            <p class="notice-title">"Both sides changed"</p>
            <p>"Look at both, and choose what they shall hold."</p>
            <p><a class="button button-primary" href=href>"Resolve the conflict"</a></p>
        </div>
    })
}

/// What the next process run does with it, when it is not the usual.
fn coming(replay: Option<i64>, gone: Option<Side>, ends: &(String, String)) -> impl IntoView + use<> {
    let replay =
        replay.map(|version| format!("Version {version} is processed next, in place of what the source says now."));
    let gone = gone.map(|side| {
        let name = if side == Side::Source { &ends.0 } else { &ends.1 };
        format!("It seems to be gone in {name}. The next process run reads it to be sure.")
    });
    let sentences = replay.into_iter().chain(gone).map(|text| view! { <p>{text}</p> }).collect_view();
    view! { <div class="coming">{sentences}</div> }
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
        RecordStatus::Prepared => {
            row.next_attempt_at.map(|at| view! { <p>"Looked at again: " {next_try(at)}</p> }.into_any())
        }
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
    // What only waits is not red.
    let class = if row.status == RecordStatus::Prepared { "notice notice-warning" } else { "notice notice-failure" };
    Some(view! {
        <div class=class data-testid="record-error">
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
            <dt>"Attempts since it last went well"</dt><dd>{row.attempts}</dd>
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

/// When the next try is, on the clock and from now.
fn next_try(at: DateTime<Utc>) -> impl IntoView {
    let now = now_signal();
    let when = move || match now.get() {
        Some(now) if at > now => format!("in {}.", duration(at - now)),
        Some(_) => "due, with the next process run.".to_owned(),
        None => format!("{}.", absolute(at)),
    };
    view! { <time datetime=machine(at) title=absolute(at)>{when}</time> }
}
