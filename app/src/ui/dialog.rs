//! A native dialog. It opens as a modal where JavaScript runs, and stands in the page where it does not.

use crate::prelude::*;
use leptos::html;

use super::icon::{Glyph, Icon};
use super::toast::{ToastRegion, use_toasts};

/// Shown while `open`; Esc and the close button call `on_close`, which is to make `open` false.
#[component]
pub fn Dialog(
    #[prop(into)] open: Signal<bool>,
    #[prop(into)] title: String,
    #[prop(into)] on_close: Callback<()>,
    /// Where the close button leads without JavaScript.
    #[prop(into)]
    close_href: String,
    #[prop(default = "dialog")] class: &'static str,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let initially_open = open.get_untracked();
    let toasts = use_toasts();
    let layer = toasts.layer();
    #[cfg(feature = "hydrate")]
    Effect::new(move || {
        let wanted = open.get();
        let Some(dialog) = node.get() else { return };
        show(&dialog, wanted);
        if wanted {
            toasts.cover(layer);
        } else {
            toasts.uncover(layer);
        }
    });
    on_cleanup(move || toasts.uncover(layer));
    let id = format!("dialog-{}", title.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let labelled_by = id.clone();
    let close = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        on_close.run(());
    };
    view! {
        <dialog
            class=class
            node_ref=node
            open=initially_open
            aria-labelledby=labelled_by
            on:cancel=move |event: leptos::ev::Event| {
                event.prevent_default();
                on_close.run(());
            }
        >
            <header class="dialog-head">
                <h2 id=id>{title}</h2>
                <a class="button button-quiet button-icon" href=close_href aria-label="Close" on:click=close>
                    <Icon glyph=Glyph::Cross />
                </a>
            </header>
            <div class="dialog-body">{children()}</div>
            <ToastRegion layer />
        </dialog>
    }
}

/// A dialog that the server rendered open is no modal yet: it is closed and shown again as one.
#[cfg(feature = "hydrate")]
fn show(dialog: &web_sys::HtmlDialogElement, wanted: bool) {
    if !wanted {
        dialog.close();
    } else if !dialog.matches(":modal").unwrap_or(false) {
        dialog.close();
        let _ = dialog.show_modal();
    }
}
