//! Deleting a connection: what goes away with it is spelled out first.

use crate::prelude::*;
use domain::connection::{ConnectionView, Dependant};
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::api::DELETE_CONNECTION;
use crate::frame::href;
use crate::rpc::{Post, PostForm};
use crate::ui::{Button, ButtonKind, Dialog, FormProblem, LinkButton, counted, form_errors};

/// Open while the address says `delete=1`.
#[component]
pub(super) fn DeleteDialog(slug: String, loaded: RwSignal<(ConnectionView, Vec<Dependant>)>) -> impl IntoView {
    let query = use_query_map();
    let open = Memo::new(move |_| query.read().get("delete").is_some());
    let id = loaded.with_untracked(|loaded| loaded.0.id);
    let page = href(&slug, &format!("connections/{id}"));
    let (back, cancel) = (page.clone(), page.clone());
    let navigate = use_navigate();
    let close =
        move |()| navigate(&back, NavigateOptions { scroll: false, replace: true, ..NavigateOptions::default() });
    let action = Post::to(DELETE_CONNECTION);
    let errors = form_errors(action.error(), Vec::new());
    view! {
        <Dialog open title="Delete this connection?" on_close=close close_href=page>
            {move || loaded.with(|(connection, dependants)| losses(connection, dependants))}
            <PostForm post=action>
                <FormProblem errors />
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="connection" value=id.to_string() />
                <div class="dialog-foot">
                    <LinkButton href=cancel>"Cancel"</LinkButton>
                    <Button kind=ButtonKind::Danger pending=action.pending()>
                        "Delete connection"
                    </Button>
                </div>
            </PostForm>
        </Dialog>
    }
}

fn losses(connection: &ConnectionView, dependants: &[Dependant]) -> impl IntoView + use<> {
    let syncs = dependants.iter().map(|dependant| {
        let records = counted(dependant.records, "record");
        view! { <li><strong>{dependant.name.clone()}</strong> {format!(": the sync, its schedules and the history of {records}")}</li> }
    });
    let syncs = syncs.collect_view();
    let name = connection.name.clone();
    if dependants.is_empty() {
        view! { <p>{format!("No sync uses “{name}”. Its settings and its credentials are deleted.")}</p> }.into_any()
    } else {
        view! {
            <p>{format!("With “{name}” goes what depends on it:")}</p>
            <ul class="losses">{syncs}</ul>
            <p>"The records themselves stay, in both systems. This cannot be undone."</p>
        }
        .into_any()
    }
}
