//! The first steps of a new organisation.

use crate::prelude::*;
use domain::activity::Tone;
use domain::overview::Checklist;

use super::api::TRY_SANDBOX;
use crate::frame::href;
use crate::rpc::{Post, PostForm, after};
use crate::ui::{Button, ButtonKind, FormProblem, Glyph, Icon, form_errors, use_toasts};

/// What is done and what is next, until all is done.
#[component]
pub(super) fn ChecklistCard(
    #[prop(into)] slug: String,
    #[prop(into)] checklist: Signal<Checklist>,
    /// The sandbox can be connected.
    #[prop(into)]
    offered: Signal<bool>,
    may_configure: bool,
    #[prop(into)] on_change: Callback<()>,
) -> impl IntoView {
    let (base, offer_slug) = (StoredValue::new(slug.clone()), StoredValue::new(slug));
    let steps = move || {
        let list = checklist.get();
        let steps = [
            (list.shop_connected, "Connect a shop", "connections/new?vendor=shopify"),
            (list.erp_connected, "Connect an ERP", "connections/new?vendor=acumatica"),
            (list.sync_made, "Choose what to sync", "syncs/new"),
            (list.first_record_processed, "First run", "syncs"),
        ];
        let next = steps.iter().position(|(done, ..)| !done);
        let views = steps.into_iter().enumerate().map(|(index, (done, words, path))| {
            step(done, next == Some(index), words, base.with_value(|slug| href(slug, path)))
        });
        views.collect_view()
    };
    view! {
        <section class="card checklist" aria-labelledby="checklist">
            <h2 id="checklist">"First steps"</h2>
            <ol>{steps}</ol>
            <Show when=move || offered.get() && may_configure>
                <SandboxOffer slug=offer_slug.get_value() on_change />
            </Show>
        </section>
    }
}

fn step(done: bool, next: bool, words: &'static str, to: String) -> impl IntoView {
    let class = if done { "step step-done" } else { "step" };
    let state = if done { "Done: " } else { "To do: " };
    view! {
        <li class=class aria-current=next.then_some("step")>
            <Icon glyph=if done { Glyph::Check } else { Glyph::Dot } />
            <span class="visually-hidden">{state}</span>
            {if done { view! { <span>{words}</span> }.into_any() } else { view! { <a href=to>{words}</a> }.into_any() }}
        </li>
    }
}

/// All four steps at once, with a shop and an ERP that are not real.
#[component]
fn SandboxOffer(slug: String, on_change: Callback<()>) -> impl IntoView {
    let action = Post::to(TRY_SANDBOX);
    let errors = form_errors(action.error(), Vec::new());
    let toasts = use_toasts();
    after(action, move |answer| {
        if answer.is_ok() {
            toasts.push(Tone::Success, "The sandbox is connected, and its orders are on their way.");
            on_change.run(());
        }
    });
    view! {
        <div class="sandbox-offer">
            <p>
                "Only looking? A sandbox shop and a sandbox ERP do all four steps at once. Nothing real is touched."
            </p>
            <PostForm post=action>
                <FormProblem errors />
                <input type="hidden" name="slug" value=slug />
                <Button kind=ButtonKind::Primary pending=action.pending()>
                    "Try with sandbox data"
                </Button>
            </PostForm>
        </div>
    }
}
