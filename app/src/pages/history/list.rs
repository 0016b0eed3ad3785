//! The list of records, which follows what happens while somebody looks at it.

use std::collections::HashSet;
use std::time::Duration;

use crate::prelude::*;
use domain::RecordId;
use domain::activity::{Event, EventBody};
use domain::history::{ActionOutcome, HistoryFilter, RecordPage};
use domain::status::RecordAction;
use leptos::task::spawn_local;

use super::api::load_history;
use super::bulk::BulkBar;
use super::columns::ColumnMenu;
use super::filter::{address, export_address, first_page, is_first_page, narrows};
use super::rows::LiveRows;
use super::table::{RecordTable, StatusTabs};
use crate::error::AppError;
use crate::frame::href;
use crate::rpc::{Post, PostForm};
use crate::ui::time::pause;
use crate::ui::{Empty, Glyph, LinkButton, Pager, use_live};

/// So long after a change the counts are read again: at most once a second while records flow.
const PAUSE: Duration = Duration::from_secs(1);

/// So long after the server could not be reached it is asked again.
const AGAIN: Duration = Duration::from_secs(3);

/// So many records of one change are in the stream.
const TOLD: i64 = 64;

/// Tabs, rows, actions on a selection, and the way to the next page.
#[component]
pub fn RecordList(
    slug: String,
    filter: HistoryFilter,
    page: RecordPage,
    may_operate: bool,
    action: Post<ActionOutcome>,
) -> impl IntoView {
    let rows = LiveRows::new(filter.clone(), page);
    let selected = RwSignal::new(HashSet::<RecordId>::new());
    follow(slug.clone(), rows, selected);
    after_action(slug.clone(), rows, selected, action);
    let pager = {
        let (slug, filter) = (slug.clone(), filter.clone());
        let at = move |after, before| address(&slug, &HistoryFilter { after, before, ..filter.clone() }, None);
        move || {
            let next = rows.next.get().map(|cursor| at(Some(cursor), None));
            let previous = rows.previous.get().map(|cursor| at(None, Some(cursor)));
            view! { <Pager previous next /> }
        }
    };
    let empty = {
        let (slug, filter) = (slug.clone(), filter.clone());
        move || rows.rows.with(Vec::is_empty).then(|| empty_state(&slug, &filter))
    };
    let bulk = may_operate.then(|| {
        view! { <BulkBar slug=slug.clone() filter=first_page(&filter) rows selected action /> }
    });
    view! {
        <div class="list-head">
            <StatusTabs slug=slug.clone() filter=filter.clone() rows />
            {fresh_button(slug.clone(), filter.clone(), rows)}
            <div class="list-tools">
                <ColumnMenu slug=slug.clone() filter=filter.clone() />
                // A download, not a page of the router's.
                <a class="button button-quiet" href=export_address(&slug, &filter) rel="external" download="">
                    "Export CSV"
                </a>
            </div>
        </div>
        <PostForm post=action>
            <input type="hidden" name="slug" value=slug.clone() />
            {bulk}
            <div class="history-list" hidden=move || rows.rows.with(Vec::is_empty)>
                <RecordTable slug filter rows selected=may_operate.then_some(selected) />
            </div>
        </PostForm>
        {empty}
        {pager}
    }
}

/// Patches the rows with what happens, and reads the counts again, at most once a second.
fn follow(slug: String, rows: LiveRows, selected: RwSignal<HashSet<RecordId>>) {
    let waiting = StoredValue::new(false);
    let refresh = move || {
        let (slug, filter) = (slug.clone(), rows.filter.try_get_value());
        let Some(filter) = filter else { return };
        spawn_local(async move {
            let mut page = load_history(slug.clone(), filter.clone()).await;
            // No later event need come to ask for what a lost connection kept away.
            while is_passing(&page) && waiting.try_get_value().is_some() {
                pause(AGAIN).await;
                page = load_history(slug.clone(), filter.clone()).await;
            }
            // The list may be gone by now: then its signals are, too.
            if waiting.try_set_value(false).is_some() {
                return;
            }
            if let Ok(page) = page {
                let calm = selected.with_untracked(HashSet::is_empty);
                rows.refresh(page, calm && is_first_page(&filter));
            }
        });
    };
    use_live().subscribe(move |event: &Event| {
        let EventBody::Records { rows: changed, gone, .. } = &event.body else { return };
        let touched = rows.forget(gone);
        if (rows.patch(changed) || touched) && !waiting.get_value() {
            waiting.set_value(true);
            set_timeout(refresh.clone(), PAUSE);
        }
    });
}

/// Whether the same question may get another answer a little later.
fn is_passing(answer: &Result<RecordPage, AppError>) -> bool {
    matches!(answer, Err(AppError::Unreachable | AppError::Unexpected { .. }))
}

/// What was chosen has been dealt with: the choice ends, and the list shows what came of it.
fn after_action(slug: String, rows: LiveRows, selected: RwSignal<HashSet<RecordId>>, action: Post<ActionOutcome>) {
    Effect::new(move |before: Option<usize>| {
        let version = action.version();
        let done = untrack(|| action.value()?.ok());
        if let (true, Some(outcome)) = (before.is_some_and(|before| before != version), done) {
            let anew = outcome.done > TOLD || outcome.action == RecordAction::Forget;
            selected.set(HashSet::new());
            let (slug, filter) = (slug.clone(), rows.filter.get_value());
            spawn_local(async move {
                match load_history(slug, filter).await {
                    Ok(_) if rows.rows.is_disposed() => {}
                    // Of so many, the stream does not tell one by one.
                    Ok(page) if anew => rows.replace(page),
                    Ok(page) => rows.refresh(page, false),
                    Err(_) => {}
                }
            });
        }
        version
    });
}

/// New records that would move the list wait behind this button.
fn fresh_button(slug: String, filter: HistoryFilter, rows: LiveRows) -> impl IntoView {
    let show = move |_| {
        let (slug, filter) = (slug.clone(), filter.clone());
        spawn_local(async move {
            match load_history(slug, filter).await {
                Ok(page) if !rows.rows.is_disposed() => rows.replace(page),
                _ => {}
            }
        });
    };
    let count = move || rows.fresh.with(HashSet::len);
    view! {
        <p class="fresh" aria-live="polite" hidden=move || count() == 0>
            <button type="button" class="button button-quiet" on:click=show>
                {move || format!("{} new – show", count())}
            </button>
        </p>
    }
}

fn empty_state(slug: &str, filter: &HistoryFilter) -> impl IntoView + use<> {
    if narrows(filter) || !is_first_page(filter) {
        let all = href(slug, "history");
        view! {
            <Empty
                glyph=Glyph::Filter
                title="Nothing matches"
                text="No record is like that. Take a filter away to see more."
            >
                <LinkButton href=all>"Show every record"</LinkButton>
            </Empty>
        }
        .into_any()
    } else {
        let syncs = href(slug, "syncs");
        view! {
            <Empty
                glyph=Glyph::History
                title="No records yet"
                text="Records appear here as soon as a sync has prepared them. Open a sync and choose “Prepare now”."
            >
                <LinkButton href=syncs>"Go to syncs"</LinkButton>
            </Empty>
        }
        .into_any()
    }
}
