//! The lines of an order's form: those that are there and three empty ones.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::table::Doc;
use crate::world::World;

use super::desk::Problems;
use super::form::{Entered, note, note_id, select, shown};
use super::screens::Lines;

const EMPTY: usize = 3;
const MOST: usize = 200;

/// The lines as a table of inputs. A line without an item or with no quantity is taken out.
pub fn editor(world: &World, spec: &Lines, doc: Option<&Doc>, entered: &Entered, problems: &Problems) -> Markup {
    let own = rows(spec, doc);
    let options = (spec.options)(world);
    let count = (own.len() + EMPTY).max(sent(entered));
    let places = places(spec, doc, entered);
    let whole = problems.iter().filter(|(path, _)| path == spec.list);
    html! {
        fieldset.lines {
            legend { "Lines" }
            p.hint { "To take a line out, empty its item or its quantity. A new line without a quantity is for one piece; one without a price has the item's own." }
            @for (_, message) in whole { p.problem { "The order " (message) "." } }
            div.scroll tabindex="0" role="region" aria-label="Lines" {
                table {
                    thead { tr { th scope="col" { "Item" } th scope="col" { "Quantity" } th scope="col" { "Price" } } }
                    tbody {
                        @for number in 0..count {
                            (row(spec, own.get(number), number, entered, &options, &in_row(spec, problems, &places, number)))
                        }
                    }
                }
            }
        }
    }
}

/// The lines that were entered, as the record has them.
#[must_use]
pub fn changes(spec: &Lines, doc: Option<&Doc>, entered: &Entered) -> Value {
    let own = rows(spec, doc);
    let count = sent(entered).max(own.len());
    (0..count).filter_map(|number| change(spec, own.get(number), number, entered)).collect()
}

fn row(
    spec: &Lines,
    own: Option<&Value>,
    number: usize,
    entered: &Entered,
    options: &[(String, String)],
    wrong: &[(&'static str, &str)],
) -> Markup {
    let value = |part: &str, field: &str| {
        entered.get(&name(number, part)).cloned().unwrap_or_else(|| shown(own.and_then(|own| own.get(field))))
    };
    let wrong_with = |part: &str| wrong.iter().find(|(own, _)| *own == part).map(|(_, message)| *message);
    let (item, label, item_name) = (value("item", spec.item), number + 1, name(number, "item"));
    html! {
        tr {
            td {
                label.unseen for=(item_name) { "Item of line " (label) }
                (select(&item_name, &item_name, &item, options.to_vec(), Some("–"), wrong_with("item")))
                (note(&item_name, wrong_with("item")))
            }
            @for (part, label, size, field) in [("quantity", format!("Quantity of line {label}"), 6, spec.quantity), ("price", format!("Price of line {label}"), 9, spec.price)] {
                td data-label=(part) {
                    input id=(name(number, part)) name=(name(number, part)) inputmode="decimal" size=(size) value=(value(part, field)) aria-label=(label) aria-invalid=[wrong_with(part).map(|_| "true")] aria-describedby=[wrong_with(part).map(|_| note_id(&name(number, part)))];
                    (note(&name(number, part), wrong_with(part)))
                }
            }
        }
    }
}

/// What is wrong in one row of the form, by the part of the row: the back office counts only the lines that it keeps.
fn in_row<'a>(spec: &Lines, problems: &'a Problems, places: &[usize], number: usize) -> Vec<(&'static str, &'a str)> {
    let problem = |(path, message): &'a (String, String)| {
        let (place, field) = path.strip_prefix(spec.list)?.trim_matches('/').split_once('/')?;
        let is_here = place.parse().ok().and_then(|place: usize| places.get(place)) == Some(&number);
        let part = match field {
            field if field == spec.quantity => "quantity",
            field if field == spec.price || field == spec.set_price => "price",
            _ => "item",
        };
        is_here.then_some((part, message.as_str()))
    };
    problems.iter().filter_map(problem).collect()
}

/// The form's rows that become lines of the record, in its order.
fn places(spec: &Lines, doc: Option<&Doc>, entered: &Entered) -> Vec<usize> {
    let own = rows(spec, doc);
    let is_kept = |number: &usize| {
        change(spec, own.get(*number), *number, entered).is_some_and(|line| line.get("delete").is_none())
    };
    (0..sent(entered).max(own.len())).filter(is_kept).collect()
}

fn change(spec: &Lines, own: Option<&Value>, number: usize, entered: &Entered) -> Option<Value> {
    let text = |part: &str| entered.get(&name(number, part)).map(|text| text.trim()).unwrap_or_default();
    let (item, quantity, price) = (text("item"), text("quantity"), text("price"));
    // A quantity without an item is an oversight for the back office to refuse, not a line to drop without a word.
    let is_begun = own.is_none() && !(item.is_empty() && quantity.is_empty());
    let quantity = if is_begun && quantity.is_empty() { "1" } else { quantity };
    if (item.is_empty() && !is_begun) || quantity.is_empty() || quantity == "0" {
        return own.filter(|_| spec.deletes_by_mark).map(|own| json!({"id": own["id"], "delete": true}));
    }
    let same = own.filter(|own| shown(own.get(spec.item)) == item);
    let mut line = match (same, own) {
        (Some(same), _) if !spec.deletes_by_mark => same.clone(),
        (_, Some(own)) if spec.deletes_by_mark => json!({"id": own["id"]}),
        _ => json!({}),
    };
    line[spec.item] = Value::from(item);
    line[spec.quantity] = Value::from(quantity);
    // A price that nobody touched is not sent, so that a new item brings its own.
    if !price.is_empty() && price != shown(own.and_then(|own| own.get(spec.price))) {
        line[spec.set_price] = Value::from(price);
    }
    Some(line)
}

fn rows<'a>(spec: &Lines, doc: Option<&'a Doc>) -> &'a [Value] {
    doc.and_then(|doc| doc.get(spec.list)).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// How many lines the form had.
fn sent(entered: &Entered) -> usize {
    (0..MOST).rev().find(|number| entered.contains_key(&name(*number, "item"))).map_or(0, |last| last + 1)
}

fn name(number: usize, part: &str) -> String {
    format!("line-{number}-{part}")
}
