//! A conflict: both sides field by field, a choice for each.

use std::collections::BTreeMap;

use crate::prelude::*;
use domain::activity::Tone;
use domain::canonical::fields::Pair;
use domain::history::{ConflictView, RecordDetail, Removal};
use domain::{RecordId, Side};

use super::api::load_record;
use super::one_api::{RESOLVE, RESOLVE_GONE};
use super::pairs::{folded, line_of, value};
use crate::rpc::{Load, Post, PostForm, Shown};
use crate::ui::{Button, ButtonKind, Failure, Notice, Time};

/// What was chosen so far, by the fields' paths; `None` = nothing yet.
type Choices = RwSignal<BTreeMap<String, Side>>;

/// The posts of the page: choosing field by field, and deciding about a record that is gone on one side.
#[derive(Clone, Copy)]
pub struct ConflictPosts {
    pub resolve: Post<()>,
    pub gone: Post<()>,
}

/// Posts that nothing was sent with yet.
#[must_use]
pub fn use_conflict() -> ConflictPosts {
    ConflictPosts { resolve: Post::to(RESOLVE), gone: Post::to(RESOLVE_GONE) }
}

/// The choice. It is read once, so that nothing that happens meanwhile takes away what somebody has chosen.
#[component]
pub fn ConflictPart(slug: String, record: RecordId, may_operate: bool, posts: ConflictPosts) -> impl IntoView {
    let detail = {
        let slug = slug.clone();
        Load::new(move || load_record(slug.clone(), record))
    };
    let content = move || {
        let slug = slug.clone();
        async move {
            match detail.await {
                Ok(RecordDetail { row, conflict: Some(conflict), ends, .. }) => {
                    let asked = Asked { slug, record: row.id, version: row.version, ends, may_operate };
                    match conflict.gone {
                        Some(gone) => gone_view(&asked, gone, conflict, posts.gone),
                        None => fields_view(&asked, conflict, posts.resolve),
                    }
                }
                Ok(_) => view! { <Notice tone=Tone::Success>"There is no conflict any more."</Notice> }.into_any(),
                Err(error) => {
                    let retry = Callback::new(move |()| detail.refetch());
                    view! { <Failure error retry /> }.into_any()
                }
            }
        }
    };
    view! { <Shown view=content lines=8 /> }
}

/// About which record a person is asked.
struct Asked {
    slug: String,
    record: RecordId,
    version: i64,
    ends: (String, String),
    may_operate: bool,
}

impl Asked {
    fn hidden(&self) -> impl IntoView + use<> {
        view! {
            <input type="hidden" name="slug" value=self.slug.clone() />
            <input type="hidden" name="record" value=self.record.to_string() />
            <input type="hidden" name="version" value=self.version.to_string() />
        }
    }
}

fn problem(post: Post<()>) -> impl IntoView {
    move || post.error().get().map(|error| view! { <Notice tone=Tone::Failure>{error.to_string()}</Notice> })
}

fn fields_view(asked: &Asked, conflict: ConflictView, post: Post<()>) -> AnyView {
    let choices: Choices = RwSignal::new(BTreeMap::new());
    let paths: Vec<String> = conflict.groups.iter().map(|(path, _)| path.clone()).collect();
    let all = move |side: Side| {
        let paths = paths.clone();
        move |_| choices.set(paths.iter().map(|path| (path.clone(), side)).collect())
    };
    let (from_source, from_destination) = (all(Side::Source), all(Side::Destination));
    let (source, destination) = asked.ends.clone();
    let rows = conflict.groups.into_iter().map(|(path, pairs)| choice_row(path, pairs, &asked.ends, choices));
    let rows = rows.collect_view();
    let same = folded("The same on both".to_owned(), conflict.same, false);
    let (may, slug_fields) = (asked.may_operate, asked.hidden());
    view! {
        <p>"Both sides changed. " <span class="muted">"Found " <Time at=conflict.found_at /> ". Choose what both shall hold."</span></p>
        <PostForm post class="conflict-form">
            {slug_fields}
            <div class="buttons needs-js">
                <button type="button" class="button" on:click=from_source>{format!("All from {source}")}</button>
                <button type="button" class="button" on:click=from_destination>
                    {format!("All from {destination}")}
                </button>
            </div>
            {problem(post)}
            <div class="choices">{rows}</div>
            {may.then(|| view! {
                <div class="buttons">
                    <Button kind=ButtonKind::Primary pending=post.pending()>"Resolve the conflict"</Button>
                </div>
            })}
        </PostForm>
        <div class="pairs">{same}</div>
    }
    .into_any()
}

fn choice_row(path: String, pairs: Vec<Pair>, ends: &(String, String), choices: Choices) -> impl IntoView + use<> {
    let legend = if path == "lines" {
        "Lines".to_owned()
    } else {
        pairs.first().map_or_else(|| path.clone(), |pair| pair.label.clone())
    };
    let values = |of: fn(&Pair) -> String| {
        let many = pairs.len() > 1;
        let item = |pair: &Pair| {
            let name =
                many.then(|| view! { <span class="muted">{pair.label.clone()}{line_of(&pair.path)} ": "</span> });
            view! { <span class="choice-value">{name}{value(of(pair))}</span> }
        };
        pairs.iter().map(item).collect_view()
    };
    let source = option(&path, Side::Source, &ends.0, values(|pair| pair.left.clone()).into_any(), choices);
    let destination = option(&path, Side::Destination, &ends.1, values(|pair| pair.right.clone()).into_any(), choices);
    view! { <fieldset class="choice"><legend>{legend}</legend>{source}{destination}</fieldset> }
}

fn option(path: &str, side: Side, name: &str, shown: AnyView, choices: Choices) -> impl IntoView + use<> {
    let chosen = {
        let path = path.to_owned();
        move || choices.with(|choices| choices.get(&path) == Some(&side))
    };
    let choose = {
        let path = path.to_owned();
        move |_| choices.update(|choices| _ = choices.insert(path.clone(), side))
    };
    view! {
        <label class="choice-option">
            <input
                type="radio"
                name=format!("choices[{path}]")
                value=side.as_str()
                prop:checked=chosen
                on:change=choose
            />
            <span>
                <span class="choice-side">{name.to_owned()}</span>
                {shown}
            </span>
        </label>
    }
}

fn gone_view(asked: &Asked, gone: Side, conflict: ConflictView, post: Post<()>) -> AnyView {
    let (source, destination) = &asked.ends;
    let (there, here) = match gone {
        Side::Source => (source, destination),
        Side::Destination => (destination, source),
    };
    let text = format!("It was deleted in {there} and changed in {here}. Decide what shall be.");
    let button = |value: &'static str, kind: ButtonKind, words: String| {
        view! { <Button name="choice" value kind pending=post.pending()>{words}</Button> }
    };
    let removals = conflict.removals.into_iter().map(|removal| {
        let (kind, words) = match removal {
            Removal::Delete => (ButtonKind::Danger, format!("Delete it in {here} too")),
            Removal::Deactivate => (ButtonKind::Secondary, format!("Deactivate it in {here}")),
            Removal::Keep => (ButtonKind::Secondary, format!("Keep it in {here}, and leave it alone")),
        };
        button(removal.as_str(), kind, words)
    });
    let bring_back = button("bring_back", ButtonKind::Primary, format!("Bring it back in {there}"));
    let removals = removals.collect_view();
    let buttons = asked.may_operate.then(|| view! { <div class="buttons">{bring_back}{removals}</div> });
    let hidden = asked.hidden();
    let heading = format!("What {here} holds");
    view! {
        <Notice tone=Tone::Warning>{text}</Notice>
        <PostForm post class="conflict-form">
            {hidden}
            {problem(post)}
            {buttons}
        </PostForm>
        <h3>{heading}</h3>
        <GoneFields pairs=conflict.same />
    }
    .into_any()
}

/// The fields of the side that is left.
#[component]
fn GoneFields(pairs: Vec<Pair>) -> impl IntoView {
    let row = |pair: Pair| {
        let shown = if pair.left.is_empty() { pair.right } else { pair.left };
        view! { <dt>{pair.label.clone()}{line_of(&pair.path)}</dt><dd>{value(shown)}</dd> }
    };
    view! { <dl class="facts">{pairs.into_iter().map(row).collect_view()}</dl> }
}
