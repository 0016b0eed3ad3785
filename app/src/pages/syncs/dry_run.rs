//! Dry run: what would happen to the next 20 records? Nothing is written anywhere.

pub mod api;

use crate::prelude::*;
use domain::Side;
use domain::account::Permission;
use domain::activity::EventBody;
use domain::run::{DryRunRow, Phase, Started};
use domain::sync::{SyncState, SyncView};

use super::agreement::changes;
use super::api::START_RUN;
use super::run::{ActiveRuns, StartAnswer, start_button};
use super::settings::use_sync_id;
use super::tabs::{Part, SyncTabs};
use crate::error::AppError;
use crate::flash::flash_of;
use crate::frame::{Frame, href, use_frame, use_slug};
use crate::pages::answer::Answer;
use crate::rpc::{Call, Load, Post, PostForm, Shown};
use crate::ui::{ButtonKind, Empty, Failure, Glyph, Page, Table, Time, use_live};
use api::{DryRun, load_dry_run};

/// The newest dry run of the sync in the address.
#[component]
pub fn DryRunPage() -> impl IntoView {
    let slug = use_slug();
    let id = use_sync_id();
    let frame = use_frame();
    let dry_run = Load::new(move || match id.get() {
        Some(id) => load_dry_run(slug.get(), id),
        None => Call::refused(AppError::NotFound),
    });
    let over = move |event: &domain::activity::Event| {
        matches!(&event.body, EventBody::Run { run }
            if run.sync == id.get_untracked() && run.phase == Phase::DryRun && !run.state.is_active())
    };
    use_live().refetch_on(over, move || dry_run.refetch());
    let start = Post::to(START_RUN);
    let body = move || async move {
        match (dry_run.await, frame.await) {
            (Ok(dry_run), Ok(frame)) => view! { <Body slug=slug.get_untracked() dry_run frame start /> }.into_any(),
            (Err(error), _) | (_, Err(error)) => {
                let retry = Callback::new(move |()| dry_run.refetch());
                view! { <Page title="Dry run of a sync"><Failure error retry /></Page> }.into_any()
            }
        }
    };
    view! {
        <Answer flash=flash_of(super::FORM) />
        <Shown view=body lines=8 />
    }
}

#[component]
fn Body(slug: String, dry_run: DryRun, frame: Frame, start: Post<Started>) -> impl IntoView {
    let DryRun { sync, at, rows } = dry_run;
    let operates = frame.may(Permission::Operate);
    let (own, id, state) = (slug.clone(), sync.id.to_string(), sync.state);
    let button = move || operates.then(|| run_now(own.clone(), id.clone(), state, start));
    let content = match at {
        None => view! {
            <Empty
                glyph=Glyph::Search
                title="No dry run yet"
                text="“Dry run now” reads the next 20 records in both systems and says what processing would do with each \
                      of them. It writes nothing."
            />
        }
        .into_any(),
        Some(at) if rows.is_empty() => view! {
            <p class="muted">"No record was there to be tried " <Time at /> ". Prepare the sync first."</p>
        }
        .into_any(),
        Some(at) => {
            let rows = rows.into_iter().map(|row| dry_row(&slug, &sync, row)).collect_view();
            let columns = vec!["Record", "What would happen", "Where", "What would change", "Obstacle"];
            view! {
                <p class="muted">"As it was " <Time at /> ". Nothing was written."</p>
                <Table label="What would happen" columns>{rows}</Table>
            }
            .into_any()
        }
    };
    view! {
        <Page title=format!("{}: dry run", sync.name) actions=button>
            <SyncTabs slug=slug.clone() sync=sync.id current=Part::DryRun />
            <StartAnswer action=start />
            <ActiveRuns slug sync=sync.id runs=sync.active may_operate=operates />
            {content}
        </Page>
    }
}

fn run_now(slug: String, sync: String, state: SyncState, start: Post<Started>) -> AnyView {
    view! {
        <PostForm post=start>
            <input type="hidden" name="slug" value=slug />
            <input type="hidden" name="sync" value=sync />
            {start_button(Phase::DryRun, "Dry run now", ButtonKind::Primary, state, start)}
        </PostForm>
    }
}

fn dry_row(slug: &str, sync: &SyncView, row: DryRunRow) -> impl IntoView + use<> {
    let link = href(slug, &format!("history?sync={}&record={}", sync.id, row.record));
    let side = row.direction.map(|side| match side {
        Side::Source => sync.source.name.clone(),
        Side::Destination => sync.destination.name.clone(),
    });
    let nowhere = || view! { <span class="muted">"nowhere"</span> }.into_any();
    view! {
        <tr>
            <th scope="row" data-label="Record"><a class="record-link" href=link>{row.description}</a></th>
            <td data-label="What would happen">{row.would.label()}</td>
            <td data-label="Where">{side.map_or_else(nowhere, IntoAny::into_any)}</td>
            <td data-label="What would change">{changes(row.changes)}</td>
            <td data-label="Obstacle" class="error-cell">{row.error}</td>
        </tr>
    }
}
