//! Actions on the ticked rows, or on everything that matches, with the count shown before.

use std::collections::HashSet;

use crate::prelude::*;
use domain::history::{ActionOutcome, HistoryFilter};
use domain::status::RecordAction;
use domain::{RecordId, RecordStatus};

use super::actions::on_all;
use super::api::count_matching;
use super::rows::LiveRows;
use crate::rpc::Post;
use crate::ui::number::{counted, grouped};
use crate::ui::{Button, ButtonKind, Dialog, use_toasts};

/// What is counted exactly; beyond it the server says one more.
const EXACT: i64 = 10_000;

/// The bar above the rows: what is chosen and what can be done to it.
#[component]
pub fn BulkBar(
    slug: String,
    filter: HistoryFilter,
    rows: LiveRows,
    selected: RwSignal<HashSet<RecordId>>,
    action: Post<ActionOutcome>,
) -> impl IntoView {
    let everything = RwSignal::new(None::<i64>);
    let asking = RwSignal::new(None::<RecordAction>);
    // A choice of everything ends with the ticks that it began with.
    Effect::new(move |_| {
        if selected.with(HashSet::is_empty) {
            everything.set(None);
        }
    });
    let chosen = move || selected.with(HashSet::len);
    let words = move || match everything.get() {
        Some(count) => format!("Everything that matches is selected: {}", records(count)),
        None => format!("{} selected", counted(chosen() as i64, "record")),
    };
    let choose_all = {
        let ask = choose_everything(slug.clone(), filter.clone(), everything);
        move |event| {
            selected.set(rows.ids());
            ask(event);
        }
    };
    let more = move || everything.get().is_none() && (rows.next.read().is_some() || rows.previous.read().is_some());
    let button = move |act: &'static RecordAction, class: &'static str| {
        view! {
            <button
                type="submit"
                class=class
                name="action"
                value=act.as_str()
                disabled=move || action.pending().get()
                on:click=move |event| {
                    if everything.get_untracked().is_some() {
                        event.prevent_default();
                        asking.set(Some(*act));
                    }
                }
            >
                {act.label()}
            </button>
        }
    };
    let status = filter.status;
    let of_conflicts = status == Some(RecordStatus::Conflict);
    let offered = RecordAction::ALL.iter().filter(move |act| match act {
        RecordAction::SourceWins | RecordAction::DestinationWins => of_conflicts,
        RecordAction::Forget => false,
        _ => filter_allows(act, status),
    });
    let buttons = offered.map(|act| button(act, "button"));
    view! {
        <div class="bulk-bar" class:is-idle=move || chosen() == 0 role="group" aria-label="Selected records">
            <span class="bulk-count" aria-live="polite">{words}</span>
            <Show when=more>
                <button type="button" class="button button-quiet" on:click=choose_all.clone()>
                    "Select all that match"
                </button>
            </Show>
            <span class="buttons">{buttons.collect_view()}</span>
            <details class="menu">
                <summary class="button button-quiet">"Delete…"</summary>
                <div class="menu-body">
                    <p>{FORGET}</p>
                    {button(&RecordAction::Forget, "button button-danger")}
                </div>
            </details>
            <button type="button" class="button button-quiet needs-js" on:click=move |_| selected.set(HashSet::new())>
                "Clear selection"
            </button>
        </div>
        <Confirm slug filter everything asking action />
    }
}

/// Asks the server how many match before it selects them.
fn choose_everything(
    slug: String,
    filter: HistoryFilter,
    everything: RwSignal<Option<i64>>,
) -> impl Fn(leptos::ev::MouseEvent) + Clone {
    let toasts = use_toasts();
    move |_| {
        let (slug, filter) = (slug.clone(), filter.clone());
        leptos::task::spawn_local(async move {
            match count_matching(slug, filter).await {
                Ok(count) => _ = everything.try_set(Some(count)),
                Err(error) => toasts.push(domain::activity::Tone::Failure, error.to_string()),
            }
        });
    }
}

/// The question before an action on everything that matches.
#[component]
fn Confirm(
    slug: String,
    filter: HistoryFilter,
    everything: RwSignal<Option<i64>>,
    asking: RwSignal<Option<RecordAction>>,
    action: Post<ActionOutcome>,
) -> impl IntoView {
    let label = move || asking.get().map_or("", RecordAction::label);
    let count = move || records(everything.get().unwrap_or_default());
    let close_href = super::filter::address(&slug, &filter, None);
    let go = Callback::new(move |()| {
        if let Some(act) = asking.get_untracked() {
            action.send(on_all(&slug, act, &filter));
        }
        asking.set(None);
    });
    let close = Callback::new(move |()| asking.set(None));
    view! {
        <Dialog
            open=Signal::derive(move || asking.read().is_some())
            title="Everything that matches"
            on_close=close
            close_href
        >
            <p>
                {move || format!("{} {}? Records to which it does not apply are left as they are.", label(), count())}
            </p>
            <div class="dialog-foot">
                <Button kind_of="button" on_click=close>"Cancel"</Button>
                <Button kind_of="button" kind=ButtonKind::Primary on_click=go>
                    {move || format!("{} {}", label(), count())}
                </Button>
            </div>
        </Dialog>
    }
}

/// What deleting from the history means.
pub const FORGET: &str = "Forgets the record with its attempts and versions. Nothing is deleted in either system; the \
    next full prepare finds it anew.";

/// Whether an action does anything where only one status is listed.
fn filter_allows(act: &RecordAction, status: Option<RecordStatus>) -> bool {
    status.is_none_or(|status| act.applies_to(status))
}

fn records(count: i64) -> String {
    if count > EXACT { format!("{}+ records", grouped(EXACT)) } else { counted(count, "record") }
}
