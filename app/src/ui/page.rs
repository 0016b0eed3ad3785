//! A screen's title, heading and actions.

use crate::prelude::*;
use leptos_meta::Title;

/// A screen: its title in the tab, its one h1, its actions, its content.
#[component]
pub fn Page(
    #[prop(into)] title: Signal<String>,
    /// A sentence below the heading.
    #[prop(optional, into)]
    intro: String,
    /// Buttons at the right.
    #[prop(optional, into)]
    actions: ViewFn,
    children: Children,
) -> impl IntoView {
    view! {
        <Title text=move || title.get() />
        <div class="page">
            <header class="page-head">
                <div>
                    <h1>{move || title.get()}</h1>
                    {(!intro.is_empty()).then(|| view! { <p class="page-intro">{intro}</p> })}
                </div>
                <div class="page-actions">{actions.run()}</div>
            </header>
            {children()}
        </div>
    }
}

/// A part of a screen with a heading of its own.
#[component]
pub fn Section(
    #[prop(into)] title: String,
    #[prop(optional, into)] actions: ViewFn,
    children: Children,
) -> impl IntoView {
    let id = format!("section-{}", title.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let labelled_by = id.clone();
    view! {
        <section class="section" aria-labelledby=labelled_by>
            <header class="section-head">
                <h2 id=id>{title}</h2>
                <div class="section-actions">{actions.run()}</div>
            </header>
            {children()}
        </section>
    }
}
