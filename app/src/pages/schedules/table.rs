//! The list of schedules; a sync's page shows its own.

use crate::prelude::*;
use domain::schedule::{ScheduleView, describe_interval};

use super::Changed;
use super::api::{DISABLE_SCHEDULE, ENABLE_SCHEDULE};
use super::interval::IntervalForm;
use crate::frame::href;
use crate::pages::answer::tell;
use crate::rpc::{Post, PostForm};
use crate::ui::time::MaybeTime;
use crate::ui::{Button, ButtonKind, Glyph, Table};

/// A row a schedule: what runs, how often, when next.
#[component]
pub fn ScheduleTable(
    slug: String,
    schedules: Vec<ScheduleView>,
    /// Whether each row says which sync it belongs to; a sync's own page need not.
    names_sync: bool,
    may_configure: bool,
) -> impl IntoView {
    let mut columns = if names_sync { vec!["Sync"] } else { Vec::new() };
    columns.extend(["Phase", "Runs", "Next run", "Last run"]);
    columns.extend(may_configure.then_some(""));
    let rows = schedules.into_iter().map(|schedule| {
        let slug = slug.clone();
        view! { <ScheduleRow slug schedule names_sync may_configure /> }
    });
    let rows = rows.collect_view();
    view! {
        <Table label="List of schedules" columns>
            {rows}
        </Table>
    }
}

#[component]
fn ScheduleRow(slug: String, schedule: ScheduleView, names_sync: bool, may_configure: bool) -> impl IntoView {
    let link = href(&slug, &format!("syncs/{}", schedule.sync));
    let next = if schedule.enabled {
        view! { <MaybeTime at=schedule.next_run_at /> }.into_any()
    } else {
        view! { <span class="muted">"Paused"</span> }.into_any()
    };
    let interval = if may_configure {
        view! { <IntervalForm slug=slug.clone() schedule=schedule.clone() /> }.into_any()
    } else {
        describe_interval(schedule.every_seconds).into_any()
    };
    let (last_run_at, sync_name, phase) = (schedule.last_run_at, schedule.sync_name.clone(), schedule.phase);
    let toggle = may_configure.then(|| view! { <td data-label=""><Toggle slug schedule /></td> });
    let sync = names_sync.then(|| {
        view! { <td data-label="Sync"><a href=link>{sync_name}</a></td> }
    });
    view! {
        <tr>
            {sync}
            <th scope="row" data-label="Phase" class="nowrap">{phase.label()}</th>
            <td data-label="Runs">{interval}</td>
            <td data-label="Next run">{next}</td>
            <td data-label="Last run"><MaybeTime at=last_run_at /></td>
            {toggle}
        </tr>
    }
}

/// Stops a schedule, or lets it go on.
#[component]
fn Toggle(slug: String, schedule: ScheduleView) -> impl IntoView {
    let changed = use_changed();
    let disable = Post::to(DISABLE_SCHEDULE);
    let enable = Post::to(ENABLE_SCHEDULE);
    tell(disable, |()| "The schedule is paused.".to_owned(), changed);
    tell(enable, |()| "The schedule goes on.".to_owned(), changed);
    let what = format!("{} of {}", schedule.phase.label(), schedule.sync_name);
    let hidden = view! {
        <input type="hidden" name="slug" value=slug />
        <input type="hidden" name="schedule" value=schedule.id.to_string() />
    };
    if schedule.enabled {
        view! {
            <PostForm post=disable>
                {hidden}
                <Button
                    kind=ButtonKind::Quiet
                    glyph=Glyph::Pause
                    label=format!("Pause {what}")
                    pending=disable.pending()
                >
                    "Pause"
                </Button>
            </PostForm>
        }
        .into_any()
    } else {
        view! {
            <PostForm post=enable>
                {hidden}
                <Button
                    kind=ButtonKind::Quiet
                    glyph=Glyph::Play
                    label=format!("Resume {what}")
                    pending=enable.pending()
                >
                    "Resume"
                </Button>
            </PostForm>
        }
        .into_any()
    }
}

/// Tells the page that a schedule was changed.
pub(super) fn use_changed() -> impl Fn() + Copy + 'static {
    let changed = use_context::<Changed>();
    move || {
        if let Some(Changed(callback)) = changed {
            callback.run(());
        }
    }
}
