//! A button that copies a text.

use crate::prelude::*;

use super::icon::{Glyph, Icon};

/// Copies `text`; needs JavaScript, and is not shown without it.
#[component]
pub fn CopyButton(
    #[prop(into)] text: String,
    /// What is copied, for the accessible name: "Copy the request".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let click = move |_| {
        #[cfg(feature = "hydrate")]
        {
            let _ = window().navigator().clipboard().write_text(&text);
            set_timeout(move || copied.set(false), std::time::Duration::from_secs(2));
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = &text;
        copied.set(true);
    };
    view! {
        <button type="button" class="button button-quiet needs-js" aria-label=label on:click=click>
            {move || view! { <Icon glyph=if copied.get() { Glyph::Check } else { Glyph::Copy } /> }}
            <span aria-live="polite">{move || if copied.get() { "Copied" } else { "Copy" }}</span>
        </button>
    }
}
