//! When something that failed is tried again.

use chrono::TimeDelta;

/// The longest pause between two tries.
pub const LONGEST: TimeDelta = TimeDelta::hours(6);

/// The pause after the `failures`th failure in a row (1 = the first): 30 s · 4^(n−1), at most six hours, with full
/// jitter: `dice` from 0 to 1 chooses the part of it, so that what failed together does not come back together.
#[must_use]
pub fn pause(failures: i32, dice: f64) -> TimeDelta {
    let exponent = failures.clamp(1, 10) - 1;
    let ceiling = (TimeDelta::seconds(30) * 4_i32.pow(exponent.unsigned_abs())).min(LONGEST);
    let millis = ceiling.num_milliseconds() as f64 * dice.clamp(0.0, 1.0);
    TimeDelta::milliseconds(millis as i64).max(TimeDelta::seconds(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_pause_is_never_nothing_and_never_over_six_hours(failures in proptest::num::i32::ANY, dice in proptest::num::f64::ANY) {
            let pause = pause(failures, dice);
            proptest::prop_assert!(pause >= TimeDelta::seconds(1) && pause <= LONGEST);
        }
    }
}
