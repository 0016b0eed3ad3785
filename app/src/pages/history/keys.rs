//! The keyboard: j and k move, x selects, Enter opens (the link has the focus), / searches.

use crate::prelude::*;
use leptos::ev::{self, KeyboardEvent};
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};

/// Listens while the page is there. Does nothing while somebody types or a dialog is open.
pub fn use_keys() {
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, on_key);
        on_cleanup(move || handle.remove());
    });
}

fn on_key(event: KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() || is_busy() {
        return;
    }
    let done = match event.key().as_str() {
        "j" => move_by(1),
        "k" => move_by(-1),
        "x" => click_in_row("input[type=checkbox]"),
        "/" => focus(document().get_element_by_id("history-search")),
        _ => None,
    };
    if done.is_some() {
        event.prevent_default();
    }
}

/// Whether the keys belong to a field or to a dialog.
fn is_busy() -> bool {
    let dialog = document().query_selector("dialog[open]").ok().flatten().is_some();
    let typing = document().active_element().is_some_and(|active| {
        let field = matches!(active.tag_name().as_str(), "SELECT" | "TEXTAREA");
        field || (active.tag_name() == "INPUT" && active.get_attribute("type").as_deref() != Some("checkbox"))
    });
    dialog || typing
}

/// The row that has the focus somewhere in it.
fn current_row() -> Option<Element> {
    document().active_element()?.closest("[data-row]").ok()?
}

fn move_by(step: i32) -> Option<()> {
    let row = match (current_row(), step) {
        (Some(row), 1) => row.next_element_sibling()?,
        (Some(row), _) => row.previous_element_sibling()?,
        (None, _) => document().query_selector("[data-row]").ok()??,
    };
    focus(row.query_selector("[data-record-link]").ok()?)
}

fn click_in_row(selector: &str) -> Option<()> {
    let found = current_row()?.query_selector(selector).ok()??;
    found.dyn_into::<HtmlElement>().ok().map(|element| element.click())
}

fn focus(element: Option<Element>) -> Option<()> {
    element?.dyn_into::<HtmlElement>().ok()?.focus().ok()
}
