//! The seed's dice: everything that the simulation chooses is thrown here, one after the other.

use std::ops::Range;

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed);
        // Neighbouring seeds part at once.
        dice.0 = dice.next() ^ seed.rotate_left(32);
        dice
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number of the range; its start when it is empty.
    pub fn from(&mut self, range: Range<u64>) -> u64 {
        let width = range.end.saturating_sub(range.start);
        range.start + self.next().checked_rem(width).unwrap_or(0)
    }

    pub fn millis(&mut self, range: Range<u64>) -> chrono::TimeDelta {
        chrono::TimeDelta::milliseconds(i64::try_from(self.from(range)).unwrap_or(0))
    }

    /// Whether something happens that happens so many times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.from(0..1000) < per_mille
    }

    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.from(0..length as u64)).unwrap_or(0)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(from.len()))
    }
}
