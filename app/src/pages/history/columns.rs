//! Which columns the list has: a plain form, its state in the URL.

use crate::prelude::*;
use domain::history::{HistoryColumn, HistoryFilter};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::filter::address;
use crate::frame::href;
use crate::ui::Button;

/// The columns that are shown.
#[must_use]
pub fn shown(filter: &HistoryFilter) -> Vec<HistoryColumn> {
    if filter.columns.is_empty() {
        HistoryColumn::ALL.iter().filter(|column| is_first_choice(**column)).copied().collect()
    } else {
        filter.columns.clone()
    }
}

/// As many of the usual ones as an ordinary screen has room for; the others are a tick away.
const fn is_first_choice(column: HistoryColumn) -> bool {
    use HistoryColumn as C;
    column.is_usual() && !matches!(column, C::Attempts | C::NextTry | C::ChangedAtSource | C::ChangedAtDestination)
}

/// A folded list of tick boxes.
#[component]
pub fn ColumnMenu(slug: String, filter: HistoryFilter) -> impl IntoView {
    let now = shown(&filter);
    let navigate = use_navigate();
    let change = {
        let (slug, filter, now) = (slug.clone(), filter.clone(), now.clone());
        move |column: HistoryColumn| {
            let on = |other: &&HistoryColumn| now.contains(other) != (**other == column);
            let columns: Vec<HistoryColumn> = HistoryColumn::ALL.iter().filter(on).copied().collect();
            let target = address(&slug, &HistoryFilter { columns, ..filter.clone() }, None);
            navigate(&target, NavigateOptions { scroll: false, ..Default::default() });
        }
    };
    let boxes = HistoryColumn::ALL.iter().map(|column| {
        let change = change.clone();
        view! {
            <li>
                <label class="check">
                    <input
                        type="checkbox"
                        name="columns"
                        value=column.as_str()
                        checked=now.contains(column)
                        on:change=move |_| change(*column)
                    />
                    {column.label()}
                </label>
            </li>
        }
    });
    let kept = [
        ("sync", filter.sync.map(|id| id.to_string())),
        ("entity", filter.entity.map(|entity| entity.to_string())),
        ("status", filter.status.map(|status| status.to_string())),
        ("q", filter.text.clone()),
    ];
    let hidden =
        kept.into_iter().filter_map(|(name, value)| Some(view! { <input type="hidden" name=name value=value? /> }));
    view! {
        <details class="menu">
            <summary class="button button-quiet">"Columns"</summary>
            <form class="menu-body" method="get" action=href(&slug, "history")>
                {hidden.collect_view()}
                <ul>{boxes.collect_view()}</ul>
                <noscript><Button>"Show these"</Button></noscript>
            </form>
        </details>
    }
}
