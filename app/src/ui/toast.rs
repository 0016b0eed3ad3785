//! Toasts: what was done, said once and out of the way again.

use crate::prelude::*;
use domain::activity::Tone;

use super::icon::{Glyph, Icon};
use super::status::ToneIcon;

/// At most so many stand at once; the others are counted.
const MOST: usize = 3;

#[derive(Debug, Clone)]
struct Toast {
    id: u64,
    tone: Tone,
    text: String,
    /// Where it leads, and in which words.
    link: Option<(String, String)>,
    undo: Option<Callback<()>>,
}

/// The toasts of this tab.
#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
    /// The modal dialogs that are open, the topmost last: only what stands in it can be seen and clicked.
    covers: RwSignal<Vec<u64>>,
}

impl Toasts {
    /// Says `text` for some seconds; what went wrong stays longer.
    pub fn push(&self, tone: Tone, text: impl Into<String>) {
        self.show(tone, text.into(), None, None);
    }

    /// The same with a button that takes it back.
    pub fn push_undo(&self, tone: Tone, text: impl Into<String>, undo: Callback<()>) {
        self.show(tone, text.into(), None, Some(undo));
    }

    /// The same with a link.
    pub fn push_link(&self, tone: Tone, text: impl Into<String>, href: impl Into<String>, words: impl Into<String>) {
        self.show(tone, text.into(), Some((href.into(), words.into())), None);
    }

    fn show(&self, tone: Tone, text: String, link: Option<(String, String)>, undo: Option<Callback<()>>) {
        let id = self.fresh();
        self.shown.update(|shown| shown.push(Toast { id, tone, text, link, undo }));
        let seconds = if matches!(tone, Tone::Failure | Tone::Warning) || undo.is_some() { 12 } else { 6 };
        let toasts = *self;
        set_timeout(move || toasts.dismiss(id), std::time::Duration::from_secs(seconds));
    }

    fn dismiss(&self, id: u64) {
        self.shown.update(|shown| shown.retain(|toast| toast.id != id));
    }

    /// Names a dialog that toasts may stand in.
    pub(super) fn layer(&self) -> u64 {
        self.fresh()
    }

    /// The dialog `layer` is open, above all others.
    #[cfg(feature = "hydrate")]
    pub(super) fn cover(&self, layer: u64) {
        self.covers.update(|covers| {
            covers.retain(|other| *other != layer);
            covers.push(layer);
        });
    }

    /// The dialog `layer` is closed, or gone.
    pub(super) fn uncover(&self, layer: u64) {
        let _ = self.covers.try_update(|covers| covers.retain(|other| *other != layer));
    }

    fn fresh(&self) -> u64 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        id
    }
}

/// Those that stand, in their order.
fn standing(shown: &[Toast]) -> Vec<Toast> {
    let mut standing = shown.to_vec();
    while standing.len() > MOST {
        standing.remove(least(&standing));
    }
    standing
}

/// The one that makes room for the newest: many runs may end at once, and what went wrong must not go by unseen.
fn least(shown: &[Toast]) -> usize {
    let older = &shown[..shown.len().saturating_sub(1)];
    let is_quiet = |toast: &Toast| matches!(toast.tone, Tone::Info | Tone::Success) && toast.undo.is_none();
    older.iter().position(is_quiet).unwrap_or(0)
}

/// The toasts of this tab.
#[must_use]
pub fn use_toasts() -> Toasts {
    expect_context::<Toasts>()
}

pub(crate) fn provide_toasts() {
    provide_context(Toasts {
        shown: RwSignal::new(Vec::new()),
        next: StoredValue::new(0),
        covers: RwSignal::new(Vec::new()),
    });
}

/// Where toasts appear; screen readers hear them. The page has one, and each dialog: they stand in the topmost.
#[component]
pub(crate) fn ToastRegion(
    /// The dialog that it is in.
    #[prop(optional)]
    layer: Option<u64>,
) -> impl IntoView {
    let toasts = use_toasts();
    let is_top = move || toasts.covers.with(|covers| covers.last().copied() == layer);
    let each = move || if is_top() { toasts.shown.with(|shown| standing(shown)) } else { Vec::new() };
    let more = move || {
        let waiting = toasts.shown.with(Vec::len).saturating_sub(MOST);
        (waiting > 0 && is_top()).then(|| view! { <p class="toast-more">{format!("+{waiting} more")}</p> })
    };
    view! {
        <section class="toasts" aria-label=move || is_top().then_some("Notifications")>
            <div aria-live="polite">
                <For each key=|toast| toast.id let:toast>
                    {toast_view(toasts, toast)}
                </For>
                {more}
            </div>
        </section>
    }
}

fn toast_view(toasts: Toasts, toast: Toast) -> impl IntoView {
    let Toast { id, tone, text, link, undo } = toast;
    let undo = undo.map(|undo| {
        let take_back = move |_| {
            toasts.dismiss(id);
            // The page whose action it was may be gone by now.
            let _ = undo.try_run(());
        };
        view! { <button type="button" class="button button-quiet" on:click=take_back>"Undo"</button> }
    });
    view! {
        <div class="toast">
            <ToneIcon tone />
            <p>{text}</p>
            {link.map(|(href, words)| view! { <a href=href>{words}</a> })}
            {undo}
            <button
                type="button"
                class="button button-quiet button-icon"
                aria-label="Dismiss"
                on:click=move |_| toasts.dismiss(id)
            >
                <Icon glyph=Glyph::Cross />
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toast(tone: Tone) -> Toast {
        Toast { id: 0, tone, text: String::new(), link: None, undo: None }
    }

    #[test]
    fn what_went_wrong_is_not_pushed_away_by_what_went_well() {
        let shown = [toast(Tone::Warning), toast(Tone::Success), toast(Tone::Failure), toast(Tone::Info)];
        assert_eq!(least(&shown), 1);
        let wrong = [toast(Tone::Failure), toast(Tone::Warning), toast(Tone::Success)];
        assert_eq!(least(&wrong), 0, "the newest is shown in any case");
    }

    #[test]
    fn three_stand_and_what_went_wrong_is_among_them() {
        let shown = [toast(Tone::Failure), toast(Tone::Success), toast(Tone::Success), toast(Tone::Info)];
        let tones: Vec<Tone> = standing(&shown).iter().map(|toast| toast.tone).collect();
        assert_eq!(tones, [Tone::Failure, Tone::Success, Tone::Info]);
    }
}
