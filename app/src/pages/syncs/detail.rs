//! One sync: its direction, how it stands, what runs, its schedules, its mapping.

use crate::prelude::*;
use domain::SyncId;
use domain::account::Permission;
use domain::activity::{EventBody, Tone};
use domain::connection::ConnectionState;
use domain::run::Started;
use domain::sync::{EndView, SyncDetail, SyncState, SyncView};
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::{DELETE_SYNC, PAUSE_SYNC, RESUME_SYNC, START_RUN, load_sync};
use super::counts::Counts;
use super::decisions::{Decisions, Drifts, HoldBanner};
use super::delete::DeleteDialog;
use super::mapping::MappingTable;
use super::more::MoreRuns;
use super::picture::Picture;
use super::run::{ActiveRuns, RunTable, StartAnswer, StartButtons, started_text};
use super::tabs::{Part, SyncTabs};
use crate::error::AppError;
use crate::flash::flash_of;
use crate::frame::{Frame, href, use_frame, use_slug};
use crate::pages::answer::{Answer, tell};
use crate::pages::schedules::ScheduleTable;
use crate::rpc::{Call, Load, Post, PostForm, Shown};
use crate::ui::number::grouped;
use crate::ui::time::MaybeTime;
use crate::ui::{
    Button, ButtonKind, Failure, Glyph, LinkButton, Notice, Page, Section, SyncBadge, Time, use_live, use_toasts,
};

/// What can be done to the sync; made once, so that a refresh of the page does not forget what is under way.
#[derive(Clone, Copy)]
struct Actions {
    start: Post<Started>,
    pause: Post<()>,
    resume: Post<()>,
    delete: Post<()>,
    asks_to_delete: Signal<bool>,
    decisions: Decisions,
}

/// A sync's page. It follows its runs and records.
#[component]
pub fn SyncPage() -> impl IntoView {
    let slug = use_slug();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<SyncId>().ok()));
    let frame = use_frame();
    let detail = Load::new(move || match id.get() {
        Some(id) => load_sync(slug.get(), id),
        None => Call::refused(AppError::NotFound),
    });
    use_live().refetch_on(
        move |event| match &event.body {
            EventBody::Run { run } => run.sync == id.get_untracked(),
            EventBody::Records { sync, .. } => Some(*sync) == id.get_untracked(),
            EventBody::Line { .. } => false,
        },
        move || detail.refetch(),
    );
    let actions = use_actions(detail);
    let body = move || async move {
        match (detail.await, frame.await) {
            (Ok(detail), Ok(frame)) => {
                let slug = slug.get_untracked();
                view! { <SyncBody slug detail frame actions /> }.into_any()
            }
            (Err(error), _) | (_, Err(error)) => {
                let retry = Callback::new(move |()| detail.refetch());
                view! { <Page title="Sync"><Failure error retry /></Page> }.into_any()
            }
        }
    };
    view! {
        <Answer flash=flash_of(super::FORM) />
        <Shown view=body lines=8 />
    }
}

fn use_actions(detail: Load<SyncDetail>) -> Actions {
    let query = use_query_map();
    let actions = Actions {
        start: Post::to(START_RUN),
        pause: Post::to(PAUSE_SYNC),
        resume: Post::to(RESUME_SYNC),
        delete: Post::to(DELETE_SYNC),
        asks_to_delete: Signal::derive(move || query.read().get("delete").is_some()),
        decisions: Decisions::new(move || detail.refetch()),
    };
    let toasts = use_toasts();
    Effect::new(move |_| {
        if let Some(Ok(started)) = actions.start.value() {
            if !started.already_active {
                toasts.push(Tone::Info, started_text(&started));
            }
            detail.refetch();
        }
    });
    tell(actions.pause, |()| "The sync is paused.".to_owned(), move || detail.refetch());
    tell(actions.resume, |()| "The sync goes on.".to_owned(), move || detail.refetch());
    tell(actions.delete, |()| "The sync is deleted.".to_owned(), || {});
    actions
}

#[component]
fn SyncBody(slug: String, detail: SyncDetail, frame: Frame, actions: Actions) -> impl IntoView {
    let sync = detail.sync.clone();
    let (operates, configures) = (frame.may(Permission::Operate), frame.may(Permission::Configure));
    let buttons = {
        let slug = slug.clone();
        move || {
            let start = operates.then(|| {
                view! { <StartButtons slug=slug.clone() sync=sync.id state=sync.state action=actions.start /> }
            });
            let change = configures.then(|| change_buttons(&slug, sync.id, sync.state, actions));
            view! { {start} {change} }
        }
    };
    let question = configures.then(|| {
        let (slug, detail) = (slug.clone(), detail.clone());
        view! { <DeleteDialog slug detail open=actions.asks_to_delete action=actions.delete /> }
    });
    let hold = sync.hold.clone().map(|hold| {
        let (slug, sync, decisions) = (slug.clone(), sync.clone(), actions.decisions);
        view! { <HoldBanner slug sync hold may_configure=configures decisions /> }
    });
    let drifted: Vec<String> =
        detail.drifts.iter().flat_map(|drift| drift.changes.iter().flat_map(|change| change.rules.clone())).collect();
    let drifts = (!detail.drifts.is_empty()).then(|| {
        let (slug, sync, drifts) = (slug.clone(), sync.id, detail.drifts.clone());
        view! { <Drifts slug sync drifts may_configure=configures decisions=actions.decisions /> }
    });
    let needs = prerequisites(&slug, &detail);
    let agreement = agreement(&slug, &detail.sync);
    let SyncDetail { sync, schedules, runs, mapping, .. } = detail;
    let ended = runs.into_iter().filter(|run| !run.state.is_active()).collect::<Vec<_>>();
    let paused = (sync.state == SyncState::Paused).then(|| {
        view! {
            <Notice tone=Tone::Warning>
                "This sync is paused: it neither prepares nor processes until somebody resumes it."
            </Notice>
        }
    });
    let stopped = sync.stopped_by().map(|end| end.state);
    let stopped_notice = sync.stopped_by().map(|end| stopped_by(&slug, end));
    view! {
        <Page title=sync.name.clone() actions=buttons>
            {question}
            <SyncTabs slug=slug.clone() sync=sync.id current=Part::Overview />
            <StartAnswer action=actions.start />
            {paused}
            {stopped_notice}
            {hold}
            <Picture
                slug=slug.clone()
                entity=sync.entity
                source=sync.source.clone()
                destination=sync.destination.clone()
                still=sync.is_still()
                direction=sync.direction
            />
            <p class="sync-state">
                <SyncBadge state=sync.state held=sync.hold.is_some() stopped /> " " <span class="muted">"Newest change taken over: "</span>
                <MaybeTime at=sync.watermark_at />
            </p>
            {agreement}
            <Counts slug=slug.clone() sync=sync.id counts=sync.counts />
            <ActiveRuns slug=slug.clone() sync=sync.id runs=sync.active may_operate=operates />
            {operates.then(|| view! { <MoreRuns slug=slug.clone() sync=sync.id state=sync.state action=actions.start /> })}
            {drifts}
            {needs}
            <Section title="Schedules">
                <ScheduleTable slug schedules names_sync=false may_configure=configures />
            </Section>
            <Section title="Runs">
                <RunTable runs=ended />
            </Section>
            <Section title="Mapping">
                <MappingTable mapping drifted source=sync.source destination=sync.destination />
            </Section>
        </Page>
    }
}

/// That a connection is paused, or refuses its credentials, and where that is mended.
fn stopped_by(slug: &str, end: &EndView) -> impl IntoView + use<> {
    let (tone, words) = match end.state {
        ConnectionState::Unauthorised => {
            (Tone::Failure, "refuses its credentials. Nothing goes on until they are mended.")
        }
        _ => (Tone::Warning, "is paused. Nothing goes on until somebody resumes it."),
    };
    let (link, name) = (href(slug, &format!("connections/{}", end.connection)), format!("“{}”", end.name));
    view! { <Notice tone><a href=link>{name}</a> " " {words}</Notice> }
}

fn change_buttons(slug: &str, sync: SyncId, state: SyncState, actions: Actions) -> impl IntoView + use<> {
    let delete = href(slug, &format!("syncs/{sync}?delete=ask"));
    let hidden = view! {
        <input type="hidden" name="slug" value=slug.to_owned() />
        <input type="hidden" name="sync" value=sync.to_string() />
    };
    let toggle = match state {
        SyncState::Active => view! {
            <PostForm post=actions.pause>
                {hidden}
                <Button glyph=Glyph::Pause pending=actions.pause.pending()>"Pause"</Button>
            </PostForm>
        }
        .into_any(),
        SyncState::Paused => view! {
            <PostForm post=actions.resume>
                {hidden}
                <Button glyph=Glyph::Play pending=actions.resume.pending()>"Resume"</Button>
            </PostForm>
        }
        .into_any(),
    };
    view! {
        {toggle}
        <LinkButton href=delete kind=ButtonKind::Quiet glyph=Glyph::Trash>"Delete"</LinkButton>
    }
}

/// Whether the two systems hold the same, as the newest reconcile run found, with its age.
fn agreement(slug: &str, sync: &SyncView) -> AnyView {
    let link = href(slug, &Part::Agreement.path(sync.id));
    match &sync.agreement {
        Some(found) => view! {
            <p class="agreement-line">
                <a href=link>
                    {grouped(found.sums.compared())} " " {sync.entity.label().to_lowercase()} " · " {found.sums.sentence()}
                </a>
                " " <span class="muted">"compared " <Time at=found.at /></span>
            </p>
        }
        .into_any(),
        None => view! { <p class="agreement-line muted">"Never compared yet. " <a href=link>"Do the two systems agree?"</a></p> }.into_any(),
    }
}

/// The syncs whose records this one's need.
fn prerequisites(slug: &str, detail: &SyncDetail) -> impl IntoView + use<> {
    if detail.prerequisites.is_empty() {
        return None;
    }
    let links = detail.prerequisites.iter().map(|(id, name)| {
        view! { <li><a href=href(slug, &format!("syncs/{id}"))>{name.clone()}</a></li> }
    });
    let entity = detail.sync.entity.singular();
    Some(view! {
        <div class="prerequisites">
            <p class="muted">{format!("Before an {entity} goes over, what it refers to goes over with:")}</p>
            <ul class="inline-list">{links.collect_view()}</ul>
        </div>
    })
}
