//! The strip at the top: is this live, and what runs now.

use crate::prelude::*;
use domain::run::Phase;

use crate::frame::{href, use_slug};
use crate::nav::palette::PaletteButton;
use crate::ui::live::LiveState;
use crate::ui::progress::{done_of, title_of};
use crate::ui::use_live;

#[component]
pub(super) fn Strip() -> impl IntoView {
    view! {
        <section class="strip" aria-label="Now">
            <Running />
            <div class="strip-end">
                <Connection />
                <PaletteButton />
            </div>
        </section>
    }
}

/// The first of what runs now, and how many more there are.
#[component]
fn Running() -> impl IntoView {
    let slug = use_slug();
    let runs = use_live().runs;
    let view = move || {
        let runs = runs.read();
        let mut shown = runs.iter().filter(|run| run.phase != Phase::Test);
        let run = shown.next()?;
        let more = shown.count();
        let to = run.sync.map_or_else(|| href(&slug.read(), ""), |sync| href(&slug.read(), &format!("syncs/{sync}")));
        Some(view! {
            <a href=to>{title_of(run)}</a>
            <progress aria-hidden="true" max=run.counts.total.unwrap_or(0).max(1) value=run.counts.done></progress>
            <span class="numeric muted">{done_of(run)}</span>
            {(more > 0).then(|| view! { <span class="muted">{format!("and {more} more")}</span> })}
        })
    };
    view! { <div class="strip-runs">{view}</div> }
}

#[component]
fn Connection() -> impl IntoView {
    let state = use_live().state;
    let class = move || match state.get() {
        LiveState::Off => "live live-off",
        LiveState::Connected => "live live-on",
        LiveState::Lost => "live live-lost",
    };
    let words = move || match state.get() {
        LiveState::Off => "",
        LiveState::Connected => "Live",
        LiveState::Lost => "Connecting again…",
    };
    view! {
        <span class=class role="status">
            <span class="live-dot" aria-hidden="true"></span>
            <span>{words}</span>
        </span>
    }
}
