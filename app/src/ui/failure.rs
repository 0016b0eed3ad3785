//! What stands where a screen could not be shown, and where something has to be said on it.

use crate::prelude::*;

use super::button::{Button, ButtonKind, LinkButton};
use super::icon::{Glyph, Icon};
use crate::error::AppError;

/// The failed, denied and not-found state of a screen: what happened, why, what to do. Signed out leads to the sign-in.
#[component]
pub fn Failure(
    error: AppError,
    /// Tries again.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::request::set_status(error.status());
    if error == AppError::SignedOut {
        to_sign_in();
    }
    let (glyph, title) = heading(&error);
    let retry = retry.filter(|_| matches!(error, AppError::Unexpected { .. } | AppError::Unreachable));
    let way_out = match &error {
        AppError::SignedOut => Some(("/signin", "Sign in")),
        AppError::NotFound | AppError::Forbidden => Some(("/", "Go to your overview")),
        _ => None,
    };
    view! {
        <div class="empty failure" role="alert">
            <span class="empty-icon">
                <Icon glyph />
            </span>
            <h2>{title}</h2>
            <p>{error.to_string()}</p>
            <div class="empty-actions">
                {retry
                    .map(|retry| view! { <Button kind_of="button" glyph=Glyph::Retry on_click=retry>"Try again"</Button> })}
                {way_out
                    .map(|(href, words)| {
                        view! { <LinkButton href=href.to_owned() kind=ButtonKind::Primary>{words}</LinkButton> }
                    })}
            </div>
        </div>
    }
}

fn heading(error: &AppError) -> (Glyph, &'static str) {
    match error {
        AppError::SignedOut => (Glyph::SignOut, "You are signed out"),
        AppError::Forbidden => (Glyph::Key, "Not allowed"),
        AppError::NotFound => (Glyph::Question, "Not found"),
        AppError::Conflict { .. } | AppError::Overtaken { .. } => (Glyph::Warning, "That is not possible now"),
        AppError::Invalid { .. } | AppError::InvalidFields { .. } => (Glyph::Warning, "That cannot be taken"),
        AppError::TooMany { .. } => (Glyph::Clock, "Too many attempts"),
        AppError::Unexpected { .. } => (Glyph::Warning, "Something went wrong"),
        AppError::Unreachable => (Glyph::Warning, "No answer"),
    }
}

/// Leads to the sign-in, and from there back to this page.
fn to_sign_in() {
    let here = leptos_router::hooks::use_location();
    let path = format!(
        "{}{}",
        here.pathname.get_untracked(),
        here.search.with_untracked(|query| { if query.is_empty() { String::new() } else { format!("?{query}") } })
    );
    let target = format!("/signin?next={}", leptos_router::location::Url::escape(&path));
    #[cfg(feature = "ssr")]
    leptos_axum::redirect(&target);
    #[cfg(not(feature = "ssr"))]
    {
        let navigate = leptos_router::hooks::use_navigate();
        Effect::new(move || navigate(&target, leptos_router::NavigateOptions::default()));
    }
}

/// A sentence above a screen's content.
#[component]
pub fn Notice(tone: domain::activity::Tone, children: Children) -> impl IntoView {
    let class = format!("notice notice-{}", tone.as_str());
    view! {
        <div class=class role="status">
            <super::status::ToneIcon tone />
            <div>{children()}</div>
        </div>
    }
}

/// What stands while data is on its way.
#[component]
pub fn Skeleton(#[prop(default = 4)] lines: usize) -> impl IntoView {
    let lines = (0..lines).map(|_| view! { <span class="skeleton-line"></span> });
    view! {
        <div class="skeleton" aria-busy="true">
            <span class="visually-hidden">"Loading"</span>
            {lines.collect_view()}
        </div>
    }
}
