//! Why a record waits, and for which records: the sentences that a person reads beside it.

use domain::canonical::Reference;
use domain::{Entity, LastOperation, RecordStatus, Side};

use super::outcome::{self, Timing};
use super::prerequisites::{Known, Waiting};
use super::sides::Pair;
use crate::store::links::Linked;
use crate::store::results::{Outcome, Problem};

/// A product stands for its first variant; a line that was sold as another one must not be booked as the first.
pub fn is_another_variant(entity: Entity, reference: &Reference, linked: &Linked) -> bool {
    let differ = |(sold, known): (&String, &String)| !sold.eq_ignore_ascii_case(known);
    entity == Entity::Product && reference.key.as_ref().zip(linked.match_key.as_ref()).is_some_and(differ)
}

/// The outcome of a record that refers to something that is not at the other side.
pub fn wait(
    pair: &Pair,
    near: Side,
    (entity, reference): &(Entity, Reference),
    known: &Known,
    timing: Timing,
) -> Waiting {
    let Some(linked) = known.get(near, *entity, &reference.id) else {
        return (missing(pair, near, *entity, reference, known, timing), Vec::new());
    };
    if is_another_variant(*entity, reference, linked) {
        return (another_variant(pair, reference, linked, timing), Vec::new());
    }
    (for_record(pair, *entity, linked, timing), vec![linked.id])
}

fn missing(pair: &Pair, near: Side, entity: Entity, reference: &Reference, known: &Known, timing: Timing) -> Outcome {
    let (one, id) = (entity.singular(), &reference.id);
    let comes_from_there = matches!(known.sync(near, entity), Some((_, Side::Destination)));
    let message = match known.sync(near, entity) {
        Some((_, Side::Source)) => format!("Its {one} {id} was not found in the {}.", near.as_str()),
        Some((_, Side::Destination)) => format!("Its {one} {id} has not come from the other system yet."),
        None => format!(
            "It needs {} at the other side, and no sync between these connections brings them. Make one.",
            entity.label().to_lowercase()
        ),
    };
    let problem = Problem { message, code: Some("prerequisite".into()), field: Some(entity.as_str().into()) };
    let tried = timing.tried(None, Vec::new());
    let failed = outcome::failed(&pair.record, LastOperation::WaitsForPrerequisite, problem, tried, timing);
    match failed.status {
        // What belongs to a record that only this system has is no dead letter: it is none of the sync's business.
        RecordStatus::Aborted if comes_from_there => {
            Outcome { status: RecordStatus::Filtered, operation: LastOperation::Filtered, ..failed }
        }
        // The other record may be on its way: this one waits for it, for so many looks.
        _ if comes_from_there => Outcome { status: RecordStatus::Prepared, ..failed },
        _ => failed,
    }
}

fn another_variant(pair: &Pair, reference: &Reference, linked: &Linked, timing: Timing) -> Outcome {
    let message = format!(
        "A line was sold as {}, another variant of the product “{}”. Syncline synchronises a product's first variant \
         only: make the variant a product of its own in the shop, or skip the order and enter it by hand.",
        reference.key.as_deref().unwrap_or_default(),
        linked.description
    );
    let problem = Problem { message, code: Some("variant".into()), field: Some("lines".into()) };
    let tried = timing.tried(None, Vec::new());
    outcome::failed(&pair.record, LastOperation::FailedToSave, problem, tried, timing)
}

fn for_record(pair: &Pair, entity: Entity, linked: &Linked, timing: Timing) -> Outcome {
    let what = format!("its {} “{}”", entity.singular(), linked.description);
    match linked.status {
        RecordStatus::Prepared => {
            // Claimed elsewhere, or put back for a moment.
            let until = linked.next_attempt_at.unwrap_or(timing.now).max(timing.now + chrono::TimeDelta::seconds(5));
            outcome::put_back(&pair.record, LastOperation::WaitsForPrerequisite, until, format!("Waits for {what}."))
        }
        RecordStatus::Failed | RecordStatus::Aborted | RecordStatus::Conflict => {
            let why = linked.last_error.as_deref().unwrap_or("it has failed");
            outcome::waits(&pair.record, format!("Waits for {what}, which failed: {why}"), timing)
        }
        other => {
            let why = format!(
                "Waits for {what}, which is not synchronised ({}). Set it as prepared, or mend it in the source.",
                other.label().to_lowercase()
            );
            outcome::waits_for_decision(&pair.record, why, timing)
        }
    }
}
