//! Buttons, and links that look like them.

use crate::prelude::*;

use super::icon::{Glyph, Icon};

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do here.
    Primary,
    #[default]
    Secondary,
    /// It takes something away.
    Danger,
    /// Among many others.
    Quiet,
}

impl ButtonKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Secondary => "button",
            Self::Danger => "button button-danger",
            Self::Quiet => "button button-quiet",
        }
    }
}

/// A button; submits its form unless `kind_of="button"`. While `pending` it says so and takes no second click.
#[component]
pub fn Button(
    #[prop(optional)] kind: ButtonKind,
    #[prop(default = "submit")] kind_of: &'static str,
    #[prop(optional, into)] name: Option<String>,
    #[prop(optional, into)] value: Option<String>,
    #[prop(optional, into)] pending: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional)] glyph: Option<Glyph>,
    /// The accessible name, when the words in the button are not enough.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(optional, into)] on_click: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let click = move |event: leptos::ev::MouseEvent| {
        if pending.get_untracked() {
            event.prevent_default();
        } else if let Some(callback) = on_click {
            callback.run(());
        }
    };
    view! {
        <button
            type=kind_of
            class=kind.class()
            name=name
            value=value
            aria-label=label
            aria-busy=move || pending.get().then_some("true")
            aria-disabled=move || pending.get().then_some("true")
            disabled=move || disabled.get()
            on:click=click
        >
            {move || pending.get().then(|| view! { <Icon glyph=Glyph::Spinner /> })}
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            <span>{children()}</span>
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    #[prop(into)] href: Signal<String>,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] glyph: Option<Glyph>,
    children: Children,
) -> impl IntoView {
    view! {
        <a href=move || href.get() class=kind.class()>
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            <span>{children()}</span>
        </a>
    }
}
