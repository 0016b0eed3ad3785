//! Syncs: which can be made, and how their settings change.

use domain::Entity;
use domain::activity::{ActivityFilter, By, Tone};
use domain::connection::{ConnectionForm, ConnectionState};
use domain::sync::{ConflictPolicy, DeletionPolicy, Direction, NewSync, SettingsChange, SyncSettings};
use engine::Error;

use crate::support::world;

#[tokio::test]
async fn two_people_who_change_settings_at_once_lose_nothing_and_the_timeline_names_them() {
    let world = world().await;
    let pair = world.pair().await;
    let base = engine::syncs::settings(&world.engine, &world.member, pair.orders).await.unwrap().settings;
    let first = SyncSettings { conflict_policy: ConflictPolicy::Ask, ..base.clone() };
    let second = SyncSettings { max_attempts: 9, ..base.clone() };
    for wanted in [first, second] {
        let change = SettingsChange { base: base.clone(), wanted, insists: false };
        engine::syncs::change(&world.engine, &world.member, pair.orders, &change, world.now()).await.unwrap();
    }
    let now = engine::syncs::settings(&world.engine, &world.member, pair.orders).await.unwrap().settings;
    assert_eq!((now.conflict_policy, now.max_attempts), (ConflictPolicy::Ask, 9));

    let late = SyncSettings { max_attempts: 3, ..base.clone() };
    let change = SettingsChange { base, wanted: late, insists: false };
    let told = engine::syncs::change(&world.engine, &world.member, pair.orders, &change, world.now()).await;
    let Err(Error::InvalidFields(fields)) = told else { panic!("{told:?}") };
    assert!(fields[0].0 == "max_attempts" && fields[0].1.contains('9'), "{fields:?}");
    let lines = engine::activity::page(&world.engine, &world.member, &ActivityFilter::default()).await.unwrap().items;
    let line = lines.iter().find(|item| item.line.text.contains("conflicts")).expect("the change is told");
    assert_eq!(line.line.actor.as_deref(), Some("ada@example.org"));
    assert!(line.line.text.contains("“The primary system wins” → “Ask me”"), "{}", line.line.text);
}

#[tokio::test]
async fn the_timeline_is_searched_as_its_filter_says() {
    let world = world().await;
    let pair = world.pair().await;
    let base = engine::syncs::settings(&world.engine, &world.member, pair.orders).await.unwrap().settings;
    let wanted = SyncSettings { max_attempts: 9, ..base.clone() };
    let change = SettingsChange { base, wanted, insists: false };
    engine::syncs::change(&world.engine, &world.member, pair.orders, &change, world.now()).await.unwrap();
    let all = engine::activity::page(&world.engine, &world.member, &ActivityFilter::default()).await.unwrap().items;
    let filters = [
        ActivityFilter { sync: Some(pair.orders), ..ActivityFilter::default() },
        ActivityFilter { by: Some(By::People), ..ActivityFilter::default() },
        ActivityFilter { by: Some(By::Syncline), ..ActivityFilter::default() },
        ActivityFilter { tone: Some(Tone::Info), ..ActivityFilter::default() },
        ActivityFilter { text: Some("TRIES: “5”".into()), ..ActivityFilter::default() },
        ActivityFilter { text: Some("ada@example".into()), sync: Some(pair.orders), ..ActivityFilter::default() },
        ActivityFilter { text: Some("100%_".into()), ..ActivityFilter::default() },
    ];
    for filter in filters {
        let found = engine::activity::page(&world.engine, &world.member, &filter).await.unwrap().items;
        let expected: Vec<_> = all.iter().filter(|item| filter.shows(&item.line)).cloned().collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    let mine = ActivityFilter { text: Some("tries".into()), sync: Some(pair.orders), ..ActivityFilter::default() };
    let found = engine::activity::page(&world.engine, &world.member, &mine).await.unwrap();
    assert_eq!(found.items.len(), 1);
    let older = ActivityFilter { before: Some(found.items[0].id), ..mine };
    assert!(engine::activity::page(&world.engine, &world.member, &older).await.unwrap().items.is_empty());
    let long = ActivityFilter { text: Some("x".repeat(101)), ..ActivityFilter::default() };
    assert!(engine::activity::page(&world.engine, &world.member, &long).await.is_err());
}

#[tokio::test]
async fn what_the_two_systems_cannot_do_is_refused_beside_its_field() {
    let world = world().await;
    let pair = world.pair().await;
    let view = engine::syncs::settings(&world.engine, &world.member, pair.orders).await.unwrap();
    let base = view.settings;
    let wanted = SyncSettings {
        direction: if view.possible.two_way { base.direction } else { Direction::TwoWay },
        deletion_policy: if view.possible.delete { base.deletion_policy } else { DeletionPolicy::Delete },
        max_attempts: 0,
        ..base.clone()
    };
    let change = SettingsChange { base: base.clone(), wanted, insists: false };
    let refused = engine::syncs::change(&world.engine, &world.member, pair.orders, &change, world.now()).await;
    let Err(Error::InvalidFields(fields)) = refused else { panic!("{refused:?}") };
    assert!(fields.iter().any(|(field, _)| field == "max_attempts"), "{fields:?}");
    let now = engine::syncs::settings(&world.engine, &world.member, pair.orders).await.unwrap().settings;
    assert_eq!(now, base);
}

#[tokio::test]
async fn a_filter_that_cannot_be_used_is_refused_at_its_condition() {
    use domain::filter::{Condition, Filter, Operator};
    let world = world().await;
    let pair = world.pair().await;
    let base = engine::syncs::settings(&world.engine, &world.member, pair.orders).await.unwrap().settings;
    let condition = Condition { field: "total".into(), operator: Operator::More, value: "a lot".into() };
    let wanted = SyncSettings { filter: Some(Filter::All(vec![Filter::Is(condition)])), ..base.clone() };
    let change = SettingsChange { base, wanted, insists: false };
    let refused = engine::syncs::change(&world.engine, &world.member, pair.orders, &change, world.now()).await;
    let Err(Error::InvalidFields(fields)) = refused else { panic!("{refused:?}") };
    assert_eq!(fields[0].0, "condition-1");
}

#[tokio::test]
async fn the_same_entity_is_not_synchronised_both_ways_by_two_syncs() {
    let world = world().await;
    let pair = world.pair().await;
    let orders = engine::syncs::get(&world.engine, &world.member, pair.orders).await.unwrap().sync;
    let (source, destination) = (orders.destination.connection, orders.source.connection);
    let backwards = NewSync { entity: Entity::Order, source, destination };
    let refused = engine::syncs::create(&world.engine, &world.member, &backwards, world.now()).await;
    assert!(matches!(refused, Err(Error::Conflict(_) | Error::Invalid { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_wrong_password_is_known_as_soon_as_it_is_saved_and_so_is_a_pause_on_the_overview() {
    let world = world().await;
    let pair = world.pair().await;
    let (engine, member) = (&world.engine, &world.member);
    let sync = engine::syncs::get(engine, member, pair.orders).await.unwrap().sync;
    let (shop, erp) = (sync.source.connection, sync.destination.connection);
    let view = engine::connections::get(engine, member, erp, world.now()).await.unwrap();
    let mut typed = ConnectionForm { name: view.name, values: view.settings };
    typed.values.insert("password".into(), "not the ERP's".into());
    engine::connections::update(engine, member, erp, &typed, world.now()).await.unwrap();
    engine::connections::pause(engine, member, shop, world.now()).await.unwrap();
    world.work().await;
    let sync = engine::syncs::get(engine, member, pair.orders).await.unwrap().sync;
    assert_eq!(sync.destination.state, ConnectionState::Unauthorised);
    assert_eq!(sync.stopped_by().map(|end| end.state), Some(ConnectionState::Paused));
    let overview = engine::overview::overview(engine, member, world.now()).await.unwrap();
    for words in ["refuses the credentials of “ERP”", "“Shop” is paused"] {
        assert!(overview.attention.iter().any(|line| line.text.contains(words)), "{words}: {:?}", overview.attention);
    }
    typed.values.insert("password".into(), "secret of the ERP".into());
    engine::connections::update(engine, member, erp, &typed, world.now()).await.unwrap();
    world.work().await;
    let view = engine::connections::get(engine, member, erp, world.now()).await.unwrap();
    assert_eq!((view.state, view.last_error), (ConnectionState::Active, None));
}

#[tokio::test]
async fn what_a_person_has_paused_stays_so_whatever_is_typed_as_its_password() {
    let world = world().await;
    let pair = world.pair().await;
    let (engine, member) = (&world.engine, &world.member);
    let erp = engine::syncs::get(engine, member, pair.orders).await.unwrap().sync.destination.connection;
    let view = engine::connections::get(engine, member, erp, world.now()).await.unwrap();
    engine::connections::pause(engine, member, erp, world.now()).await.unwrap();
    for (password, is_refused) in [("not the ERP's", true), ("secret of the ERP", false)] {
        let mut typed = ConnectionForm { name: view.name.clone(), values: view.settings.clone() };
        typed.values.insert("password".into(), password.into());
        engine::connections::update(engine, member, erp, &typed, world.now()).await.unwrap();
        world.work().await;
        let view = engine::connections::get(engine, member, erp, world.now()).await.unwrap();
        assert_eq!((view.state, view.last_error.is_some()), (ConnectionState::Paused, is_refused));
    }
}
