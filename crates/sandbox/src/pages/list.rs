//! Lists: the newest first, 25 to a page, searched by any text in the record.

use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use crate::table::{Doc, Row};
use crate::world::World;

use super::screens::{Cell, Screen};

const PAGE: usize = 25;

/// Which part of a list.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    /// Text to find.
    #[serde(default)]
    q: String,
    /// Only those with a lower number.
    before: Option<u64>,
}

/// A list with its search field and its next page.
pub fn list(world: &World, screen: &'static Screen, wanted: &Wanted) -> Markup {
    let text = wanted.q.trim().to_lowercase();
    let rows = world.table(screen.table).rows().rev();
    let rows = rows
        .filter(|row| wanted.before.is_none_or(|before| row.seq < before))
        .filter(|row| text.is_empty() || is_in(row, &text));
    let mut found: Vec<_> = rows.take(PAGE + 1).collect();
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found
        .last()
        .filter(|_| more)
        .map(|row| format!("?before={}&q={}", row.seq, utf8_percent_encode(&wanted.q, NON_ALPHANUMERIC)));
    html! {
        div.bar {
            form.search method="get" role="search" {
                label for="q" { "Search" }
                input id="q" type="search" name="q" value=(wanted.q);
                button { "Search" }
            }
            a.button href={ "/" (screen.office) "/" (screen.slug) "/new" } { "Add " (screen.one) }
        }
        p.count { (world.table(screen.table).len()) " in all" }
        @if found.is_empty() {
            p.empty { @if text.is_empty() { "There is nothing here yet. Add the first " (screen.one) "." } @else { "Nothing matches this search." } }
        } @else {
            div.scroll tabindex="0" role="region" aria-label=(screen.title) {
                table {
                    thead { tr { th scope="col" { (capital(screen.one)) } @if let Some(row) = found.first() { (headings(world, screen, &row.doc)) } } }
                    tbody { @for row in &found { (line(world, screen, row)) } }
                }
            }
        }
        @if let Some(next) = next { p { a href=(next) rel="next" { "Older" } } }
    }
}

/// The columns' headings, aligned as the cells of this record are.
#[must_use]
pub fn headings(world: &World, screen: &'static Screen, doc: &Doc) -> Markup {
    html! {
        @for (heading, cell) in screen.columns {
            th.number[matches!(cell(world, doc), Cell::Number(_))] scope="col" { (heading) }
        }
    }
}

/// A word with a capital, for headings.
#[must_use]
pub fn capital(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}

fn line(world: &World, screen: &'static Screen, row: &Row) -> Markup {
    let name = (screen.name)(&row.doc);
    html! {
        tr {
            th scope="row" { a href={ "/" (screen.office) "/" (screen.slug) "/" (row.seq) } { @if name.is_empty() { "(no name)" } @else { (name) } } }
            @for (_, cell) in screen.columns { (cell(world, &row.doc).render()) }
        }
    }
}

fn is_in(row: &Row, text: &str) -> bool {
    row.doc.values().any(|value| contains(value, text))
}

fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.to_lowercase().contains(text),
        Value::Array(items) => items.iter().any(|item| contains(item, text)),
        Value::Object(fields) => fields.values().any(|field| contains(field, text)),
        _ => false,
    }
}
