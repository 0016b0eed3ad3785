//! Forms: a record's fields as inputs, and what was entered as changes to the record.

use std::collections::HashMap;

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::table::{Doc, at_path};
use crate::world::World;

use super::desk::Problems;
use super::lines;
use super::list::capital;
use super::screens::{Field, Kind, Screen};

/// What was entered, by the inputs' names.
pub type Entered = HashMap<String, String>;

/// A form for a new record (`record` none) or for one that is there, with what was entered before and what was wrong with it.
pub fn form(
    world: &World,
    screen: &'static Screen,
    record: Option<(u64, &Doc)>,
    entered: &Entered,
    problems: &Problems,
) -> Markup {
    let doc = record.map(|(_, doc)| doc);
    let whole: Vec<&str> =
        problems.iter().filter(|(path, _)| !is_shown(screen, path)).map(|(_, message)| message.as_str()).collect();
    let target = match record {
        Some((number, _)) => format!("/{}/{}/{number}", screen.office, screen.slug),
        None => format!("/{}/{}", screen.office, screen.slug),
    };
    html! {
        form.record method="post" action=(target) {
            @if !problems.is_empty() {
                div.problems role="alert" {
                    p { "It was not saved. What to change is said below." }
                    @for message in &whole { p { (message) } }
                }
            }
            @if doc.is_none() && screen.lines.is_some() {
                p.hint { "What you leave empty, such as the address, comes from the customer and the items." }
            }
            div.fields { @for field in screen.fields { (input(world, field, doc, entered, problems)) } }
            @if let Some(spec) = screen.lines { (lines::editor(world, spec, doc, entered, problems)) }
            p.actions { button.primary { "Save" } " " a href={ "/" (screen.office) "/" (screen.slug) } { "Back to the list" } }
        }
    }
}

/// What was entered, as changes to a record. A field that was not sent is left alone.
#[must_use]
pub fn changes(screen: &'static Screen, doc: Option<&Doc>, entered: &Entered) -> Doc {
    let mut changes = Doc::new();
    for field in screen.fields {
        let Some(text) = entered.get(field.path).map(|text| text.trim()) else { continue };
        let is_fixed = matches!(field.kind, Kind::Key) && doc.is_some();
        // What is left empty on a new record is filled in by the back office, such as the customer's address.
        if is_fixed || (doc.is_none() && text.is_empty()) {
            continue;
        }
        set(&mut changes, doc, field.path, value(field.kind, text));
    }
    if let Some(spec) = screen.lines {
        changes.insert(spec.list.to_owned(), lines::changes(spec, doc, entered));
    }
    changes
}

/// A field's name as an element's id.
#[must_use]
pub fn id_of(path: &str) -> String {
    path.replace('/', "-")
}

/// What is wrong with the field at a path.
#[must_use]
pub fn problem_at<'a>(problems: &'a Problems, path: &str) -> Option<&'a str> {
    problems
        .iter()
        .find(|(at, _)| at == path || (path == "MainContact/Email" && at == "Email"))
        .map(|(_, message)| message.as_str())
}

/// A value as it stands in an input.
#[must_use]
pub fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(flag)) => (if *flag { "yes" } else { "no" }).to_owned(),
        _ => String::new(),
    }
}

fn input(world: &World, field: &Field, doc: Option<&Doc>, entered: &Entered, problems: &Problems) -> Markup {
    let id = id_of(field.path);
    let own = doc.and_then(|doc| at_path(doc, field.path).or_else(|| doc.get("variants")?.get(0)?.get(field.path)));
    let value = entered.get(field.path).cloned().unwrap_or_else(|| shown(own));
    let problem = problem_at(problems, field.path);
    let described = problem.map(|_| note_id(&id));
    let invalid = problem.map(|_| "true");
    html! {
        div.field {
            label for=(id) { (field.label) }
            @match field.kind {
                Kind::Area => textarea id=(id) name=(field.path) rows="3" aria-invalid=[invalid] aria-describedby=[described] { (value) },
                Kind::Choice(choices) => (select(&id, field.path, &value, choices.iter().map(|choice| ((*choice).to_owned(), (*choice).to_owned())).collect(), None, problem)),
                Kind::Flag => (select(&id, field.path, &value, vec![("no".to_owned(), "No".to_owned()), ("yes".to_owned(), "Yes".to_owned())], None, problem)),
                Kind::Pick(options) => (select(&id, field.path, &value, options(world), Some("Choose…"), problem)),
                Kind::Key if doc.is_some() => input id=(id) type="text" value=(value) readonly;,
                kind => input id=(id) name=(field.path) type=(if matches!(kind, Kind::Email) { "email" } else { "text" }) inputmode=[mode(kind)] value=(value) aria-invalid=[invalid] aria-describedby=[described];,
            }
            (note(&id, problem))
        }
    }
}

/// What is wrong with an input, to stand beside it.
#[must_use]
pub fn note(id: &str, problem: Option<&str>) -> Markup {
    html! { @if let Some(problem) = problem { p.problem id=(note_id(id)) { (capital(problem)) } } }
}

/// The id of that note, for the input's `aria-describedby`.
#[must_use]
pub fn note_id(id: &str) -> String {
    format!("{id}-problem")
}

/// A list to choose from; a value that is not among the choices stays one.
pub fn select(
    id: &str,
    name: &str,
    value: &str,
    mut options: Vec<(String, String)>,
    none: Option<&str>,
    problem: Option<&str>,
) -> Markup {
    if !value.is_empty() && !options.iter().any(|(own, _)| own == value) {
        options.insert(0, (value.to_owned(), value.to_owned()));
    }
    html! {
        select id=(id) name=(name) aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| note_id(id))] {
            @if let Some(none) = none { option value="" selected[value.is_empty()] { (none) } }
            @for (own, label) in &options { option value=(own) selected[own == value] { (label) } }
        }
    }
}

fn mode(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Amount => Some("decimal"),
        Kind::Count => Some("numeric"),
        _ => None,
    }
}

fn value(kind: Kind, text: &str) -> Value {
    match kind {
        _ if text.is_empty() => Value::Null,
        Kind::Count => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        Kind::Flag => Value::from(text == "yes"),
        _ => Value::from(text),
    }
}

/// Sets a value at a path. An object on the way begins as what the record has there, so that its other fields stay.
fn set(changes: &mut Doc, doc: Option<&Doc>, path: &str, value: Value) {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if rest.is_empty() {
        changes.insert(first.to_owned(), value);
        return;
    }
    let own = doc.and_then(|doc| doc.get(first)).filter(|own| own.is_object()).cloned();
    let mut place = changes.entry(first).or_insert_with(|| own.unwrap_or_else(|| json!({})));
    for part in rest.split('/') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part];
    }
    *place = value;
}

fn is_shown(screen: &'static Screen, path: &str) -> bool {
    let in_lines = screen.lines.is_some_and(|lines| {
        path.strip_prefix(lines.list).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    in_lines
        || screen
            .fields
            .iter()
            .any(|field| field.path == path || (field.path == "MainContact/Email" && path == "Email"))
}
