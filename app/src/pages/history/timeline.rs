//! What happened to a record, the newest first: attempts, what people changed by hand, and versions.

use chrono::{DateTime, Utc};

use super::attempts::{attempt_item, change_table};
use crate::prelude::*;
use crate::ui::Time;
use domain::Side;
use domain::history::{AttemptView, EditKind, EditView, Removal, VersionView};

/// One thing that happened.
enum Moment {
    Attempt(AttemptView),
    Edit(EditView),
    Version(VersionView),
}

impl Moment {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Attempt(attempt) => attempt.started_at,
            Self::Edit(edit) => edit.made_at,
            Self::Version(version) => version.seen_at,
        }
    }
}

/// All of it in one order.
#[component]
pub fn Timeline(attempts: Vec<AttemptView>, edits: Vec<EditView>, versions: Vec<VersionView>) -> impl IntoView {
    let untried = attempts.is_empty();
    let mut moments: Vec<Moment> = attempts.into_iter().map(Moment::Attempt).collect();
    moments.extend(edits.into_iter().map(Moment::Edit));
    moments.extend(versions.into_iter().map(Moment::Version));
    // Of the same moment, the attempt came after what it was an attempt at: it stays before it.
    moments.sort_by_key(|moment| std::cmp::Reverse(moment.at()));
    let item = |moment| match moment {
        Moment::Attempt(attempt) => attempt_item(attempt).into_any(),
        Moment::Edit(edit) => edit_item(edit),
        Moment::Version(version) => version_item(&version),
    };
    let items = moments.into_iter().map(item).collect_view();
    view! {
        {untried.then(|| view! { <p class="muted">"Not tried yet. The next process run takes it up."</p> })}
        <ol class="attempts">{items}</ol>
    }
}

fn edit_item(edit: EditView) -> AnyView {
    let what = format!("{} by {}", edit.kind.label(), edit.actor);
    let state = match (edit.kind, edit.used_at) {
        (EditKind::Link, _) => None,
        (_, Some(at)) => Some(view! { <span class="muted">"written " <Time at /></span> }.into_any()),
        (_, None) => Some(view! { <span class="muted">"waits to be written"</span> }.into_any()),
    };
    let removal = edit.removal.map(|removal| {
        let words = match removal {
            Removal::Delete => "It stays gone, and is deleted at the other side too.",
            Removal::Deactivate => "It stays gone, and is deactivated at the other side.",
            Removal::Keep => "It stays gone, and the other side is left alone.",
        };
        view! { <p>{words}</p> }
    });
    let changes = (!edit.changes.is_empty()).then(|| change_table(what.clone(), edit.changes));
    view! {
        <li class="attempt is-edit">
            <p class="attempt-head"><strong>{what}</strong> " " <Time at=edit.made_at /> " " {state}</p>
            {removal}
            {changes}
        </li>
    }
    .into_any()
}

fn version_item(version: &VersionView) -> AnyView {
    let side = if version.side == Side::Source { "the source" } else { "the destination" };
    let text = format!("Version {} seen in {side}", version.version);
    view! {
        <li class="attempt is-version">
            <p class="attempt-head"><span>{text}</span> " " <Time at=version.seen_at /></p>
        </li>
    }
    .into_any()
}
