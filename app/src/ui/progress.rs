//! How far a run is: done / total, rate, time left.

use crate::prelude::*;
use domain::run::{RunState, RunView};

use super::number::{counted, grouped};
use super::status::RunBadge;
use super::time::{Countdown, duration, now_signal};

/// A run's bar and its numbers; both follow the signal.
#[component]
pub fn RunProgress(#[prop(into)] run: Signal<RunView>) -> impl IntoView {
    let now = now_signal();
    let label = move || run.with(title_of);
    let total = Memo::new(move |_| run.with(|run| run.counts.total));
    let speed = move || now.get().and_then(|now| run.with(|run| speed_of(run, now)));
    let badge = Memo::new(move |_| run.with(|run| run.state));
    let waits = Memo::new(move |_| {
        run.with(|run| (run.state == RunState::Waiting).then(|| (run.message.clone(), run.wake_at)))
    });
    view! {
        <div class="run-progress">
            <div class="run-progress-head">
                <strong>{label}</strong>
                {move || view! { <RunBadge state=badge.get() /> }}
            </div>
            {move || match total.get() {
                Some(total) => {
                    view! {
                        <progress
                            aria-label=label
                            max=total.max(1)
                            value=move || run.with(|run| run.counts.done.min(total.max(1)))
                        ></progress>
                    }
                        .into_any()
                }
                None => view! { <progress aria-label=label></progress> }.into_any(),
            }}
            <p class="run-progress-numbers">
                <span class="numeric">{move || run.with(done_of)}</span>
                <span class="numeric">{speed}</span>
                {move || {
                    let failed = run.with(|run| run.counts.failed);
                    (failed > 0).then(|| view! { <span class="text-wrong numeric">{format!("{} failed", grouped(failed))}</span> })
                }}
            </p>
            {move || {
                waits
                    .get()
                    .map(|(message, wake_at)| {
                        view! {
                            <p class="muted">
                                {message.unwrap_or_else(|| "Waiting.".to_owned())} " "
                                {wake_at.map(|until| view! { "Goes on " <Countdown until /> "." })}
                            </p>
                        }
                    })
            }}
        </div>
    }
}

/// Every run's progress; a run keeps its place while its numbers change.
#[component]
pub fn RunList(#[prop(into)] runs: Signal<Vec<RunView>>) -> impl IntoView {
    view! {
        <div class="run-list">
            <For each=move || runs.get() key=|run| run.id let:first>
                {
                    let id = first.id;
                    let run = Memo::new(move |before: Option<&RunView>| {
                        let now = runs.with(|runs| runs.iter().find(|run| run.id == id).cloned());
                        now.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
                    });
                    view! { <RunProgress run /> }
                }
            </For>
        </div>
    }
}

/// `Prepare of Orders`.
#[must_use]
pub fn title_of(run: &RunView) -> String {
    match &run.sync_name {
        Some(name) => format!("{} of {name}", run.phase.label()),
        None => run.phase.label().to_owned(),
    }
}

/// `120 / 5,000`, or `120 records` while the total is not known.
#[must_use]
pub fn done_of(run: &RunView) -> String {
    match run.counts.total {
        Some(total) => format!("{} / {}", grouped(run.counts.done), grouped(total)),
        None => counted(run.counts.done, "record"),
    }
}

fn speed_of(run: &RunView, now: chrono::DateTime<chrono::Utc>) -> Option<String> {
    let rate = run.rate(now)?;
    let left = run.time_left(now).filter(|_| run.state.is_active()).map(|left| format!(" · {} left", duration(left)));
    let tenths = (rate * 10.0) as i64;
    let rate = if tenths >= 100 { grouped(tenths / 10) } else { format!("{}.{}", tenths / 10, tenths % 10) };
    Some(format!("{rate}/s{}", left.unwrap_or_default()))
}
