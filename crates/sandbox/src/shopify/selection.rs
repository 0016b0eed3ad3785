//! A checked query, ready to run: every name is known, every argument read, every fragment merged in.

use serde_json::Value;

use super::schema::Type;
use super::search::Search;

/// The fields that were asked for on one object, by their keys in the answer.
#[derive(Debug, Default)]
pub struct Selection {
    /// Key in the answer and what goes there.
    pub items: Vec<(String, Field)>,
}

/// What was asked for under one key.
#[derive(Debug)]
pub enum Field {
    /// `__typename`.
    Typename(&'static str),
    /// A value of the record.
    Scalar(&'static str),
    /// The global id.
    Gid(&'static str),
    /// The number as text.
    Number,
    /// An amount of the record.
    Money(&'static str, Selection),
    /// An object of the record.
    Object(&'static str, Selection),
    /// Another record: the field with its number, its table.
    Ref(&'static str, &'static str, Selection),
    /// The variant of a line.
    Variant(Selection),
    /// Objects of the record, as a connection.
    Items(&'static str, Page, Connection),
    /// A list of objects of the record.
    List(&'static str, Selection),
    /// Records of another table that name this one as their order, at most so many.
    Related(&'static str, u64, Selection),
    /// A metafield by namespace and key.
    Metafield(String, String, Selection),
    /// The order's line that a fulfilment's line is of.
    Line(Selection),
    /// Another face of the same record, if it is here.
    Same(bool, Selection),
    /// The only location, if it is meant.
    Location(bool, Selection),
    /// The app that asks.
    Installation(Selection),
    /// A type of the schema, by name.
    TypeInfo(String, Selection),
    /// A record by another identifier than its id.
    Identified(&'static str, Value, Selection),
    /// The shop.
    Shop(Selection),
    /// One record: its table and number (none when the id is of another type).
    One(&'static str, Option<u64>, Selection),
    /// A table, as a connection.
    Many(&'static str, Page, Search, Connection),
    /// The size of a table.
    Count(&'static str, Search, Selection),
    /// Records of any type: ids as table and number, and what to show of each type's table.
    Nodes(Vec<Option<(&'static str, u64)>>, Vec<(&'static str, Selection)>),
    /// One record of any type.
    Node(Option<(&'static str, u64)>, Vec<(&'static str, Selection)>),
}

/// The arguments of a connection.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// At most this many.
    pub first: usize,
    /// After this key: (sort value, number).
    pub after: Option<(i64, u64)>,
    /// By last change instead of by number.
    pub by_updated: bool,
    /// From the end.
    pub reverse: bool,
    /// Only those of this namespace (metafields).
    pub namespace: Option<String>,
}

/// What was asked for on a connection.
#[derive(Debug, Default)]
pub struct Connection {
    /// The type of its nodes.
    pub name: &'static str,
    /// Key in the answer and what goes there.
    pub items: Vec<(String, Part)>,
}

/// A part of a connection.
#[derive(Debug)]
pub enum Part {
    /// `__typename`.
    Typename,
    /// The nodes.
    Nodes(Selection),
    /// The edges.
    Edges(Vec<(String, Edge)>),
    /// `pageInfo`.
    PageInfo(Vec<(String, Info)>),
}

/// A part of an edge.
#[derive(Debug)]
pub enum Edge {
    /// `__typename`.
    Typename,
    /// The cursor.
    Cursor,
    /// The node.
    Node(Selection),
}

/// A field of `pageInfo`.
#[derive(Debug, Clone, Copy)]
pub enum Info {
    /// `__typename`.
    Typename,
    /// Whether there is more after this page.
    HasNext,
    /// Whether there is something before this page.
    HasPrevious,
    /// The first cursor.
    Start,
    /// The last cursor.
    End,
}

/// The global id of a record of this type.
#[must_use]
pub fn gid(name: &str, number: u64) -> String {
    format!("gid://shopify/{name}/{number}")
}

/// Reads a global id into the type's name and the number.
#[must_use]
pub fn parse_gid(id: &str) -> Option<(&str, u64)> {
    let (name, number) = id.strip_prefix("gid://shopify/")?.split_once('/')?;
    Some((name, number.parse().ok()?))
}

/// Whether a fragment's type condition holds for a type.
#[must_use]
pub fn applies(condition: &str, ty: &Type) -> bool {
    condition == ty.name || condition == "Node" || condition == "LegacyInteroperability" || condition == "HasEvents"
}
