//! What a pair's state means: pure, with everything in hand.

use domain::RecordStatus;
use domain::canonical::{Canonical, Change, diff, fields};
use domain::filter::Filter;
use domain::reconcile::{FindingKind, Sums};
use serde_json::Value;

use crate::store::reconcile::{Leftover, Pair, Standing};

/// What came of looking at one record.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Agreed,
    /// The next process run takes care of it, or it changed while both sides were listed.
    Waiting,
    /// Nobody wants it at the other side.
    LeftOut,
    /// The destination has it, and this sync has nothing to do with it.
    OnlyInDestination,
    /// Counted elsewhere: with its twin, or from the source's side.
    Elsewhere,
    Finding(FindingKind, Vec<Change>),
}

/// What a listing says of a record: it, or why it cannot be read.
pub fn read(payload: &Value) -> Result<Canonical, String> {
    if let Some(why) = payload.get("unreadable").and_then(Value::as_str) {
        return Err(why.to_owned());
    }
    serde_json::from_value(payload.clone()).map_err(|error| error.to_string())
}

/// Adds a verdict to the sums.
pub fn count(sums: &mut Sums, verdict: &Verdict) {
    match verdict {
        Verdict::Agreed => sums.agreed += 1,
        Verdict::Waiting => sums.waiting += 1,
        Verdict::LeftOut => sums.left_out += 1,
        Verdict::OnlyInDestination => sums.only_in_destination += 1,
        Verdict::Elsewhere => {}
        Verdict::Finding(FindingKind::Differs, _) => sums.differing += 1,
        Verdict::Finding(FindingKind::MissingInDestination, _) => sums.missing_in_destination += 1,
        Verdict::Finding(FindingKind::MissingInSource, _) => sums.missing_in_source += 1,
        Verdict::Finding(FindingKind::Duplicated, _) => sums.duplicated += 1,
    }
}

/// Judges a record of the source. `changes` is what would have to change at its other half.
pub fn pair(pair: &Pair, filter: Option<&Filter>, changes: impl FnOnce() -> Vec<Change>) -> Verdict {
    match &pair.record {
        Some(record) if is_left_out(record.status) => return Verdict::LeftOut,
        // Nothing has prepared it yet: what the sync would make of it decides.
        None if pair.destination.is_none() && !is_wanted(&pair.source.payload, pair.source.key.as_ref(), filter) => {
            return Verdict::LeftOut;
        }
        _ => {}
    }
    let linked = pair.record.as_ref().is_some_and(|record| record.destination_id.is_some());
    let (kind, changes) = if pair.destination.is_some() {
        (FindingKind::Differs, changes())
    } else if pair.has_twin && !linked {
        return Verdict::Elsewhere;
    } else {
        (FindingKind::MissingInDestination, Vec::new())
    };
    if kind == FindingKind::Differs && changes.is_empty() {
        return Verdict::Agreed;
    }
    if pair.record.as_ref().is_some_and(is_under_way) { Verdict::Waiting } else { Verdict::Finding(kind, changes) }
}

/// Judges a record of the destination for which no record of the source was compared.
pub fn leftover(leftover: &Leftover, filter: Option<&Filter>, is_two_way: bool) -> Verdict {
    if leftover.source_is_there {
        return Verdict::Elsewhere;
    }
    let linked = leftover.record.as_ref().filter(|record| record.source_id.is_some());
    if linked.is_none() && leftover.key_is_there {
        return Verdict::Elsewhere;
    }
    if linked.is_none() && !is_two_way {
        return Verdict::OnlyInDestination;
    }
    let wanted = || is_wanted(&leftover.destination.payload, leftover.destination.key.as_ref(), filter);
    match &leftover.record {
        Some(record) if is_left_out(record.status) => Verdict::LeftOut,
        Some(record) if is_under_way(record) => Verdict::Waiting,
        None if !wanted() => Verdict::LeftOut,
        _ => Verdict::Finding(FindingKind::MissingInSource, Vec::new()),
    }
}

/// What the two records differ in, as far as the mapping goes. Either may be unreadable.
pub fn differences(
    destination: &Result<Canonical, String>,
    outgoing: &Result<Canonical, Change>,
    mapped: &[String],
) -> Vec<Change> {
    match (destination, outgoing) {
        (Err(why), _) => vec![Change { path: "destination".into(), before: None, after: Some(why.clone()) }],
        (_, Err(change)) => vec![change.clone()],
        (Ok(destination), Ok(outgoing)) => {
            let root = |change: &Change| change.path.split('.').next().unwrap_or_default().to_owned();
            let is_mapped = |change: &Change| mapped.is_empty() || mapped.contains(&root(change));
            if diff(Some(destination), outgoing).iter().any(is_mapped) {
                fields::told(Some(destination), outgoing).into_iter().filter(is_mapped).collect()
            } else {
                Vec::new()
            }
        }
    }
}

const fn is_left_out(status: RecordStatus) -> bool {
    use RecordStatus as S;
    matches!(status, S::Filtered | S::Skipped | S::Invalid | S::Deleted)
}

const fn is_under_way(record: &Standing) -> bool {
    record.status.is_due_some_day()
        || matches!(record.status, RecordStatus::AwaitingApproval)
        || record.tombstone
        || record.moved
}

fn is_wanted(payload: &Value, key: Option<&String>, filter: Option<&Filter>) -> bool {
    let passes = |record: Canonical| filter.is_none_or(|filter| filter.matches(&record));
    key.is_some() && read(payload).is_ok_and(passes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::reconcile::Listed;

    fn listed() -> Listed {
        let product = domain::canonical::Product { sku: "A".into(), ..Default::default() };
        let payload = serde_json::to_value(Canonical::Product(product)).unwrap();
        Listed { external_id: "1".into(), key: Some("a".into()), label: "A".into(), payload }
    }

    fn standing(status: RecordStatus) -> Standing {
        let id = uuid::Uuid::nil();
        Standing { id, status, source_id: Some("1".into()), destination_id: None, tombstone: false, moved: false }
    }

    fn missing(record: Option<Standing>) -> Verdict {
        pair(&Pair { source: listed(), record, destination: None, has_twin: false }, None, Vec::new)
    }

    #[test]
    fn what_is_on_its_way_or_unwanted_is_not_missing() {
        assert_eq!(missing(Some(standing(RecordStatus::Prepared))), Verdict::Waiting);
        assert_eq!(missing(Some(standing(RecordStatus::Skipped))), Verdict::LeftOut);
        let gone = Verdict::Finding(FindingKind::MissingInDestination, Vec::new());
        assert_eq!(missing(Some(standing(RecordStatus::Aborted))), gone);
        assert_eq!(missing(None), gone);
    }

    #[test]
    fn what_only_the_destination_has_concerns_a_one_way_sync_only_when_it_brought_it() {
        let stray = Leftover { destination: listed(), record: None, source_is_there: false, key_is_there: false };
        assert_eq!(leftover(&stray, None, false), Verdict::OnlyInDestination);
        assert_eq!(leftover(&stray, None, true), Verdict::Finding(FindingKind::MissingInSource, Vec::new()));
        let ours = Leftover { record: Some(standing(RecordStatus::Processed)), ..stray };
        assert_eq!(leftover(&ours, None, false), Verdict::Finding(FindingKind::MissingInSource, Vec::new()));
    }
}
