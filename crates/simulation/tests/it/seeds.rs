use simulation::{Played, Season};

use crate::cluster;

fn told(played: &Played) -> String {
    let failed =
        played.failed.iter().map(|outcome| format!("seed {}: {}", outcome.seed, outcome.violations.join("; ")));
    failed.collect::<Vec<_>>().join("\n")
}

#[test]
fn thirty_bad_days_end_in_agreement() {
    let season = Season { at_once: 2, keep_going: true, ..Season::of(1, 30) };
    let played = season.play(&cluster()).unwrap();
    assert_eq!(played.stories.len(), 30);
    assert!(played.failed.is_empty(), "cargo xtask simulate --seed … tells more:\n{}", told(&played));
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let [first, second] = [Season::of(7, 1), Season::of(7, 1)].map(|season| season.play(&cluster()).unwrap());
    assert_eq!(first.stories, second.stories);
}
