//! The shop's query budget: a bucket that leaks, as the answers describe it.
//!
//! The numbers are Shopify's own, read from each answer's `throttleStatus`; nothing is assumed about the plan. See
//! <https://shopify.dev/docs/api/usage/limits#graphql-admin-api-rate-limits>.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::queries::Query;
use crate::error::{Error, Result};

/// A single query may cost 1,000 points; a little is left for a rounding that differs from ours.
const SINGLE_QUERY: f64 = 950.0;
/// Longer waits are the whole connection's business.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Whoever waits for the bucket at all waits until it is this full: small pages cost more a record than large ones, and
/// a run that is woken for every few points does nothing but wake.
const WORTH_WAKING: f64 = 0.5;

/// `extensions.cost` of an answer.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    pub requested_query_cost: f64,
    pub throttle_status: ThrottleStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThrottleStatus {
    pub maximum_available: f64,
    pub currently_available: f64,
    pub restore_rate: f64,
}

/// What is known of the bucket, shared by all queries of a connector.
#[derive(Default)]
pub(super) struct Budget(Mutex<State>);

#[derive(Default)]
struct State {
    seen: Option<(ThrottleStatus, Instant)>,
    /// Of queries that are under way.
    reserved: f64,
    /// What the queries were seen to cost, by their names.
    learnt: HashMap<&'static str, Learnt>,
}

/// What a kind of query cost. A page costs less than its records one by one, so that the last page's cost says most
/// about larger ones, and the smallest page's about smaller ones.
#[derive(Clone, Copy)]
struct Learnt {
    records: f64,
    cost: f64,
    /// The most that a record cost in any page, the guess before the first one included.
    dearest: f64,
}

/// Points that a query under way has set aside; they are given back when it ends, however it ends.
pub(super) struct Reservation<'a> {
    budget: &'a Budget,
    points: f64,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.budget.state().reserved -= self.points;
    }
}

impl Budget {
    /// How many records to ask for: as many as one query may, and a full bucket can pay for. When it is not full enough,
    /// [`Budget::reserve`] waits.
    pub fn page(&self, query: &Query) -> usize {
        let state = self.state();
        let most = state.seen.map_or(SINGLE_QUERY, |(status, _)| status.maximum_available.min(SINGLE_QUERY));
        let records = state.affords(query, most);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 9,500")]
        let records = records.max(1.0) as usize;
        records.min(query.most)
    }

    /// Sets the points for `records` records aside, waiting for them when that takes two seconds at most.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when it takes longer.
    pub async fn reserve(&self, query: &Query, records: usize) -> Result<Reservation<'_>> {
        loop {
            let wait = match self.try_reserve(query, records) {
                Ok(reservation) => return Ok(reservation),
                Err(wait) => wait,
            };
            if wait > LONGEST_WAIT {
                return Err(Error::RateLimited { retry_after: self.until_worth_waking(0.0).max(Some(wait)) });
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes note of what an answer says.
    pub fn learn(&self, query: &Query, records: usize, cost: &Cost) {
        let status = cost.throttle_status;
        if !(status.restore_rate > 0.0 && status.currently_available.is_finite() && status.maximum_available > 0.0) {
            return;
        }
        let mut state = self.state();
        state.seen = Some((status, Instant::now()));
        state.note(query, count(records), cost.requested_query_cost.clamp(0.1, 100_000.0));
    }

    /// The query was too costly for one: ask for half as many the next time.
    pub fn halve(&self, query: &Query, records: usize) {
        self.state().note(query, count(records), SINGLE_QUERY * 2.0);
    }

    /// How long until the bucket is full enough to go on for a while, and holds `points` at least.
    pub fn until_worth_waking(&self, points: f64) -> Option<Duration> {
        let state = self.state();
        let worth = state.seen?.0.maximum_available * WORTH_WAKING;
        state.wait_for(points.max(worth), Instant::now())
    }

    /// For people: `2000 points, 100 a second`.
    pub fn describe(&self) -> Option<String> {
        let (status, _) = self.state().seen?;
        Some(format!("{} points, {} a second", status.maximum_available, status.restore_rate))
    }

    fn try_reserve(&self, query: &Query, records: usize) -> std::result::Result<Reservation<'_>, Duration> {
        let mut state = self.state();
        let points = state.estimate(query, count(records)).min(SINGLE_QUERY);
        match state.wait_for(points, Instant::now()) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                state.reserved += points;
                Ok(Reservation { budget: self, points })
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What so many records will cost, rather too much than too little.
    fn estimate(&self, query: &Query, records: f64) -> f64 {
        match self.learnt.get(query.name) {
            None => query.cost_each * records,
            Some(learnt) if records <= learnt.records => (learnt.dearest * records).min(learnt.cost),
            Some(learnt) => learnt.cost / learnt.records * records,
        }
    }

    /// How many records are estimated to cost no more than so many points.
    fn affords(&self, query: &Query, points: f64) -> f64 {
        match self.learnt.get(query.name) {
            None => points / query.cost_each,
            Some(learnt) if learnt.cost <= points => learnt.records * points / learnt.cost,
            Some(learnt) => (points / learnt.dearest).min(learnt.records),
        }
    }

    fn note(&mut self, query: &Query, records: f64, cost: f64) {
        let dearest = self.learnt.get(query.name).map_or(query.cost_each, |learnt| learnt.dearest).max(cost / records);
        self.learnt.insert(query.name, Learnt { records, cost, dearest });
    }

    fn available(&self, now: Instant) -> Option<f64> {
        let (status, at) = self.seen?;
        let restored = status.currently_available + now.duration_since(at).as_secs_f64() * status.restore_rate;
        Some(restored.min(status.maximum_available) - self.reserved)
    }

    fn wait_for(&self, points: f64, now: Instant) -> Option<Duration> {
        let (status, _) = self.seen?;
        // A query that costs more than the bucket holds is sent when it is full.
        let missing = points.min(status.maximum_available - self.reserved) - self.available(now)?;
        if missing <= 0.0 {
            return Some(Duration::ZERO);
        }
        // A millisecond more, so that rounding does not make a second wait of it.
        let seconds = (missing / status.restore_rate + 0.001).min(3600.0);
        Some(Duration::from_secs_f64(seconds))
    }
}

fn count(records: usize) -> f64 {
    f64::from(u32::try_from(records).unwrap_or(u32::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shopify::queries::{LINES, SHOP};

    fn cost(requested: f64, available: f64) -> Cost {
        let throttle_status =
            ThrottleStatus { maximum_available: 2000.0, currently_available: available, restore_rate: 100.0 };
        Cost { requested_query_cost: requested, throttle_status }
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_as_long_as_the_bucket_needs_and_no_longer_than_two_seconds() {
        let budget = Budget::default();
        drop(budget.reserve(&LINES, 100).await.unwrap());
        budget.learn(&LINES, 100, &cost(400.0, 300.0));
        let before = Instant::now();
        drop(budget.reserve(&LINES, 100).await.unwrap());
        assert_eq!(before.elapsed().as_secs(), 1, "400 points were needed, 300 there, 100 come back each second");
        budget.learn(&LINES, 100, &cost(400.0, 0.0));
        let refused = budget.reserve(&LINES, 100).await.err();
        assert!(
            matches!(refused, Some(Error::RateLimited { retry_after: Some(wait) }) if wait.as_secs() == 10),
            "half a bucket"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn queries_under_way_count_and_give_back() {
        let budget = Budget::default();
        budget.learn(&SHOP, 1, &cost(300.0, 500.0));
        let first = budget.reserve(&SHOP, 1).await.unwrap();
        assert!(budget.state().wait_for(300.0, Instant::now()).unwrap() > Duration::ZERO);
        drop(first);
        assert_eq!(budget.state().wait_for(300.0, Instant::now()), Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn pages_stay_below_a_single_querys_limit_and_do_not_shrink_with_the_bucket() {
        let budget = Budget::default();
        budget.learn(&LINES, 10, &cost(190.0, 2000.0));
        assert_eq!(budget.page(&LINES), 50);
        budget.learn(&LINES, 10, &cost(190.0, 0.0));
        assert_eq!(budget.page(&LINES), 50);
        budget.halve(&LINES, 10);
        assert_eq!(budget.page(&LINES), 5);
        budget.learn(&LINES, 1, &cost(2000.0, 2000.0));
        assert_eq!(budget.page(&LINES), 1);
    }
}
