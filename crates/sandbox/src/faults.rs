//! Faults on demand: what a vendor's API does on a bad day, for the next few requests or for a share of them.

use std::time::Duration;

use serde::Deserialize;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Kind {
    /// The answer comes late.
    #[serde(rename = "latency")]
    Latency,
    /// Declined with 429.
    #[serde(rename = "429")]
    TooMany,
    /// Answered with 503.
    #[serde(rename = "5xx")]
    Unavailable,
    /// The write is applied, then the connection is closed without an answer. Counts writes only.
    #[serde(rename = "cut_after_write")]
    CutAfterWrite,
    /// The answer's JSON is cut in half.
    #[serde(rename = "malformed")]
    Malformed,
}

/// A fault as the control API takes it: for the `next` n requests, or for a `share` (0 to 1) of them until it is cleared.
#[derive(Debug, Clone, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// How many requests it still hits.
    #[serde(default)]
    pub next: Option<u32>,
    /// The share of requests that it hits.
    #[serde(default)]
    pub share: Option<f64>,
    /// Latency in milliseconds.
    #[serde(default)]
    pub ms: Option<u64>,
}

/// What to do with one request, before and after it is carried out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Wait this long first.
    pub delay: Duration,
    /// Answer 429 or 503 instead of carrying it out.
    pub instead: Option<Kind>,
    /// Cut the answer's JSON.
    pub malformed: bool,
}

/// The faults that are set on one account.
#[derive(Debug, Default)]
pub struct Faults {
    set: Vec<Fault>,
    drawn: u64,
}

impl Faults {
    /// Adds a fault.
    pub fn add(&mut self, fault: Fault) {
        self.set.push(fault);
    }

    /// Takes all faults away.
    pub fn clear(&mut self) {
        self.set.clear();
    }

    /// Draws the faults of the next request.
    pub fn draw(&mut self) -> Verdict {
        let mut verdict = Verdict::default();
        if self.set.is_empty() {
            return verdict;
        }
        for kind in [Kind::Latency, Kind::TooMany, Kind::Unavailable, Kind::Malformed] {
            let Some(fault) = self.hit(kind) else { continue };
            match kind {
                Kind::Latency => verdict.delay = Duration::from_millis(fault.ms.unwrap_or(1_000).min(120_000)),
                Kind::Malformed => verdict.malformed = true,
                _ => {
                    verdict.instead = Some(kind);
                    return verdict;
                }
            }
        }
        verdict
    }

    /// Whether the connection is to be cut now that a write has been applied.
    pub fn cuts_after_write(&mut self) -> bool {
        !self.set.is_empty() && self.hit(Kind::CutAfterWrite).is_some()
    }

    fn hit(&mut self, kind: Kind) -> Option<Fault> {
        self.drawn += 1;
        let chance = fraction(self.drawn);
        let found =
            self.set.iter_mut().filter(|fault| fault.kind == kind).find(|fault| match (fault.next, fault.share) {
                (Some(left), _) => left > 0,
                (None, Some(share)) => chance < share,
                (None, None) => true,
            })?;
        found.next = found.next.map(|left| left.saturating_sub(1));
        let fault = found.clone();
        self.set.retain(|fault| fault.next != Some(0));
        Some(fault)
    }
}

/// The n-th of a fixed sequence of fractions that looks random (SplitMix64), so that a run with faults can be repeated.
fn fraction(n: u64) -> f64 {
    let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    let fraction = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: Kind, next: Option<u32>, share: Option<f64>) -> Fault {
        Fault { kind, next, share, ms: Some(5) }
    }

    #[test]
    fn a_fault_for_the_next_two_requests_hits_two() {
        let mut faults = Faults::default();
        faults.add(fault(Kind::Unavailable, Some(2), None));
        let hits = (0..5).filter(|_| faults.draw().instead == Some(Kind::Unavailable)).count();
        assert_eq!(hits, 2);
    }

    #[test]
    fn a_share_hits_about_that_share() {
        let mut faults = Faults::default();
        faults.add(fault(Kind::Malformed, None, Some(0.1)));
        let hits = (0..2_000).filter(|_| faults.draw().malformed).count();
        assert!((120..280).contains(&hits), "{hits}");
    }

    #[test]
    fn a_cut_waits_for_a_write() {
        let mut faults = Faults::default();
        faults.add(fault(Kind::CutAfterWrite, Some(1), None));
        assert_eq!(faults.draw(), Verdict::default());
        assert!(faults.cuts_after_write());
        assert!(!faults.cuts_after_write());
    }
}
