//! What is gone on one side: found missing twice before it counts, then carried out by the sync's policy.

use chrono::TimeDelta;
use domain::history::{RecordRow, Removal, WholeChoice};
use domain::run::Phase;
use domain::sync::{ConflictPolicy, DeletionPolicy, Direction, SyncSettings};
use domain::{LastOperation, RecordStatus, Side, SyncId};

use crate::support::{World, world};
use crate::twins::{A, B, go, make, names, only, remove, rename, rows, set, twins, writes};

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

/// A record that was deleted in A and edited in B, about which the sync asks.
async fn asked(world: &World) -> (SyncId, RecordRow) {
    let settings = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(world, settings).await;
    remove(world, A, &in_a).await;
    rename(world, B, &in_b, "Ada of B").await;
    settle(world, sync).await;
    let record = only(world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Conflict, LastOperation::ConflictFound),
        "{record:?}"
    );
    (sync, record)
}

async fn decide(world: &World, record: &RecordRow, choice: WholeChoice) {
    let (engine, member, now) = (&world.engine, &world.member, world.now());
    engine::history::resolve_gone(engine, member, record.id, record.version, choice, now).await.unwrap();
    world.work().await;
}

#[tokio::test]
async fn a_person_who_is_asked_may_bring_back_what_was_deleted() {
    let world = world().await;
    let (sync, record) = asked(&world).await;
    let conflict = engine::history::detail(&world.engine, &world.member, record.id).await.unwrap().conflict.unwrap();
    assert_eq!((conflict.gone, conflict.removals.len()), (Some(Side::Source), 3), "{conflict:?}");
    decide(&world, &record, WholeChoice::BringBack).await;
    let record = only(&world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::ConflictResolved),
        "{record:?}"
    );
    assert_eq!((names(&world, A).await, names(&world, B).await), (vec!["Ada of B".into()], vec!["Ada of B".into()]));
    let quiet = (writes(&world, A).await, writes(&world, B).await);
    settle(&world, sync).await;
    assert_eq!((writes(&world, A).await, writes(&world, B).await), quiet);
    assert_eq!(only(&world, sync).await.status, RecordStatus::Processed);
}

#[tokio::test]
async fn a_person_who_is_asked_may_let_it_go_on_the_other_side_too_in_each_way() {
    let cases = [
        (Removal::Delete, LastOperation::DeletedInDestination, 0, None),
        (Removal::Deactivate, LastOperation::Deactivated, 1, Some("Inactive")),
        (Removal::Keep, LastOperation::Kept, 1, Some("Active")),
    ];
    for (removal, operation, left, status) in cases {
        let world = world().await;
        let (sync, record) = asked(&world).await;
        decide(&world, &record, WholeChoice::Remove(removal)).await;
        let record = only(&world, sync).await;
        assert_eq!((record.status, record.last_operation), (RecordStatus::Deleted, operation), "{record:?}");
        let there = world.control("GET", &format!("acumatica/customers?account={B}"), serde_json::Value::Null).await;
        assert_eq!(there["records"].as_array().unwrap().len(), left, "{removal:?}");
        assert_eq!(there["records"][0]["Status"].as_str(), status, "{removal:?}");
        // What was kept is no news, and is not inserted where it was deleted.
        settle(&world, sync).await;
        assert_eq!(only(&world, sync).await.status, RecordStatus::Deleted, "{removal:?}");
        assert_eq!(names(&world, A).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn of_a_deletion_and_an_edit_the_newer_one_wins() {
    let settings = SyncSettings {
        conflict_policy: ConflictPolicy::NewestWins,
        deletion_policy: DeletionPolicy::Delete,
        ..SyncSettings::default()
    };
    for edited_later in [true, false] {
        let world = world().await;
        let (sync, in_a, in_b) = agreed(&world, settings.clone()).await;
        if !edited_later {
            rename(&world, B, &in_b, "Ada of B").await;
        }
        remove(&world, A, &in_a).await;
        world.clock.advance(TimeDelta::seconds(10));
        run(&world, sync, Phase::FullPrepare).await;
        // That it is gone was noticed by now, and not carried out.
        if edited_later {
            rename(&world, B, &in_b, "Ada of B").await;
        }
        settle(&world, sync).await;
        let record = only(&world, sync).await;
        let expected: &[&str] = if edited_later { &["Ada of B"] } else { &[] };
        assert_eq!((names(&world, A).await, names(&world, B).await), (owned(expected), owned(expected)), "{record:?}");
        let status = if edited_later { RecordStatus::Processed } else { RecordStatus::Deleted };
        assert_eq!(record.status, status, "{record:?}");
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn who_was_deleted_and_comes_anew_is_synchronised_anew() {
    let world = world().await;
    let settings = SyncSettings { deletion_policy: DeletionPolicy::Delete, ..SyncSettings::default() };
    let (sync, in_a, _) = agreed(&world, settings).await;
    remove(&world, A, &in_a).await;
    settle(&world, sync).await;
    assert_eq!(only(&world, sync).await.status, RecordStatus::Deleted);
    make(&world, A, "Ada again", "ada@example.org").await;
    go(&world, sync).await;
    let rows = rows(&world, sync).await;
    let of = |status| rows.iter().filter(|row| row.status == status).count();
    assert_eq!((of(RecordStatus::Processed), of(RecordStatus::Deleted)), (1, 1), "{rows:?}");
    assert_eq!((names(&world, A).await, names(&world, B).await), (owned(&["Ada again"]), owned(&["Ada again"])));
}

#[tokio::test]
async fn who_was_kept_on_the_other_side_is_adopted_when_they_come_anew() {
    for direction in [Direction::TwoWay, Direction::OneWay] {
        let world = world().await;
        let (sync, in_a, in_b) = agreed(&world, SyncSettings::default()).await;
        set(&world, sync, SyncSettings { direction, ..SyncSettings::default() }).await;
        remove(&world, A, &in_a).await;
        settle(&world, sync).await;
        assert_eq!(only(&world, sync).await.last_operation, LastOperation::Kept);
        make(&world, A, "Ada again", "ada@example.org").await;
        go(&world, sync).await;
        let rows = rows(&world, sync).await;
        let alive = rows.iter().find(|row| row.status == RecordStatus::Processed);
        assert_eq!(alive.and_then(|row| row.destination_id.clone()), Some(in_b), "{direction:?} {rows:?}");
        assert_eq!((names(&world, A).await, names(&world, B).await), (owned(&["Ada again"]), owned(&["Ada again"])));
        settle(&world, sync).await;
        assert_eq!(names(&world, B).await, ["Ada again"]);
    }
}

/// A record that one side deleted and the other, which wins, edited; and its successor with the same key, which is known
/// before the edit has brought the deleted one back.
async fn successor(world: &World, deleted_in: Side) -> SyncId {
    let settings = SyncSettings { primary: deleted_in.other(), ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(world, settings).await;
    let (deleted, edited) = if deleted_in == Side::Source { ((A, in_a), (B, in_b)) } else { ((B, in_b), (A, in_a)) };
    remove(world, deleted.0, &deleted.1).await;
    rename(world, edited.0, &edited.1, "Ada edited").await;
    make(world, deleted.0, "Ada again", "ada@example.org").await;
    go(world, sync).await;
    sync
}

async fn is_one_with_its_successor(world: &World, sync: SyncId) {
    for _ in 0..4 {
        world.clock.advance(TimeDelta::minutes(5));
        run(world, sync, Phase::Process).await;
    }
    let record = only(world, sync).await;
    assert_eq!(record.status, RecordStatus::Processed, "{record:?}");
    assert_eq!((names(world, A).await, names(world, B).await), (owned(&["Ada edited"]), owned(&["Ada edited"])));
}

#[tokio::test]
async fn who_is_brought_back_and_came_anew_meanwhile_is_one_record() {
    for deleted_in in [Side::Source, Side::Destination] {
        let world = world().await;
        let sync = successor(&world, deleted_in).await;
        is_one_with_its_successor(&world, sync).await;
    }
}

#[tokio::test]
async fn who_came_anew_while_bringing_them_back_was_interrupted_is_one_record() {
    for deleted_in in [Side::Source, Side::Destination] {
        let world = world().await;
        let sync = successor(&world, deleted_in).await;
        // A worker died before its insert had left it.
        let (side, known) = (deleted_in.as_str(), deleted_in.other().as_str());
        world
            .change(&format!(
                "UPDATE records SET intent_key = id::text, intent_side = '{side}', intent_version = version,
                    intent_at = '{now}', intent_deadline_at = '{now}'
                WHERE {side}_id IS NOT NULL AND {known}_id IS NOT NULL",
                now = world.now().to_rfc3339()
            ))
            .await;
        is_one_with_its_successor(&world, sync).await;
    }
}
