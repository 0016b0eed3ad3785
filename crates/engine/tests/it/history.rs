//! What people do to records in the Sync History, and what they see of it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::canonical::Canonical;
use domain::history::{
    ActionOutcome, EditKind, FindBy, HistoryFilter, OpenedOn, RecordDetail, RecordReport, RecordRow, Removal,
    Selection, SideSeen, WholeChoice,
};
use domain::run::RunState;
use domain::status::RecordAction;
use domain::{Entity, LastOperation, RecordId, RecordStatus, Side, SyncId};
use engine::history;
use serde_json::{Value, json};

use crate::support::{Pair, World, world};

/// A world whose customers are processed.
async fn with_customers(count: usize) -> (World, Pair) {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(count).await;
    world.sync(pair.customers).await;
    world.clock.advance(TimeDelta::minutes(1));
    (world, pair)
}

async fn rows(world: &World, sync: SyncId) -> Vec<RecordRow> {
    let filter = HistoryFilter { sync: Some(sync), ..HistoryFilter::default() };
    history::page(&world.engine, &world.member, &filter).await.unwrap().rows
}

async fn detail(world: &World, id: RecordId) -> RecordDetail {
    history::detail(&world.engine, &world.member, id).await.unwrap()
}

async fn act(world: &World, action: RecordAction, id: RecordId) -> ActionOutcome {
    world.clock.advance(TimeDelta::seconds(1));
    let these = Selection::These(vec![id]);
    history::act(&world.engine, &world.member, action, &these, world.now()).await.unwrap()
}

/// Writes to the record's row as no screen can.
async fn set(world: &World, id: RecordId, assignments: &str) {
    let mut tx = world.engine.db.begin(world.member.tenant).await.unwrap();
    let sql = format!("UPDATE records SET {assignments} WHERE id = '{id}'");
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// A conflict as processing leaves it.
async fn put_into_conflict(world: &World, id: RecordId, source: Option<&Canonical>, destination: Option<&Canonical>) {
    set(world, id, "status = 'conflict', last_operation = 'conflict_found'").await;
    let mut tx = world.engine.db.begin(world.member.tenant).await.unwrap();
    let value = |record: Option<&Canonical>| record.map(|record| serde_json::to_value(record).unwrap());
    sqlx::query("INSERT INTO record_conflicts (tenant_id, record_id, source, destination, found_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(world.member.tenant.0)
        .bind(id.0)
        .bind(value(source))
        .bind(value(destination))
        .bind(world.now())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The payload and removal of the edit that waits.
async fn pending_edit(world: &World, id: RecordId) -> Option<(Option<Value>, Option<String>)> {
    let mut tx = world.engine.db.begin(world.member.tenant).await.unwrap();
    sqlx::query_as(
        "SELECT payload, removal FROM record_edits WHERE record_id = $1 AND used_at IS NULL AND kind <> 'link'",
    )
    .bind(id.0)
    .fetch_optional(&mut *tx)
    .await
    .unwrap()
}

async fn settled_hashes(world: &World, id: RecordId) -> (bool, bool) {
    let mut tx = world.engine.db.begin(world.member.tenant).await.unwrap();
    sqlx::query_as(
        "SELECT synced_source_hash = source_hash AND synced_version = version, synced_destination_hash IS NOT NULL
        FROM records WHERE id = $1",
    )
    .bind(id.0)
    .fetch_one(&mut *tx)
    .await
    .unwrap()
}

fn customer(name: &str, phone: &str) -> Canonical {
    Canonical::Customer(domain::canonical::Customer {
        email: Some("ada@example.org".into()),
        name: name.into(),
        phone: Some(phone.into()),
        address: None,
    })
}

#[tokio::test]
async fn set_as_processed_agrees_to_what_both_sides_hold_and_wants_both_ids() {
    let (world, pair) = with_customers(2).await;
    let rows = rows(&world, pair.customers).await;
    let id = rows[0].id;
    set(
        &world,
        id,
        "status = 'failed', last_error = 'no', version = version + 1, synced_version = 0, synced_source_hash = NULL",
    )
    .await;
    let outcome = act(&world, RecordAction::SetProcessed, id).await;
    assert_eq!((outcome.done, outcome.left, outcome.runs.len()), (1, 0, 0));
    let after = detail(&world, id).await.row;
    assert_eq!((after.status, after.last_operation), (RecordStatus::Processed, LastOperation::ManuallySynchronised));
    assert_eq!((after.last_error, after.next_attempt_at), (None, None));
    assert_eq!(settled_hashes(&world, id).await, (true, true));

    let alone = rows[1].id;
    set(&world, alone, "status = 'failed', destination_id = NULL").await;
    let outcome = act(&world, RecordAction::SetProcessed, alone).await;
    assert_eq!((outcome.done, outcome.left), (0, 1), "only when both ids are known");
}

#[tokio::test]
async fn a_record_is_forgotten_unless_its_last_write_may_still_arrive() {
    let (world, pair) = with_customers(2).await;
    let rows = rows(&world, pair.customers).await;
    set(&world, rows[0].id, "intent_key = 'x'").await;
    let both = Selection::These(rows.iter().map(|row| row.id).collect());
    let outcome = history::act(&world.engine, &world.member, RecordAction::Forget, &both, world.now()).await.unwrap();
    assert_eq!((outcome.done as usize, outcome.left), (rows.len() - 1, 1));
    let left = self::rows(&world, pair.customers).await;
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [rows[0].id]);
    let gone = history::detail(&world.engine, &world.member, rows[1].id).await;
    assert!(matches!(gone, Err(engine::Error::NotFound)));
    let counts = history::page(&world.engine, &world.member, &HistoryFilter::default()).await.unwrap().counts;
    assert_eq!(counts.of(RecordStatus::Processed), 1, "the counters know that they are gone");
}

#[tokio::test]
async fn both_sides_are_read_live_and_stand_side_by_side() {
    let (world, pair) = with_customers(1).await;
    let row = rows(&world, pair.customers).await.remove(0);
    let erp_id = row.destination_label.clone().unwrap();
    let path = format!("acumatica/Customer/{erp_id}?account=sbx_erp");
    world.control("PATCH", &path, json!({"CustomerName": "Somebody Else"})).await;
    let run = history::compare(&world.engine, &world.member, row.id, world.now()).await.unwrap();
    assert!(history::report(&world.engine, &world.member, run).await.unwrap().report.is_none());
    world.work().await;
    let view = history::report(&world.engine, &world.member, run).await.unwrap();
    assert_eq!(view.run.state, RunState::Succeeded, "{:?}", view.run);
    let Some(RecordReport::Compared(compared)) = view.report else { panic!("no comparison") };
    assert!(matches!(&compared.destination, SideSeen::There(seen) if seen.label == erp_id), "{compared:?}");
    let differ: Vec<&str> =
        compared.pairs.iter().filter(|pair| pair.differs()).map(|pair| pair.path.as_str()).collect();
    assert_eq!(differ, ["name"], "{compared:?}");
    assert_eq!(detail(&world, row.id).await.row.version, row.version, "looking changes nothing");
}

#[tokio::test]
async fn an_edited_payload_waits_to_be_written_and_says_who_changed_what() {
    let (world, pair) = with_customers(1).await;
    let row = rows(&world, pair.customers).await.remove(0);
    let form = history::edit_form(&world.engine, &world.member, row.id).await.unwrap();
    let was = form.fields.iter().find(|field| field.path == "name").unwrap().value.clone();
    let edit = |opened_on, path: &str, text: &str| {
        let typed = BTreeMap::from([(path.to_owned(), text.to_owned())]);
        let (engine, member, now) = (world.engine.clone(), world.member.clone(), world.now());
        async move { history::edit(&engine, &member, row.id, opened_on, &typed, now).await }
    };
    let wrong = edit(form.opened_on, "email", "nobody").await;
    assert!(matches!(&wrong, Err(engine::Error::InvalidFields(fields)) if fields[0].0 == "email"), "{wrong:?}");
    let same = edit(form.opened_on, "name", &was).await;
    assert!(matches!(same, Err(engine::Error::Invalid { .. })));
    let later = OpenedOn { version: form.opened_on.version + 1, ..form.opened_on };
    let stale = edit(later, "name", "Ada Lovelace").await;
    assert!(matches!(stale, Err(engine::Error::Conflict(_))), "another version came meanwhile");
    edit(form.opened_on, "name", "Ada Byron").await.unwrap();
    let again = history::edit_form(&world.engine, &world.member, row.id).await.unwrap();
    edit(again.opened_on, "name", "Ada Lovelace").await.unwrap();

    let after = detail(&world, row.id).await;
    assert_eq!((after.row.status, after.row.last_operation), (RecordStatus::Prepared, LastOperation::PayloadEdited));
    assert_eq!(after.edits.len(), 1, "a newer edit takes the place of the one that waits");
    let change = &after.edits[0].changes[0];
    assert_eq!((after.edits[0].kind, after.edits[0].actor.as_str()), (EditKind::Payload, "ada@example.org"));
    assert_eq!(
        (change.path.as_str(), change.before.as_ref(), change.after.as_deref()),
        ("name", Some(&was), Some("Ada Lovelace"))
    );
    let (payload, removal) = pending_edit(&world, row.id).await.unwrap();
    assert_eq!((payload.unwrap()["customer"]["name"].as_str(), removal), (Some("Ada Lovelace"), None));
}

#[tokio::test]
async fn an_orders_payload_is_edited_in_the_destinations_terms() {
    let (world, pair) = with_customers(1).await;
    world.sync(pair.orders).await;
    let row = rows(&world, pair.orders).await.remove(0);
    let form = history::edit_form(&world.engine, &world.member, row.id).await.unwrap();
    assert_eq!(form.missing, Vec::<String>::new());
    let customer = rows(&world, pair.customers).await.remove(0);
    let field = form.fields.iter().find(|field| field.path == "customer").unwrap();
    assert_eq!(Some(&field.value), customer.destination_id.as_ref());
}

#[tokio::test]
async fn a_record_is_linked_by_hand_to_what_a_run_has_read_and_never_to_what_is_taken() {
    let (world, pair) = with_customers(3).await;
    let rows = rows(&world, pair.customers).await;
    let (mine, taken) = (&rows[0], &rows[1]);
    let target = mine.destination_id.clone().unwrap();
    set(&world, mine.id, "destination_id = NULL, status = 'aborted', last_error = 'several match'").await;
    let find = |by, text: String| {
        let (engine, member, now) = (world.engine.clone(), world.member.clone(), world.now());
        let id = mine.id;
        async move { history::find(&engine, &member, id, by, &text, now).await.unwrap() }
    };
    let run = find(FindBy::Id, taken.destination_id.clone().unwrap()).await;
    let (by_key, nothing) =
        (find(FindBy::Id, target.clone()).await, find(FindBy::Key, "nobody@nowhere.org".into()).await);
    world.work().await;
    let candidates = |run| {
        let (engine, member) = (world.engine.clone(), world.member.clone());
        async move {
            match history::report(&engine, &member, run).await.unwrap().report {
                Some(RecordReport::Found { candidates }) => candidates,
                other => panic!("{other:?}"),
            }
        }
    };
    assert!(candidates(nothing).await.is_empty());
    let found = candidates(run).await;
    assert_eq!(found[0].linked_to.as_ref().map(|(id, _)| *id), Some(taken.id));
    let refused = history::link(&world.engine, &world.member, mine.id, run, &found[0].seen.id, world.now()).await;
    assert!(matches!(&refused, Err(engine::Error::Conflict(why)) if why.contains(&taken.description)), "{refused:?}");
    let unread = history::link(&world.engine, &world.member, mine.id, by_key, "C999999", world.now()).await;
    assert!(matches!(unread, Err(engine::Error::NotFound)), "only what was read is linked");

    history::link(&world.engine, &world.member, mine.id, by_key, &target, world.now()).await.unwrap();
    let after = detail(&world, mine.id).await;
    assert_eq!(after.row.destination_id.as_ref(), Some(&target));
    assert_eq!((after.row.status, after.row.last_operation), (RecordStatus::Prepared, LastOperation::ManuallyLinked));
    assert_eq!(after.edits[0].kind, EditKind::Link);
    world.work().await;
    assert_eq!(detail(&world, mine.id).await.row.status, RecordStatus::Processed);
}

#[tokio::test]
async fn a_conflict_is_resolved_field_by_field_and_waits_to_be_written_to_both_sides() {
    let (world, pair) = with_customers(1).await;
    let id = rows(&world, pair.customers).await[0].id;
    let (source, destination) = (customer("Ada Byron", "1"), customer("A. Byron", "2"));
    put_into_conflict(&world, id, Some(&source), Some(&destination)).await;
    let open = detail(&world, id).await;
    let conflict = open.conflict.unwrap();
    let paths: Vec<&str> = conflict.groups.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!((paths, conflict.gone), (vec!["name", "phone"], None));
    let mut choices = BTreeMap::from([("name".to_owned(), Side::Source)]);
    let half = history::resolve(&world.engine, &world.member, id, open.row.version, &choices, world.now()).await;
    assert!(matches!(&half, Err(engine::Error::InvalidFields(fields)) if fields[0].0 == "phone"), "{half:?}");
    choices.insert("phone".to_owned(), Side::Destination);
    history::resolve(&world.engine, &world.member, id, open.row.version, &choices, world.now()).await.unwrap();
    let after = detail(&world, id).await;
    assert_eq!((after.row.status, after.row.last_operation), (RecordStatus::Prepared, LastOperation::ConflictResolved));
    assert!(after.conflict.is_none());
    let payload = pending_edit(&world, id).await.unwrap().0.unwrap();
    assert_eq!(payload, serde_json::to_value(customer("Ada Byron", "2")).unwrap());
}

#[tokio::test]
async fn of_a_record_that_is_gone_on_one_side_a_person_says_whether_it_comes_back() {
    let (world, pair) = with_customers(2).await;
    let rows = rows(&world, pair.customers).await;
    let alive = customer("Ada", "1");
    let none = BTreeMap::new();
    for (row, choice, expected) in [
        (&rows[0], WholeChoice::BringBack, (true, None)),
        (&rows[1], WholeChoice::Remove(Removal::Keep), (false, Some("keep".to_owned()))),
    ] {
        put_into_conflict(&world, row.id, None, Some(&alive)).await;
        let open = detail(&world, row.id).await;
        let conflict = open.conflict.unwrap();
        assert_eq!(conflict.gone, Some(Side::Source));
        assert!(conflict.removals.contains(&Removal::Keep));
        let fields = history::resolve(&world.engine, &world.member, row.id, row.version, &none, world.now());
        assert!(matches!(fields.await, Err(engine::Error::Conflict(_))), "there is nothing to choose field by field");
        history::resolve_gone(&world.engine, &world.member, row.id, row.version, choice, world.now()).await.unwrap();
        let (payload, removal) = pending_edit(&world, row.id).await.unwrap();
        assert_eq!((payload.is_some(), removal), expected);
    }
}

#[tokio::test]
async fn one_side_wins_in_all_conflicts_of_a_selection() {
    let (world, pair) = with_customers(3).await;
    let rows = rows(&world, pair.customers).await;
    for row in &rows[..2] {
        put_into_conflict(&world, row.id, Some(&customer("Shop", "1")), Some(&customer("Books", "2"))).await;
    }
    let all = Selection::These(rows.iter().map(|row| row.id).collect());
    let wins = RecordAction::DestinationWins;
    let outcome = history::act(&world.engine, &world.member, wins, &all, world.now()).await.unwrap();
    assert_eq!((outcome.done, outcome.left, outcome.runs.len()), (2, rows.len() as i64 - 2, 1));
    let after = detail(&world, rows[0].id).await;
    assert_eq!((after.row.status, after.edits[0].actor.as_str()), (RecordStatus::Prepared, "ada@example.org"));
    let payload = pending_edit(&world, rows[0].id).await.unwrap().0.unwrap();
    assert_eq!(payload["customer"]["name"], "Books");
}

#[tokio::test]
async fn two_versions_stand_side_by_side_and_an_earlier_one_is_replayed() {
    let (world, pair) = with_customers(1).await;
    let row = rows(&world, pair.customers).await.remove(0);
    let gid = row.source_id.clone().unwrap();
    let number = gid.rsplit('/').next().unwrap();
    let path = format!("shopify/customers/{number}?account=sbx_shop");
    world.control("PATCH", &path, json!({"firstName": "Grace", "lastName": "Hopper"})).await;
    world.sync(pair.customers).await;
    let after = detail(&world, row.id).await;
    assert_eq!(after.versions.len(), 2, "{:?}", after.versions);
    let compared =
        history::versions_compared(&world.engine, &world.member, row.id, (after.row.version, 1)).await.unwrap();
    assert_eq!((compared.left.version, compared.right.version), (1, after.row.version));
    let differ: Vec<_> = compared.pairs.iter().filter(|pair| pair.differs()).map(|pair| pair.right.as_str()).collect();
    assert!(differ.contains(&"Grace Hopper"), "{differ:?}");
    world.clock.advance(TimeDelta::seconds(1));
    history::replay(&world.engine, &world.member, row.id, 1, world.now()).await.unwrap();
    let waits = detail(&world, row.id).await;
    assert_eq!((waits.replay_version, waits.row.status), (Some(1), RecordStatus::Prepared));
    let missing = history::replay(&world.engine, &world.member, row.id, 77, world.now()).await;
    assert!(matches!(missing, Err(engine::Error::NotFound)));
}

#[tokio::test]
async fn the_export_has_every_record_that_matches_once() {
    let (world, pair) = with_customers(1).await;
    let sync = store_sync(&world, pair.customers).await;
    let ids: Vec<String> = (0..2_500).map(|n| format!("gid://shopify/Customer/9{n:06}")).collect();
    let mut tx = world.engine.db.begin(world.member.tenant).await.unwrap();
    engine::store::records::ensure(&mut tx, &sync, &ids, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let filter = HistoryFilter { entity: Some(Entity::Customer), ..HistoryFilter::default() };
    let mut export = history::export(world.member.clone(), filter).unwrap();
    let mut seen = std::collections::HashSet::new();
    loop {
        let page = export.next(&world.engine).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 1_000);
        assert!(page.iter().all(|row| seen.insert(row.id)), "a record came twice");
    }
    assert_eq!(seen.len(), 2_501);
}

async fn store_sync(world: &World, id: SyncId) -> engine::store::syncs::SyncRow {
    let mut tx = world.engine.db.begin(world.member.tenant).await.unwrap();
    engine::store::syncs::get(&mut tx, id).await.unwrap()
}

#[tokio::test]
async fn nobody_sees_or_changes_another_organisations_record() {
    let (world, pair) = with_customers(1).await;
    let row = rows(&world, pair.customers).await.remove(0);
    let stranger = world.stranger().await;
    let (engine, now) = (&world.engine, world.now());
    assert!(matches!(history::compare(engine, &stranger, row.id, now).await, Err(engine::Error::NotFound)));
    assert!(matches!(history::edit_form(engine, &stranger, row.id).await, Err(engine::Error::NotFound)));
    assert!(matches!(history::replay(engine, &stranger, row.id, 1, now).await, Err(engine::Error::NotFound)));
    let run = history::compare(engine, &world.member, row.id, now).await.unwrap();
    assert!(matches!(history::report(engine, &stranger, run).await, Err(engine::Error::NotFound)));
    let outcome = history::act(engine, &stranger, RecordAction::Forget, &Selection::These(vec![row.id]), now).await;
    assert_eq!(outcome.unwrap().done, 0);
    world.work().await;
}

async fn compared(world: &World, id: RecordId) -> domain::history::Comparison {
    let run = history::compare(&world.engine, &world.member, id, world.now()).await.unwrap();
    world.work().await;
    match history::report(&world.engine, &world.member, run).await.unwrap().report {
        Some(RecordReport::Compared(compared)) => *compared,
        other => panic!("{other:?}"),
    }
}

async fn edit_in_shop(world: &World, row: &RecordRow, fields: Value) {
    let number = row.source_id.as_ref().unwrap().rsplit('/').next().unwrap().to_owned();
    world.control("PATCH", &format!("shopify/customers/{number}?account=sbx_shop"), fields).await;
}

async fn edit_in_erp(world: &World, row: &RecordRow, fields: Value) {
    let label = row.destination_label.as_ref().unwrap();
    world.control("PATCH", &format!("acumatica/Customer/{label}?account=sbx_erp"), fields).await;
}

/// The name that both sides have.
async fn agreed_name(world: &World, id: RecordId) -> String {
    let compared = compared(world, id).await;
    assert!(compared.pairs.iter().all(|pair| !pair.differs()), "{compared:?}");
    compared.pairs.into_iter().find(|pair| pair.path == "name").unwrap().left
}

#[tokio::test]
async fn an_edited_payload_is_written_once_and_the_next_change_at_the_source_wins_again() {
    let (world, pair) = with_customers(1).await;
    let row = rows(&world, pair.customers).await.remove(0);
    let typed = BTreeMap::from([("name".to_owned(), "Edited By Hand".to_owned())]);
    let opened_on = OpenedOn { version: row.version, edit: None };
    history::edit(&world.engine, &world.member, row.id, opened_on, &typed, world.now()).await.unwrap();
    world.work().await;
    let after = detail(&world, row.id).await;
    assert_eq!(after.row.status, RecordStatus::Processed, "{:?}", after.row);
    assert!(after.edits[0].used_at.is_some());
    let compared = compared(&world, row.id).await;
    let name = compared.pairs.iter().find(|pair| pair.path == "name").unwrap();
    assert_eq!(name.right, "Edited By Hand");

    world.clock.advance(TimeDelta::minutes(10));
    edit_in_shop(&world, &row, json!({"firstName": "Grace", "lastName": "Hopper"})).await;
    world.sync(pair.customers).await;
    assert_eq!(agreed_name(&world, row.id).await, "Grace Hopper");
}

#[tokio::test]
async fn a_replay_writes_the_earlier_version_once() {
    let (world, pair) = with_customers(1).await;
    let row = rows(&world, pair.customers).await.remove(0);
    let first = compared(&world, row.id).await.pairs.into_iter().find(|pair| pair.path == "name").unwrap().left;
    edit_in_shop(&world, &row, json!({"firstName": "Grace", "lastName": "Hopper"})).await;
    world.sync(pair.customers).await;
    history::replay(&world.engine, &world.member, row.id, 1, world.now()).await.unwrap();
    world.work().await;
    let after = detail(&world, row.id).await;
    assert_eq!((after.row.status, after.replay_version), (RecordStatus::Processed, None), "{:?}", after.row);
    let name = compared(&world, row.id).await.pairs.into_iter().find(|pair| pair.path == "name").unwrap();
    assert_eq!((name.left.as_str(), name.right), ("Grace Hopper", first));
}

#[tokio::test]
async fn a_conflict_that_a_person_resolves_ends_with_both_sides_alike() {
    let (world, pair) = with_customers(1).await;
    world
        .sql(format!("UPDATE syncs SET direction = 'two_way', conflict_policy = 'ask' WHERE id = '{}'", pair.customers))
        .await;
    let row = rows(&world, pair.customers).await.remove(0);
    edit_in_shop(&world, &row, json!({"firstName": "Grace", "lastName": "Hopper"})).await;
    edit_in_erp(&world, &row, json!({"CustomerName": "G. Hopper"})).await;
    world.clock.advance(TimeDelta::minutes(1));
    world.sync(pair.customers).await;
    let open = detail(&world, row.id).await;
    assert_eq!(open.row.status, RecordStatus::Conflict, "{:?}", open.row);
    let conflict = open.conflict.unwrap();
    let paths: Vec<&str> = conflict.groups.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["name"]);
    let choices = BTreeMap::from([("name".to_owned(), Side::Destination)]);
    history::resolve(&world.engine, &world.member, row.id, open.row.version, &choices, world.now()).await.unwrap();
    world.work().await;
    let after = detail(&world, row.id).await;
    assert_eq!(after.row.status, RecordStatus::Processed, "{:?}", after.row);
    assert_eq!(agreed_name(&world, row.id).await, "G. Hopper");
}

#[tokio::test]
async fn versions_are_paged_to_the_oldest_and_only_for_who_may_see_them() {
    let (world, pair) = with_customers(1).await;
    let id = rows(&world, pair.customers).await[0].id;
    let copies =
        "INSERT INTO record_versions (tenant_id, record_id, version, hash, payload, modified_at, seen_at, side)
        SELECT tenant_id, record_id, copy, hash, payload, modified_at, seen_at, side
        FROM record_versions, generate_series(2, 120) AS copy WHERE record_id = ";
    world.sql(format!("{copies}'{id}'")).await;
    let shown = detail(&world, id).await;
    let mut seen: Vec<i64> = shown.versions.iter().map(|version| version.version).collect();
    let mut older = shown.older_versions;
    while let Some(before) = older {
        let page = history::versions_before(&world.engine, &world.member, id, before).await.unwrap();
        assert!(page.versions.len() <= 50);
        seen.extend(page.versions.iter().map(|version| version.version));
        older = page.older;
    }
    assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());
    let stranger = world.stranger().await;
    let refused = history::versions_before(&world.engine, &stranger, id, 50).await;
    assert!(matches!(refused, Err(engine::Error::NotFound)));
}
