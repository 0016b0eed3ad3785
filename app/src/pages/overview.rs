//! Overview: is everything all right?

pub mod api;
mod checklist;
mod health;

use crate::prelude::*;
use domain::account::Permission;
use domain::activity::{EventBody, Tone};
use domain::overview::Overview;
use domain::run::Phase;

use crate::flash::flash_of;
use crate::frame::{Frame, href, use_frame, use_slug};
use crate::pages::answer::Answer;
use crate::rpc::{Load, Shown};
use crate::ui::live::LiveState;
use crate::ui::time::Countdown;
use crate::ui::{Empty, Failure, Glyph, HourChart, Page, RunList, Section, Time, ToneIcon, use_live};
use api::load_overview;
use checklist::ChecklistCard;
use health::SyncHealth;

#[component]
pub fn OverviewPage() -> impl IntoView {
    let slug = use_slug();
    let frame = use_frame();
    let overview = Load::new(move || load_overview(slug.get()));
    let flash = flash_of("overview");
    let screen = move || async move {
        match (frame.await, overview.await) {
            (Ok(frame), Ok(first)) => view! { <Screen frame first /> }.into_any(),
            (Err(error), _) | (_, Err(error)) => {
                view! { <Failure error retry=move |()| overview.refetch() /> }.into_any()
            }
        }
    };
    view! {
        <Page title="Overview".to_owned()>
            <Answer flash />
            <Shown view=screen lines=8 />
        </Page>
    }
}

#[component]
fn Screen(frame: Frame, first: Overview) -> impl IntoView {
    let slug = StoredValue::new(frame.me.organisation.slug.clone());
    let data = RwSignal::new(first);
    let refresh = move || {
        leptos::task::spawn_local(async move {
            if let Ok(fresh) = load_overview(slug.get_value()).await {
                let _ = data.try_set(fresh);
            }
        });
    };
    let live = use_live();
    live.refetch_on(|event| !matches!(&event.body, EventBody::Run { run } if run.state.is_active()), refresh);
    let active = Memo::new(move |_| {
        let all =
            if live.state.get() == LiveState::Off { data.with(|data| data.active.clone()) } else { live.runs.get() };
        all.into_iter().filter(|run| run.phase != Phase::Test).collect::<Vec<_>>()
    });
    let checklist = Memo::new(move |_| data.with(|data| data.checklist));
    let offered = Memo::new(move |_| data.with(|data| data.sandbox_offered));
    let may_configure = frame.may(Permission::Configure);
    view! {
        <Show when=move || !checklist.get().is_done()>
            <ChecklistCard slug=slug.get_value() checklist offered may_configure on_change=move |()| refresh() />
        </Show>
        <Show when=move || !active.read().is_empty()>
            <Section title="Running now">
                <RunList runs=active />
            </Section>
        </Show>
        {move || data.with(|data| data.sandbox_url.clone()).map(sandbox)}
        {move || data.with(|data| attention(data, &slug.get_value()))}
        {move || data.with(|data| syncs(data, &slug.get_value()))}
        {move || data.with(throughput)}
        {move || data.with(|data| recent(data, &slug.get_value()))}
    }
}

/// The other half of the demo: where one makes the orders that arrive.
fn sandbox(url: String) -> impl IntoView {
    view! {
        <p class="sandbox-link">
            "This organisation uses the sandbox. Make an order in "
            <a href=url rel="external noopener" target="_blank">"its shop and ERP"</a> " and watch it arrive."
        </p>
    }
}

fn attention(data: &Overview, slug: &str) -> Option<impl IntoView + use<>> {
    let items = data.attention.iter().map(|item| {
        let silent = item.breaker.map(|breaker| {
            view! {
                <span class="muted">
                    "Silent since " <Time at=breaker.opened_at /> "; asked again " <Countdown until=breaker.probe_at />
                </span>
            }
        });
        view! {
            <li>
                <ToneIcon tone=Tone::Warning />
                <a href=href(slug, &item.link)>{item.text.clone()}</a>
                {silent}
            </li>
        }
    });
    let items = items.collect_view();
    (!data.attention.is_empty()).then(|| {
        view! {
            <Section title="Needs a person">
                <ul class="attention">{items}</ul>
            </Section>
        }
    })
}

fn syncs(data: &Overview, slug: &str) -> Option<impl IntoView + use<>> {
    let all = href(slug, "syncs");
    let cards = data.syncs.iter().cloned().map(|sync| view! { <SyncHealth slug=slug.to_owned() sync /> });
    let cards = cards.collect_view();
    (!data.syncs.is_empty()).then(|| {
        view! {
            <Section title="Syncs" actions=move || view! { <a href=all.clone()>"All syncs"</a> }>
                <div class="health-grid">{cards}</div>
            </Section>
        }
    })
}

fn throughput(data: &Overview) -> Option<impl IntoView + use<>> {
    let points = data.throughput.clone();
    let happened = points.iter().any(|point| point.processed + point.failed > 0);
    happened.then(|| {
        view! {
            <Section title="Last 24 hours">
                <div class="card">
                    <HourChart label="Records processed and failed, hour by hour" points />
                </div>
            </Section>
        }
    })
}

fn recent(data: &Overview, slug: &str) -> impl IntoView + use<> {
    let all = href(slug, "activity");
    let lines = data.recent.iter().map(|item| {
        let text = item.line.text.clone();
        let words = match &item.line.link {
            Some(link) => view! { <a href=href(slug, link)>{text}</a> }.into_any(),
            None => view! { <span>{text}</span> }.into_any(),
        };
        view! {
            <li>
                <ToneIcon tone=item.line.tone />
                {words}
                <span class="muted nowrap">
                    <Time at=item.at />
                </span>
            </li>
        }
    });
    let content = if data.recent.is_empty() {
        view! {
            <Empty
                glyph=Glyph::Activity
                title="Nothing has happened yet"
                text="Connect two systems and start a sync: what it does is told here, line by line."
            />
        }
        .into_any()
    } else {
        view! { <ul class="recent">{lines.collect_view()}</ul> }.into_any()
    };
    view! {
        <Section title="Recent activity" actions=move || view! { <a href=all.clone()>"All activity"</a> }>
            {content}
        </Section>
    }
}
