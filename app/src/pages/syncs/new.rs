//! A new sync: what, from where, to where.

use crate::prelude::*;
use domain::connection::ConnectionView;
use domain::entity::SystemKind;
use domain::sync::{Able, SyncView, impossible};
use domain::{ConnectionId, Entity, Vendor};

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
            (Ok(choices), Ok(())) if !is_possible(&choices) => empty_state(&slug).into_any(),
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

/// Whether any two connections can be joined at all.
fn is_possible(choices: &Choices) -> bool {
    Entity::ALL.iter().any(|entity| {
        let joins = |source: &ConnectionView| {
            choices.connections.iter().any(|other| fits(*entity, source, other, &choices.able))
        };
        choices.connections.iter().any(joins)
    })
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
    let chosen = first_choice(&choices, &flash);
    let errors: FieldErrorsSignal = Signal::derive(move || match action.value() {
        Some(Err(error)) => error.fields(),
        Some(Ok(())) => Vec::new(),
        None => flash.errors.clone(),
    });
    let entities = Entity::ALL.iter().map(|entity| (entity.to_string(), entity.label().to_owned())).collect();
    // Without JavaScript every system is offered, because nothing follows a choice there; the server refuses what cannot
    // be. The page begins like that too, so that it is the one that the server has sent.
    let lives = RwSignal::new(false);
    Effect::new(move |_| lives.set(true));
    let choices = StoredValue::new(choices);
    let sources = move || choices.with_value(|choices| source_field(choices, chosen, lives.get(), errors));
    let destinations = move || choices.with_value(|choices| destination_field(choices, chosen, lives.get(), errors));
    let list = href(&slug, "syncs");
    let what_happens = {
        let slug = slug.clone();
        move || choices.with_value(|choices| consequences(&slug, choices, chosen))
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
                            choices.with_value(|choices| chosen.settle(choices));
                        }
                    })
                />
                {sources}
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

impl Chosen {
    /// Moves what does not fit the other choices any more to what does.
    fn settle(self, choices: &Choices) {
        let entity = self.entity.get_untracked();
        let sources = readable(choices, entity);
        let source = self.source.get_untracked();
        let source = source.filter(|id| sources.iter().any(|other| other.id == *id)).or(usual(&sources, entity));
        self.source.set(source);
        let fitting = fitting(choices, entity, source);
        let destination = self.destination.get_untracked();
        let destination = destination.filter(|id| fitting.iter().any(|other| other.id == *id));
        self.destination.set(destination.or(fitting.first().map(|other| other.id)));
    }
}

/// The systems from which the chosen records can come.
fn source_field(choices: &Choices, chosen: Chosen, lives: bool, errors: FieldErrorsSignal) -> AnyView {
    let entity = chosen.entity.get();
    let sources = readable(choices, entity);
    let help = if sources.is_empty() {
        format!("Syncline cannot read {} from any of your systems yet.", entity.label().to_lowercase())
    } else {
        String::new()
    };
    let shown = if lives { sources } else { choices.connections.iter().collect() };
    let all = choices.clone();
    let change = Callback::new(move |id: String| {
        chosen.source.set(id.parse().ok());
        chosen.settle(&all);
    });
    select("From", "source", &shown, chosen.source.get(), help, errors, change)
}

/// The systems to which they can go from there.
fn destination_field(choices: &Choices, chosen: Chosen, lives: bool, errors: FieldErrorsSignal) -> AnyView {
    let (entity, source) = (chosen.entity.get(), chosen.source.get());
    let fitting = fitting(choices, entity, source);
    let help = if fitting.is_empty() { why_none(entity, source, choices) } else { String::new() };
    let shown =
        if lives { fitting } else { choices.connections.iter().filter(|other| Some(other.id) != source).collect() };
    let change = Callback::new(move |id: String| chosen.destination.set(id.parse().ok()));
    select("To", "destination", &shown, chosen.destination.get(), help, errors, change)
}

fn select(
    label: &'static str,
    name: &'static str,
    shown: &[&ConnectionView],
    chosen: Option<ConnectionId>,
    help: String,
    errors: FieldErrorsSignal,
    on_change: Callback<String>,
) -> AnyView {
    let options = shown.iter().map(|connection| option_of(connection)).collect();
    let value = chosen.map(|id| id.to_string()).unwrap_or_default();
    view! { <SelectField label name options value help errors on_change /> }.into_any()
}

/// The systems to which an entity can go from `source`.
fn fitting(choices: &Choices, entity: Entity, source: Option<ConnectionId>) -> Vec<&ConnectionView> {
    let source = choices.connections.iter().find(|connection| Some(connection.id) == source);
    source.map_or_else(Vec::new, |source| {
        choices.connections.iter().filter(|other| fits(entity, source, other, &choices.able)).collect()
    })
}

/// Why no system is offered as the destination.
fn why_none(entity: Entity, source: Option<ConnectionId>, choices: &Choices) -> String {
    let source = choices.connections.iter().find(|connection| Some(connection.id) == source);
    let others = choices.connections.iter().filter(|other| Some(other.id) != source.map(|source| source.id));
    let why = |(source, other): (&ConnectionView, &ConnectionView)| {
        impossible(entity, source.vendor, other.vendor, &choices.able)
    };
    let why = others.filter_map(|other| why((source?, other))).next();
    why.unwrap_or_else(|| "It takes another connection to send them to.".to_owned())
}

fn readable(choices: &Choices, entity: Entity) -> Vec<&ConnectionView> {
    let can =
        |vendor: Vendor| choices.able.iter().any(|able| able.vendor == vendor && able.entity == entity && able.read);
    choices.connections.iter().filter(|connection| can(connection.vendor)).collect()
}

/// The system from which such records usually come.
fn usual(sources: &[&ConnectionView], entity: Entity) -> Option<ConnectionId> {
    let kind: SystemKind = entity.origin();
    let usual = sources.iter().find(|source| source.vendor.system() == kind).or(sources.first());
    usual.map(|source| source.id)
}

/// What was typed before, or else orders from where they usually come.
fn first_choice(choices: &Choices, flash: &Flash) -> Chosen {
    let typed = |field: &str| flash.value(field).parse::<ConnectionId>().ok();
    let entity = flash.value("entity").parse().unwrap_or(Entity::Order);
    let source = typed("source").or(usual(&readable(choices, entity), entity));
    let chosen = Chosen {
        entity: RwSignal::new(entity),
        source: RwSignal::new(source),
        destination: RwSignal::new(typed("destination")),
    };
    chosen.settle(choices);
    chosen
}

/// Whether records of `source` can go to `other`.
fn fits(entity: Entity, source: &ConnectionView, other: &ConnectionView, able: &[Able]) -> bool {
    source.id != other.id && impossible(entity, source.vendor, other.vendor, able).is_none()
}

fn option_of(connection: &ConnectionView) -> (String, String) {
    (connection.id.to_string(), format!("{} ({})", connection.name, connection.vendor.label()))
}

/// What the form is going to do: the syncs that come with it, or the one that is there already.
fn consequences(slug: &str, choices: &Choices, chosen: Chosen) -> AnyView {
    let (source, destination) = (chosen.source.get(), chosen.destination.get());
    let joins = |sync: &&SyncView, from: Option<ConnectionId>, to: Option<ConnectionId>| {
        Some(sync.source.connection) == from && Some(sync.destination.connection) == to
    };
    let there = |entity: Entity| {
        let of = choices.syncs.iter().filter(move |sync| sync.entity == entity);
        of.clone()
            .find(|sync| joins(sync, source, destination))
            .or_else(|| of.clone().find(|sync| joins(sync, destination, source)))
    };
    let entity = chosen.entity.get();
    if let Some(sync) = there(entity) {
        let link = href(slug, &format!("syncs/{}", sync.id));
        let words = if joins(&sync, source, destination) {
            "There is such a sync already: "
        } else {
            "They go the other way round already; that sync can go both ways: "
        };
        return view! { <p class="form-note">{words} <a href=link>{sync.name.clone()}</a></p> }.into_any();
    }
    let missing: Vec<&str> =
        entity.prerequisites().iter().filter(|other| there(**other).is_none()).map(|other| other.label()).collect();
    if missing.is_empty() || destination.is_none() {
        return ().into_any();
    }
    let one = entity.singular();
    let article = if one.starts_with('o') { "an" } else { "a" };
    let text = format!(
        "This also makes a sync of {}, because {article} {one} refers to them and they have to be there first.",
        missing.join(" and of ").to_lowercase(),
    );
    view! { <p class="form-note">{text}</p> }.into_any()
}
