//! The page around the forms of people who are not signed in.

use crate::prelude::*;
use leptos_meta::Title;

/// One form in the middle of the page.
#[component]
pub fn AuthCard(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <Title text=title.clone() />
        <main id="main" class="auth">
            <div class="auth-card">
                <p class="auth-brand">
                    <svg class="brand-mark" viewBox="0 0 16 16" width="24" height="24" aria-hidden="true">
                        <path d="M2 5.5h9.5M8.5 2.5l3 3-3 3M14 10.5h-9.5M7.5 7.5l-3 3 3 3" />
                    </svg>
                    "Syncline"
                </p>
                <h1>{title}</h1>
                {children()}
            </div>
        </main>
    }
}
