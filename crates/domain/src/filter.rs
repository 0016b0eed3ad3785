//! A sync's filter: which records are synchronised, as a tree of conditions on the canonical record's fields.
//!
//! ```
//! use domain::canonical::{Canonical, Product};
//! use domain::filter::{Condition, Filter, Operator};
//!
//! let filter = Filter::Is(Condition { field: "sku".into(), operator: Operator::StartsWith, value: "tea-".into() });
//! assert!(filter.matches(&Canonical::Product(Product { sku: "TEA-7".into(), ..Product::default() })));
//! ```

mod check;
mod compare;
mod fields;

pub use check::{MAX_CONDITIONS, MAX_DEPTH, MAX_VALUE, Problem, check};
pub use fields::{FieldKind, FilterField, fields};

use serde::{Deserialize, Serialize};

use crate::canonical::Canonical;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Every one of them holds; an empty list holds.
    All(Vec<Filter>),
    /// At least one of them holds; an empty list does not.
    Any(Vec<Filter>),
    Is(Condition),
}

/// A comparison of one field with a value that a person typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// By its path in the canonical record (`total`, `ship_to.country`, `lines.title`); a path into a list holds when it holds for any of its rows.
    pub field: String,
    pub operator: Operator,
    /// As text, in the field's own format: a date is `2026-11-21`, an amount `120.00`. Empty for the operators that need none.
    pub value: String,
}

crate::text_enum! {
    /// How a field is compared.
    Operator {
        Equals = "equals", "is";
        Differs = "differs", "is not";
        Contains = "contains", "contains";
        StartsWith = "starts_with", "starts with";
        Less = "less", "is less than";
        More = "more", "is more than";
        Empty = "empty", "is empty";
        Filled = "filled", "is not empty";
    }
}

impl Operator {
    /// Whether it compares with a value; the others ask only whether there is one.
    #[must_use]
    pub const fn needs_value(self) -> bool {
        !matches!(self, Self::Empty | Self::Filled)
    }
}

impl Filter {
    /// Whether a record passes. A condition that cannot be evaluated (a field of another entity, a value that is no date)
    /// does not hold; [`check`] refuses such filters before they are stored.
    #[must_use]
    pub fn matches(&self, record: &Canonical) -> bool {
        match self {
            Self::All(all) => all.iter().all(|filter| filter.matches(record)),
            Self::Any(any) => any.iter().any(|filter| filter.matches(record)),
            Self::Is(condition) => condition.holds(record),
        }
    }
}

impl Condition {
    fn holds(&self, record: &Canonical) -> bool {
        let Some(field) = fields::find(record.entity(), &self.field) else { return false };
        let rows = fields::held(record, field.path);
        // A list without rows is empty, and nothing else can be said of it.
        if rows.is_empty() {
            return self.operator == Operator::Empty;
        }
        rows.into_iter().any(|held| compare::holds(held, self.operator, &self.value))
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.field, self.operator.label())?;
        if self.operator.needs_value() { write!(f, " {}", self.value) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
