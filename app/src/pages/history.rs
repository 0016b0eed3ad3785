//! The Sync History: what happened to this record?

mod actions;
pub mod api;
mod attempts;
mod bulk;
mod columns;
mod conflict;
mod detail;
mod drawer;
mod edit;
mod filter;
mod form;
mod keys;
mod link;
mod list;
mod one_api;
mod pairs;
mod part;
mod report;
mod rows;
mod sides;
mod table;
mod timeline;
mod versions;

use crate::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::flash::flash_of;
use crate::frame::{use_frame, use_slug};
use crate::pages::answer::Answer;
use crate::rpc::{Load, Shown};
use crate::ui::{Failure, Page};
use domain::account::Permission;
use drawer::Drawer;
use form::FilterForm;
use list::RecordList;

pub use filter::address;

/// The name of this page's forms.
const FORM: &str = "history";

/// The Sync History. All of its state is in the URL: the filter, the place in the list, the open record.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let slug = use_slug();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(filter::filter_of));
    let opened = Memo::new(move |_| query.with(part::opened_of));
    let frame = use_frame();
    let page = Load::new(move || api::load_history(slug.get(), filter.get()));
    let action = actions::use_record_action();
    keys::use_keys();
    let list = move || {
        // Other columns are another table, of the same page.
        filter.with(|filter| _ = filter.columns.len());
        async move {
            match (page.await, frame.await) {
                (Ok(page), Ok(frame)) => {
                    let may_operate = frame.may(Permission::Operate);
                    let (slug, filter) = (slug.get_untracked(), filter.get_untracked());
                    view! { <RecordList slug filter page may_operate action /> }.into_any()
                }
                (Err(error), _) | (_, Err(error)) => {
                    view! { <Failure error retry=Callback::new(move |()| page.refetch()) /> }.into_any()
                }
            }
        }
    };
    view! {
        <Page title="History" intro="Every record, where it stands, and what happened to it.">
            <Answer flash=flash_of(FORM) />
            <Drawer slug filter opened frame action />
            <FilterForm slug filter />
            <Shown view=list lines=8 />
        </Page>
    }
}
