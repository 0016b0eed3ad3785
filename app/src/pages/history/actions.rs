//! Retry, Skip, Set as prepared and Sync now: on one record, on a selection, on everything that matches.

use crate::prelude::*;
use domain::activity::Tone;
use domain::history::{ActionOutcome, HistoryFilter};
use domain::status::RecordAction;
use domain::{RecordId, RecordStatus};

use super::api::ACT_ON_RECORDS;
use crate::error::AppError;
use crate::rpc::{Body, Post, PostForm};
use crate::ui::number::counted;
use crate::ui::use_toasts;

/// The action, with a toast for what came of it.
#[must_use]
pub fn use_record_action() -> Post<ActionOutcome> {
    let action = Post::to(ACT_ON_RECORDS);
    let toasts = use_toasts();
    Effect::new(move |_| {
        if let Some(result) = action.value() {
            let (tone, text) = said(&result);
            match untrack(|| undo_of(&result, &action.sent().get())) {
                Some(body) => {
                    let undo = Callback::new(move |()| action.send(Body::encoded(body.clone())));
                    toasts.push_undo(tone, text, undo);
                }
                None => toasts.push(tone, text),
            }
        }
    });
    action
}

/// What takes the action on a selection back, as it is sent. Of everything that matches, nobody knows any more what it was.
fn undo_of(result: &Result<ActionOutcome, AppError>, sent: &str) -> Option<String> {
    let outcome = result.as_ref().ok().filter(|outcome| outcome.done > 0)?;
    let undo = outcome.action.undone_by()?;
    let field = format!("action={}", outcome.action);
    let pairs: Vec<&str> = sent.split('&').collect();
    let place = pairs.iter().position(|pair| *pair == field)?;
    if pairs.contains(&"all=true") {
        return None;
    }
    let undo = format!("action={undo}");
    Some(
        pairs
            .iter()
            .enumerate()
            .map(|(at, pair)| if at == place { &undo } else { *pair })
            .collect::<Vec<_>>()
            .join("&"),
    )
}

/// Everything that matches `filter`, as the server function takes it.
#[must_use]
pub fn on_all(slug: &str, action: RecordAction, filter: &HistoryFilter) -> Body {
    Body::default().with("slug", &slug.to_owned()).with("action", &action).with("all", &true).with("filter", filter)
}

/// The actions that do something to a record in this status, as buttons of one form.
#[component]
pub fn RecordActions(
    slug: String,
    record: RecordId,
    status: RecordStatus,
    action: Post<ActionOutcome>,
) -> impl IntoView {
    let applies = RecordAction::ALL.iter().filter(|act| act.applies_to(status) && **act != RecordAction::Forget);
    let buttons = applies.map(|act| ActionButton(ActionButtonProps { act: *act, action })).collect_view();
    view! {
        <PostForm post=action>
            <input type="hidden" name="slug" value=slug/>
            <input type="hidden" name="ids[]" value=record.to_string()/>
            <div class="buttons">
                {buttons}
                <details class="menu">
                    <summary class="button button-quiet">"Delete…"</summary>
                    <div class="menu-body">
                        <p>{super::bulk::FORGET}</p>
                        <button
                            type="submit"
                            class="button button-danger"
                            name="action"
                            value=RecordAction::Forget.as_str()
                            disabled=move || action.pending().get()
                        >
                            {RecordAction::Forget.label()}
                        </button>
                    </div>
                </details>
            </div>
        </PostForm>
    }
}

/// A submit button that names its action.
#[component]
fn ActionButton(act: RecordAction, action: Post<ActionOutcome>) -> impl IntoView {
    // What most people come for, once they have mended the cause.
    let class = if act == RecordAction::Retry { "button button-primary" } else { "button" };
    view! {
        <button type="submit" class=class name="action" value=act.as_str() disabled=move || action.pending().get()>
            {act.label()}
        </button>
    }
}

/// What a person is told about it.
fn said(result: &Result<ActionOutcome, AppError>) -> (Tone, String) {
    match result {
        Ok(outcome) if outcome.done > 0 => (Tone::Success, outcome_text(outcome)),
        Ok(outcome) => (Tone::Warning, outcome_text(outcome)),
        Err(error) => (Tone::Failure, error.to_string()),
    }
}

/// What came of it, in a sentence or two.
#[must_use]
pub fn outcome_text(outcome: &ActionOutcome) -> String {
    let records = |n: i64| counted(n, "record");
    let done = match (outcome.action, outcome.done) {
        (action, 0) => return format!("{} applies to none of {}.", action.label(), records(outcome.left)),
        (RecordAction::Retry, n) => format!("{} will be tried again now.", records(n)),
        (RecordAction::Skip, n) => format!("{} skipped.", records(n)),
        (RecordAction::SetPrepared, n) => format!("{} set as prepared.", records(n)),
        (RecordAction::SyncNow, n) => format!("{} on the way.", records(n)),
        (RecordAction::SetProcessed, n) => format!("{} set as processed.", records(n)),
        (RecordAction::SourceWins, n) => format!("{}: the source wins.", records(n)),
        (RecordAction::DestinationWins, n) => format!("{}: the destination wins.", records(n)),
        (RecordAction::Forget, n) => format!("{} deleted from the history.", records(n)),
    };
    match outcome.left {
        0 => done,
        left => format!(
            "{done} {} left as before: it does not apply to {}.",
            records(left),
            if left == 1 { "it" } else { "them" }
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_of_a_selection_is_taken_back_and_one_of_everything_is_not() {
        let outcome = ActionOutcome { action: RecordAction::Skip, done: 2, left: 0, runs: Vec::new() };
        let undo = |sent| undo_of(&Ok(outcome.clone()), sent);
        assert_eq!(undo("slug=a&ids[]=1&action=skip").as_deref(), Some("slug=a&ids[]=1&action=set_prepared"));
        assert_eq!(undo("slug=a&action=skip&all=true"), None);
        let forgot = ActionOutcome { action: RecordAction::Forget, ..outcome.clone() };
        assert_eq!(undo_of(&Ok(forgot), "action=forget"), None);
    }

    #[test]
    fn the_outcome_says_what_was_done_and_what_was_left() {
        let outcome = |done, left| ActionOutcome { action: RecordAction::Retry, done, left, runs: Vec::new() };
        assert_eq!(outcome_text(&outcome(1, 0)), "1 record will be tried again now.");
        assert_eq!(outcome_text(&outcome(0, 2)), "Retry applies to none of 2 records.");
        assert!(outcome_text(&outcome(3, 2)).ends_with("2 records left as before: it does not apply to them."));
    }
}
