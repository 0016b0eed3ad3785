//! What a run has found for one record: it comes by itself, and on a page that asks again where JavaScript is off.

use std::time::Duration;

use crate::prelude::*;
use domain::RunId;
use domain::activity::{EventBody, Tone};
use domain::history::{RecordReport, ReportView};
use domain::run::RunState;

use super::one_api::load_report;
use crate::rpc::{Load, Shown};
use crate::ui::{Failure, Glyph, Icon, Notice, use_live};

/// A page without JavaScript asks again so often.
const REFRESH: &str = r#"<meta http-equiv="refresh" content="2">"#;
/// Should the stream be down, the page asks so often.
const AGAIN: Duration = Duration::from_secs(2);

/// Shows what `run` has found, by `show`, as soon as it is there.
#[component]
pub fn Report(
    slug: String,
    run: RunId,
    /// "Reading both sides…"
    waiting: &'static str,
    show: fn(String, RunId, RecordReport) -> AnyView,
) -> impl IntoView {
    let report = {
        let slug = slug.clone();
        Load::new(move || load_report(slug.clone(), run))
    };
    use_live().refetch_on(
        move |event| matches!(&event.body, EventBody::Run { run: changed } if changed.id == run),
        move || report.refetch(),
    );
    let content = move || {
        let slug = slug.clone();
        async move {
            match report.await {
                Ok(ReportView { report: Some(found), .. }) => show(slug, run, found),
                Ok(view) if view.run.state.is_active() => {
                    ask_again(report);
                    waiting_view(waiting, view.run.message)
                }
                Ok(view) => ended_view(view),
                Err(error) => {
                    let retry = Callback::new(move |()| report.refetch());
                    view! { <Failure error retry /> }.into_any()
                }
            }
        }
    };
    view! { <div class="report" aria-live="polite"><Shown view=content lines=6 /></div> }
}

fn ask_again(report: Load<ReportView>) {
    // The page may have gone on by then, and the resource with it.
    let here = StoredValue::new(());
    Effect::new(move || {
        set_timeout(
            move || {
                if here.try_get_value().is_some() {
                    report.refetch();
                }
            },
            AGAIN,
        );
    });
}

fn waiting_view(words: &'static str, message: Option<String>) -> AnyView {
    view! {
        <p class="testing"><Icon glyph=Glyph::Spinner />{words}</p>
        {message.map(|text| view! { <p class="muted">{text}</p> })}
        <noscript inner_html=REFRESH></noscript>
    }
    .into_any()
}

fn ended_view(view: ReportView) -> AnyView {
    let words = match view.run.state {
        RunState::Cancelled => view.run.message.unwrap_or_else(|| "It was cancelled.".to_owned()),
        _ => view.run.message.unwrap_or_else(|| "It could not be carried out. Try again.".to_owned()),
    };
    view! { <Notice tone=Tone::Failure>{words}</Notice> }.into_any()
}
