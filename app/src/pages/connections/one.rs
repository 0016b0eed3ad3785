//! One connection: is it well, what is it set to, test, pause, delete.

use crate::prelude::*;
use domain::account::Permission;
use domain::activity::{EventBody, Tone};
use domain::connection::{ConnectionState, ConnectionView, Dependant};
use domain::run::RunView;
use domain::vendor::FieldKind;
use domain::{ConnectionId, RunId};
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::{PAUSE_CONNECTION, RESUME_CONNECTION, load_connection, load_run};
use super::delete::DeleteDialog;
use super::form::ConnectionFields;
use crate::error::AppError;
use crate::flash::{Flash, flash_of};
use crate::frame::{Frame, href, use_frame, use_slug};
use crate::pages::answer::Answer;
use crate::rpc::{Call, Load, Post, PostForm, Shown, after};
use crate::ui::{
    Button, ButtonKind, ConnectionBadge, Countdown, Failure, Glyph, LinkButton, MaybeTime, Notice, Page, Section, Time,
    use_live, use_toasts,
};

type Loaded = (ConnectionView, Vec<Dependant>);

#[component]
pub fn ConnectionPage() -> impl IntoView {
    let slug = use_slug();
    let frame = use_frame();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<ConnectionId>().ok()));
    let connection = Load::new(move || match id.get() {
        Some(id) => load_connection(slug.get(), id),
        None => Call::refused(AppError::NotFound),
    });
    let flash = flash_of("connection");
    let test = tested_run(slug);
    let title = RwSignal::new("Connection".to_owned());
    let screen = move || async move {
        match (frame.await, connection.await) {
            (Ok(frame), Ok(first)) => {
                title.set(first.0.name.clone());
                let (flash, test) = (flash.await.unwrap_or_default(), test.await.ok());
                view! { <Screen frame first flash test title /> }.into_any()
            }
            (Err(error), _) | (_, Err(error)) => view! { <Failure error /> }.into_any(),
        }
    };
    view! {
        <Page title>
            <Answer flash />
            <Shown view=screen lines=8 />
        </Page>
    }
}

/// The test that the address names (a form without JavaScript).
pub(super) fn tested_run(slug: Memo<String>) -> Load<RunView> {
    let query = use_query_map();
    Load::new(move || match query.read().get("test").and_then(|id| id.parse::<RunId>().ok()) {
        Some(run) => load_run(slug.get(), run),
        None => Call::refused(AppError::NotFound),
    })
}

#[component]
fn Screen(frame: Frame, first: Loaded, flash: Flash, test: Option<RunView>, title: RwSignal<String>) -> impl IntoView {
    let slug = frame.me.organisation.slug.clone();
    let may = frame.may(Permission::Configure);
    let (initial, id, vendor) = (first.0.clone(), first.0.id, first.0.vendor);
    let loaded = RwSignal::new(first);
    let own_slug = StoredValue::new(slug.clone());
    let refresh = move || {
        leptos::task::spawn_local(async move {
            if let Ok(fresh) = load_connection(own_slug.get_value(), id).await {
                let _ = title.try_set(fresh.0.name.clone());
                let _ = loaded.try_set(fresh);
            }
        });
    };
    use_live()
        .refetch_on(move |event| matches!(&event.body, EventBody::Run { run } if run.connection == Some(id)), refresh);
    let settings = if may {
        view! {
            <div class="form-card card">
                <ConnectionFields slug=slug.clone() vendor connection=Some(initial) flash test on_saved=move |()| refresh() />
            </div>
        }
        .into_any()
    } else {
        read_only(&initial).into_any()
    };
    let view = Signal::derive(move || loaded.with(|loaded| loaded.0.clone()));
    view! {
        <Health connection=view />
        {may.then(|| view! { <Actions slug=slug.clone() connection=view on_change=move |()| refresh() /> })}
        <Section title="Settings">{settings}</Section>
        {may.then(|| view! { <DeleteDialog slug loaded /> })}
    }
}

/// State, last success, last error, and until when the vendor asked to wait.
#[component]
fn Health(#[prop(into)] connection: Signal<ConnectionView>) -> impl IntoView {
    let failed = move || {
        let connection = connection.get();
        connection.last_error.filter(|_| connection.last_error_at > connection.last_ok_at)
    };
    let breaker = move || connection.with(|connection| connection.breaker);
    let waits = move || connection.with(|connection| connection.wait_until);
    let lost = move || connection.with(|connection| connection.lost_until);
    view! {
        {move || failed().map(|error| view! { <Notice tone=Tone::Failure>{error}</Notice> })}
        {move || {
            breaker()
                .map(|breaker| {
                    view! {
                        <Notice tone=Tone::Warning>
                            "The system has not answered since " <Time at=breaker.opened_at />
                            ". Nothing is sent to it, and what needs it waits without losing a try. It is asked again "
                            <Countdown until=breaker.probe_at /> "."
                        </Notice>
                    }
                })
        }}
        {move || {
            waits()
                .map(|until| {
                    view! { <Notice tone=Tone::Warning>"The system asked us to wait. It goes on " <Countdown until /> "."</Notice> }
                })
        }}
        {move || {
            lost()
                .map(|until| {
                    view! {
                        <Notice tone=Tone::Warning>
                            "The system still counts a session that could not be ended: a worker stopped, or a sign-in got no answer. The session ends by itself, and what needs this connection goes on "
                            <Countdown until /> "."
                        </Notice>
                    }
                })
        }}
        {move || {
            let connection = connection.get();
            view! {
                <dl class="facts card">
                    <dt>"System"</dt>
                    <dd>{format!("{} ({})", connection.vendor.label(), connection.vendor.system().label())}</dd>
                    <dt>"State"</dt>
                    <dd>
                        <ConnectionBadge state=connection.state />
                    </dd>
                    <dt>"Last success"</dt>
                    <dd>
                        <MaybeTime at=connection.last_ok_at />
                    </dd>
                    <dt>"Used by"</dt>
                    <dd>{crate::ui::counted(i64::from(connection.syncs), "sync")}</dd>
                    <dt>"Connected"</dt>
                    <dd>
                        <Time at=connection.created_at />
                    </dd>
                </dl>
            }
        }}
    }
}

#[component]
fn Actions(
    slug: String,
    #[prop(into)] connection: Signal<ConnectionView>,
    #[prop(into)] on_change: Callback<()>,
) -> impl IntoView {
    let id = connection.with_untracked(|connection| connection.id.to_string());
    let (pause, resume) = (Post::to(PAUSE_CONNECTION), Post::to(RESUME_CONNECTION));
    let toasts = use_toasts();
    let told = move |answer: &Result<(), AppError>, words: &'static str| match answer {
        Ok(()) => {
            toasts.push(Tone::Success, words);
            on_change.run(());
        }
        Err(error) => toasts.push(Tone::Failure, error.to_string()),
    };
    after(pause, move |answer| told(answer, "Paused. Its syncs wait until you resume it."));
    after(resume, move |answer| told(answer, "Resumed."));
    let active = Memo::new(move |_| connection.with(|connection| connection.state == ConnectionState::Active));
    let delete = href(&slug, &format!("connections/{id}?delete=1"));
    let hidden = StoredValue::new((slug, id));
    let fields = move || {
        let (slug, id) = hidden.get_value();
        view! {
            <input type="hidden" name="slug" value=slug />
            <input type="hidden" name="connection" value=id />
        }
    };
    view! {
        <div class="buttons connection-actions">
            {move || {
                if active.get() {
                    view! {
                        <PostForm post=pause>
                            {fields()} <Button glyph=Glyph::Pause pending=pause.pending()>"Pause"</Button>
                        </PostForm>
                    }
                        .into_any()
                } else {
                    view! {
                        <PostForm post=resume>
                            {fields()} <Button glyph=Glyph::Play pending=resume.pending()>"Resume"</Button>
                        </PostForm>
                    }
                        .into_any()
                }
            }}
            <LinkButton href=delete kind=ButtonKind::Danger glyph=Glyph::Trash>
                "Delete"
            </LinkButton>
        </div>
    }
}

/// What those see who may not change it.
fn read_only(connection: &ConnectionView) -> impl IntoView + use<> {
    let fields = connection.vendor.fields().iter().filter(|field| field.kind != FieldKind::Secret);
    let facts = fields.map(|field| {
        view! {
            <dt>{field.label}</dt>
            <dd>{connection.settings.get(field.name).cloned().unwrap_or_else(|| "–".to_owned())}</dd>
        }
    });
    view! { <dl class="facts card">{facts.collect_view()}</dl> }
}
