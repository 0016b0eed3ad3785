//! Light, dark, or as the system has it; kept in the browser.

use crate::prelude::*;

use crate::ui::{Glyph, Icon};

const CHOICES: &[(&str, &str, Glyph)] =
    &[("light", "Light", Glyph::Sun), ("dark", "Dark", Glyph::Moon), ("system", "As the system", Glyph::Screen)];

#[component]
pub(super) fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new("system".to_owned());
    #[cfg(feature = "hydrate")]
    Effect::new(move || {
        if let Some(theme) = stored() {
            chosen.set(theme);
        }
    });
    let choose = move |theme: &'static str| {
        chosen.set(theme.to_owned());
        #[cfg(feature = "hydrate")]
        apply(theme);
    };
    let buttons = CHOICES.iter().map(|(theme, words, glyph)| {
        view! {
            <button
                type="button"
                class="theme-choice"
                aria-label=*words
                title=*words
                aria-pressed=move || if chosen.read().as_str() == *theme { "true" } else { "false" }
                on:click=move |_| choose(theme)
            >
                <Icon glyph=*glyph />
            </button>
        }
    });
    view! {
        <div class="theme needs-js" role="group" aria-label="Theme">
            {buttons.collect_view()}
        </div>
    }
}

#[cfg(feature = "hydrate")]
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[cfg(feature = "hydrate")]
fn stored() -> Option<String> {
    storage()?.get_item("theme").ok().flatten()
}

/// What the page's own script does before the first paint, at once.
#[cfg(feature = "hydrate")]
fn apply(theme: &str) {
    let Some(root) = document().document_element() else { return };
    let stored = storage();
    if theme == "system" {
        let _ = root.remove_attribute("data-theme");
        let _ = stored.map(|storage| storage.remove_item("theme"));
    } else {
        let _ = root.set_attribute("data-theme", theme);
        let _ = stored.map(|storage| storage.set_item("theme", theme));
    }
}
