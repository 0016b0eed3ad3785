//! Whether a filter that a person made can be used.

use super::fields::find;
use super::{Condition, Filter, compare};
use crate::Entity;

/// Groups within groups, the outermost included.
pub const MAX_DEPTH: usize = 5;
pub const MAX_CONDITIONS: usize = 50;
/// Characters of a value.
pub const MAX_VALUE: usize = 200;

/// Why a filter cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// The condition, counted from 1 in reading order; `None` when it is the tree as a whole.
    pub condition: Option<usize>,
    /// A sentence that names the condition and says what to do.
    pub message: String,
}

/// Checks a filter for an entity.
///
/// # Errors
/// The first problem in reading order.
pub fn check(filter: &Filter, entity: Entity) -> Result<(), Problem> {
    check_node(filter, entity, 1, &mut 0, &mut 0)
}

fn check_node(
    filter: &Filter,
    entity: Entity,
    depth: usize,
    seen: &mut usize,
    groups: &mut usize,
) -> Result<(), Problem> {
    let whole = |message: String| Err(Problem { condition: None, message });
    match filter {
        Filter::All(parts) | Filter::Any(parts) => {
            if depth > MAX_DEPTH {
                return whole(format!(
                    "The filter has groups within groups more than {MAX_DEPTH} deep. Make it flatter."
                ));
            }
            if matches!(filter, Filter::Any(any) if any.is_empty()) {
                return whole(
                    "A group of which one has to hold is empty, so nothing would pass. Add a condition.".into(),
                );
            }
            *groups += 1;
            if *groups > MAX_CONDITIONS {
                return whole(format!("The filter has more than {MAX_CONDITIONS} groups. Take some out."));
            }
            parts.iter().try_for_each(|part| check_node(part, entity, depth + 1, seen, groups))
        }
        Filter::Is(condition) => {
            *seen += 1;
            if *seen > MAX_CONDITIONS {
                return whole(format!("The filter has more than {MAX_CONDITIONS} conditions. Take some out."));
            }
            check_condition(condition, entity)
                .map_err(|why| Problem { condition: Some(*seen), message: format!("Condition {seen}: {why}") })
        }
    }
}

fn check_condition(condition: &Condition, entity: Entity) -> Result<(), String> {
    let entities = entity.label().to_lowercase();
    let Some(field) = find(entity, &condition.field) else {
        return Err(format!("{entities} have no field “{}”. Choose one of the list.", condition.field));
    };
    let (operator, label) = (condition.operator, field.label);
    if !field.kind.operators().contains(&operator) {
        return Err(format!("“{label}” cannot be compared by “{}”. Choose another comparison.", operator.label()));
    }
    if !operator.needs_value() {
        return Ok(());
    }
    if condition.value.chars().count() > MAX_VALUE {
        return Err(format!("the value for “{label}” is longer than {MAX_VALUE} characters. Shorten it."));
    }
    if compare::can_be_read(field.kind, &condition.value) {
        return Ok(());
    }
    if condition.value.trim().is_empty() {
        return Err(format!("“{label} {}” needs a value.", operator.label()));
    }
    let example = field.kind.example();
    Err(format!("“{}” cannot be compared with “{label}”. Type it like {example}.", condition.value))
}
