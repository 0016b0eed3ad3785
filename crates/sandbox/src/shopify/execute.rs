//! Runs a checked query against a shop's records and counts what it really cost.

use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::table::{Doc, Row, Table};
use crate::world::World;

use super::connection::{cursor, size};
use super::drift::Drift;
use super::records;
use super::schema::DESCRIBED;
use super::search::Search;
use super::selection::{Connection, Edge, Field, Info, Page, Part, Selection, gid};
use super::shop::PRODUCTS;

/// The answer's `data` and its `actualQueryCost`.
pub fn execute(run: Run<'_>, selection: &Selection) -> (Value, u64) {
    let (data, cost) = run.object(&Doc::new(), selection);
    (data, cost.max(1))
}

/// What is selected of something that a mutation made.
pub fn select(run: Run<'_>, doc: &Doc, selection: &Selection) -> Value {
    run.object(doc, selection).0
}

/// Where a query runs.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The records.
    pub world: &'a World,
    /// The shop's name.
    pub shop: &'a str,
    /// How its schema differs.
    pub drift: &'a Drift,
}

/// One page of a connection: its nodes with their keys, and whether there is more on either side.
struct Slice<T> {
    nodes: Vec<(i64, u64, T)>,
    more: bool,
    before: bool,
}

impl Run<'_> {
    fn object(&self, doc: &Doc, selection: &Selection) -> (Value, u64) {
        let (mut object, mut cost) = (Map::new(), 0);
        for (key, field) in &selection.items {
            let (value, own) = self.field(doc, field);
            cost += own;
            object.insert(key.clone(), value);
        }
        (Value::Object(object), cost)
    }

    fn field(&self, doc: &Doc, field: &Field) -> (Value, u64) {
        match field {
            Field::Typename(name) => (Value::from(*name), 0),
            Field::Scalar(name) => (doc.get(*name).cloned().unwrap_or_default(), 0),
            Field::Gid(name) => (id_of(name, doc), 0),
            Field::Number => (doc.get("id").map_or(Value::Null, |id| Value::from(id.to_string())), 0),
            Field::Money(name, selection) => (self.money(doc, name, selection), 0),
            Field::Object(name, selection) => match doc.get(*name) {
                Some(Value::Object(object)) => (self.object(object, selection).0, 0),
                _ => (Value::Null, 0),
            },
            Field::Ref(name, table, selection) => self.record(table, doc.get(*name).and_then(Value::as_u64), selection),
            Field::Variant(selection) => self.variant(doc, selection),
            Field::Items(name, page, connection) => self.items(doc, name, page, connection),
            Field::List(name, selection) => {
                let rows: &[Value] = doc.get(*name).and_then(Value::as_array).map_or(&[], Vec::as_slice);
                let rows = rows.iter().filter_map(Value::as_object);
                (rows.map(|row| self.object(row, selection).0).collect(), 0)
            }
            Field::Related(table, most, selection) => self.related(doc, table, *most, selection),
            Field::Metafield(namespace, key, selection) => {
                let found = records::metafield(doc, namespace, key).and_then(Value::as_object);
                found.map_or((Value::Null, 0), |found| (self.object(found, selection).0, 1))
            }
            Field::Line(selection) => match records::line_of(self.world, doc) {
                Some(line) => {
                    let (value, cost) = self.object(&line, selection);
                    (value, cost + 1)
                }
                None => (Value::Null, 0),
            },
            Field::Same(here, selection) if *here => {
                let (value, cost) = self.object(doc, selection);
                (value, cost + 1)
            }
            Field::Location(here, selection) if *here => {
                let (value, cost) = self.object(&records::location(), selection);
                (value, cost + 1)
            }
            Field::Same(..) | Field::Location(..) => (Value::Null, 0),
            Field::Installation(selection) => (self.object(&records::installation(self.world), selection).0, 1),
            Field::TypeInfo(name, selection) => {
                let ty = DESCRIBED.into_iter().find(|ty| ty.name == name);
                let described = ty.map(|ty| self.drift.describe(ty));
                let described = described.as_ref().and_then(Value::as_object);
                (described.map_or(Value::Null, |described| self.object(described, selection).0), 1)
            }
            Field::Identified(table, identifier, selection) => {
                self.record(table, records::identified(self.world, table, identifier), selection)
            }
            Field::Shop(selection) => {
                let (value, cost) = self.object(&records::shop(self.shop), selection);
                (value, cost + 1)
            }
            Field::One(table, number, selection) => self.record(table, *number, selection),
            Field::Many(table, page, search, connection) => {
                let slice = list(self.world.table(table), page, search);
                self.connection(&slice, page, connection, |row| &row.doc)
            }
            Field::Count(table, search, selection) => (self.count(table, search, selection), 1),
            Field::Node(target, selections) => self.node(*target, selections),
            Field::Nodes(targets, selections) => {
                let (nodes, costs): (Vec<Value>, Vec<u64>) =
                    targets.iter().map(|target| self.node(*target, selections)).unzip();
                (Value::Array(nodes), scaled(costs.iter().sum(), costs.len()))
            }
        }
    }

    fn record(&self, table: &str, number: Option<u64>, selection: &Selection) -> (Value, u64) {
        let Some(row) = number.and_then(|number| self.world.table(table).get(number)) else { return (Value::Null, 0) };
        let (value, cost) = self.object(&row.doc, selection);
        (value, cost + 1)
    }

    fn related(&self, doc: &Doc, table: &str, most: u64, selection: &Selection) -> (Value, u64) {
        let rows = records::of_order(self.world, table, doc.get("id").and_then(Value::as_u64));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (values, costs): (Vec<Value>, Vec<u64>) =
            rows.iter().take(most).map(|row| self.object(&row.doc, selection)).unzip();
        let count = values.len();
        (Value::Array(values), scaled(costs.iter().sum::<u64>() + u64::try_from(count).unwrap_or_default(), count))
    }

    fn node(&self, target: Option<(&'static str, u64)>, selections: &[(&'static str, Selection)]) -> (Value, u64) {
        let Some((table, number)) = target else { return (Value::Null, 0) };
        let selection = selections.iter().find(|(of, _)| *of == table);
        selection.map_or((Value::Null, 0), |(_, selection)| self.record(table, Some(number), selection))
    }

    fn money(&self, doc: &Doc, name: &str, selection: &Selection) -> Value {
        let Some(amount) = doc.get(name).and_then(Value::as_str) else { return Value::Null };
        let currency = doc.get("currencyCode").and_then(Value::as_str).unwrap_or(records::CURRENCY);
        let money = json!({"amount": amount, "currencyCode": currency});
        let bag = Doc::from_iter([("shopMoney".to_owned(), money.clone()), ("presentmentMoney".to_owned(), money)]);
        self.object(&bag, selection).0
    }

    fn variant(&self, line: &Doc, selection: &Selection) -> (Value, u64) {
        let find = || {
            let product = self.world.table(PRODUCTS).get(line.get("product")?.as_u64()?)?;
            let wanted = line.get("variant")?;
            product
                .doc
                .get("variants")?
                .as_array()?
                .iter()
                .find(|variant| variant.get("id") == Some(wanted))?
                .as_object()
        };
        let Some(variant) = find() else { return (Value::Null, 0) };
        let (value, cost) = self.object(variant, selection);
        (value, cost + 1)
    }

    fn count(&self, table: &str, search: &Search, selection: &Selection) -> Value {
        let table = self.world.table(table);
        let count = if search.is_all() { table.len() } else { table.rows().filter(|row| search.matches(row)).count() };
        let doc =
            Doc::from_iter([("count".to_owned(), Value::from(count)), ("precision".to_owned(), Value::from("EXACT"))]);
        self.object(&doc, selection).0
    }

    fn items(&self, doc: &Doc, name: &str, page: &Page, connection: &Connection) -> (Value, u64) {
        let computed = records::computed(self.world, doc, name);
        let own = doc.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let all = computed.as_deref().unwrap_or(own);
        let after = page.after.map_or(0, |(_, number)| number);
        let is_in = |object: &&Doc| {
            page.namespace.as_ref().is_none_or(|of| object.get("namespace").and_then(Value::as_str) == Some(of))
        };
        let objects = all.iter().filter_map(Value::as_object).filter(is_in);
        let numbered = objects.map(|object| (0, object.get("id").and_then(Value::as_u64).unwrap_or_default(), object));
        let mut nodes: Vec<_> = numbered.filter(|(_, number, _)| *number > after).take(page.first + 1).collect();
        let more = nodes.len() > page.first;
        nodes.truncate(page.first);
        self.connection(&Slice { nodes, more, before: after > 0 }, page, connection, |object| object)
    }

    fn connection<T>(
        &self,
        slice: &Slice<T>,
        page: &Page,
        connection: &Connection,
        doc: impl Fn(&T) -> &Doc,
    ) -> (Value, u64) {
        let (mut object, mut below) = (Map::new(), 0);
        for (key, part) in &connection.items {
            let value = match part {
                Part::Typename => Value::from(format!("{}Connection", connection.name)),
                Part::Nodes(selection) => {
                    let (nodes, costs): (Vec<Value>, Vec<u64>) =
                        slice.nodes.iter().map(|(_, _, node)| self.object(doc(node), selection)).unzip();
                    below += costs.iter().sum::<u64>();
                    Value::Array(nodes)
                }
                Part::Edges(parts) => {
                    let edge = |(key, number, node): &(i64, u64, T)| {
                        self.edge(parts, connection.name, &cursor(*key, *number, page), doc(node))
                    };
                    let (edges, costs): (Vec<Value>, Vec<u64>) = slice.nodes.iter().map(edge).unzip();
                    below += costs.iter().sum::<u64>();
                    Value::Array(edges)
                }
                Part::PageInfo(fields) => page_info(fields, slice, page),
            };
            object.insert(key.clone(), value);
        }
        let count = slice.nodes.len();
        let own = below + u64::try_from(count).unwrap_or(u64::MAX);
        (Value::Object(object), 2 + scaled(own, count))
    }

    fn edge(&self, parts: &[(String, Edge)], name: &str, cursor: &str, doc: &Doc) -> (Value, u64) {
        let (mut object, mut cost) = (Map::new(), 0);
        for (key, part) in parts {
            let value = match part {
                Edge::Typename => Value::from(format!("{name}Edge")),
                Edge::Cursor => Value::from(cursor),
                Edge::Node(selection) => {
                    let (value, own) = self.object(doc, selection);
                    cost += own;
                    value
                }
            };
            object.insert(key.clone(), value);
        }
        (Value::Object(object), cost)
    }
}

/// One page of a table. The key of a page's end is a position, not a record, so that paging goes on even when that record changes meanwhile.
fn list(table: &Table, page: &Page, search: &Search) -> Slice<Arc<Row>> {
    let keep = |row: &&Arc<Row>| search.matches(row);
    let wanted = page.first + 1;
    let mut rows: Vec<Arc<Row>> = match (page.by_updated, page.reverse) {
        (true, false) => {
            let from = search.updated_from().map_or(Bound::Unbounded, |at| Bound::Included((at, 0)));
            let from = page.after.map_or(from, |after| from_later(from, after));
            table.by_modified(from, Bound::Unbounded).filter(keep).take(wanted).cloned().collect()
        }
        (true, true) => {
            let to = page.after.map_or(Bound::Unbounded, Bound::Excluded);
            table.by_modified(Bound::Unbounded, to).rev().filter(keep).take(wanted).cloned().collect()
        }
        (false, false) => {
            table.after(page.after.map_or(0, |(_, number)| number)).filter(keep).take(wanted).cloned().collect()
        }
        (false, true) => {
            let below = page.after.map_or(u64::MAX, |(_, number)| number);
            table.rows().rev().skip_while(|row| row.seq >= below).filter(keep).take(wanted).cloned().collect()
        }
    };
    let more = rows.len() > page.first;
    rows.truncate(page.first);
    Slice {
        nodes: rows.into_iter().map(|row| (row.modified, row.seq, row)).collect(),
        more,
        before: page.after.is_some(),
    }
}

fn from_later(from: Bound<(i64, u64)>, after: (i64, u64)) -> Bound<(i64, u64)> {
    match from {
        Bound::Included(start) if start > after => from,
        _ => Bound::Excluded(after),
    }
}

fn page_info<T>(fields: &[(String, Info)], slice: &Slice<T>, page: &Page) -> Value {
    let at = |node: Option<&(i64, u64, T)>| {
        node.map_or(Value::Null, |(key, number, _)| Value::from(cursor(*key, *number, page)))
    };
    let field = |info: &Info| match info {
        Info::Typename => Value::from("PageInfo"),
        Info::HasNext => Value::from(slice.more),
        Info::HasPrevious => Value::from(slice.before),
        Info::Start => at(slice.nodes.first()),
        Info::End => at(slice.nodes.last()),
    };
    Value::Object(fields.iter().map(|(key, info)| (key.clone(), field(info))).collect())
}

/// The cost of `count` nodes together, by the same discount for long pages as the requested cost.
fn scaled(cost: u64, count: usize) -> u64 {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    if count <= 10 { cost } else { (cost * size(count)).div_ceil(count) }
}

fn id_of(name: &str, doc: &Doc) -> Value {
    doc.get("id").and_then(Value::as_u64).map_or(Value::Null, |number| Value::from(gid(name, number)))
}
