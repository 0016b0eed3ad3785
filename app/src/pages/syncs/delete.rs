//! The question before a sync is deleted. It is a page of its own address, so that it works without JavaScript.

use crate::prelude::*;
use domain::sync::SyncDetail;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::frame::href;
use crate::rpc::{Post, PostForm};
use crate::ui::number::counted;
use crate::ui::{Button, ButtonKind, Dialog, LinkButton};

/// Names what goes away, and what stays.
#[component]
pub fn DeleteDialog(
    slug: String,
    detail: SyncDetail,
    #[prop(into)] open: Signal<bool>,
    action: Post<()>,
) -> impl IntoView {
    let sync = detail.sync;
    let page = href(&slug, &format!("syncs/{}", sync.id));
    let navigate = use_navigate();
    let on_close = {
        let page = page.clone();
        Callback::new(move |()| navigate(&page, NavigateOptions { scroll: false, ..Default::default() }))
    };
    let records = counted(sync.counts.total(), "record");
    let schedules = counted(detail.schedules.len() as i64, "schedule");
    view! {
        <Dialog open title="Delete this sync?" on_close close_href=page.clone()>
            <p>"With “" {sync.name} "” these go away and cannot be brought back:"</p>
            <ul class="goes-away">
                <li>{records} " in the Sync History, with every attempt and version"</li>
                <li>{schedules}</li>
                <li>"the list of its runs"</li>
            </ul>
            <p>
                "What is in " {sync.source.name} " and in " {sync.destination.name}
                " stays as it is. A new sync finds it again by its keys."
            </p>
            <PostForm post=action>
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="sync" value=sync.id.to_string() />
                <div class="dialog-foot">
                    <LinkButton href=page>"Keep it"</LinkButton>
                    <Button kind=ButtonKind::Danger pending=action.pending()>"Delete sync"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
}
