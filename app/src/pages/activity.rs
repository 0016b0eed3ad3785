//! Activity: who and what, in order?

pub mod api;
mod filter;
mod timeline;

use crate::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::frame::use_slug;
use crate::rpc::{Load, Shown};
use crate::ui::{Failure, Page};
use filter::{FilterForm, filter_of};
use timeline::Timeline;

/// The timeline. Its first page follows what happens; older pages stand still. What is shown is in the URL.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let slug = use_slug();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(filter_of));
    let page = Load::new(move || api::load_activity(slug.get(), filter.get()));
    let list = move || async move {
        match page.await {
            Ok(page) => view! { <Timeline slug=slug.get_untracked() page filter=filter.get_untracked() /> }.into_any(),
            Err(error) => view! { <Failure error retry=Callback::new(move |()| page.refetch()) /> }.into_any(),
        }
    };
    view! {
        <Page title="Activity" intro="What Syncline and the people here did, the newest first.">
            <FilterForm slug filter />
            <Shown view=list lines=8 />
        </Page>
    }
}
