//! A new sync: what, from where, to where.

use crate::prelude::*;
use domain::connection::ConnectionView;
use domain::sync::SyncView;
use domain::{ConnectionId, Entity};

use super::api::{CREATE_SYNC, Choices, load_choices};
use crate::error::AppError;
use crate::flash::{Flash, flash_of};
use crate::frame::{Frame, href, use_frame, use_slug};
use crate::rpc::{Load, Post, PostForm, Shown};
use crate::ui::{
    Button, ButtonKind, Empty, Failure, FieldErrorsSignal, FormProblem, Glyph, LinkButton, Page, SelectField,
};
use domain::account::Permission;

/// The name of this page's form.
pub const FORM: &str = "sync-new";

/// The form for a new sync.
#[component]
pub fn NewSyncPage() -> impl IntoView {
    let slug = use_slug();
    let frame = use_frame();
    let choices = Load::new(move || load_choices(slug.get()));
    let flash = flash_of(FORM);
    let action = Post::to(CREATE_SYNC);
    let form = move || async move {
        let slug = slug.get_untracked();
        match (choices.await, allowed(frame.await)) {
            (Ok(choices), Ok(())) if !is_possible(&choices.connections) => empty_state(&slug).into_any(),
            (Ok(choices), Ok(())) => {
                let flash = flash.await.unwrap_or_default();
                view! { <NewSyncForm slug choices flash action /> }.into_any()
            }
            (Err(error), _) | (_, Err(error)) => {
                view! { <Failure error retry=Callback::new(move |()| choices.refetch()) /> }.into_any()
            }
        }
    };
    view! {
        <Page title="New sync" intro="Choose one kind of record, where it comes from and where it goes.">
            <Shown view=form lines=5 />
        </Page>
    }
}

fn allowed(frame: Result<Frame, AppError>) -> Result<(), AppError> {
    if frame?.may(Permission::Configure) { Ok(()) } else { Err(AppError::Forbidden) }
}

/// Whether two different connections can be joined at all.
fn is_possible(connections: &[ConnectionView]) -> bool {
    connections.len() > 1 && connections.iter().any(|connection| connection.vendor.can_write())
}

fn empty_state(slug: &str) -> impl IntoView + use<> {
    let connections = href(slug, "connections");
    view! {
        <Empty
            glyph=Glyph::Connections
            title="Two connections come first"
            text="A sync needs a system to read from, such as a Shopify shop, and another to write to, such as Acumatica."
        >
            <LinkButton href=connections kind=ButtonKind::Primary>"Go to connections"</LinkButton>
        </Empty>
    }
}

/// What is chosen so far; a choice limits the others.
#[derive(Clone, Copy)]
struct Chosen {
    entity: RwSignal<Entity>,
    source: RwSignal<Option<ConnectionId>>,
    destination: RwSignal<Option<ConnectionId>>,
}

#[component]
fn NewSyncForm(slug: String, choices: Choices, flash: Flash, action: Post<()>) -> impl IntoView {
    let Choices { connections, syncs } = choices;
    let chosen = first_choice(&connections, &flash);
    let errors: FieldErrorsSignal = Signal::derive(move || match action.value() {
        Some(Err(error)) => error.fields(),
        Some(Ok(())) => Vec::new(),
        None => flash.errors.clone(),
    });
    let entities = Entity::ALL.iter().map(|entity| (entity.to_string(), entity.label().to_owned())).collect();
    let sources = connections.iter().map(option_of).collect();
    let source = chosen.source.get_untracked().map(|id| id.to_string()).unwrap_or_default();
    let destinations = {
        let connections = connections.clone();
        move || {
            let fitting = connections.iter().filter(|other| fits(other, chosen.source.get()));
            let options: Vec<_> = fitting.map(option_of).collect();
            let value = chosen.destination.get_untracked().map(|id| id.to_string()).unwrap_or_default();
            view! {
                <SelectField
                    label="To"
                    name="destination"
                    options
                    value
                    help="Only systems that Syncline can write to."
                    errors
                    on_change=Callback::new(move |id: String| chosen.destination.set(id.parse().ok()))
                />
            }
        }
    };
    let list = href(&slug, "syncs");
    let what_happens = {
        let slug = slug.clone();
        move || consequences(&slug, &syncs, chosen)
    };
    view! {
        <PostForm post=action>
            <div class="form new-sync">
                <input type="hidden" name="slug" value=slug />
                <FormProblem errors />
                <SelectField
                    label="What"
                    name="entity"
                    options=entities
                    value=chosen.entity.get_untracked().to_string()
                    errors
                    on_change=Callback::new(move |text: String| {
                        if let Ok(entity) = text.parse() {
                            chosen.entity.set(entity);
                        }
                    })
                />
                <SelectField
                    label="From"
                    name="source"
                    options=sources
                    value=source
                    errors
                    on_change=Callback::new(move |id: String| chosen.source.set(id.parse().ok()))
                />
                {destinations}
                <div aria-live="polite">{what_happens}</div>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary pending=action.pending()>"Create sync"</Button>
                    <LinkButton href=list>"Cancel"</LinkButton>
                </div>
            </div>
        </PostForm>
    }
}

/// What was typed before, or else orders from the first system that can only be read to the first that can be written.
fn first_choice(connections: &[ConnectionView], flash: &Flash) -> Chosen {
    let typed = |field: &str| flash.value(field).parse::<ConnectionId>().ok();
    let readable = connections.iter().find(|connection| !connection.vendor.can_write()).or(connections.first());
    let source = typed("source").or(readable.map(|connection| connection.id));
    let writable = connections.iter().find(|connection| fits(connection, source));
    let destination = typed("destination").or(writable.map(|connection| connection.id));
    Chosen {
        entity: RwSignal::new(flash.value("entity").parse().unwrap_or(Entity::Order)),
        source: RwSignal::new(source),
        destination: RwSignal::new(destination),
    }
}

/// Whether records from `source` can go to `connection`.
fn fits(connection: &ConnectionView, source: Option<ConnectionId>) -> bool {
    connection.vendor.can_write() && Some(connection.id) != source
}

fn option_of(connection: &ConnectionView) -> (String, String) {
    (connection.id.to_string(), format!("{} ({})", connection.name, connection.vendor.label()))
}

/// What the form is going to do: the syncs that come with it, or the one that is there already.
fn consequences(slug: &str, syncs: &[SyncView], chosen: Chosen) -> AnyView {
    let (source, destination) = (chosen.source.get(), chosen.destination.get());
    let there = |entity: Entity| {
        syncs.iter().find(|sync| {
            sync.entity == entity
                && Some(sync.source.connection) == source
                && Some(sync.destination.connection) == destination
        })
    };
    let entity = chosen.entity.get();
    if let Some(sync) = there(entity) {
        let link = href(slug, &format!("syncs/{}", sync.id));
        return view! { <p class="form-note">"There is such a sync already: " <a href=link>{sync.name.clone()}</a></p> }
            .into_any();
    }
    let missing: Vec<&str> =
        entity.prerequisites().iter().filter(|other| there(**other).is_none()).map(|other| other.label()).collect();
    if missing.is_empty() {
        return ().into_any();
    }
    let text = format!(
        "This also makes a sync of {}, because an {} refers to them and they have to be there first.",
        missing.join(" and of ").to_lowercase(),
        entity.singular()
    );
    view! { <p class="form-note">{text}</p> }.into_any()
}
