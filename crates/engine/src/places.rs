//! The places of this process: how many slices each organisation has at work in each queue.
//!
//! A slice may hang on a slow vendor for a minute. So an organisation has at most half of what the others leave of a
//! queue's slots, and there is a free one for the next organisation, whoever the others are and whether or not it waits
//! already. Every process shares out its own slots: more processes are more places for everybody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::TenantId;

type AtWork = HashMap<(&'static str, TenantId), usize>;

/// The slices at work. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<Mutex<AtWork>>);

/// A slice's place; it is free when this is dropped, whatever ends the slice.
#[derive(Debug)]
pub struct Place {
    places: Places,
    of: (&'static str, TenantId),
}

impl Places {
    /// Takes a place, unless the organisation has its share of the queue's slots.
    #[must_use]
    pub fn take(&self, queue: &'static str, tenant: TenantId, slots: usize) -> Option<Place> {
        let mut at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = at_work.get(&(queue, tenant)).copied().unwrap_or(0);
        let all: usize = at_work.iter().filter(|((name, _), _)| *name == queue).map(|(_, slices)| slices).sum();
        if own >= share(slots, all - own) {
            return None;
        }
        *at_work.entry((queue, tenant)).or_insert(0) += 1;
        Some(Place { places: self.clone(), of: (queue, tenant) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut at_work = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        match at_work.get_mut(&self.of) {
            Some(slices) if *slices > 1 => *slices -= 1,
            _ => drop(at_work.remove(&self.of)),
        }
    }
}

/// The slots that one organisation may take where the others have taken so many.
fn share(slots: usize, others: usize) -> usize {
    (slots.saturating_sub(others) / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: u128) -> TenantId {
        TenantId(uuid::Uuid::from_u128(number))
    }

    /// As many places as the organisation gets.
    fn take_all(places: &Places, number: u128, slots: usize) -> Vec<Place> {
        std::iter::from_fn(|| places.take("process", tenant(number), slots)).collect()
    }

    #[test]
    fn an_organisation_has_half_of_what_the_others_leave_and_one_place_always() {
        let places = Places::default();
        let taken: Vec<Vec<Place>> = (0..5).map(|number| take_all(&places, number, 16)).collect();
        assert_eq!(taken.iter().map(Vec::len).collect::<Vec<_>>(), [8, 4, 2, 1, 1]);
        assert_eq!(take_all(&places, 5, 16).len(), 1, "whoever got a job of the queue may do it");
    }

    #[test]
    fn one_that_came_early_gives_way_as_its_slices_end() {
        let places = Places::default();
        let mut first = take_all(&places, 1, 16);
        let second = take_all(&places, 2, 16);
        first.truncate(6);
        assert!(places.take("process", tenant(1), 16).is_none(), "it had eight while nobody else was there");
        drop(second);
        assert!(places.take("process", tenant(1), 16).is_some());
    }

    #[test]
    fn a_queue_with_one_slot_has_it_for_everybody() {
        let places = Places::default();
        let place = places.take("process", tenant(1), 1);
        assert!(place.is_some() && places.take("process", tenant(1), 1).is_none());
        assert!(places.take("prepare", tenant(1), 1).is_some(), "another queue has places of its own");
        drop(place);
        assert!(places.take("process", tenant(1), 1).is_some());
    }
}
