//! Agreement: do the two systems hold the same, and what does not? With a repair that takes one click.

pub mod api;
mod repair;
mod table;

use crate::prelude::*;
use domain::account::Permission;
use domain::activity::{EventBody, Tone};
use domain::reconcile::{Agreement, FindingKind, FindingPage, Sums};
use domain::run::{Phase, Started};
use domain::sync::{SyncState, SyncView};
use domain::{FindingId, SyncId};
use leptos_router::hooks::use_query_map;

use super::api::START_RUN;
use super::run::{ActiveRuns, StartAnswer, start_button};
use super::settings::use_sync_id;
use super::tabs::{Part, SyncTabs};
use crate::error::AppError;
use crate::flash::flash_of;
use crate::frame::{Frame, href, use_frame, use_slug};
use crate::pages::answer::{Answer, tell};
use crate::rpc::{Call, Load, Post, PostForm, Shown};
use crate::ui::number::grouped;
use crate::ui::{ButtonKind, Empty, Failure, Glyph, Notice, Page, Pager, Section, Time, use_live};
use api::{Compared, REPAIR, load_agreement, repaired_text};
use repair::RepairDialog;
use table::Findings;
pub(super) use table::changes;

/// The name of this page's form.
pub const FORM: &str = "agreement";

/// What the page is asked for; all of it is in its address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Asked {
    kind: Option<FindingKind>,
    after: Option<FindingId>,
}

/// What the newest reconcile run of the sync in the address has found.
#[component]
pub fn AgreementPage() -> impl IntoView {
    let slug = use_slug();
    let id = use_sync_id();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let query = query.read();
        let kind = query.get("kind").and_then(|kind| kind.parse().ok());
        Asked { kind, after: query.get("after").and_then(|after| after.parse().ok()) }
    });
    let asks = Signal::derive(move || query.read().get("repair").is_some());
    let frame = use_frame();
    let compared = Load::new(move || match id.get() {
        Some(id) => load_agreement(slug.get(), id, asked.get().kind, asked.get().after),
        None => Call::refused(AppError::NotFound),
    });
    let over = move |event: &domain::activity::Event| matches!(&event.body, EventBody::Run { run } if run.sync == id.get_untracked() && !run.state.is_active());
    use_live().refetch_on(over, move || compared.refetch());
    let actions = Actions { start: Post::to(START_RUN), repair: Post::to(REPAIR), asks };
    tell(actions.repair, |prepared| repaired_text(*prepared), move || compared.refetch());
    let body = move || async move {
        match (compared.await, frame.await) {
            (Ok(compared), Ok(frame)) => {
                let (slug, asked) = (slug.get_untracked(), asked.get_untracked());
                view! { <Body slug compared asked frame actions /> }.into_any()
            }
            (Err(error), _) | (_, Err(error)) => {
                let retry = Callback::new(move |()| compared.refetch());
                view! { <Page title="Agreement of a sync"><Failure error retry /></Page> }.into_any()
            }
        }
    };
    view! {
        <Answer flash=flash_of(FORM) />
        <Answer flash=flash_of(super::FORM) />
        <Shown view=body lines=8 />
    }
}

#[derive(Clone, Copy)]
struct Actions {
    start: Post<Started>,
    repair: Post<i64>,
    asks: Signal<bool>,
}

#[component]
fn Body(slug: String, compared: Compared, asked: Asked, frame: Frame, actions: Actions) -> impl IntoView {
    let Compared { sync, page } = compared;
    let operates = frame.may(Permission::Operate);
    let buttons = {
        let (slug, id, state) = (slug.clone(), sync.id, sync.state);
        move || operates.then(|| reconcile_now(slug.clone(), id, state, actions.start))
    };
    let content = match page.agreement.clone() {
        Some(agreement) => found(&slug, &sync, agreement, page, asked, operates, actions),
        None => view! {
            <Empty
                glyph=Glyph::Check
                title="Never compared yet"
                text="“Reconcile now” lists both systems completely and compares every pair, field by field. It writes \
                      nothing; what does not agree is listed here and can be repaired."
            />
        }
        .into_any(),
    };
    view! {
        <Page title=format!("{}: agreement", sync.name) actions=buttons>
            <SyncTabs slug=slug.clone() sync=sync.id current=Part::Agreement />
            <StartAnswer action=actions.start />
            <ActiveRuns slug=slug sync=sync.id runs=sync.active may_operate=operates />
            {content}
        </Page>
    }
}

fn reconcile_now(slug: String, sync: SyncId, state: SyncState, start: Post<Started>) -> AnyView {
    view! {
        <PostForm post=start>
            <input type="hidden" name="slug" value=slug />
            <input type="hidden" name="sync" value=sync.to_string() />
            {start_button(Phase::Reconcile, "Reconcile now", ButtonKind::Primary, state, start)}
        </PostForm>
    }
}

fn found(
    slug: &str,
    sync: &SyncView,
    agreement: Agreement,
    page: FindingPage,
    asked: Asked,
    operates: bool,
    actions: Actions,
) -> AnyView {
    let here = Part::Agreement.path(sync.id);
    let next = page.next.map(|after| {
        let kind = asked.kind.map(|kind| format!("kind={kind}&")).unwrap_or_default();
        href(slug, &format!("{here}?{kind}after={after}"))
    });
    let first = asked.after.map(|_| href(slug, &address(sync.id, asked.kind, "")));
    let repairable = page.repairable;
    let ask = (operates && repairable > 0).then(|| href(slug, &address(sync.id, asked.kind, "repair=ask")));
    let repair_all = move || {
        let words = format!("Repair all {}", grouped(repairable));
        ask.clone().map(|ask| view! { <a class="button" href=ask>{words}</a> })
    };
    let nothing = page.findings.is_empty();
    let list = if nothing {
        all_agree(&agreement.sums).into_any()
    } else {
        let (slug, findings, sync) = (slug.to_owned(), page.findings, sync.clone());
        view! { <Findings slug findings sync may_repair=operates action=actions.repair /> }.into_any()
    };
    let dialog = operates.then(|| {
        let (slug, sync) = (slug.to_owned(), sync.clone());
        view! { <RepairDialog slug sync kind=asked.kind count=repairable open=actions.asks action=actions.repair /> }
    });
    let tabs = kinds(slug, sync.id, &agreement.sums, asked.kind);
    view! {
        {summary(&agreement, sync)}
        {dialog}
        <Section title="What does not agree" actions=repair_all>
            {tabs}
            {list}
            <Pager previous=first next previous_words="First page" next_words="More" />
        </Section>
    }
}

fn address(sync: SyncId, kind: Option<FindingKind>, more: &str) -> String {
    let kind = kind.map(|kind| format!("kind={kind}")).unwrap_or_default();
    let query: Vec<&str> = [kind.as_str(), more].into_iter().filter(|part| !part.is_empty()).collect();
    let path = Part::Agreement.path(sync);
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

fn all_agree(sums: &Sums) -> impl IntoView + use<> {
    let text = if sums.disagreeing() == 0 { "Everything that was compared agrees." } else { "Nothing of this kind." };
    view! { <Notice tone=Tone::Success>{text}</Notice> }
}

/// The sums as tiles, with their age.
fn summary(agreement: &Agreement, sync: &SyncView) -> AnyView {
    let sums = agreement.sums;
    let share = sums.agreement();
    let tile = |count: i64, words: String| {
        view! { <li><span class="count-tile"><strong class="numeric">{grouped(count)}</strong> <span>{words}</span></span></li> }
    };
    let only = format!("only in “{}”, not of this sync", sync.destination.name);
    let tiles = [
        (sums.agreed, "agree".to_owned(), true),
        (sums.differing, "differ".to_owned(), true),
        (sums.missing_in_destination, format!("missing in “{}”", sync.destination.name), true),
        (sums.missing_in_source, format!("missing in “{}”", sync.source.name), sums.missing_in_source > 0),
        (sums.duplicated, "duplicated".to_owned(), sums.duplicated > 0),
        (sums.waiting, "waiting to be processed".to_owned(), sums.waiting > 0),
        (sums.left_out, "left out (filtered, skipped, invalid or deleted)".to_owned(), sums.left_out > 0),
        (sums.only_in_destination, only, sums.only_in_destination > 0),
    ];
    let tiles = tiles.into_iter().filter(|(_, _, shown)| *shown).map(|(count, words, _)| tile(count, words));
    let repaired = (agreement.repaired > 0).then(|| {
        let words = format!("{} of them were sent to be synchronised again since then.", grouped(agreement.repaired));
        view! { <p class="muted">{words}</p> }
    });
    view! {
        <p class="agreement-figure">
            <strong class="numeric">{format!("{}.{:02} %", share / 100, share % 100)}</strong>
            " of " {grouped(sums.compared())} " " {sync.entity.label().to_lowercase()} " agree, compared "
            <Time at=agreement.at />
        </p>
        <ul class="count-tiles">{tiles.collect_view()}</ul>
        {repaired}
    }
}

/// Findings of one kind, or of all.
fn kinds(slug: &str, sync: SyncId, sums: &Sums, chosen: Option<FindingKind>) -> AnyView {
    let link = |kind: Option<FindingKind>, words: &str, count: i64| {
        let here = (kind == chosen).then_some("page");
        view! {
            <li>
                <a class="tab" href=href(slug, &address(sync, kind, "")) aria-current=here>
                    {words.to_owned()} " " <span class="tab-count numeric">{grouped(count)}</span>
                </a>
            </li>
        }
    };
    let all = link(None, "All", sums.disagreeing());
    let some = FindingKind::ALL.iter().filter(|kind| sums.of(**kind) > 0 || Some(**kind) == chosen);
    let each = some.map(|kind| link(Some(*kind), kind.label(), sums.of(*kind))).collect_view();
    view! { <nav class="tabs" aria-label="By kind"><ul>{all} {each}</ul></nav> }
}
