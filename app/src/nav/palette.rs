//! The command palette: Ctrl-K, a few letters, Enter.

use crate::prelude::*;
use domain::history::{HistoryFilter, MAX_SEARCH};
use domain::sync::SyncView;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

use super::SCREENS;
use crate::frame::{href, use_slug};
use crate::pages::history::address;
use crate::pages::syncs::api::list_syncs;
use crate::ui::{Dialog, Glyph, Icon};

/// Whether the palette is open.
#[derive(Clone, Copy)]
struct PaletteOpen(RwSignal<bool>);

/// Something to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    words: String,
    href: String,
}

fn open_signal() -> RwSignal<bool> {
    use_context::<PaletteOpen>().map_or_else(|| RwSignal::new(false), |open| open.0)
}

pub(super) fn provide_palette() {
    provide_context(PaletteOpen(RwSignal::new(false)));
}

/// Opens the palette; tells its shortcut.
#[component]
pub(super) fn PaletteButton() -> impl IntoView {
    let open = open_signal();
    view! {
        <button type="button" class="palette-button needs-js" on:click=move |_| open.set(true)>
            <Icon glyph=Glyph::Search />
            <span>"Go to"</span>
            <kbd aria-hidden="true">"Ctrl K"</kbd>
        </button>
    }
}

#[component]
pub(super) fn Palette() -> impl IntoView {
    let open = open_signal();
    #[cfg(feature = "hydrate")]
    listen(open);
    let slug = use_slug();
    let typed = RwSignal::new(String::new());
    let syncs = RwSignal::new(Vec::new());
    let found = Memo::new(move |_| found(&slug.read(), &syncs.read(), &typed.read()));
    // The place of the one that Enter leads to.
    let place = RwSignal::new(0_usize);
    let current = Memo::new(move |_| found.with(|found| found.get(place.get()).map(|target| target.href.clone())));
    keep_in_sight(current);
    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if open.get() {
            typed.set(String::new());
            place.set(0);
            let slug = slug.get_untracked();
            leptos::task::spawn_local(async move {
                let _ = syncs.try_set(list_syncs(slug).await.unwrap_or_default());
            });
            if let Some(input) = input.get_untracked() {
                input.set_value("");
            }
        }
    });
    let navigate = leptos_router::hooks::use_navigate();
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(href) = current.get_untracked() {
            open.set(false);
            navigate(&href, leptos_router::NavigateOptions::default());
        }
    };
    let key = move |event: KeyboardEvent| {
        let count = found.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "Escape" => open.set(false),
            "ArrowDown" => place.update(|place| *place = (*place + 1) % count),
            "ArrowUp" => place.update(|place| *place = (*place + count - 1) % count),
            _ => return,
        }
        event.prevent_default();
    };
    // The way to the records is always there.
    let nothing = move || {
        let text = typed.get();
        let is_alone = !text.trim().is_empty() && found.with(Vec::len) == 1;
        is_alone.then(|| format!("Nothing found for “{}”.", text.trim()))
    };
    view! {
        <Dialog open title="Go to" on_close=move |()| open.set(false) close_href="#" class="dialog palette">
            <form on:submit=go>
                <input
                    node_ref=input
                    type="text"
                    role="combobox"
                    aria-label="Screen, sync or record"
                    aria-expanded="true"
                    aria-controls="palette-options"
                    aria-autocomplete="list"
                    aria-activedescendant=move || current.get().map(|href| option_id(&href))
                    placeholder="Screen, sync or record"
                    autocomplete="off"
                    maxlength=MAX_SEARCH
                    autofocus
                    on:keydown=key
                    on:input=move |event| {
                        typed.set(event_target_value(&event));
                        place.set(0);
                    }
                />
            </form>
            <p class="palette-nothing" role="status">{nothing}</p>
            <div class="palette-list" id="palette-options" role="listbox" aria-label="Found">
                <For each=move || found.get() key=|target| target.href.clone() let:target>
                    {option(target, current, open)}
                </For>
            </div>
        </Dialog>
    }
}

fn option(target: Target, current: Memo<Option<String>>, open: RwSignal<bool>) -> impl IntoView {
    let Target { words, href } = target;
    let id = option_id(&href);
    let is_current = {
        let href = href.clone();
        move || current.with(|current| current.as_deref() == Some(href.as_str()))
    };
    view! {
        <a
            id=id
            role="option"
            tabindex="-1"
            href=href
            aria-selected=move || if is_current() { "true" } else { "false" }
            on:click=move |_| open.set(false)
        >
            {words}
        </a>
    }
}

/// An address has no spaces, as an id must not.
fn option_id(href: &str) -> String {
    format!("palette-{href}")
}

/// The list scrolls where the window is low: what the arrows choose is in sight.
fn keep_in_sight(current: Memo<Option<String>>) {
    Effect::new(move |_| {
        let Some(href) = current.get() else { return };
        let Some(found) = document().get_element_by_id(&option_id(&href)) else { return };
        let (Some(list), Ok(option)) = (found.parent_element(), found.dyn_into::<HtmlElement>()) else { return };
        let (top, bottom) = (option.offset_top(), option.offset_top() + option.offset_height());
        if top < list.scroll_top() {
            list.set_scroll_top(top);
        } else if bottom > list.scroll_top() + list.client_height() {
            list.set_scroll_top(bottom - list.client_height());
        }
    });
}

/// The screens and syncs that match, and last the way to the records that do.
fn found(slug: &str, syncs: &[SyncView], typed: &str) -> Vec<Target> {
    let typed = typed.trim();
    let mut found = matching(&targets(slug, syncs), typed);
    if !typed.is_empty() {
        let filter = HistoryFilter { text: Some(typed.to_owned()), ..HistoryFilter::default() };
        let words = format!("Search records for “{typed}”");
        found.push(Target { words, href: address(slug, &filter, None) });
    }
    found
}

fn targets(slug: &str, syncs: &[SyncView]) -> Vec<Target> {
    let screens = SCREENS.iter().map(|(path, words, _)| Target { words: (*words).to_owned(), href: href(slug, path) });
    let syncs = syncs.iter().map(|sync| Target {
        words: format!("Sync: {} ({} → {})", sync.name, sync.source.name, sync.destination.name),
        href: href(slug, &format!("syncs/{}", sync.id)),
    });
    screens.chain(syncs).collect()
}

fn matching(targets: &[Target], typed: &str) -> Vec<Target> {
    let typed = typed.to_lowercase();
    targets.iter().filter(|target| target.words.to_lowercase().contains(&typed)).take(12).cloned().collect()
}

#[cfg(feature = "hydrate")]
fn listen(open: RwSignal<bool>) {
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key().eq_ignore_ascii_case("k") && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            open.update(|open| *open = !*open);
        }
    });
    on_cleanup(move || handle.remove());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_screen_is_looked_for_among_the_records() {
        let words = |typed: &str| found("acme", &[], typed).into_iter().map(|target| target.words).collect::<Vec<_>>();
        assert_eq!(words(" hist "), ["History", "Search records for “hist”"]);
        let none = found("acme", &[], "Müller 7");
        assert_eq!(none.first().map(|target| target.href.as_str()), Some("/o/acme/history?q=M%C3%BCller%207"));
        assert_eq!(words("").len(), SCREENS.len());
    }
}
