//! The question before everything of a kind is repaired. It is a page of its own address, so that it works without
//! JavaScript.

use crate::prelude::*;
use domain::reconcile::FindingKind;
use domain::sync::SyncView;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address;
use crate::frame::href;
use crate::rpc::{Post, PostForm, after};
use crate::ui::number::counted;
use crate::ui::{Button, ButtonKind, Dialog, LinkButton};

/// Says how many records it is about, and what happens to them.
#[component]
pub fn RepairDialog(
    slug: String,
    sync: SyncView,
    kind: Option<FindingKind>,
    count: i64,
    #[prop(into)] open: Signal<bool>,
    action: Post<i64>,
) -> impl IntoView {
    let page = href(&slug, &address(sync.id, kind, ""));
    let navigate = use_navigate();
    let close = {
        let page = page.clone();
        move || navigate(&page, NavigateOptions { scroll: false, ..Default::default() })
    };
    let on_close = {
        let close = close.clone();
        Callback::new(move |()| close())
    };
    after(action, move |answer| {
        if answer.is_ok() && open.get_untracked() {
            close();
        }
    });
    view! {
        <Dialog open title="Repair all of them?" on_close close_href=page.clone()>
            <p>
                {counted(count, "record")}
                " are prepared again, whatever was noted of them before, and processed at once. The source’s state is \
                 written to the destination by the sync’s own rules."
            </p>
            <p class="muted">"Records that somebody has skipped meanwhile stay as they are."</p>
            <PostForm post=action>
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="sync" value=sync.id.to_string() />
                <input type="hidden" name="all" value="true" />
                {kind.map(|kind| view! { <input type="hidden" name="kind" value=kind.as_str() /> })}
                <div class="dialog-foot">
                    <LinkButton href=page>"Not now"</LinkButton>
                    <Button kind=ButtonKind::Primary pending=action.pending()>{format!("Repair {}", counted(count, "record"))}</Button>
                </div>
            </PostForm>
        </Dialog>
    }
}
