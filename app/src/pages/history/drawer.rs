//! A record's drawer: opened by `?record=`, closed by Esc.

use crate::prelude::*;
use domain::RecordId;
use domain::account::Permission;
use domain::activity::{EventBody, Tone};
use domain::history::{ActionOutcome, HistoryFilter};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::actions::said;
use super::api::load_record;
use super::detail::RecordDetails;
use super::filter::address;
use crate::error::AppError;
use crate::frame::Frame;
use crate::rpc::{Call, Load, Post, Shown};
use crate::ui::{Dialog, Failure, Notice, use_live};

/// The drawer of the record in the URL; it follows what happens to it.
#[component]
pub fn Drawer(
    slug: Memo<String>,
    filter: Memo<HistoryFilter>,
    record: Memo<Option<RecordId>>,
    frame: Load<Frame>,
    action: Post<ActionOutcome>,
) -> impl IntoView {
    let detail = Load::new(move || match record.get() {
        Some(record) => load_record(slug.get_untracked(), record),
        None => Call::refused(AppError::NotFound),
    });
    use_live().refetch_on(
        move |event| {
            let open = record.get_untracked();
            matches!(&event.body, EventBody::Records { rows, .. } if rows.iter().any(|row| Some(row.id) == open))
        },
        move || detail.refetch(),
    );
    Effect::new(move |_| {
        if action.version() > 0 {
            detail.refetch();
        }
    });
    let answer = answer_for(record, action);
    let navigate = use_navigate();
    let close_href = move || address(&slug.get_untracked(), &filter.get_untracked(), None);
    let on_close = {
        Callback::new(move |()| {
            navigate(&close_href(), NavigateOptions { scroll: false, ..Default::default() });
        })
    };
    let content = move || async move {
        let may_operate = frame.await.is_ok_and(|frame| frame.may(Permission::Operate));
        let (slug, filter) = (slug.get_untracked(), filter.get_untracked());
        match detail.await {
            Ok(detail) => view! { <RecordDetails slug filter detail may_operate action /> }.into_any(),
            Err(_) if record.get_untracked().is_none() => ().into_any(),
            Err(error) => view! { <Failure error retry=Callback::new(move |()| detail.refetch()) /> }.into_any(),
        }
    };
    view! {
        <Dialog
            open=Signal::derive(move || record.read().is_some())
            title="Record"
            on_close
            close_href=close_href()
            class="dialog drawer"
        >
            {move || answer.get().map(|(tone, text)| view! { <Notice tone>{text}</Notice> })}
            <Shown view=content lines=10 />
        </Dialog>
    }
}

/// What came of the last action on the open record. A toast alone would stand behind the dialog.
fn answer_for(record: Memo<Option<RecordId>>, action: Post<ActionOutcome>) -> RwSignal<Option<(Tone, String)>> {
    let answer = RwSignal::new(None);
    Effect::new(move |_| {
        answer.set(action.value().map(|result| said(&result)));
    });
    // Another record's drawer begins without it.
    Effect::new(move |_| {
        record.track();
        answer.set(None);
    });
    answer
}
