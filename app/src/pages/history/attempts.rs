//! A record's attempts, as its timeline shows them.

use crate::prelude::*;
use domain::canonical::Change;
use domain::history::AttemptView;

use super::pairs::{field_label, line_of};
use crate::ui::{CopyButton, Time};

/// A try, with what was sent and what came back.
pub fn attempt_item(attempt: AttemptView) -> impl IntoView {
    let failed = attempt.error.is_some();
    let error = attempt.error.map(|error| {
        let code = attempt.error_code.map(|code| view! { <code>{code}</code> " " });
        let field = attempt.error_field.map(|field| view! { <span class="field-name">{field}</span> " " });
        view! { <p class="vendor-message">{code} {field} {error}</p> }
    });
    let changes = (!attempt.changes.is_empty()).then(|| {
        let title = if failed { "What would have changed" } else { "What changed" };
        let table = change_table(format!("Changes of attempt {}", attempt.number), attempt.changes);
        view! { <details><summary>{title}</summary>{table}</details> }
    });
    view! {
        <li class="attempt" class:is-failed=failed>
            <p class="attempt-head">
                <strong>{format!("Attempt {}", attempt.number)}</strong> " " <Time at=attempt.started_at/> " "
                <span class="muted numeric">{duration(attempt.duration_ms)}</span> " "
                <span class="muted">{format!("version {}", attempt.version)}</span>
            </p>
            <p>{attempt.operation.label()}</p>
            {error}
            {changes}
            {attempt.request.map(|text| body("Request", text))}
            {attempt.response.map(|text| body("Response", text))}
        </li>
    }
}

/// What was sent or came back, folded, as it went over the wire.
fn body(title: &'static str, text: String) -> impl IntoView {
    view! {
        <details class="body">
            <summary>{title}</summary>
            <CopyButton text=text.clone() label=format!("Copy {}", title.to_lowercase())/>
            <pre tabindex="0" aria-label=title>{text}</pre>
        </details>
    }
}

/// Before and after, field by field.
pub fn change_table(label: String, changes: Vec<Change>) -> impl IntoView {
    let row = |change: Change| {
        view! {
            <tr>
                <th scope="row">{field_label(&change.path)}{line_of(&change.path)}</th>
                <td class="before">{change.before.map(|text| view! { <del>{text}</del> })}</td>
                <td class="after">{change.after.map(|text| view! { <ins>{text}</ins> })}</td>
            </tr>
        }
    };
    view! {
        <div class="table-region" role="region" aria-label=label tabindex="0">
            <table class="table table-plain diff">
                <thead>
                    <tr><th scope="col">"Field"</th><th scope="col">"Before"</th><th scope="col">"After"</th></tr>
                </thead>
                <tbody>{changes.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn duration(millis: i32) -> String {
    if millis < 1_000 { format!("{millis} ms") } else { format!("{}.{} s", millis / 1_000, millis % 1_000 / 100) }
}
