//! Both sides changed: who wins, by the sync's policy.

use std::collections::BTreeMap;

use domain::history::{ConflictView, HistoryFilter, RecordRow};
use domain::reconcile::Repair;
use domain::run::Phase;
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

async fn conflict(world: &World, sync: SyncId) -> (RecordRow, ConflictView) {
    let record = only(world, sync).await;
    let detail = engine::history::detail(&world.engine, &world.member, record.id).await.unwrap();
    (record, detail.conflict.expect("there is something to choose"))
}

async fn choose(world: &World, record: &RecordRow, side: Side) {
    let choices = BTreeMap::from([("name".to_owned(), side)]);
    let (engine, member, now) = (&world.engine, &world.member, world.now());
    engine::history::resolve(engine, member, record.id, record.version, &choices, now).await.unwrap();
    world.work().await;
}

#[tokio::test]
async fn a_person_chooses_between_what_both_sides_hold_now_and_not_between_what_they_held() {
    for later in [A, B] {
        let world = world().await;
        let settings = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..SyncSettings::default() };
        let (sync, in_a, in_b) = agreed(&world, settings).await;
        rename(&world, A, &in_a, "Ada of A").await;
        rename(&world, B, &in_b, "Ada of B").await;
        go(&world, sync).await;
        let (before, _) = conflict(&world, sync).await;
        // One of them is edited once more, before anybody has chosen.
        let (id, side) = if later == A { (&in_a, Side::Source) } else { (&in_b, Side::Destination) };
        rename(&world, later, id, "Ada anew").await;
        go(&world, sync).await;
        let (record, shown) = conflict(&world, sync).await;
        let pair = &shown.groups[0].1[0];
        let offered = if side == Side::Source { &pair.left } else { &pair.right };
        assert_eq!(offered, "Ada anew", "{shown:?}");
        let choices = BTreeMap::from([("name".to_owned(), side)]);
        let (engine, member, now) = (&world.engine, &world.member, world.now());
        let stale = engine::history::resolve(engine, member, before.id, before.version, &choices, now).await;
        assert!(matches!(stale, Err(engine::Error::Conflict(_))), "the form that was filled in shows what was");
        choose(&world, &record, side).await;
        assert_eq!(
            (names(&world, A).await, names(&world, B).await),
            (vec!["Ada anew".into()], vec!["Ada anew".into()])
        );
    }
}

#[tokio::test]
async fn a_choice_does_not_overwrite_what_was_changed_after_it_was_made() {
    let world = world().await;
    let settings = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(&world, settings).await;
    rename(&world, A, &in_a, "Ada of A").await;
    rename(&world, B, &in_b, "Ada of B").await;
    go(&world, sync).await;
    let (record, _) = conflict(&world, sync).await;
    let choices = BTreeMap::from([("name".to_owned(), Side::Destination)]);
    let (engine, member, now) = (&world.engine, &world.member, world.now());
    engine::history::resolve(engine, member, record.id, record.version, &choices, now).await.unwrap();
    // The run that carries it out has not begun yet.
    rename(&world, A, &in_a, "Ada anew").await;
    world.work().await;
    assert_eq!((names(&world, A).await, names(&world, B).await), (vec!["Ada anew".into()], vec!["Ada of B".into()]));
    let (record, shown) = conflict(&world, sync).await;
    assert_eq!(shown.groups[0].1[0].left, "Ada anew");
    choose(&world, &record, Side::Source).await;
    assert_eq!((names(&world, A).await, names(&world, B).await), (vec!["Ada anew".into()], vec!["Ada anew".into()]));
    assert_eq!(world.value("SELECT count(*) FROM record_edits WHERE used_at IS NULL").await, "0");
}

#[tokio::test]
async fn a_policy_that_does_not_ask_any_more_settles_the_conflicts_by_a_repair() {
    let world = world().await;
    let settings = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..SyncSettings::default() };
    let (sync, in_a, in_b) = agreed(&world, settings.clone()).await;
    rename(&world, A, &in_a, "Ada of A").await;
    rename(&world, B, &in_b, "Ada of B").await;
    go(&world, sync).await;
    world.clock.advance(chrono::TimeDelta::minutes(1));
    engine::runs::start(&world.engine, &world.member, sync, Phase::Reconcile, world.now()).await.unwrap();
    world.work().await;
    let page = engine::reconcile::page(&world.engine, &world.member, sync, None, None).await.unwrap();
    assert_eq!((page.findings.len(), page.repairable), (1, 0), "{page:?}");
    let all = Repair::All(None);
    let refused = engine::reconcile::repair(&world.engine, &world.member, sync, &all, world.now()).await;
    assert!(refused.unwrap_err().to_string().contains("Choose"), "it says why it repairs nothing");
    assert_eq!(only(&world, sync).await.status, RecordStatus::Conflict);
    assert!(page.findings[0].repaired_at.is_none());

    let two_way = domain::sync::Direction::TwoWay;
    set(&world, sync, SyncSettings { direction: two_way, conflict_policy: ConflictPolicy::PrimaryWins, ..settings })
        .await;
    let repaired = engine::reconcile::repair(&world.engine, &world.member, sync, &all, world.now()).await;
    assert_eq!(repaired.unwrap(), 1);
    world.work().await;
    assert_eq!(only(&world, sync).await.status, RecordStatus::Processed);
    assert_eq!((names(&world, A).await, names(&world, B).await), (vec!["Ada of A".into()], vec!["Ada of A".into()]));
}
