//! The filter above the list: a plain form with its state in the URL.

use crate::prelude::*;
use domain::history::{HistoryFilter, MAX_SEARCH};
use domain::{Entity, RecordStatus};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::filter::{address, narrows};
use crate::frame::href;
use crate::pages::syncs::api::list_syncs;
use crate::rpc::{Load, Shown};
use crate::ui::{Button, ButtonKind, Glyph, Icon};

/// Narrows the list to one sync, one entity, one status, or a text.
#[component]
pub fn FilterForm(slug: Memo<String>, filter: Memo<HistoryFilter>) -> impl IntoView {
    let syncs = Load::new(move || list_syncs(slug.get()));
    let text = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let go = move |filter: HistoryFilter| {
        navigate(
            &address(&slug.get_untracked(), &filter, None),
            NavigateOptions { scroll: false, ..Default::default() },
        );
    };
    let typed = move || text.get().map(|input| input.value().trim().to_owned()).filter(|text| !text.is_empty());
    let narrowed = move || HistoryFilter { text: typed(), ..super::filter::first_page(&filter.get_untracked()) };
    let submit = {
        let go = go.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            go(narrowed());
        }
    };
    let choose_sync = {
        let go = go.clone();
        move |event| go(HistoryFilter { sync: event_target_value(&event).parse().ok(), ..narrowed() })
    };
    let choose_entity =
        move |event| go(HistoryFilter { entity: event_target_value(&event).parse().ok(), ..narrowed() });
    let sync_options = move || async move {
        let current = filter.get().sync;
        let options = syncs.await.unwrap_or_default().into_iter().map(move |sync| {
            view! { <option value=sync.id.to_string() selected=current == Some(sync.id)>{sync.name}</option> }
        });
        options.collect_view().into_any()
    };
    let entity_options = Entity::ALL.iter().map(|entity| {
        view! {
            <option value=entity.as_str() selected=move || filter.with(|filter| filter.entity == Some(*entity))>
                {entity.label()}
            </option>
        }
    });
    // What a person chose stays in a field whatever its attributes say, so the URL is told to the property too.
    let chosen_sync = move || filter.with(|filter| filter.sync.map(|id| id.to_string()).unwrap_or_default());
    let chosen_entity = move || filter.with(|filter| filter.entity.map_or("", Entity::as_str));
    view! {
        <form
            class="filter-bar"
            role="search"
            method="get"
            action=move || href(&slug.get(), "history")
            on:submit=submit
        >
            <div class="search-field">
                <Icon glyph=Glyph::Search />
                <input
                    node_ref=text
                    id="history-search"
                    type="search"
                    name="q"
                    aria-label="Search ids and descriptions"
                    placeholder="Search ids and descriptions  /"
                    maxlength=MAX_SEARCH
                    value=move || filter.with(|filter| filter.text.clone())
                    prop:value=move || filter.with(|filter| filter.text.clone().unwrap_or_default())
                />
            </div>
            <select name="sync" aria-label="Sync" prop:value=chosen_sync on:change=choose_sync>
                <option value="">"Every sync"</option>
                <Shown view=sync_options />
            </select>
            <select name="entity" aria-label="Entity" prop:value=chosen_entity on:change=choose_entity>
                <option value="">"Every entity"</option>
                {entity_options.collect_view()}
            </select>
            {move || {
                let status = filter.with(|filter| filter.status);
                status.map(|status: RecordStatus| view! { <input type="hidden" name="status" value=status.as_str() /> })
            }}
            <Button kind=ButtonKind::Secondary>"Filter"</Button>
            {move || {
                filter.with(narrows).then(|| {
                    view! { <a class="button button-quiet" href=href(&slug.get(), "history")>"Clear"</a> }
                })
            }}
        </form>
    }
}
