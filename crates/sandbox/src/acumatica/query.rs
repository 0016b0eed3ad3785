//! The parameters of a request, and the records that a filter finds.

use std::ops::Bound;
use std::sync::Arc;

use crate::table::{Row, Table};

use super::entities::Entity;
use super::filter::{Comparison, Filter, Literal};
use super::render::View;

/// The parameters that the guide lists; another one that begins with `$` is refused, so that nobody relies on it.
#[derive(Debug, Default)]
pub struct Parameters {
    /// `$filter`.
    pub filter: Option<Filter>,
    /// `$expand` and `$select`.
    pub view: View,
    /// `$top`.
    pub top: Option<usize>,
    /// `$skip`.
    pub skip: usize,
}

impl Parameters {
    /// Reads the parameters of a request for an entity; the error says what is wrong.
    pub fn parse(entity: &'static Entity, pairs: &[(String, String)]) -> Result<Self, String> {
        let mut parameters = Self::default();
        let (mut expand, mut select) = (None, None);
        for (name, value) in pairs {
            match name.as_str() {
                "$filter" => parameters.filter = Some(Filter::parse(value, entity)?),
                "$expand" => expand = Some(value.as_str()),
                "$select" => select = Some(value.as_str()),
                "$top" => parameters.top = Some(number(name, value)?),
                "$skip" => parameters.skip = number(name, value)?,
                "$custom" => {}
                other if other.starts_with('$') => return Err(format!("The parameter {other} is not supported.")),
                _ => {}
            }
        }
        parameters.view = View::new(entity, expand, select)?;
        Ok(parameters)
    }
}

/// The records that fulfil a filter, in the order in which they were made. An equation on an indexed field or a lower bound on the last change
/// narrows what is looked at.
#[must_use]
pub fn find(table: &Table, entity: &'static Entity, filter: Option<&Filter>) -> Vec<Arc<Row>> {
    let Some(filter) = filter else { return table.rows().cloned().collect() };
    let mut rows: Vec<Arc<Row>> = match candidates(table, entity, filter) {
        Some(candidates) => candidates.into_iter().filter(|row| filter.matches(&row.doc)).collect(),
        None => table.rows().filter(|row| filter.matches(&row.doc)).cloned().collect(),
    };
    rows.sort_by_key(|row| row.seq);
    rows
}

fn candidates(table: &Table, entity: &'static Entity, filter: &Filter) -> Option<Vec<Arc<Row>>> {
    let conjuncts = filter.conjuncts();
    let by_value = conjuncts.iter().find_map(|condition| match condition {
        Filter::Compare(path, Comparison::Equal, Literal::Text(text)) => table.find(path, text),
        _ => None,
    });
    by_value.or_else(|| {
        let since = conjuncts.iter().find_map(|condition| match condition {
            Filter::Compare(path, Comparison::Greater | Comparison::GreaterOrEqual, Literal::Time(at))
                if path == entity.modified =>
            {
                Some(*at)
            }
            _ => None,
        })?;
        Some(table.by_modified(Bound::Included((since, 0)), Bound::Unbounded).cloned().collect())
    })
}

fn number(name: &str, value: &str) -> Result<usize, String> {
    value.trim().parse().map_err(|_| format!("The value of {name} must be a number."))
}
