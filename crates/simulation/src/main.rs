//! `cargo xtask simulate` runs this: seeds one after the other, on as many threads as asked for.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use engine::testing::Safeguard;
use simulation::{Played, Season, Telling};

const USAGE: &str = "usage: simulation [--seeds N] [--seed S] [--jobs J] [--without intent|epoch|version] [--aloud] [--pieces] [--keep-going]";

const SAFEGUARDS: [(&str, Safeguard); 3] =
    [("intent", Safeguard::Intent), ("epoch", Safeguard::Epoch), ("version", Safeguard::Version)];

fn main() -> Result<()> {
    let season = read()?;
    let owner_url =
        std::env::var("SYNCLINE_TEST_DATABASE_URL").context("SYNCLINE_TEST_DATABASE_URL names the cluster")?;
    let began = Instant::now();
    let played = season.play(&owner_url)?;
    let (seconds, seeds) = (began.elapsed().as_secs_f64(), played.stories.len());
    println!(
        "{seeds} seeds in {seconds:.1} s, {:.2} s each and thread",
        seconds * season.at_once as f64 / seeds.max(1) as f64
    );
    if let [(seed, fingerprint)] = played.stories[..] {
        println!("The story of seed {seed} has the fingerprint {fingerprint:016x}.");
    }
    report(&played, season.telling)
}

fn report(played: &Played, telling: Telling) -> Result<()> {
    let Some(first) = played.failed.first() else { return Ok(()) };
    if telling == Telling::Kept {
        println!("\nThe story of seed {}:", first.seed);
        first.story.iter().chain(&first.violations).for_each(|line| println!("{line}"));
    }
    let seeds: Vec<String> = played.failed.iter().map(|outcome| outcome.seed.to_string()).collect();
    bail!("these seeds failed: {}; the first again: cargo xtask simulate --seed {}", seeds.join(", "), first.seed)
}

fn read() -> Result<Season> {
    let mut season = Season::of(1, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse().ok()).context(USAGE);
        match word.as_str() {
            "--seeds" => season.seeds = number()?,
            "--seed" => season.first = number()?,
            "--jobs" => season.at_once = number()?.max(1),
            "--without" => {
                let word = words.next().unwrap_or_default();
                let found = SAFEGUARDS.iter().find(|(name, _)| *name == word);
                season.without = Some(found.context(USAGE)?.1);
            }
            "--aloud" => season.telling = Telling::Aloud,
            "--pieces" => season.telling = Telling::Pieces,
            "--keep-going" => season.keep_going = true,
            _ => bail!(USAGE),
        }
    }
    Ok(season)
}
