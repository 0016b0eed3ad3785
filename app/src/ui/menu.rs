//! Menus that unfold: `<details class="menu">`, which open without a script. They close on Escape and on a click
//! elsewhere.

use crate::prelude::*;
use leptos::ev::{self, KeyboardEvent, MouseEvent};
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlDetailsElement, HtmlElement, Node};

/// Closes the one that is open, as long as the calling component is there.
pub fn use_menus() {
    Effect::new(move |_| {
        let keys = window_event_listener(ev::keydown, on_key);
        let clicks = window_event_listener(ev::click, on_click);
        on_cleanup(move || {
            keys.remove();
            clicks.remove();
        });
    });
}

/// The focus goes back to what opened it.
fn on_key(event: KeyboardEvent) {
    if event.key() != "Escape" || event.default_prevented() {
        return;
    }
    let Some(menu) = open_menu() else { return };
    // A dialog around it stays open.
    event.prevent_default();
    menu.set_open(false);
    let summary = menu.query_selector("summary").ok().flatten();
    if let Some(summary) = summary.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        let _ = summary.focus();
    }
}

fn on_click(event: MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
    if let Some(menu) = open_menu()
        && !menu.contains(target.as_ref())
    {
        menu.set_open(false);
    }
}

/// To open one is to click elsewhere than in the other, so at most one is open.
fn open_menu() -> Option<HtmlDetailsElement> {
    document().query_selector("details.menu[open]").ok().flatten()?.dyn_into().ok()
}
