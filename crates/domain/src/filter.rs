//! A sync's filter: which records are synchronised, as a tree of conditions on the canonical record's fields.

use serde::{Deserialize, Serialize};

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
