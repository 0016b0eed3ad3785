//! Starting runs, watching them, and those that were.

use crate::prelude::*;
use domain::SyncId;
use domain::run::{Phase, RunView, Started, Trigger};
use domain::sync::SyncState;

use super::api::CANCEL_RUN;
use crate::pages::answer::tell;
use crate::rpc::{Post, PostForm};
use crate::ui::number::grouped;
use crate::ui::time::{MaybeTime, duration};
use crate::ui::{Button, ButtonKind, Glyph, Notice, RunBadge, RunProgress, Table, use_live};

/// The run as the live stream knows it, or as it was when the page was read.
#[must_use]
pub fn live_run(run: RunView) -> Signal<RunView> {
    let live = use_live();
    Signal::derive(move || {
        let known = live.runs.with(|runs| runs.iter().find(|other| other.id == run.id).cloned());
        // The page may have been read after the last event.
        known.filter(|known| known.counts.done >= run.counts.done).unwrap_or_else(|| run.clone())
    })
}

/// What is said to somebody who started a run.
#[must_use]
pub fn started_text(started: &Started) -> String {
    let phase = started.run.phase.label();
    if started.already_active {
        let by = started.run.actor.as_ref().map(|actor| format!(", started by {actor}")).unwrap_or_default();
        format!("{phase} is under way already{by}. It does not run twice at the same time.")
    } else {
        format!("{phase} started.")
    }
}

/// "Prepare now" and "Process now". A second click shows the run that is there.
#[component]
pub fn StartButtons(slug: String, sync: SyncId, state: SyncState, action: Post<Started>) -> impl IntoView {
    let paused = state == SyncState::Paused;
    view! {
        <PostForm post=action>
            <input type="hidden" name="slug" value=slug />
            <input type="hidden" name="sync" value=sync.to_string() />
            <div class="buttons">
                <Button
                    name="phase"
                    value=Phase::Prepare.as_str()
                    glyph=Glyph::Search
                    pending=action.pending()
                    disabled=paused
                >
                    "Prepare now"
                </Button>
                <Button
                    name="phase"
                    value=Phase::Process.as_str()
                    kind=ButtonKind::Primary
                    glyph=Glyph::Play
                    pending=action.pending()
                    disabled=paused
                >
                    "Process now"
                </Button>
            </div>
        </PostForm>
    }
}

/// A button that starts a phase of its form's sync.
pub(super) fn start_button(
    phase: Phase,
    words: &'static str,
    kind: ButtonKind,
    state: SyncState,
    action: Post<Started>,
) -> AnyView {
    let sent = action.sent();
    let pending = Signal::derive(move || {
        action.pending().get() && sent.with(|sent| sent.contains(&format!("phase={}", phase.as_str())))
    });
    let disabled = state == SyncState::Paused;
    view! {
        <Button name="phase" value=phase.as_str() kind pending disabled>
            {words}
        </Button>
    }
}

/// What came of the last click, when it is more than the progress below can say; until that run ends.
#[component]
pub fn StartAnswer(action: Post<Started>) -> impl IntoView {
    use domain::activity::Tone;
    let live = use_live();
    let runs = move |id| live.runs.with(|runs| runs.iter().any(|run| run.id == id));
    move || match action.value()? {
        Ok(started) if started.already_active && runs(started.run.id) => {
            Some(view! { <Notice tone=Tone::Info>{started_text(&started)}</Notice> }.into_any())
        }
        Ok(_) => None,
        Err(error) => Some(view! { <Notice tone=Tone::Failure>{error.to_string()}</Notice> }.into_any()),
    }
}

/// The runs of `sync` that are active, with their progress.
#[component]
pub fn ActiveRuns(slug: String, sync: SyncId, runs: Vec<RunView>, may_operate: bool) -> impl IntoView {
    let live = use_live();
    let cancel = Post::to(CANCEL_RUN);
    tell(
        cancel,
        |()| "The run is cancelled. The next one finds out what became of the records that were under way.".to_owned(),
        || {},
    );
    let shown = move || {
        let mut shown = runs.clone();
        live.runs.with(|all| {
            let more = all.iter().filter(|run| run.sync == Some(sync) && !runs.iter().any(|other| other.id == run.id));
            shown.extend(more.cloned());
        });
        shown
    };
    let slug = StoredValue::new(slug);
    view! {
        <div class="active-runs">
            <For each=shown key=|run| run.id let:run>
                <div class="active-run">
                    <RunProgress run=live_run(run.clone()) />
                    {may_operate.then(|| view! {
                        <PostForm post=cancel>
                            <input type="hidden" name="slug" value=slug.get_value() />
                            <input type="hidden" name="run" value=run.id.to_string() />
                            <Button kind=ButtonKind::Quiet label=format!("Cancel {}", run.phase.label())>
                                "Cancel"
                            </Button>
                        </PostForm>
                    })}
                </div>
            </For>
        </div>
    }
}

/// The runs that were, the newest first.
#[component]
pub fn RunTable(runs: Vec<RunView>) -> impl IntoView {
    if runs.is_empty() {
        return view! { <p class="muted">"It has not run yet."</p> }.into_any();
    }
    let columns = vec!["Run", "Result", "Why", "Started", "Took", "Records", "Changed", "Failed", "Message"];
    let rows = runs.into_iter().map(run_row).collect_view();
    view! {
        <Table label="List of runs" columns numeric=&["Took", "Records", "Changed", "Failed"]>
            {rows}
        </Table>
    }
    .into_any()
}

fn run_row(run: RunView) -> impl IntoView {
    let took = run.started_at.zip(run.finished_at).map(|(from, to)| duration(to - from));
    view! {
        <tr>
            <th scope="row" data-label="Run" class="nowrap">{run.phase.label()}</th>
            <td data-label="Result"><RunBadge state=run.state /></td>
            <td data-label="Why">{why(run.trigger, run.actor)}</td>
            <td data-label="Started"><MaybeTime at=run.started_at.or(Some(run.created_at)) /></td>
            <td data-label="Took" class="numeric">{took}</td>
            <td data-label="Records" class="numeric">{grouped(run.counts.done)}</td>
            <td data-label="Changed" class="numeric">{grouped(run.counts.changed)}</td>
            <td data-label="Failed" class="numeric">{grouped(run.counts.failed)}</td>
            <td data-label="Message" class="error-cell"><span class="clamp">{run.message}</span></td>
        </tr>
    }
}

fn why(trigger: Trigger, actor: Option<String>) -> String {
    match actor {
        Some(actor) => format!("{}: {actor}", trigger.label()),
        None => trigger.label().to_owned(),
    }
}
