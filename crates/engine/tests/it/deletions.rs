//! What is gone on one side: found missing twice before it counts, then carried out by the sync's policy.

use chrono::TimeDelta;
use domain::run::Phase;
use domain::sync::{DeletionPolicy, Direction, SyncSettings};
use domain::{LastOperation, RecordStatus, Side, SyncId};

use crate::support::{World, world};
use crate::twins::{A, B, go, make, names, only, remove, rename, set, twins};

async fn agreed(world: &World, settings: SyncSettings) -> (SyncId, String, String) {
    let sync = twins(world, settings).await;
    let in_a = make(world, A, "Ada", "ada@example.org").await;
    go(world, sync).await;
    let in_b = only(world, sync).await.destination_id.unwrap();
    (sync, in_a, in_b)
}

async fn run(world: &World, sync: SyncId, phase: Phase) {
    engine::runs::start(&world.engine, &world.member, sync, phase, world.now()).await.unwrap();
    world.work().await;
}

/// Full prepare, and process until the record has been looked for twice.
async fn settle(world: &World, sync: SyncId) {
    go(world, sync).await;
    for _ in 0..2 {
        world.clock.advance(TimeDelta::seconds(30));
        run(world, sync, Phase::Process).await;
    }
}

#[tokio::test]
async fn what_is_gone_is_kept_on_the_other_side_unless_the_policy_says_otherwise() {
    let world = world().await;
    let (sync, in_a, _) = agreed(&world, SyncSettings::default()).await;
    remove(&world, A, &in_a).await;
    settle(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!((record.status, record.last_operation), (RecordStatus::Deleted, LastOperation::Kept), "{record:?}");
    assert_eq!(names(&world, B).await, ["Ada"]);
}

#[tokio::test]
async fn the_policy_deletes_on_either_side() {
    for side in [Side::Source, Side::Destination] {
        let world = world().await;
        let settings = SyncSettings { deletion_policy: DeletionPolicy::Delete, ..SyncSettings::default() };
        let (sync, in_a, in_b) = agreed(&world, settings).await;
        let (account, id) = if side == Side::Source { (A, in_a) } else { (B, in_b) };
        remove(&world, account, &id).await;
        settle(&world, sync).await;
        let record = only(&world, sync).await;
        let expected = match side {
            Side::Source => LastOperation::DeletedInDestination,
            Side::Destination => LastOperation::DeletedInSource,
        };
        assert_eq!((record.status, record.last_operation), (RecordStatus::Deleted, expected), "{record:?}");
        assert_eq!((names(&world, A).await.len(), names(&world, B).await.len()), (0, 0));
    }
}

#[tokio::test]
async fn a_one_way_sync_deactivates_when_it_is_told_to() {
    let world = world().await;
    let (sync, in_a, in_b) = agreed(&world, SyncSettings::default()).await;
    let deactivate = SyncSettings {
        direction: Direction::OneWay,
        deletion_policy: DeletionPolicy::Deactivate,
        ..SyncSettings::default()
    };
    set(&world, sync, deactivate).await;
    remove(&world, A, &in_a).await;
    settle(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Deleted, LastOperation::Deactivated),
        "{record:?}"
    );
    let there = world.control("GET", &format!("acumatica/customers?account={B}"), serde_json::Value::Null).await;
    assert_eq!(there["records"][0]["Status"], "Inactive", "{in_b}: {there}");
}

#[tokio::test]
async fn an_edit_of_the_primary_side_brings_back_what_the_other_side_deleted() {
    let world = world().await;
    let settings = SyncSettings { deletion_policy: DeletionPolicy::Delete, ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(&world, settings).await;
    remove(&world, B, &in_b).await;
    rename(&world, A, &in_a, "Ada lives").await;
    settle(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::Inserted),
        "{record:?}"
    );
    assert_eq!(names(&world, B).await, ["Ada lives"]);
    assert_ne!(record.destination_id, Some(in_b));
}

#[tokio::test]
async fn a_record_that_is_missing_for_a_moment_only_is_not_deleted() {
    let world = world().await;
    let settings = SyncSettings { deletion_policy: DeletionPolicy::Delete, ..SyncSettings::default() };
    let (sync, in_a, _) = agreed(&world, settings).await;
    // Somebody says that it is gone, and the read finds it.
    world
        .sql(format!(
            "UPDATE records SET tombstone = true, tombstone_side = 'source', tombstone_at = '{}', status = 'prepared',
                next_attempt_at = '{}'",
            world.now().to_rfc3339(),
            (world.now() + TimeDelta::seconds(20)).to_rfc3339()
        ))
        .await;
    world.clock.advance(TimeDelta::seconds(30));
    run(&world, sync, Phase::Process).await;
    let record = only(&world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::NotNeeded),
        "{record:?}"
    );
    assert_eq!(world.lines("SELECT tombstone FROM records").await, ["false"]);
    assert_eq!(
        (names(&world, A).await, names(&world, B).await),
        (vec!["Ada".into()], vec!["Ada".to_owned()]),
        "{in_a}"
    );
}
