//! What a sync waits for, or what somebody should know about it: many deletions at once, fields that changed.

pub mod api;

use crate::prelude::*;
use domain::SyncId;
use domain::activity::Tone;
use domain::sync::{DriftView, FieldDrift, Hold, HoldView, SyncView};

use crate::pages::answer::tell;
use crate::rpc::{Post, PostForm};
use crate::ui::number::counted;
use crate::ui::{Button, ButtonKind, Notice, Section, Table, Time};
use api::{ACKNOWLEDGE_DRIFT, ALLOW_DELETIONS, DISMISS_DELETIONS};

/// The answers that a person can give; made once a page.
#[derive(Clone, Copy)]
pub struct Decisions {
    allow: Post<()>,
    dismiss: Post<()>,
    acknowledge: Post<()>,
}

impl Decisions {
    /// `then` is called when one was taken.
    pub fn new(then: impl Fn() + Clone + 'static) -> Self {
        let all = Self {
            allow: Post::to(ALLOW_DELETIONS),
            dismiss: Post::to(DISMISS_DELETIONS),
            acknowledge: Post::to(ACKNOWLEDGE_DRIFT),
        };
        tell(all.allow, |()| api::ALLOWED.to_owned(), then.clone());
        tell(all.dismiss, |()| api::DISMISSED.to_owned(), then.clone());
        tell(all.acknowledge, |()| api::ACKNOWLEDGED.to_owned(), then);
        all
    }
}

/// Why nothing goes on, and what can be said to it.
#[component]
pub fn HoldBanner(
    slug: String,
    sync: SyncView,
    hold: HoldView,
    may_configure: bool,
    decisions: Decisions,
) -> impl IntoView {
    let answers = match hold.hold {
        Hold::Deletions if may_configure => Some(deletions(slug, &sync, &hold, decisions)),
        // A drift is answered in its own section, which names the fields.
        _ => None,
    };
    view! {
        <Notice tone=Tone::Failure>
            <strong>{hold.hold.label()} "."</strong> " " {hold.message} " "
            <span class="muted">"Since " <Time at=hold.at /></span>
            {answers}
        </Notice>
    }
}

fn deletions(slug: String, sync: &SyncView, hold: &HoldView, decisions: Decisions) -> AnyView {
    let count = i64::from(hold.deletions.max(1));
    let id = sync.id.to_string();
    let (own, own_id) = (slug.clone(), id.clone());
    let carry_out = format!("Carry out {}", counted(count, "deletion"));
    view! {
        <div class="buttons">
            <PostForm post=decisions.allow>
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="sync" value=id />
                <input type="hidden" name="count" value=count.to_string() />
                <Button kind=ButtonKind::Danger pending=decisions.allow.pending()>{carry_out}</Button>
            </PostForm>
            <PostForm post=decisions.dismiss>
                <input type="hidden" name="slug" value=own />
                <input type="hidden" name="sync" value=own_id />
                <Button pending=decisions.dismiss.pending()>"They are there, keep them"</Button>
            </PostForm>
        </div>
    }
    .into_any()
}

/// The fields that changed, with the rules of the mapping that use them.
#[component]
pub fn Drifts(
    slug: String,
    sync: SyncId,
    drifts: Vec<DriftView>,
    may_configure: bool,
    decisions: Decisions,
) -> impl IntoView {
    let each = drifts.into_iter().map(|drift| one(slug.clone(), sync, drift, may_configure, decisions)).collect_view();
    view! { <Section title="Fields that changed">{each}</Section> }
}

fn one(slug: String, sync: SyncId, drift: DriftView, may_configure: bool, decisions: Decisions) -> AnyView {
    let stopped = if drift.stopped { " The sync was stopped by it and goes on when it is acknowledged." } else { "" };
    let rows = drift.changes.into_iter().map(field).collect_view();
    let columns = vec!["Field", "Before", "Now", "Used by"];
    let acknowledge = may_configure.then(|| {
        view! {
            <PostForm post=decisions.acknowledge>
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="sync" value=sync.to_string() />
                <input type="hidden" name="drift" value=drift.id.to_string() />
                <Button pending=decisions.acknowledge.pending()>"Acknowledge"</Button>
            </PostForm>
        }
    });
    view! {
        <div class="drift">
            <p>
                "“" {drift.connection_name} "” offers other fields than before, found " <Time at=drift.found_at /> "."
                {stopped}
            </p>
            <Table label="Changed fields" columns>{rows}</Table>
            {acknowledge}
        </div>
    }
    .into_any()
}

fn field(change: FieldDrift) -> impl IntoView {
    let gone = || "not there".to_owned();
    let rules = if change.rules.is_empty() { "no rule".to_owned() } else { change.rules.join(", ") };
    view! {
        <tr>
            <th scope="row" data-label="Field"><code>{change.field}</code></th>
            <td data-label="Before">{change.was.unwrap_or_else(gone)}</td>
            <td data-label="Now">{change.is.unwrap_or_else(gone)}</td>
            <td data-label="Used by">{rules}</td>
        </tr>
    }
}
