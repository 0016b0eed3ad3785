//! Connections: their arguments, cursors, parts and cost.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clock::{parse_millis, seconds_text};

use super::compile::{Compiler, Merged};
use super::schema::Type;
use super::selection::{Connection, Edge, Field, Info, Page, Part};

/// The longest page, as documented.
pub const LONGEST_PAGE: usize = 250;

/// A connection to objects inside a record.
pub fn items<'a>(
    compiler: &mut Compiler<'a>,
    name: &'static str,
    ty: &'static Type,
    merged: &Merged<'a>,
) -> Option<(Field, u64)> {
    compiler.allow(merged, &["first", "after", "namespace"]);
    let mut page = page(compiler, merged)?;
    page.namespace = compiler.argument(merged, "namespace").as_str().map(str::to_owned);
    let (connection, cost) = parts(compiler, ty, merged);
    let cost = total(&page, cost);
    Some((Field::Items(name, page, connection), cost))
}

/// A connection to a table.
pub fn table<'a>(
    compiler: &mut Compiler<'a>,
    ty: &'static Type,
    table: &'static str,
    merged: &Merged<'a>,
) -> Option<(Field, u64)> {
    compiler.allow(merged, &["first", "after", "query", "sortKey", "reverse"]);
    let mut page = page(compiler, merged)?;
    let search = compiler.search(merged)?;
    page.reverse = compiler.argument(merged, "reverse") == Value::Bool(true);
    page.by_updated = match compiler.argument(merged, "sortKey") {
        Value::String(key) if key == "UPDATED_AT" => true,
        Value::Null => false,
        Value::String(key) if key == "ID" => false,
        other => {
            compiler.error(
                merged.pos,
                &format!("The sandbox sorts by UPDATED_AT and ID, not {other}"),
                json!({"code": "argumentLiteralsIncompatible"}),
            );
            return None;
        }
    };
    let (connection, cost) = parts(compiler, ty, merged);
    let cost = total(&page, cost);
    Some((Field::Many(table, page, search, connection), cost))
}

/// How much the number of nodes counts.
#[must_use]
pub fn size(nodes: u64) -> u64 {
    if nodes <= 10 { nodes } else { 10 + (nodes - 10).div_ceil(10) }
}

/// The cursor of a record: opaque to clients, with the key of the order that it was listed in.
#[must_use]
pub fn cursor(key: i64, number: u64, page: &Page) -> String {
    let text = if page.by_updated {
        json!({"last_id": number, "last_value": seconds_text(key)})
    } else {
        json!({"last_id": number})
    };
    STANDARD.encode(text.to_string())
}

fn read_cursor(text: &str) -> Option<(i64, u64)> {
    let value: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    let key = value["last_value"].as_str().map_or(Some(0), parse_millis)?;
    Some((key, value["last_id"].as_u64()?))
}

fn total(page: &Page, cost: u64) -> u64 {
    let first = u64::try_from(page.first).unwrap_or(u64::MAX);
    2 + size(first).saturating_mul(cost + 1)
}

fn page<'a>(compiler: &mut Compiler<'a>, merged: &Merged<'a>) -> Option<Page> {
    let first = compiler.argument(merged, "first").as_u64().and_then(|first| usize::try_from(first).ok());
    let Some(first) = first.filter(|first| (1..=LONGEST_PAGE).contains(first)) else {
        let message = format!("you must provide `first` between 1 and {LONGEST_PAGE} on '{}'", merged.field.name.node);
        compiler.error(merged.pos, &message, json!({"code": "BAD_REQUEST"}));
        return None;
    };
    let after = match compiler.argument(merged, "after") {
        Value::String(text) => match read_cursor(&text) {
            Some(after) => Some(after),
            None => {
                compiler.error(
                    merged.pos,
                    "Invalid cursor for current pagination sort.",
                    json!({"code": "BAD_REQUEST"}),
                );
                return None;
            }
        },
        _ => None,
    };
    Some(Page { first, after, ..Page::default() })
}

fn parts<'a>(compiler: &mut Compiler<'a>, ty: &'static Type, merged: &Merged<'a>) -> (Connection, u64) {
    let mut connection = Connection { name: ty.name, items: Vec::new() };
    let mut cost = 0;
    for part in compiler.merge(None, &merged.below) {
        let built = match part.field.name.node.as_str() {
            "__typename" => Part::Typename,
            "nodes" => {
                let (selection, own) = compiler.object(ty, &part.below);
                cost += own;
                Part::Nodes(selection)
            }
            "edges" => {
                let (edges, own) = edges(compiler, ty, &part);
                cost += own;
                Part::Edges(edges)
            }
            "pageInfo" => Part::PageInfo(page_info(compiler, &part)),
            _ => {
                compiler.undefined(&part, &format!("{}Connection", ty.name));
                continue;
            }
        };
        connection.items.push((part.key, built));
    }
    (connection, cost)
}

fn edges<'a>(compiler: &mut Compiler<'a>, ty: &'static Type, merged: &Merged<'a>) -> (Vec<(String, Edge)>, u64) {
    let (mut edges, mut cost) = (Vec::new(), 0);
    for part in compiler.merge(None, &merged.below) {
        let built = match part.field.name.node.as_str() {
            "__typename" => Edge::Typename,
            "cursor" => Edge::Cursor,
            "node" => {
                let (selection, own) = compiler.object(ty, &part.below);
                cost += own;
                Edge::Node(selection)
            }
            _ => {
                compiler.undefined(&part, &format!("{}Edge", ty.name));
                continue;
            }
        };
        edges.push((part.key, built));
    }
    (edges, cost)
}

fn page_info<'a>(compiler: &mut Compiler<'a>, merged: &Merged<'a>) -> Vec<(String, Info)> {
    let mut fields = Vec::new();
    for part in compiler.merge(None, &merged.below) {
        let info = match part.field.name.node.as_str() {
            "__typename" => Info::Typename,
            "hasNextPage" => Info::HasNext,
            "hasPreviousPage" => Info::HasPrevious,
            "startCursor" => Info::Start,
            "endCursor" => Info::End,
            _ => {
                compiler.undefined(&part, "PageInfo");
                continue;
            }
        };
        fields.push((part.key, info));
    }
    fields
}
