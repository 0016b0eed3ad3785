//! Both sides changed: who wins, by the sync's policy.

use domain::history::HistoryFilter;
use domain::sync::{ConflictPolicy, SyncSettings};
use domain::{LastOperation, RecordStatus, Side, SyncId};

use crate::support::{World, world};
use crate::twins::{A, B, go, make, names, only, rename, set, twins, writes};

/// A record that both sides agree about; its ids there.
async fn agreed(world: &World, settings: SyncSettings) -> (SyncId, String, String) {
    let sync = twins(world, settings).await;
    let in_a = make(world, A, "Ada", "ada@example.org").await;
    go(world, sync).await;
    let in_b = only(world, sync).await.destination_id.unwrap();
    (sync, in_a, in_b)
}

#[tokio::test]
async fn the_primary_side_wins_and_that_is_recorded() {
    let world = world().await;
    let settings = SyncSettings { primary: Side::Destination, ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(&world, settings).await;
    rename(&world, B, &in_b, "Ada of B").await;
    rename(&world, A, &in_a, "Ada of A").await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(record.last_operation, LastOperation::ConflictOverriddenInSource, "{record:?}");
    assert_eq!(
        (names(&world, A).await, names(&world, B).await),
        (vec!["Ada of B".into()], vec!["Ada of B".to_owned()])
    );
}

#[tokio::test]
async fn the_newest_change_wins() {
    let world = world().await;
    let settings = SyncSettings { conflict_policy: ConflictPolicy::NewestWins, ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(&world, settings).await;
    rename(&world, A, &in_a, "Ada of A").await;
    rename(&world, B, &in_b, "Ada of B").await;
    go(&world, sync).await;
    assert_eq!(names(&world, A).await, ["Ada of B"]);
}

#[tokio::test]
async fn two_changes_to_the_same_are_no_conflict() {
    let world = world().await;
    let settings = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(&world, settings).await;
    rename(&world, A, &in_a, "Ada Byron").await;
    rename(&world, B, &in_b, "Ada Byron").await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::NotNeeded),
        "{record:?}"
    );
    assert_eq!((writes(&world, A).await, writes(&world, B).await), (0, 1));
}

#[tokio::test]
async fn a_person_is_asked_and_the_choice_goes_to_both_sides() {
    let world = world().await;
    let settings = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(&world, settings).await;
    rename(&world, A, &in_a, "Ada of A").await;
    rename(&world, B, &in_b, "Ada of B").await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Conflict, LastOperation::ConflictFound),
        "{record:?}"
    );
    assert_eq!((writes(&world, A).await, writes(&world, B).await), (0, 1), "nothing is written before the choice");

    let these = domain::history::Selection::These(vec![record.id]);
    let action = domain::status::RecordAction::DestinationWins;
    engine::history::act(&world.engine, &world.member, action, &these, world.now()).await.unwrap();
    world.work().await;
    let record = only(&world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::ConflictResolved),
        "{record:?}"
    );
    assert_eq!(
        (names(&world, A).await, names(&world, B).await),
        (vec!["Ada of B".into()], vec!["Ada of B".to_owned()])
    );
    let filter = HistoryFilter { status: Some(RecordStatus::Conflict), ..HistoryFilter::default() };
    assert!(engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows.is_empty());
    set(&world, sync, SyncSettings { direction: domain::sync::Direction::TwoWay, ..SyncSettings::default() }).await;
    go(&world, sync).await;
    assert_eq!((writes(&world, A).await, writes(&world, B).await), (1, 1), "the choice was written once");
}
