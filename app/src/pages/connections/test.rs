//! What a connection test reached, or what is wrong.

use crate::prelude::*;
use domain::RunId;
use domain::activity::{EventBody, Tone};
use domain::connection::{Reached, TestOutcome, TestProblem};
use domain::run::{RunState, RunView};

use super::api::load_run;
use crate::ui::{Glyph, Icon, Notice, use_live};

/// A page without JavaScript asks again so often.
const REFRESH: &str = r#"<meta http-equiv="refresh" content="2">"#;
/// The stream tells when the test has ended; should it be down, the page asks each second, so often at most.
const MOST_POLLS: u32 = 90;

/// The outcome of `run`, in place, when it ends; `tested` gets it.
#[component]
pub(super) fn TestResult(
    slug: String,
    run: RwSignal<Option<RunId>>,
    tested: RwSignal<Option<RunView>>,
) -> impl IntoView {
    let slug = StoredValue::new(slug);
    let given_up = RwSignal::new(false);
    use_live().subscribe(move |event| {
        if let EventBody::Run { run: changed } = &event.body
            && run.get_untracked() == Some(changed.id)
            && !changed.state.is_active()
        {
            tested.set(Some((**changed).clone()));
        }
    });
    Effect::new(move || {
        if let Some(id) = run.get() {
            given_up.set(false);
            leptos::task::spawn_local(poll(slug, id, run, tested, given_up));
        }
    });
    let outcome = move || {
        let asked = run.get()?;
        let ended = tested.get().filter(|run| run.id == asked && !run.state.is_active());
        Some(match ended {
            Some(run) => ended_view(run).into_any(),
            None if given_up.get() => view! {
                <Notice tone=Tone::Warning>"The test takes longer than usual. Its outcome will be on the Activity screen."</Notice>
            }
            .into_any(),
            None => view! {
                <p class="testing">
                    <Icon glyph=Glyph::Spinner />
                    "Testing the connection…"
                </p>
                <noscript inner_html=REFRESH></noscript>
            }
            .into_any(),
        })
    };
    view! { <div class="test-result" aria-live="polite">{outcome}</div> }
}

async fn poll(
    slug: StoredValue<String>,
    id: RunId,
    asked: RwSignal<Option<RunId>>,
    tested: RwSignal<Option<RunView>>,
    given_up: RwSignal<bool>,
) {
    for _ in 0..MOST_POLLS {
        crate::ui::time::pause(std::time::Duration::from_secs(1)).await;
        let wanted = asked.try_get_untracked() == Some(Some(id));
        let open = tested.try_with_untracked(|run| run.as_ref().is_none_or(|run| run.state.is_active()));
        let (true, Some(true), Some(slug)) = (wanted, open, slug.try_get_value()) else { return };
        if let Ok(run) = load_run(slug, id).await
            && !run.state.is_active()
        {
            let _ = tested.try_set(Some(run));
            return;
        }
    }
    let _ = given_up.try_set(true);
}

fn ended_view(run: RunView) -> impl IntoView {
    match run.outcome {
        Some(TestOutcome::Reached(reached)) => reached_view(reached).into_any(),
        Some(TestOutcome::Failed(problem)) => failed_view(problem).into_any(),
        None => {
            let words = match run.state {
                RunState::Cancelled => "The test was cancelled.".to_owned(),
                _ => run.message.unwrap_or_else(|| "The test could not be carried out. Try again.".to_owned()),
            };
            view! { <Notice tone=Tone::Failure>{words}</Notice> }.into_any()
        }
    }
}

fn reached_view(reached: Reached) -> impl IntoView {
    let facts = reached.facts.into_iter().map(|(label, value)| {
        view! {
            <dt>{label}</dt>
            <dd>{value}</dd>
        }
    });
    view! {
        <Notice tone=Tone::Success>
            <p>
                <strong>{format!("Reached {}", reached.name)}</strong>
            </p>
            <dl class="facts">{facts.collect_view()}</dl>
        </Notice>
    }
}

fn failed_view(problem: TestProblem) -> impl IntoView {
    view! {
        <Notice tone=Tone::Failure>
            <p>
                <strong>{problem.what}</strong>
            </p>
            <p>{problem.why}</p>
            <p>{problem.what_to_do}</p>
        </Notice>
    }
}
