//! The frame around every screen of an organisation: navigation, top strip, live stream.

mod palette;
mod strip;
mod theme;

use crate::prelude::*;
use leptos::html;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use crate::frame::{Frame, FrameLoad, href, load_frame, use_frame, use_slug};
use crate::pages::signin::api::SIGN_OUT;
use crate::rpc::{Load, Post, PostForm, Shown};
use crate::ui::{Glyph, Icon, Live, use_menus};

/// The screens, in the order of the navigation.
const SCREENS: &[(&str, &str, Glyph)] = &[
    ("", "Overview", Glyph::Overview),
    ("syncs", "Syncs", Glyph::Syncs),
    ("history", "History", Glyph::History),
    ("schedules", "Schedules", Glyph::Schedules),
    ("connections", "Connections", Glyph::Connections),
    ("activity", "Activity", Glyph::Activity),
    ("settings", "Settings", Glyph::Settings),
];

/// Everything below `/o/{slug}`.
#[component]
pub fn Organisation() -> impl IntoView {
    let slug = use_slug();
    let loaded = Load::new(move || load_frame(slug.get()));
    provide_context(FrameLoad(loaded));
    let live = Live::new();
    provide_context(live);
    palette::provide_palette();
    use_menus();
    #[cfg(feature = "hydrate")]
    on_cleanup(Live::close);
    #[cfg(feature = "hydrate")]
    Effect::new(move || {
        if let Some(Ok(frame)) = loaded.get() {
            live.follow(&frame.me.organisation.slug, frame.at, frame.active);
        }
    });
    view! {
        // The browser itself moves the focus there; the router would only scroll.
        <a class="skip-link" href="#main" rel="external">
            "Skip to the content"
        </a>
        <div class="frame">
            <Side />
            <div class="frame-main">
                <strip::Strip />
                <main id="main" tabindex="-1">
                    <Outlet />
                </main>
            </div>
        </div>
        <palette::Palette />
    }
}

#[component]
fn Side() -> impl IntoView {
    let slug = use_slug();
    let frame = use_frame();
    let nav = NodeRef::<html::Nav>::new();
    keep_in_sight(nav);
    view! {
        <header class="side">
            <a class="brand" href=move || href(&slug.read(), "")>
                <svg class="brand-mark" viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
                    <path d="M2 5.5h9.5M8.5 2.5l3 3-3 3M14 10.5h-9.5M7.5 7.5l-3 3 3 3" />
                </svg>
                <span class="brand-name">"Syncline"</span>
            </a>
            <nav class="side-nav" aria-label="Main" node_ref=nav>
                <ul>
                    {SCREENS.iter().map(|(path, words, glyph)| item(slug, path, words, *glyph)).collect_view()}
                </ul>
            </nav>
            <div class="side-foot">
                <theme::ThemeSwitch />
                <Shown view=move || async move { frame.await.ok().map(|frame| view! { <Account frame /> }).into_any() } />
            </div>
        </header>
    }
}

fn item(slug: Memo<String>, path: &'static str, words: &'static str, glyph: Glyph) -> impl IntoView {
    let here = use_location().pathname;
    let target = Memo::new(move |_| href(&slug.read(), path));
    let current = move || {
        let (here, target) = (here.read(), target.read());
        let below = !path.is_empty() && here.strip_prefix(target.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let exactly = here.trim_end_matches('/') == target.as_str();
        (exactly || below).then_some("page")
    };
    view! {
        <li>
            <a href=move || target.get() aria-current=current>
                <Icon glyph />
                <span>{words}</span>
            </a>
        </li>
    }
}

/// A narrow screen has the navigation as a bar that scrolls: the current item is kept in sight.
fn keep_in_sight(nav: NodeRef<html::Nav>) {
    let here = use_location().pathname;
    Effect::new(move |_| {
        here.track();
        let Some(nav) = nav.get() else { return };
        // By then the items say which of them is current.
        request_animation_frame(move || {
            let current = nav.query_selector("[aria-current]").ok().flatten();
            if let Some(item) = current.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
                nav.set_scroll_left(item.offset_left() + (item.offset_width() - nav.client_width()) / 2);
            }
        });
    });
}

/// The organisation, the others of the same person, and the way out.
#[component]
fn Account(frame: Frame) -> impl IntoView {
    let sign_out = Post::to(SIGN_OUT);
    let current = frame.me.organisation.slug.clone();
    let others = frame.me.organisations.into_iter().filter(|other| other.slug != current);
    let others = others.map(|other| {
        let to = href(&other.slug, "");
        view! {
            <li>
                // Another organisation is another page: nothing of this one stays in the tab.
                <a href=to rel="external">
                    {other.name}
                </a>
            </li>
        }
    });
    view! {
        <details class="menu account">
            <summary>
                <span class="account-name">{frame.me.organisation.name}</span>
                <Icon glyph=Glyph::ChevronDown />
            </summary>
            <div class="account-menu">
                <p class="account-person">
                    <span>{frame.me.email}</span>
                    <span class="muted">{frame.me.organisation.role.label()}</span>
                </p>
                <ul>{others.collect_view()}</ul>
                <PostForm post=sign_out>
                    <button type="submit" class="button button-quiet">
                        <Icon glyph=Glyph::SignOut />
                        <span>"Sign out"</span>
                    </button>
                </PostForm>
            </div>
        </details>
    }
}
