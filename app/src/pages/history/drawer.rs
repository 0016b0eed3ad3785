//! A record's drawer: opened by `?record=`, closed by Esc.

use crate::prelude::*;
use domain::RecordId;
use domain::RecordStatus;
use domain::account::Permission;
use domain::activity::{EventBody, Tone};
use domain::history::{ActionOutcome, HistoryFilter, RecordRow};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::api::load_record;
use super::conflict::{ConflictPart, ConflictPosts, use_conflict};
use super::detail::RecordDetails;
use super::edit::EditPart;
use super::filter::address;
use super::link::LinkPart;
use super::one_api::{LINK, REPLAY, SAVE_EDIT};
use super::part::{Opened, Part, part_address};
use super::sides::SidesPart;
use super::versions::{Place, VersionsPart};
use crate::error::AppError;
use crate::frame::Frame;
use crate::rpc::{Call, Load, Post, Shown, after};
use crate::ui::{Dialog, Failure, use_live, use_toasts};

/// The drawer of the record in the URL; it follows what happens to it.
#[component]
pub fn Drawer(
    slug: Memo<String>,
    filter: Memo<HistoryFilter>,
    opened: Memo<Option<Opened>>,
    frame: Load<Frame>,
    action: Post<ActionOutcome>,
) -> impl IntoView {
    let record = Memo::new(move |_| opened.with(|opened| opened.as_ref().map(|opened| opened.record)));
    let detail = Load::new(move || match record.get() {
        Some(record) => load_record(slug.get_untracked(), record),
        None => Call::refused(AppError::NotFound),
    });
    use_live().refetch_on(
        move |event| {
            let open = record.get_untracked();
            matches!(&event.body, EventBody::Records { rows, gone, .. }
                if rows.iter().any(|row| Some(row.id) == open) || gone.iter().any(|id| Some(*id) == open))
        },
        move || detail.refetch(),
    );
    Effect::new(move |_| {
        if action.version() > 0 {
            detail.refetch();
        }
    });
    let navigate = use_navigate();
    let close_href = move || address(&slug.get_untracked(), &filter.get_untracked(), None);
    let on_close = {
        Callback::new(move |()| {
            navigate(&close_href(), NavigateOptions { scroll: false, ..Default::default() });
        })
    };
    let posts =
        use_posts(record, move || address(&slug.get_untracked(), &filter.get_untracked(), record.get_untracked()));
    let head = move || {
        let part = opened.get().map_or(Part::Overview, |opened| opened.part);
        async move {
            let (slug, filter) = (slug.get_untracked(), filter.get_untracked());
            match detail.await {
                Ok(detail) => head_view(&slug, &filter, &detail.row, part),
                Err(_) => ().into_any(),
            }
        }
    };
    let content = move || {
        let part = opened.get();
        async move {
            let may_operate = frame.await.is_ok_and(|frame| frame.may(Permission::Operate));
            let (slug, filter) = (slug.get_untracked(), filter.get_untracked());
            match part {
                None => ().into_any(),
                Some(opened) if opened.part != Part::Overview => part_view(slug, &filter, opened, may_operate, posts),
                Some(_) => match detail.await {
                    Ok(detail) => view! { <RecordDetails slug filter detail may_operate action /> }.into_any(),
                    Err(error) => {
                        view! { <Failure error retry=Callback::new(move |()| detail.refetch()) /> }.into_any()
                    }
                },
            }
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
            <Shown view=head />
            <Shown view=content lines=10 />
        </Dialog>
    }
}

/// What is posted for one record from the parts of its drawer.
#[derive(Clone, Copy)]
struct Posts {
    edit: Post<()>,
    link: Post<()>,
    replay: Post<()>,
    conflict: ConflictPosts,
}

/// The posts, each of which ends at the record's overview with a toast. Another record's drawer begins without what was
/// wrong with the last one's.
fn use_posts(record: Memo<Option<RecordId>>, overview: impl Fn() -> String + Copy + Send + Sync + 'static) -> Posts {
    let posts =
        Posts { edit: Post::to(SAVE_EDIT), link: Post::to(LINK), replay: Post::to(REPLAY), conflict: use_conflict() };
    let toasts = use_toasts();
    let navigate = use_navigate();
    let all = [
        (posts.edit, "Saved. It is written now."),
        (posts.link, "Linked. It is processed now."),
        (posts.replay, "That version is on its way."),
        (posts.conflict.resolve, "The conflict is resolved. Both sides are written now."),
        (posts.conflict.gone, "The conflict is resolved. It is processed now."),
    ];
    for (post, words) in all {
        let navigate = navigate.clone();
        after(post, move |answer| {
            if answer.is_ok() {
                toasts.push(Tone::Success, words);
                navigate(&overview(), NavigateOptions { scroll: false, ..Default::default() });
            }
        });
        Effect::new(move |_| {
            record.track();
            post.forget();
        });
    }
    posts
}

/// The record's name and the way to the drawer's other parts.
fn head_view(slug: &str, filter: &HistoryFilter, row: &RecordRow, open: Part) -> AnyView {
    let conflict = (row.status == RecordStatus::Conflict).then_some(Part::Conflict);
    let parts = Part::ALWAYS.into_iter().take(1).chain(conflict).chain(Part::ALWAYS.into_iter().skip(1));
    let tab = |part: Part| {
        let href = part_address(slug, filter, row.id, part);
        view! {
            <li><a href=href class="tab" aria-current=(part == open).then_some("page")>{part.label()}</a></li>
        }
    };
    view! {
        <p class="drawer-title">{row.description.clone()}</p>
        <nav class="tabs" aria-label="Parts of the record"><ul>{parts.map(tab).collect_view()}</ul></nav>
    }
    .into_any()
}

fn part_view(slug: String, filter: &HistoryFilter, opened: Opened, may_operate: bool, posts: Posts) -> AnyView {
    let Opened { record, part, run, versions, older } = opened;
    match part {
        Part::Overview => ().into_any(),
        Part::Conflict => view! { <ConflictPart slug record may_operate posts=posts.conflict /> }.into_any(),
        Part::Versions => {
            let place = Place { record, chosen: versions, older, here: part_address(&slug, filter, record, part) };
            view! { <VersionsPart slug place may_operate post=posts.replay /> }.into_any()
        }
        Part::Sides => view! { <SidesPart slug record run may_operate /> }.into_any(),
        Part::Edit => view! { <EditPart slug record may_operate post=posts.edit /> }.into_any(),
        Part::Link => view! { <LinkPart slug record run may_operate post=posts.link /> }.into_any(),
    }
}
