//! Many events of one record are one mark: pure, in the order in which they came.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::canonical::Canonical;

use super::Event;

/// What the events of one record come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged<'a> {
    pub id: &'a str,
    /// The newest time that one of them says.
    pub modified_at: Option<DateTime<Utc>>,
    /// One of them was a deletion.
    pub deleted: bool,
    /// The last of them was a deletion: there is nothing to read before that can be believed.
    pub ends_deleted: bool,
    /// The newest payload.
    pub payload: Option<&'a Canonical>,
}

/// Merges events; says how many were older than one before them. A time beyond `latest` is no time: it would shut out every
/// later change.
pub fn merge<'a>(events: &[&'a Event], latest: DateTime<Utc>) -> (Vec<Merged<'a>>, usize) {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(events.len());
    let mut merged: Vec<Merged<'a>> = Vec::with_capacity(events.len());
    let mut discarded = 0;
    for event in events {
        let modified_at = event.modified_at.filter(|at| *at <= latest);
        let place = *places.entry(event.external_id.as_str()).or_insert_with(|| {
            merged.push(Merged {
                id: &event.external_id,
                modified_at: None,
                deleted: false,
                ends_deleted: false,
                payload: None,
            });
            merged.len() - 1
        });
        let so_far = &mut merged[place];
        if modified_at.zip(so_far.modified_at).is_some_and(|(this, newest)| this < newest) {
            discarded += 1;
            continue;
        }
        so_far.modified_at = so_far.modified_at.max(modified_at);
        so_far.deleted |= event.deleted;
        so_far.ends_deleted = event.deleted;
        so_far.payload = event.payload.as_ref().or(so_far.payload);
    }
    (merged, discarded)
}

#[cfg(test)]
mod tests {
    use domain::Entity;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
    }

    fn event(id: &str, seconds: Option<i64>, deleted: bool) -> Event {
        let modified_at = seconds.map(at);
        Event { entity: Entity::Customer, external_id: id.into(), modified_at, deleted, payload: None }
    }

    /// An id, its time, whether it is deleted, and whether a deletion came last.
    type Row<'a> = (&'a str, Option<DateTime<Utc>>, bool, bool);

    fn merged(events: &[Event]) -> (Vec<Row<'_>>, usize) {
        let all: Vec<&Event> = events.iter().collect();
        let (merged, discarded) = merge(&all, at(1_000));
        (merged.into_iter().map(|m| (m.id, m.modified_at, m.deleted, m.ends_deleted)).collect(), discarded)
    }

    #[test]
    fn an_older_event_that_comes_later_is_discarded() {
        let events = [event("a", Some(5), false), event("a", Some(3), true), event("a", Some(5), false)];
        assert_eq!(merged(&events), (vec![("a", Some(at(5)), false, false)], 1));
    }

    #[test]
    fn an_update_sent_as_deletion_and_insertion_keeps_the_flag_and_is_read_soon() {
        let events = [event("a", Some(5), true), event("a", Some(5), false)];
        assert_eq!(merged(&events), (vec![("a", Some(at(5)), true, false)], 0));
    }

    #[test]
    fn a_time_in_the_future_says_nothing_about_order() {
        let events = [event("a", Some(9_999), false), event("a", Some(3), false)];
        assert_eq!(merged(&events), (vec![("a", Some(at(3)), false, false)], 0));
    }

    proptest! {
        #[test]
        fn each_record_is_marked_once_with_the_newest_time_that_came(
            events in proptest::collection::vec(("[abc]", proptest::option::of(0_i64..50), any::<bool>()), 0..40)
        ) {
            let events: Vec<Event> = events.into_iter().map(|(id, s, d)| event(&id, s, d)).collect();
            let all: Vec<&Event> = events.iter().collect();
            let (merged, discarded) = merge(&all, at(1_000));
            prop_assert!(discarded + merged.len() <= events.len().max(merged.len()));
            for one in &merged {
                let newest = events.iter().filter(|e| e.external_id == one.id).filter_map(|e| e.modified_at).max();
                prop_assert_eq!(one.modified_at, newest);
                prop_assert_eq!(merged.iter().filter(|other| other.id == one.id).count(), 1);
            }
        }
    }
}
