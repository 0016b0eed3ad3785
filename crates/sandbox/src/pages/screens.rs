//! What each screen shows: its table, its columns, its form. The handlers are the same for all.

mod erp;
mod shop;

use maud::{Markup, html};
use serde_json::Value;

use crate::table::{Doc, at_path};
use crate::world::World;

/// One kind of record in one back office.
pub struct Screen {
    /// The first part of its path: `shop` or `erp`.
    pub office: &'static str,
    /// The second part.
    pub slug: &'static str,
    /// Heading of the list.
    pub title: &'static str,
    /// One of them.
    pub one: &'static str,
    /// Its table.
    pub table: &'static str,
    /// What a record is called by.
    pub name: fn(&Doc) -> String,
    /// The list's columns beside the name: heading and cell.
    pub columns: &'static [Column],
    /// The form.
    pub fields: &'static [Field],
    /// The form's lines.
    pub lines: Option<&'static Lines>,
    /// What can be done with one beside editing.
    pub actions: &'static [Action],
}

/// A column of a list.
pub type Column = (&'static str, fn(&World, &Doc) -> Cell);

/// A cell of a list.
pub enum Cell {
    /// Text.
    Text(String),
    /// A number, right-aligned.
    Number(String),
    /// A state: its word, and whether it is one to look at.
    State(String, bool),
}

/// A field of a form.
pub struct Field {
    /// Where it is in the record: `MainContact/Address/City`.
    pub path: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// How it is entered.
    pub kind: Kind,
}

/// How a field is entered.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A key: a line of text that can be entered only for a new record.
    Key,
    /// Several lines of text.
    Area,
    /// An e-mail address.
    Email,
    /// An amount of money.
    Amount,
    /// A whole number.
    Count,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Yes or no.
    Flag,
    /// One of the records of a table.
    Pick(fn(&World) -> Options),
}

/// Values with their labels.
pub type Options = Vec<(String, String)>;

/// The lines of an order.
pub struct Lines {
    /// The field with the rows.
    pub list: &'static str,
    /// The row's field with the item.
    pub item: &'static str,
    /// The row's field with the quantity.
    pub quantity: &'static str,
    /// The row's field with the price, to read.
    pub price: &'static str,
    /// The row's field with the price, to write.
    pub set_price: &'static str,
    /// Whether a row is taken out by sending it with `"delete": true` rather than by leaving it out.
    pub deletes_by_mark: bool,
    /// What can be ordered.
    pub options: fn(&World) -> Options,
}

/// Something that can be done with a record by one button.
pub struct Action {
    /// Its part of the path.
    pub slug: &'static str,
    /// What the button says.
    pub label: &'static str,
    /// What is said when it is done.
    pub done: &'static str,
    /// Whether it can be done now.
    pub when: fn(&Doc) -> bool,
    /// What changes, at a time.
    pub changes: fn(i64) -> Doc,
}

/// The screens of an office, in the order of its navigation.
#[must_use]
pub fn screens(office: &str) -> &'static [Screen] {
    match office {
        "shop" => &shop::SCREENS,
        "erp" => &erp::SCREENS,
        _ => &[],
    }
}

/// The screen of a path.
#[must_use]
pub fn screen(office: &str, slug: &str) -> Option<&'static Screen> {
    screens(office).iter().find(|screen| screen.slug == slug)
}

impl Cell {
    /// The cell as it is shown.
    #[must_use]
    pub fn render(&self) -> Markup {
        match self {
            Self::Text(text) => html! { td { (text) } },
            Self::Number(text) => html! { td.number { (text) } },
            Self::State(word, is_alarming) => {
                html! { td { span.state.alarming[*is_alarming] { @if *is_alarming { "⚠ " } (word) } } }
            }
        }
    }
}

const fn field(path: &'static str, label: &'static str, kind: Kind) -> Field {
    Field { path, label, kind }
}

fn text(doc: &Doc, path: &str) -> String {
    match at_path(doc, path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// `2026-11-20T12:00:00Z` without its seconds and zone.
fn time(doc: &Doc, path: &str) -> Cell {
    Cell::Text(text(doc, path).chars().take(16).collect::<String>().replace('T', " "))
}
