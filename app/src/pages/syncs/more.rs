//! The runs that are needed less often: everything anew, a comparison, a trial.

use crate::prelude::*;
use domain::SyncId;
use domain::run::{Phase, Started};
use domain::sync::SyncState;

use super::decisions::api::PREPARE_RANGE;
use super::run::{start_button, started_text};
use crate::pages::answer::tell;
use crate::rpc::{Post, PostForm};
use crate::ui::{Button, ButtonKind, Field, Glyph};

/// Each with what it does.
const RUNS: [(Phase, &str, &str); 3] = [
    (Phase::FullPrepare, "Full prepare", "Lists everything at the source, and notices what is gone there."),
    (Phase::Reconcile, "Reconcile now", "Lists both systems and compares every pair. Writes nothing."),
    (Phase::DryRun, "Dry run", "Says what would happen to the next 20 records. Writes nothing."),
];

/// Folded away until somebody needs them.
#[component]
pub fn MoreRuns(slug: String, sync: SyncId, state: SyncState, action: Post<Started>) -> impl IntoView {
    let run = move |(phase, words, what): (Phase, &'static str, &'static str)| {
        view! {
            <li>
                {start_button(phase, words, ButtonKind::Secondary, state, action)}
                <span class="muted">{what}</span>
            </li>
        }
    };
    let range = Post::to(PREPARE_RANGE);
    tell(range, started_text, || {});
    let disabled = state == SyncState::Paused;
    let own = slug.clone();
    view! {
        <details class="more-runs">
            <summary>"More runs"</summary>
            <PostForm post=action>
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="sync" value=sync.to_string() />
                <ul>{RUNS.into_iter().map(run).collect_view()}</ul>
            </PostForm>
            <PostForm post=range>
                <input type="hidden" name="slug" value=own />
                <input type="hidden" name="sync" value=sync.to_string() />
                <div class="range">
                    <Field label="Changed from" name="from" kind="date" />
                    <Field label="until" name="until" kind="date" />
                    <Button glyph=Glyph::Search pending=range.pending() disabled>"Prepare by date"</Button>
                </div>
            </PostForm>
        </details>
    }
}
