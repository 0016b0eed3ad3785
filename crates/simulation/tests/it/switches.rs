//! The simulation must fail when a safeguard is missing. Which seed notices was found by `cargo xtask simulate --seeds 100
//! --without …`; when the engine or the simulation changes so much that it does not any more, find another one so.

use engine::testing::Safeguard;
use simulation::Season;

use crate::cluster;

fn fails_without(safeguard: Safeguard, seed: u64) {
    let season = Season { without: Some(safeguard), ..Season::of(seed, 1) };
    let played = season.play(&cluster()).unwrap();
    assert!(!played.failed.is_empty(), "seed {seed} passes without a safeguard: {safeguard:?}");
}

#[test]
fn a_missing_intent_is_noticed() {
    fails_without(Safeguard::Intent, 1);
}

#[test]
fn a_missing_check_of_the_epoch_is_noticed() {
    fails_without(Safeguard::Epoch, 1);
}

#[test]
fn a_missing_check_of_the_version_is_noticed() {
    fails_without(Safeguard::Version, 1);
}
