//! One kind of record of one account, in memory, with the orders and look-ups that the vendors' APIs need.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Map, Value};

/// A JSON object, in the shape that its vendor module gives it.
pub type Doc = Map<String, Value>;

/// A record: its number in its table, when it last changed (milliseconds since 1970), and what it says.
#[derive(Debug, Clone)]
pub struct Row {
    /// Unique in its table and never used again.
    pub seq: u64,
    /// When it last changed; with `seq` the keyset of paging by modification.
    pub modified: i64,
    /// The record.
    pub doc: Doc,
}

/// The records of one kind, by number, by modification and by the values of the indexed fields.
#[derive(Debug, Default)]
pub struct Table {
    rows: BTreeMap<u64, Arc<Row>>,
    by_modified: BTreeSet<(i64, u64)>,
    indexed: &'static [&'static str],
    index: HashMap<(&'static str, String), BTreeSet<u64>>,
    last: u64,
}

impl Table {
    /// An empty table whose first record gets the number after `last`, with look-ups by the given fields (`A/B` reaches into an object).
    #[must_use]
    pub fn new(last: u64, indexed: &'static [&'static str]) -> Self {
        Self { last, indexed, ..Self::default() }
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number that the next new record gets.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.last + 1
    }

    /// The record with this number.
    #[must_use]
    pub fn get(&self, seq: u64) -> Option<&Arc<Row>> {
        self.rows.get(&seq)
    }

    /// All records by number, after one of them.
    pub fn after(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Arc<Row>> {
        self.rows.range((Bound::Excluded(seq), Bound::Unbounded)).map(|(_, row)| row)
    }

    /// All records by number.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &Arc<Row>> {
        self.rows.values()
    }

    /// The records between two keys of (modified, number), in that order.
    pub fn by_modified(
        &self,
        from: Bound<(i64, u64)>,
        to: Bound<(i64, u64)>,
    ) -> impl DoubleEndedIterator<Item = &Arc<Row>> {
        let range = if is_empty_range(&from, &to) { None } else { Some(self.by_modified.range((from, to))) };
        range.into_iter().flatten().filter_map(|(_, seq)| self.rows.get(seq))
    }

    /// The records whose indexed field has this value, in any case; `None` when the field has no index.
    #[must_use]
    pub fn find(&self, field: &str, value: &str) -> Option<Vec<Arc<Row>>> {
        let field = self.indexed.iter().find(|name| **name == field)?;
        let seqs = self.index.get(&(*field, value.trim().to_lowercase()));
        Some(seqs.into_iter().flatten().filter_map(|seq| self.rows.get(seq)).cloned().collect())
    }

    /// Adds the record or replaces the one with its number.
    pub fn put(&mut self, row: Row) {
        self.remove(row.seq);
        self.last = self.last.max(row.seq);
        self.by_modified.insert((row.modified, row.seq));
        for (field, value) in self.indexed_values(&row.doc) {
            self.index.entry((field, value)).or_default().insert(row.seq);
        }
        self.rows.insert(row.seq, Arc::new(row));
    }

    /// Takes the record out; `None` when it was not there.
    pub fn remove(&mut self, seq: u64) -> Option<Arc<Row>> {
        let old = self.rows.remove(&seq)?;
        self.by_modified.remove(&(old.modified, seq));
        for key in self.indexed_values(&old.doc) {
            if let Some(seqs) = self.index.get_mut(&key) {
                seqs.remove(&seq);
                if seqs.is_empty() {
                    self.index.remove(&key);
                }
            }
        }
        Some(old)
    }

    fn indexed_values(&self, doc: &Doc) -> Vec<(&'static str, String)> {
        let value = |field: &&'static str| match at_path(doc, field)? {
            Value::String(text) => Some((*field, text.trim().to_lowercase())),
            // A reference to another record is a number.
            Value::Number(number) => Some((*field, number.to_string())),
            _ => None,
        };
        self.indexed.iter().filter_map(value).collect()
    }
}

/// The value at `A/B/C` inside nested objects; a number is a row's position in a list (`A/0/B`).
#[must_use]
pub fn at_path<'a>(doc: &'a Doc, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('/');
    let first = doc.get(parts.next()?)?;
    parts.try_fold(first, |value, part| match value {
        Value::Array(rows) => rows.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    })
}

/// `BTreeSet::range` panics when the start lies behind the end, and the bounds come from a stranger's query.
fn is_empty_range(from: &Bound<(i64, u64)>, to: &Bound<(i64, u64)>) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(seq: u64, modified: i64, name: &str) -> Row {
        let Value::Object(doc) = json!({"a": {"name": name}}) else { unreachable!() };
        Row { seq, modified, doc }
    }

    #[test]
    fn a_replaced_record_is_found_only_by_its_new_values() {
        let mut table = Table::new(10, &["a/name"]);
        table.put(row(11, 5, "Tea"));
        table.put(row(11, 9, "Mug"));
        assert_eq!(table.find("a/name", "tea").unwrap().len(), 0);
        assert_eq!(table.find("a/name", " MUG ").unwrap().len(), 1);
        assert!(table.find("other", "x").is_none());
        let after = |from| table.by_modified(Bound::Excluded((from, 11)), Bound::Unbounded).count();
        assert_eq!((after(5), after(9)), (1, 0));
        assert_eq!(table.next_seq(), 12);
    }

    #[test]
    fn bounds_in_the_wrong_order_give_nothing_instead_of_a_panic() {
        let mut table = Table::new(0, &[]);
        table.put(row(1, 5, "Tea"));
        assert_eq!(table.by_modified(Bound::Included((9, 0)), Bound::Included((1, 0))).count(), 0);
        assert_eq!(table.by_modified(Bound::Excluded((5, 1)), Bound::Excluded((5, 1))).count(), 0);
    }
}
