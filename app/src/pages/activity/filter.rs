//! Which lines are shown: a plain form, its state in the URL.

use crate::prelude::*;
use domain::activity::{ActivityFilter, By, Tone};
use domain::history::MAX_SEARCH;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use leptos_router::params::ParamsMap;

use crate::frame::href;
use crate::pages::syncs::api::list_syncs;
use crate::query;
use crate::rpc::{Load, Shown};
use crate::ui::{Button, ButtonKind, Glyph, Icon};

/// The filter that the query says. What cannot be read is left out.
#[must_use]
pub fn filter_of(query: &ParamsMap) -> ActivityFilter {
    let filled = |name: &str| query.get(name).filter(|value| !value.trim().is_empty());
    ActivityFilter {
        tone: filled("kind").and_then(|text| text.parse().ok()),
        sync: filled("sync").and_then(|id| id.parse().ok()),
        by: filled("by").and_then(|text| text.parse().ok()),
        text: filled("q").map(|text| text.trim().chars().take(MAX_SEARCH).collect()),
        before: filled("before").and_then(|id| id.parse().ok()),
    }
}

/// The address that shows `filter`.
#[must_use]
pub fn address(slug: &str, filter: &ActivityFilter) -> String {
    let parts = [
        ("kind", filter.tone.map(|tone| tone.to_string())),
        ("sync", filter.sync.map(|id| id.to_string())),
        ("by", filter.by.map(|by| by.to_string())),
        ("q", filter.text.clone()),
        ("before", filter.before.map(|id| id.to_string())),
    ];
    format!("{}{}", href(slug, "activity"), query::of(parts))
}

/// Narrows the timeline to a kind, a sync, people or Syncline itself, or a text.
#[component]
pub fn FilterForm(slug: Memo<String>, filter: Memo<ActivityFilter>) -> impl IntoView {
    let syncs = Load::new(move || list_syncs(slug.get()));
    let text = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let go = move |filter: ActivityFilter| {
        navigate(&address(&slug.get_untracked(), &filter), NavigateOptions { scroll: false, ..Default::default() });
    };
    let typed = move || text.get().map(|input| input.value().trim().to_owned()).filter(|text| !text.is_empty());
    let narrowed = move || ActivityFilter { text: typed(), before: None, ..filter.get_untracked() };
    let (on_tone, on_sync, on_by) = (go.clone(), go.clone(), go.clone());
    let choose_tone =
        move |event| on_tone(ActivityFilter { tone: event_target_value(&event).parse().ok(), ..narrowed() });
    let choose_sync =
        move |event| on_sync(ActivityFilter { sync: event_target_value(&event).parse().ok(), ..narrowed() });
    let choose_by = move |event| on_by(ActivityFilter { by: event_target_value(&event).parse().ok(), ..narrowed() });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        go(narrowed());
    };
    let tones = Tone::ALL.iter().map(|tone| {
        let selected = move || filter.with(|filter| filter.tone == Some(*tone));
        view! { <option value=tone.as_str() selected=selected>{words(*tone)}</option> }
    });
    let whose = By::ALL.iter().map(|by| {
        let selected = move || filter.with(|filter| filter.by == Some(*by));
        view! { <option value=by.as_str() selected=selected>{by.label()}</option> }
    });
    let sync_options = move || async move {
        let current = filter.get().sync;
        let options = syncs.await.unwrap_or_default().into_iter().map(move |sync| {
            view! { <option value=sync.id.to_string() selected=current == Some(sync.id)>{sync.name}</option> }
        });
        options.collect_view().into_any()
    };
    // What a person chose stays in a field whatever its attributes say, so the URL is told to the property too.
    let tone = move || filter.with(|filter| filter.tone.map_or("", Tone::as_str));
    let by = move || filter.with(|filter| filter.by.map_or("", By::as_str));
    let sync = move || filter.with(|filter| filter.sync.map(|id| id.to_string()).unwrap_or_default());
    view! {
        <form
            class="filter-bar"
            role="search"
            method="get"
            action=move || href(&slug.get(), "activity")
            on:submit=submit
        >
            <div class="search-field">
                <Icon glyph=Glyph::Search />
                <input
                    node_ref=text
                    type="search"
                    name="q"
                    aria-label="Search words and people"
                    placeholder="Search words and people"
                    maxlength=MAX_SEARCH
                    value=move || filter.with(|filter| filter.text.clone())
                    prop:value=move || filter.with(|filter| filter.text.clone().unwrap_or_default())
                />
            </div>
            <select name="kind" aria-label="Kind" prop:value=tone on:change=choose_tone>
                <option value="">"Every kind"</option>
                {tones.collect_view()}
            </select>
            <select name="sync" aria-label="Sync" prop:value=sync on:change=choose_sync>
                <option value="">"Every sync"</option>
                <Shown view=sync_options />
            </select>
            <select name="by" aria-label="Who" prop:value=by on:change=choose_by>
                <option value="">"Everybody"</option>
                {whose.collect_view()}
            </select>
            <Button kind=ButtonKind::Secondary>"Filter"</Button>
            {move || {
                filter.with(ActivityFilter::narrows).then(|| {
                    view! { <a class="button button-quiet" href=href(&slug.get(), "activity")>"Clear"</a> }
                })
            }}
        </form>
    }
}

/// The kinds as a person asks for them.
const fn words(tone: Tone) -> &'static str {
    match tone {
        Tone::Info => "What was changed",
        Tone::Success => "What went well",
        Tone::Warning => "What needs a look",
        Tone::Failure => "What failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_its_own_address() {
        let filter = ActivityFilter {
            tone: Some(Tone::Failure),
            by: Some(By::People),
            text: Some("Ada & Söhne".into()),
            ..ActivityFilter::default()
        };
        let address = address("acme", &filter);
        assert_eq!(address, "/o/acme/activity?kind=failure&by=people&q=Ada%20%26%20S%C3%B6hne");
        let mut query = ParamsMap::new();
        for (name, value) in [("kind", "failure"), ("by", "people"), ("q", "Ada & Söhne"), ("sync", "nonsense")] {
            query.insert(name, value.to_owned());
        }
        assert_eq!(filter_of(&query), filter);
    }
}
