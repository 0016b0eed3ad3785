//! Linking a record by hand: look it up at the other side, then choose what was found.

use crate::prelude::*;
use domain::activity::Tone;
use domain::history::{Candidate, FindBy, RecordReport};
use domain::{RecordId, RunId};

use super::one_api::FIND;
use super::report::Report;
use super::table::external;
use crate::rpc::{Post, PostForm};
use crate::ui::time::MaybeTime;
use crate::ui::{Button, ButtonKind, Glyph, Notice};

/// The record and the post of the page, for the rows of an answer that comes later.
#[derive(Clone, Copy)]
struct Linking {
    record: RecordId,
    post: Post<()>,
}

/// The search, and what it has found.
#[component]
pub fn LinkPart(
    slug: String,
    record: RecordId,
    run: Option<RunId>,
    may_operate: bool,
    post: Post<()>,
) -> impl IntoView {
    let find = Post::to(FIND);
    provide_context(Linking { record, post });
    if !may_operate {
        return view! { <p class="muted">"Your role does not allow to link records."</p> }.into_any();
    }
    let options = FindBy::ALL.iter().map(|by| {
        let words = if *by == FindBy::Key { "By its key (number, e-mail address or SKU)" } else { "By its id there" };
        view! { <option value=by.as_str()>{words}</option> }
    });
    let error = move || {
        let error = find.error().get().or_else(|| post.error().get())?;
        Some(view! { <Notice tone=Tone::Failure>{error.to_string()}</Notice> })
    };
    let report = run.map(|run| view! { <Report slug=slug.clone() run waiting="Looking for it…" show=found /> });
    view! {
        <p class="muted">"Says which record of the other system this one is. Only what is really there can be linked."</p>
        <PostForm post=find class="find-form">
            <input type="hidden" name="slug" value=slug.clone() />
            <input type="hidden" name="record" value=record.to_string() />
            <div class="field">
                <label for="find-by">"Look for it"</label>
                <select id="find-by" name="by">{options.collect_view()}</select>
            </div>
            <div class="field">
                <label for="find-text">"Key or id"</label>
                <input id="find-text" name="text" type="text" maxlength="100" autocomplete="off" required />
            </div>
            <Button glyph=Glyph::Search pending=find.pending()>"Search"</Button>
        </PostForm>
        {error}
        {report}
    }
    .into_any()
}

fn found(slug: String, run: RunId, report: RecordReport) -> AnyView {
    let RecordReport::Found { candidates } = report else {
        return view! { <p class="muted">"That run compared both sides."</p> }.into_any();
    };
    if candidates.is_empty() {
        return view! {
            <Notice tone=Tone::Warning>"Nothing there has it. Check the spelling, or look for it by its id."</Notice>
        }
        .into_any();
    }
    let rows = candidates.into_iter().map(|candidate| row(slug.clone(), run, candidate)).collect_view();
    view! { <ul class="candidates">{rows}</ul> }.into_any()
}

fn row(slug: String, run: RunId, candidate: Candidate) -> impl IntoView + use<> {
    let Linking { record, post } = expect_context::<Linking>();
    let Candidate { seen, description, linked_to } = candidate;
    let label = format!("Link with {}", seen.label);
    let action = match linked_to {
        Some((id, _)) if id == record => view! { <p class="muted">"It is linked to this one already."</p> }.into_any(),
        Some((_, who)) => {
            view! { <p class="muted">{format!("Linked to “{who}” already. Link that one elsewhere first.")}</p> }
                .into_any()
        }
        None => view! {
            <PostForm post>
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="record" value=record.to_string() />
                <input type="hidden" name="run" value=run.to_string() />
                <input type="hidden" name="to" value=seen.id.clone() />
                <Button kind=ButtonKind::Primary pending=post.pending() label=label>
                    "Link"
                </Button>
            </PostForm>
        }
        .into_any(),
    };
    view! {
        <li class="candidate">
            <div>
                <p><strong>{description}</strong></p>
                <p>
                    {external(Some(&seen.label), seen.url.as_ref())} " "
                    <span class="muted">"changed " <MaybeTime at=seen.modified_at /></span>
                </p>
            </div>
            {action}
        </li>
    }
}
