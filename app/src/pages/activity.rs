//! Activity: who and what, in order?

pub mod api;
mod timeline;

use crate::prelude::*;
use domain::ActivityId;
use leptos_router::hooks::use_query_map;

use crate::frame::use_slug;
use crate::rpc::{Load, Shown};
use crate::ui::{Failure, Page};
use timeline::Timeline;

/// The timeline. Its first page follows what happens; older pages stand still.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let slug = use_slug();
    let query = use_query_map();
    let before = Memo::new(move |_| query.read().get("before").and_then(|id| id.parse::<ActivityId>().ok()));
    let page = Load::new(move || api::load_activity(slug.get(), before.get()));
    let list = move || async move {
        match page.await {
            Ok(page) => view! { <Timeline slug=slug.get_untracked() page before=before.get_untracked() /> }.into_any(),
            Err(error) => view! { <Failure error retry=Callback::new(move |()| page.refetch()) /> }.into_any(),
        }
    };
    view! {
        <Page title="Activity" intro="What Syncline and the people here did, the newest first.">
            <Shown view=list lines=8 />
        </Page>
    }
}
