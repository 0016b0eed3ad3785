//! The list of pairs that do not agree.

use crate::prelude::*;
use domain::canonical::Change;
use domain::reconcile::Finding;
use domain::sync::SyncView;

use crate::frame::href;
use crate::rpc::{Post, PostForm};
use crate::ui::{Button, ButtonKind, Glyph, RecordBadge, Table, Time};

/// Changes that a row shows; the rest is counted.
const SHOWN: usize = 4;

/// One row a finding; those that a repair can mend can be ticked.
#[component]
pub fn Findings(
    slug: String,
    findings: Vec<Finding>,
    sync: SyncView,
    may_repair: bool,
    action: Post<i64>,
) -> impl IntoView {
    let id = sync.id.to_string();
    let open = findings.iter().any(|finding| finding.kind.is_repairable() && finding.repaired_at.is_none());
    let rows = findings.into_iter().map(|finding| row(&slug, &sync, finding, may_repair)).collect_view();
    let columns = vec!["", "Record", "What", "Difference", "Status"];
    let button = (may_repair && open).then(|| {
        view! {
            <div class="form-actions">
                <Button kind=ButtonKind::Primary glyph=Glyph::Retry pending=action.pending()>"Repair the ticked ones"</Button>
            </div>
        }
    });
    view! {
        <PostForm post=action>
            <input type="hidden" name="slug" value=slug />
            <input type="hidden" name="sync" value=id />
            <Table label="Differences" columns>{rows}</Table>
            {button}
        </PostForm>
    }
}

fn row(slug: &str, sync: &SyncView, finding: Finding, may_repair: bool) -> impl IntoView + use<> {
    let tick = (may_repair && finding.kind.is_repairable() && finding.repaired_at.is_none()).then(|| {
        let label = format!("Repair {}", finding.label);
        view! { <input type="checkbox" name="ids[]" value=finding.id.to_string() aria-label=label /> }
    });
    let name = finding.label.clone();
    let record = match finding.record {
        Some(record) => {
            let link = href(slug, &format!("history?sync={}&record={record}", sync.id));
            view! { <a class="record-link" href=link>{name}</a> }.into_any()
        }
        None => view! { <span>{name}</span> }.into_any(),
    };
    let ids: Vec<String> = finding.source_id.iter().chain(&finding.destination_id).cloned().collect();
    let state = match (finding.repaired_at, finding.status) {
        (Some(at), status) => {
            let badge = status.map(|status| view! { <RecordBadge status /> });
            view! { {badge} <span class="muted">"Repair asked for " <Time at /></span> }.into_any()
        }
        (None, Some(status)) => view! { <RecordBadge status /> }.into_any(),
        (None, None) => view! { <span class="muted">"Not prepared yet"</span> }.into_any(),
    };
    view! {
        <tr>
            <td class="tick">{tick}</td>
            <th scope="row" data-label="Record">{record} <br /> <span class="muted">{ids.join(" → ")}</span></th>
            <td data-label="What" class="nowrap">{finding.kind.label()}</td>
            <td data-label="Difference">{changes(finding.changes)}</td>
            <td data-label="Status">{state}</td>
        </tr>
    }
}

/// The fields that differ: what the destination has, and what it should have.
pub(in crate::pages::syncs) fn changes(changes: Vec<Change>) -> impl IntoView {
    let more = changes.len().saturating_sub(SHOWN);
    let line = |change: Change| {
        let nothing = || "nothing".to_owned();
        let before = change.before.unwrap_or_else(nothing);
        let after = change.after.unwrap_or_else(nothing);
        view! { <li><code>{change.path}</code> " " <span class="before">{before}</span> " → " <span class="after">{after}</span></li> }
    };
    let lines = changes.into_iter().take(SHOWN).map(line).collect_view();
    let more = (more > 0).then(|| view! { <li class="muted">{format!("and {more} more")}</li> });
    view! { <ul class="changes">{lines} {more}</ul> }
}
