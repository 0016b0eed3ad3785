//! A filter as its form shows it: rows in groups, and what the form cannot show.

use domain::filter::{Condition, Filter, Operator};
use serde::{Deserialize, Serialize};

use crate::rpc::json::from_text;

/// Rows that a form has at most; the same limit as a filter's conditions.
pub const MOST_ROWS: usize = 50;

/// A row: one condition. Group 0 is the filter itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub group: usize,
    pub field: String,
    pub operator: Operator,
    pub value: String,
}

impl Row {
    /// A new row of a group.
    #[must_use]
    pub fn blank(group: usize, field: &str) -> Self {
        Self { group, field: field.to_owned(), operator: Operator::Equals, value: String::new() }
    }
}

/// What stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// One of the parts has to hold, rather than all of them; within groups it is the other way round.
    pub any: bool,
    pub rows: Vec<Row>,
    /// Parts that are nested deeper than the form shows.
    pub kept: Vec<Filter>,
}

impl Draft {
    /// The form of a stored filter.
    #[must_use]
    pub fn of(filter: Option<&Filter>) -> Self {
        let (any, parts) = match filter {
            None => (false, &[][..]),
            Some(Filter::All(parts)) => (false, parts.as_slice()),
            Some(Filter::Any(parts)) => (true, parts.as_slice()),
            Some(one @ Filter::Is(_)) => (false, std::slice::from_ref(one)),
        };
        let mut draft = Self { any, ..Self::default() };
        let mut groups = 0;
        for part in parts {
            match (part, group_of(part, any)) {
                (Filter::Is(condition), _) => draft.rows.push(row(0, condition)),
                (_, Some(conditions)) => {
                    groups += 1;
                    draft.rows.extend(conditions.into_iter().map(|condition| row(groups, condition)));
                }
                (deeper, None) => draft.kept.push(deeper.clone()),
            }
        }
        draft.rows.sort_by_key(|row| row.group);
        draft
    }

    /// The filter that the form makes; `None` = every record passes.
    #[must_use]
    pub fn filter(&self) -> Option<Filter> {
        let is = |row: &Row| {
            let value = if row.operator.needs_value() { row.value.trim().to_owned() } else { String::new() };
            Filter::Is(Condition { field: row.field.clone(), operator: row.operator, value })
        };
        let mut parts: Vec<Filter> = self.rows.iter().filter(|row| row.group == 0).map(is).collect();
        for group in self.groups() {
            let conditions = self.rows.iter().filter(|row| row.group == group).map(is).collect();
            parts.push(if self.any { Filter::All(conditions) } else { Filter::Any(conditions) });
        }
        parts.extend(self.kept.iter().cloned());
        (!parts.is_empty()).then_some(if self.any { Filter::Any(parts) } else { Filter::All(parts) })
    }

    /// Whether a row still lacks its value.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.rows.iter().any(|row| row.operator.needs_value() && row.value.trim().is_empty())
    }

    /// The groups that have rows, without the filter itself.
    #[must_use]
    pub fn groups(&self) -> Vec<usize> {
        let mut groups: Vec<usize> = self.rows.iter().map(|row| row.group).filter(|group| *group > 0).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The number of a row's condition in reading order, as [`domain::filter::check`] counts.
    #[must_use]
    pub fn place(&self, index: usize) -> usize {
        let Some(row) = self.rows.get(index) else { return 0 };
        let before = self.rows.iter().enumerate().filter(|(other, r)| (r.group, *other) < (row.group, index));
        before.count() + 1
    }

    /// What a form without JavaScript has sent to the page's own address, with what its button asked for done to it;
    /// `None` when the address carries no form.
    #[must_use]
    pub fn from_query(get: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let mut draft = Self { any: get("form[match]")? == "any", ..Self::default() };
        let asked = get("do").unwrap_or_default();
        let (verb, number) = asked.split_once(':').unwrap_or_default();
        let number: usize = number.parse().unwrap_or(usize::MAX);
        for index in 0..MOST_ROWS {
            let part = |name: &str| get(&format!("form[rows][{index}][{name}]"));
            let Some(field) = part("field") else { continue };
            if verb == "remove" && index == number {
                continue;
            }
            let group = part("group").and_then(|group| group.parse().ok()).unwrap_or(0);
            let operator = part("operator").and_then(|text| text.parse().ok()).unwrap_or(Operator::Equals);
            draft.rows.push(Row { group, field, operator, value: part("value").unwrap_or_default() });
        }
        for index in 0..MOST_ROWS {
            if let Some(kept) = get(&format!("form[kept][{index}]")).filter(|_| verb != "drop" || index != number) {
                draft.kept.extend(from_text::<Filter>(&kept).ok());
            }
        }
        let field = get("first").unwrap_or_default();
        match verb {
            "add" if draft.rows.len() < MOST_ROWS => draft.rows.push(Row::blank(number.min(MOST_ROWS), &field)),
            "group" if draft.rows.len() < MOST_ROWS => draft.rows.push(Row::blank(draft.next_group(), &field)),
            _ => {}
        }
        draft.rows.sort_by_key(|row| row.group);
        Some(draft)
    }

    /// A number for a new group.
    #[must_use]
    pub fn next_group(&self) -> usize {
        self.groups().last().map_or(1, |last| last + 1)
    }
}

/// What is said of a form that somebody has changed on its way.
#[cfg(feature = "ssr")]
pub fn incomplete() -> crate::error::AppError {
    let message = "The form was not complete. Reload the page and try again.".to_owned();
    crate::error::AppError::Invalid { field: String::new(), message }
}

const fn condition_of(part: &Filter) -> Option<&Condition> {
    match part {
        Filter::Is(condition) => Some(condition),
        _ => None,
    }
}

/// The conditions of a group that the form can show: of the other kind than the filter itself, without groups of its own.
fn group_of(part: &Filter, any: bool) -> Option<Vec<&Condition>> {
    let parts = match part {
        Filter::All(parts) if any => parts,
        Filter::Any(parts) if !any => parts,
        _ => return None,
    };
    let conditions: Option<Vec<&Condition>> = parts.iter().map(condition_of).collect();
    conditions.filter(|conditions| !conditions.is_empty())
}

fn row(group: usize, condition: &Condition) -> Row {
    let Condition { field, operator, value } = condition.clone();
    Row { group, field, operator, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(field: &str) -> Filter {
        Filter::Is(Condition { field: field.into(), operator: Operator::Equals, value: "x".into() })
    }

    #[test]
    fn a_filter_comes_back_from_its_form_as_it_was() {
        let deep = Filter::All(vec![Filter::Any(vec![is("d"), Filter::All(vec![is("e")])])]);
        let filter = Filter::All(vec![is("a"), Filter::Any(vec![is("b"), is("c")]), deep]);
        let draft = Draft::of(Some(&filter));
        assert_eq!((draft.rows.len(), draft.kept.len()), (3, 1));
        assert_eq!(draft.filter(), Some(filter));
        assert_eq!(Draft::of(None).filter(), None);
        let places: Vec<usize> = (0..3).map(|index| draft.place(index)).collect();
        assert_eq!(places, [1, 2, 3]);
    }

    #[test]
    fn rows_come_and_go_without_javascript() {
        let sent = |asked: &'static str| {
            move |name: &str| {
                let value = match name {
                    "form[match]" => "all",
                    "do" => asked,
                    "first" => "sku",
                    "form[rows][0][field]" => "title",
                    "form[rows][0][value]" => "tea",
                    "form[rows][1][field]" => "sku",
                    _ => return None,
                };
                Some(value.to_owned())
            }
        };
        let added = Draft::from_query(sent("group:")).unwrap();
        assert_eq!((added.rows.len(), added.rows[2].group), (3, 1));
        let removed = Draft::from_query(sent("remove:0")).unwrap();
        assert_eq!((removed.rows.len(), removed.rows[0].field.as_str()), (1, "sku"));
        assert_eq!(Draft::from_query(|_| None), None);
    }
}
