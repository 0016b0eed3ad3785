//! What to do to whom how often, and the dice that decide when.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

/// How hard to torture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    pub kills: u32,
    pub orders: u32,
    pub seed: u64,
    /// The binary is there already and is taken as it is.
    pub built: bool,
    /// At the end one record kills whoever works on it.
    pub poison: bool,
}

impl Options {
    /// What `cargo xtask test` has time for. Always the same: a test that throws dice fails on somebody else's change.
    pub const fn short() -> Self {
        Self { kills: 3, orders: 300, seed: 7, built: false, poison: false }
    }

    pub fn parse(arguments: &[&str]) -> Result<Self> {
        let (flags, pairs): (Vec<&str>, Vec<&str>) =
            arguments.iter().partition(|argument| ["--no-build", "--poison"].contains(argument));
        let is_set = |name: &str| flags.contains(&name);
        let (built, poison) = (is_set("--no-build"), is_set("--poison"));
        let mut options = Self { kills: 50, orders: 20_000, seed: clock(), built, poison };
        for pair in pairs.chunks(2) {
            let [name, value] = *pair else { bail!("{} wants a number", pair[0]) };
            let number: u64 = value.parse().with_context(|| format!("{name} wants a number, not {value}"))?;
            match name {
                "--kills" => options.kills = u32::try_from(number)?,
                "--orders" => options.orders = u32::try_from(number)?,
                "--seed" => options.seed = number,
                _ => bail!(
                    "usage: cargo xtask torture [--kills N] [--orders N] [--seed S] [--poison] [--no-build] | --outage N | --fairness N"
                ),
            }
        }
        Ok(options)
    }
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs())
}

/// SplitMix64: the same seed gives the same numbers.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit.max(1)
    }

    /// A place in a list of this length.
    pub fn pick(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_pairs_and_anything_else_is_refused() {
        let options = Options::parse(&["--kills", "3", "--orders", "500", "--poison", "--seed", "7"]).unwrap();
        assert_eq!(options, Options { kills: 3, orders: 500, seed: 7, built: false, poison: true });
        assert!(Options::parse(&["--kills"]).is_err());
        assert!(Options::parse(&["--mercy", "1"]).is_err());
    }

    #[test]
    fn a_seed_gives_the_same_numbers_again() {
        let numbers = |seed| {
            let mut dice = Dice::new(seed);
            [dice.below(100), dice.below(100), dice.below(100)]
        };
        assert_eq!(numbers(5), numbers(5));
        assert_ne!(numbers(5), numbers(6));
    }
}
