//! Both sides of a record as they are now, in the destination's terms.

use crate::prelude::*;
use domain::activity::Tone;
use domain::history::{Comparison, RecordReport, SideSeen, SideView};
use domain::{RecordId, RunId};

use super::one_api::COMPARE;
use super::pairs::PairTable;
use super::report::Report;
use super::table::external;
use crate::rpc::{Post, PostForm};
use crate::ui::time::MaybeTime;
use crate::ui::{Button, ButtonKind, Glyph, Notice, Time};

/// Asks for a comparison, and shows what it has found.
#[component]
pub fn SidesPart(slug: String, record: RecordId, run: Option<RunId>, may_operate: bool) -> impl IntoView {
    let compare = Post::to(COMPARE);
    let words = if run.is_some() { "Compare again" } else { "Compare now" };
    let form = may_operate.then(|| {
        let slug = slug.clone();
        view! {
            <PostForm post=compare>
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="record" value=record.to_string() />
                <Button kind=ButtonKind::Primary glyph=Glyph::Search pending=compare.pending()>{words}</Button>
            </PostForm>
        }
    });
    let wrong =
        move || compare.error().get().map(|error| view! { <Notice tone=Tone::Failure>{error.to_string()}</Notice> });
    let report = run.map(|run| view! { <Report slug=slug.clone() run waiting="Reading both sides…" show=compared /> });
    view! {
        <p class="muted">"Reads the record in both systems and shows them field by field. Nothing is written."</p>
        {form}
        {wrong}
        {report}
    }
}

fn compared(_: String, _: RunId, report: RecordReport) -> AnyView {
    let RecordReport::Compared(comparison) = report else {
        return view! { <p class="muted">"That run looked for something else."</p> }.into_any();
    };
    let Comparison { read_at, source, destination, pairs, untranslated } = *comparison;
    let note = (!untranslated.is_empty()).then(|| {
        let text =
            format!("Not at the destination yet, so shown as the source calls them: {}.", untranslated.join(", "));
        view! { <Notice tone=Tone::Info>{text}</Notice> }
    });
    view! {
        <p class="muted">"Read " <Time at=read_at />", in the destination's terms."</p>
        <dl class="facts">
            <dt>"Source"</dt><dd>{side(source)}</dd>
            <dt>"Destination"</dt><dd>{side(destination)}</dd>
        </dl>
        {note}
        <PairTable label="Both sides" left="Source" right="Destination" pairs />
    }
    .into_any()
}

fn side(seen: SideSeen) -> AnyView {
    match seen {
        SideSeen::NotLinked => view! { <span class="muted">"not there yet"</span> }.into_any(),
        SideSeen::Gone { id } => view! { <span>{id} " is gone there"</span> }.into_any(),
        SideSeen::There(SideView { label, url, modified_at, .. }) => view! {
            {external(Some(&label), url.as_ref())} " " <span class="muted">"changed " <MaybeTime at=modified_at /></span>
        }
        .into_any(),
    }
}
