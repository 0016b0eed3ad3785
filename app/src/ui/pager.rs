//! The way to the pages before and after.

use crate::prelude::*;

use super::icon::{Glyph, Icon};

/// Links to the neighbouring pages; a missing one is not there.
#[component]
pub fn Pager(
    #[prop(into)] previous: Option<String>,
    #[prop(into)] next: Option<String>,
    #[prop(default = "Newer")] previous_words: &'static str,
    #[prop(default = "Older")] next_words: &'static str,
) -> impl IntoView {
    let previous = previous.map(|href| {
        view! {
            <a class="button" rel="prev" href=href>
                <Icon glyph=Glyph::ChevronLeft />
                <span>{previous_words}</span>
            </a>
        }
    });
    let next = next.map(|href| {
        view! {
            <a class="button" rel="next" href=href>
                <span>{next_words}</span>
                <Icon glyph=Glyph::ChevronRight />
            </a>
        }
    });
    view! { <nav class="pager" aria-label="Pages">{previous} {next}</nav> }
}
