//! Choosing between two records, field by field. Lines are chosen together: half of one list and half of another is
//! neither.

use std::collections::BTreeMap;

use super::{Pair, apply, fields, side_by_side};
use crate::Side;
use crate::canonical::Canonical;
use crate::connection::FieldErrors;

/// The fields in which two records differ, each under the path by which it is chosen.
pub type Groups = Vec<(String, Vec<Pair>)>;

/// The path by which a field is chosen: its own, or `lines` for everything in the lines.
fn choice_of(path: &str) -> &str {
    if path.starts_with("lines.") { "lines" } else { path }
}

/// What there is to choose between the two.
#[must_use]
pub fn groups(source: &Canonical, destination: &Canonical) -> Groups {
    let mut groups = Groups::new();
    for pair in side_by_side(Some(source), Some(destination)).into_iter().filter(Pair::differs) {
        let choice = choice_of(&pair.path).to_owned();
        match groups.iter_mut().find(|(path, _)| *path == choice) {
            Some((_, pairs)) => pairs.push(pair),
            None => groups.push((choice, vec![pair])),
        }
    }
    groups
}

/// The record that a person chose, in the terms that both are in.
///
/// # Errors
/// The fields for which nothing was chosen, and those that cannot stand together.
pub fn choose(
    source: &Canonical,
    destination: &Canonical,
    choices: &BTreeMap<String, Side>,
) -> Result<Canonical, FieldErrors> {
    let groups = groups(source, destination);
    let open = groups.iter().filter(|(path, _)| !choices.contains_key(path));
    let open: FieldErrors = open.map(|(path, _)| (path.clone(), "Choose one of the two.".to_owned())).collect();
    if !open.is_empty() {
        return Err(open);
    }
    let from_source = |path: &str| choices.get(choice_of(path)) == Some(&Side::Source);
    let mut chosen = destination.clone();
    if from_source("lines.") {
        take_lines(&mut chosen, source);
    }
    let typed = fields(source).into_iter().filter(|field| !field.path.starts_with("lines."));
    let typed = typed.filter(|field| from_source(&field.path)).map(|field| (field.path, field.value)).collect();
    apply(&chosen, &typed)
}

fn take_lines(into: &mut Canonical, from: &Canonical) {
    match (into, from) {
        (Canonical::Order(into), Canonical::Order(from)) => into.lines.clone_from(&from.lines),
        (Canonical::Shipment(into), Canonical::Shipment(from)) => into.lines.clone_from(&from.lines),
        _ => {}
    }
}
