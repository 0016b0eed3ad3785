//! The command palette: Ctrl-K, a few letters, Enter.

use crate::prelude::*;
use domain::sync::SyncView;
use leptos::html;

use super::SCREENS;
use crate::frame::{href, use_slug};
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
    let found = Memo::new(move |_| matching(&targets(&slug.read(), &syncs.read()), &typed.read()));
    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if open.get() {
            typed.set(String::new());
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
        if let Some(first) = found.get_untracked().first() {
            open.set(false);
            navigate(&first.href, leptos_router::NavigateOptions::default());
        }
    };
    view! {
        <Dialog open title="Go to" on_close=move |()| open.set(false) close_href="#" class="dialog palette">
            <form on:submit=go>
                <input
                    node_ref=input
                    type="search"
                    aria-label="Screen or sync"
                    placeholder="Screen or sync"
                    autocomplete="off"
                    autofocus
                    on:input=move |event| typed.set(event_target_value(&event))
                />
            </form>
            <ul class="palette-list">
                <For each=move || found.get() key=|target| target.href.clone() let:target>
                    <li>
                        <a href=target.href.clone() on:click=move |_| open.set(false)>
                            {target.words.clone()}
                        </a>
                    </li>
                </For>
            </ul>
        </Dialog>
    }
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
    let typed = typed.trim().to_lowercase();
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
