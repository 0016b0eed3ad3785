//! The leaky bucket of query cost points, as on shopify.dev under "Rate limits".

use serde_json::{Value, json};

use crate::table::Doc;

/// No single query may ask for more, whatever the plan.
pub const DEAREST_QUERY: u64 = 1_000;

/// How large the bucket is and how quickly it fills, in points and points per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Points in a full bucket.
    pub maximum_available: f64,
    /// Points that come back each second.
    pub restore_rate: f64,
}

impl Limits {
    /// What the control API set; else 2000 and 100, which Shopify gives its "Advanced" plan.
    #[must_use]
    pub fn from_doc(limits: &Doc) -> Self {
        let number = |name: &str, default: f64| {
            limits.get(name).and_then(Value::as_f64).filter(|number| *number > 0.0).unwrap_or(default)
        };
        Self { maximum_available: number("maximum_available", 2_000.0), restore_rate: number("restore_rate", 100.0) }
    }
}

/// The points that are left.
#[derive(Debug)]
pub struct Bucket {
    limits: Limits,
    available: f64,
    at: i64,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn new(limits: Limits, now: i64) -> Self {
        Self { limits, available: limits.maximum_available, at: now }
    }

    /// Lets the points come back that are due at `now` (milliseconds).
    pub fn restore(&mut self, now: i64) {
        let seconds = millis(now - self.at) / 1_000.0;
        self.available =
            (self.available + seconds.max(0.0) * self.limits.restore_rate).min(self.limits.maximum_available);
        self.at = now;
    }

    /// Takes points out; refuses, and takes none, when there are not enough.
    pub fn take(&mut self, points: u64) -> bool {
        let points = whole(points);
        if points > self.available {
            return false;
        }
        self.available -= points;
        true
    }

    /// Puts back what was asked for and not used.
    pub fn give_back(&mut self, points: u64) {
        self.available = (self.available + whole(points)).min(self.limits.maximum_available);
    }

    /// Fills it.
    pub fn fill(&mut self) {
        self.available = self.limits.maximum_available;
    }

    /// Changes its limits and fills it.
    pub fn set(&mut self, limits: Limits) {
        self.limits = limits;
        self.fill();
    }

    /// `throttleStatus` as every answer carries it.
    #[must_use]
    pub fn status(&self) -> Value {
        json!({
            "maximumAvailable": self.limits.maximum_available,
            "currentlyAvailable": self.available.floor(),
            "restoreRate": self.limits.restore_rate,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float exactly")]
fn millis(millis: i64) -> f64 {
    millis as f64
}

#[expect(clippy::cast_precision_loss, reason = "points are far below 2^53")]
fn whole(points: u64) -> f64 {
    points as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_refuses_and_fills_at_its_rate() {
        let mut bucket = Bucket::new(Limits { maximum_available: 100.0, restore_rate: 10.0 }, 0);
        assert!(bucket.take(90));
        assert!(!bucket.take(20));
        bucket.restore(500);
        assert!(!bucket.take(20));
        bucket.restore(1_000);
        assert!(bucket.take(20));
        bucket.restore(60_000);
        assert_eq!(bucket.status()["currentlyAvailable"], 100.0);
    }

    #[test]
    fn what_was_not_used_comes_back() {
        let mut bucket = Bucket::new(Limits { maximum_available: 100.0, restore_rate: 10.0 }, 0);
        assert!(bucket.take(80));
        bucket.give_back(70);
        assert_eq!(bucket.status()["currentlyAvailable"], 90.0);
    }
}
