//! Announced changes become one mark per record; only reads decide.

use chrono::{DateTime, TimeDelta, Utc};
use domain::canonical::{Canonical, Customer};
use domain::run::Phase;
use domain::{ConnectionId, Entity, SyncId};
use engine::events::{Event, Received, receive};
use serde_json::{Value, json};

use crate::support::{Pair, World, world};

/// A world whose customers are synchronised as soon as they are announced, with the shop's connection.
async fn live(mode: &str) -> (World, Pair, ConnectionId) {
    let world = world().await;
    let pair = world.pair().await;
    world.sql(format!("UPDATE syncs SET real_time = '{mode}' WHERE id = '{}'", pair.customers)).await;
    let shop = world.value("SELECT id FROM connections WHERE vendor = 'shopify'").await.parse().unwrap();
    (world, pair, shop)
}

fn event(id: &str, modified_at: Option<DateTime<Utc>>) -> Event {
    Event { entity: Entity::Customer, external_id: id.into(), modified_at, deleted: false, payload: None }
}

fn deletion(id: &str, modified_at: Option<DateTime<Utc>>) -> Event {
    Event { deleted: true, ..event(id, modified_at) }
}

async fn send(world: &World, connection: ConnectionId, events: &[Event]) -> Received {
    receive(&world.engine, world.member.tenant, connection, events, world.now()).await.unwrap()
}

async fn customers(world: &World, count: usize) -> Vec<String> {
    let made = world.control("POST", "shopify/customers?account=sbx_shop", json!({ "count": count })).await;
    made["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn path(gid: &str) -> String {
    format!("shopify/customers/{}?account=sbx_shop", gid.rsplit('/').next().unwrap())
}

/// Seconds from now until the only record is due.
async fn due_in(world: &World) -> i64 {
    let at = world.value("SELECT extract(epoch FROM next_attempt_at)::bigint FROM records").await;
    at.parse::<i64>().unwrap() - world.now().timestamp()
}

async fn dispatch(world: &World) -> usize {
    // The syncs' own schedules are not what is looked at here.
    world.sql("UPDATE schedules SET enabled = false").await;
    engine::dispatcher::tick(&world.engine, world.now()).await.unwrap()
}

#[tokio::test]
async fn announced_changes_wait_for_quiet_and_become_one_synchronisation() {
    let (world, pair, shop) = live("process").await;
    let id = customers(&world, 1).await.remove(0);
    for _ in 0..3 {
        assert_eq!(send(&world, shop, &[event(&id, None)]).await.accepted, 1);
        assert_eq!(due_in(&world).await, 15);
        world.clock.advance(TimeDelta::seconds(10));
        assert_eq!(dispatch(&world).await, 0, "it is not quiet yet");
    }
    world.clock.advance(TimeDelta::seconds(6));
    assert_eq!(dispatch(&world).await, 1);
    assert_eq!(dispatch(&world).await, 0, "a run that is active is not doubled");
    world.work().await;
    let state = "SELECT status, version, destination_id IS NOT NULL FROM records";
    assert_eq!(world.lines(state).await, ["processed | 1 | true"]);
    let runs = format!("SELECT trigger FROM runs WHERE sync_id = '{}'", pair.customers);
    assert_eq!(world.lines(&runs).await, ["due"]);
}

#[tokio::test]
async fn a_record_that_never_becomes_quiet_is_processed_after_the_longest_wait() {
    let (world, _, shop) = live("process").await;
    let id = customers(&world, 1).await.remove(0);
    let mut waited = 0;
    while dispatch(&world).await == 0 {
        send(&world, shop, &[event(&id, None)]).await;
        world.clock.advance(TimeDelta::seconds(10));
        waited += 10;
        assert!(waited <= 60, "it waited for {waited} s");
    }
    assert_eq!(waited, 60);
    world.work().await;
    send(&world, shop, &[event(&id, None)]).await;
    assert_eq!(due_in(&world).await, 15, "the next change waits for quiet anew");
}

#[tokio::test]
async fn an_event_that_is_older_than_what_is_known_is_discarded_and_counted() {
    let (world, pair, shop) = live("prepare").await;
    let now = world.now();
    let newer = event("gid://shopify/Customer/1", Some(now));
    let older = event("gid://shopify/Customer/1", Some(now - TimeDelta::seconds(1)));
    assert_eq!(send(&world, shop, std::slice::from_ref(&newer)).await.accepted, 1);
    assert_eq!(send(&world, shop, std::slice::from_ref(&older)).await.discarded, 1);
    let same = send(&world, shop, &[newer, older]).await;
    assert_eq!((same.accepted, same.discarded), (1, 1), "an event of the same moment is accepted");
    let counted = format!("SELECT events_discarded FROM syncs WHERE id = '{}'", pair.customers);
    assert_eq!(world.value(&counted).await, "2");
    assert_eq!(dispatch(&world).await, 0, "a sync that only prepares leaves processing to its schedule");
}

#[tokio::test]
async fn events_that_concern_no_sync_or_a_side_that_is_off_change_nothing() {
    let (world, _, shop) = live("off").await;
    let payment = Event { entity: Entity::Payment, ..event("1", None) };
    let received = send(&world, shop, &[event("gid://shopify/Customer/1", None), payment]).await;
    assert_eq!(received, Received { ignored: 1, unknown: 1, ..Received::default() });
    let erp = world.value("SELECT id FROM connections WHERE vendor = 'acumatica'").await.parse().unwrap();
    let one_way = send(&world, erp, &[event("C0001", None)]).await;
    assert_eq!(one_way.unknown, 1, "nobody listens to the destination of a one-way sync");
    assert_eq!(world.value("SELECT count(*) FROM records").await, "0");
}

#[tokio::test]
async fn a_deletion_that_comes_before_its_creation_is_kept_and_the_later_event_is_no_resurrection() {
    let (world, pair, shop) = live("process").await;
    let (created, deleted) = (world.now() - TimeDelta::seconds(9), world.now());
    let id = "gid://shopify/Customer/77";
    send(&world, shop, &[deletion(id, Some(deleted))]).await;
    assert_eq!(due_in(&world).await, 35, "twenty seconds and the quiet");
    let late = send(&world, shop, &[event(id, Some(created))]).await;
    assert_eq!(late.discarded, 1);
    let stored = "SELECT description, tombstone, tombstone_side, status FROM records";
    assert_eq!(world.lines(stored).await, [format!("{id} | true | source | prepared")]);
    world.clock.advance(TimeDelta::seconds(36));
    dispatch(&world).await;
    world.work().await;
    assert_eq!(world.value("SELECT status FROM records").await, "deleted");
    assert_eq!(world.value(&format!("SELECT count(*) FROM runs WHERE sync_id = '{}'", pair.customers)).await, "1");
}

#[tokio::test]
async fn an_update_that_is_sent_as_deletion_and_insertion_deletes_nothing() {
    let (world, pair, shop) = live("process").await;
    let id = customers(&world, 1).await.remove(0);
    world.sync(pair.customers).await;
    world.clock.advance(TimeDelta::minutes(1));
    world.control("PATCH", &path(&id), json!({"firstName": "Renamed"})).await;
    send(&world, shop, &[deletion(&id, None)]).await;
    world.clock.advance(TimeDelta::seconds(1));
    send(&world, shop, &[event(&id, None)]).await;
    assert_eq!(world.value("SELECT tombstone FROM records").await, "true", "an event revives nothing");
    world.clock.advance(TimeDelta::seconds(61));
    assert_eq!(dispatch(&world).await, 1);
    world.work().await;
    let state = "SELECT status, tombstone, version, description LIKE 'Renamed%' FROM records";
    assert_eq!(world.lines(state).await, ["processed | false | 2 | true"]);
}

#[tokio::test]
async fn an_announced_deletion_is_carried_out_after_a_read_and_its_repetition_changes_nothing() {
    let (world, pair, shop) = live("process").await;
    let id = customers(&world, 1).await.remove(0);
    world.sync(pair.customers).await;
    world.control("DELETE", &path(&id), Value::Null).await;
    world.clock.advance(TimeDelta::minutes(1));
    let gone = deletion(&id, Some(world.now()));
    send(&world, shop, std::slice::from_ref(&gone)).await;
    world.clock.advance(TimeDelta::seconds(36));
    dispatch(&world).await;
    world.work().await;
    let state = "SELECT status, tombstone, tombstone_side FROM records";
    assert_eq!(world.lines(state).await, ["deleted | false | source"]);
    send(&world, shop, &[gone]).await;
    assert_eq!(world.lines(state).await, ["deleted | false | source"]);
}

#[tokio::test]
async fn a_change_that_arrives_while_its_record_is_in_work_leads_to_another_processing() {
    let (world, _, shop) = live("process").await;
    let id = customers(&world, 1).await.remove(0);
    send(&world, shop, &[event(&id, None)]).await;
    world.clock.advance(TimeDelta::seconds(16));
    dispatch(&world).await;
    let job = world.take_job().await.unwrap();
    // The change comes while the write is under way: what is written is out of date already.
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 2_000});
    world.control("POST", "acumatica/faults", slow).await;
    let (engine, clock) = (world.engine.clone(), world.clock.engine());
    let working = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    while world.value("SELECT count(*) FROM records WHERE intent_key IS NOT NULL").await == "0" {
        tokio::task::yield_now().await;
    }
    send(&world, shop, &[event(&id, None)]).await;
    assert_eq!(world.value("SELECT version FROM records").await, "2");
    world.control("DELETE", "acumatica/faults?account=sbx_erp", Value::Null).await;
    working.await.unwrap().unwrap();
    world.work().await;
    let state = "SELECT status, attempts FROM records";
    assert_eq!(world.lines(state).await, ["processed | 0"]);
    let tries = world.value("SELECT count(*) FROM attempts").await;
    assert_eq!(tries, "2", "it was processed again for the change");
}

#[tokio::test]
async fn an_announcement_of_a_later_time_than_any_read_ever_says_holds_a_record_up_for_minutes_only() {
    let (world, pair, shop) = live("process").await;
    let id = customers(&world, 1).await.remove(0);
    world.sync(pair.customers).await;
    world.sql("UPDATE schedules SET enabled = false").await;
    world.clock.advance(TimeDelta::minutes(1));
    world.control("PATCH", &path(&id), json!({"firstName": "Renamed"})).await;
    let announced = world.now() + TimeDelta::seconds(90);
    send(&world, shop, &[event(&id, Some(announced))]).await;
    let state = "SELECT status, attempts, description LIKE 'Renamed%' FROM records";
    world.live_until(announced + TimeDelta::minutes(4)).await;
    assert_eq!(world.lines(state).await, ["prepared | 0 | false"], "a replica may still lag behind");
    world.live_until(announced + TimeDelta::minutes(6)).await;
    assert_eq!(world.lines(state).await, ["processed | 0 | true"]);
    assert_eq!(world.value("SELECT count(*) FROM records WHERE destination_label IS NULL").await, "0");
    let known = world.value("SELECT extract(epoch FROM source_modified_at)::bigint FROM records").await;
    assert!(known.parse::<i64>().unwrap() < announced.timestamp(), "what was read stands, not what was announced");
}

#[tokio::test]
async fn an_event_that_shows_what_is_known_already_causes_no_read() {
    let (world, pair, shop) = live("process").await;
    let id = customers(&world, 1).await.remove(0);
    world.sync(pair.customers).await;
    let payload = world.value("SELECT payload FROM record_versions WHERE side = 'source'").await;
    let payload: Canonical = serde_json::from_str(&payload).unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    let echo = Event { payload: Some(payload), ..event(&id, Some(world.now())) };
    send(&world, shop, std::slice::from_ref(&echo)).await;
    assert_eq!(world.value("SELECT status FROM records").await, "processed");
    let other = Canonical::Customer(Customer { name: "Other".into(), ..Customer::default() });
    send(&world, shop, &[Event { payload: Some(other), ..echo }]).await;
    assert_eq!(world.value("SELECT status FROM records").await, "prepared");
}

#[tokio::test]
async fn records_that_a_person_holds_keep_their_status() {
    let (world, pair, shop) = live("process").await;
    let id = customers(&world, 1).await.remove(0);
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    for status in ["skipped", "conflict", "awaiting_approval"] {
        world.sql(format!("UPDATE records SET status = '{status}'")).await;
        send(&world, shop, &[event(&id, None)]).await;
        assert_eq!(world.value("SELECT status FROM records").await, status);
    }
    for status in ["invalid", "filtered", "deleted", "aborted", "failed", "processed"] {
        world.sql(format!("UPDATE records SET status = '{status}'")).await;
        send(&world, shop, &[event(&id, None)]).await;
        assert_eq!(world.value("SELECT status FROM records").await, "prepared", "{status}");
    }
}

#[tokio::test]
async fn events_of_the_destination_reach_two_way_syncs() {
    let (world, pair, _) = live("off").await;
    world.sync(pair.customers).await;
    customers(&world, 1).await;
    world.clock.advance(TimeDelta::minutes(1));
    world.sync(pair.customers).await;
    let sql = "UPDATE syncs SET direction = 'two_way', real_time_back = 'process' WHERE id = ";
    world.sql(format!("{sql}'{}'", pair.customers)).await;
    let erp = world.value("SELECT id FROM connections WHERE vendor = 'acumatica'").await.parse().unwrap();
    let known = world.value("SELECT destination_id FROM records").await;
    world.clock.advance(TimeDelta::minutes(1));
    send(&world, erp, &[event(&known, Some(world.now())), event("C9999", None)]).await;
    let marked = "SELECT destination_id, status, last_operation, source_id IS NULL FROM records ORDER BY 1";
    let mut expected = [
        format!("{known} | prepared | changed_at_destination | false"),
        "C9999 | prepared | changed_at_destination | true".to_owned(),
    ];
    expected.sort();
    assert_eq!(world.lines(marked).await, expected);
}

#[tokio::test]
async fn a_system_that_cannot_be_read_back_is_believed_and_its_deletions_are_final() {
    let (world, _, _) = live("off").await;
    let (sync, pushed) = pushed_sync(&world).await;
    let Some(connection) = pushed else { return };
    let shown = |name: &str, at: DateTime<Utc>| {
        let record = domain::canonical::Shipment {
            number: name.into(),
            order: None,
            shipped_on: None,
            carrier: None,
            tracking: None,
            lines: Vec::new(),
        };
        let payload = Some(Canonical::Shipment(record));
        Event { entity: Entity::Shipment, external_id: "77".into(), modified_at: Some(at), deleted: false, payload }
    };
    let now = world.now();
    send(&world, connection, &[shown("S-1", now)]).await;
    world.clock.advance(TimeDelta::seconds(1));
    send(&world, connection, &[shown("S-2", now + TimeDelta::seconds(1))]).await;
    let late = send(&world, connection, &[shown("S-0", now - TimeDelta::seconds(1))]).await;
    assert_eq!(late.discarded, 1);
    let state = format!("SELECT version, match_key, status FROM records WHERE sync_id = '{sync}'");
    assert_eq!(world.lines(&state).await, ["2 | S-2 | prepared"]);
    assert_eq!(world.value("SELECT count(*) FROM record_versions").await, "2");
    world.clock.advance(TimeDelta::seconds(1));
    let gone = Event { deleted: true, payload: None, ..shown("", world.now()) };
    send(&world, connection, &[gone]).await;
    let ignored = send(&world, connection, &[shown("S-3", world.now())]).await;
    assert_eq!(ignored.discarded, 1, "later events of a deleted record are ignored");
    assert_eq!(world.lines(&state).await, ["2 | S-2 | prepared"]);
}

/// A sync whose source cannot be read, if one of the vendors has such an entity: the connection, too.
async fn pushed_sync(world: &World) -> (SyncId, Option<ConnectionId>) {
    let vendors = [domain::Vendor::Shopify, domain::Vendor::Acumatica];
    let unreadable = vendors.into_iter().find(|vendor| !connectors::abilities(*vendor, Entity::Shipment).read);
    let id = SyncId::new(world.now());
    let Some(vendor) = unreadable else { return (id, None) };
    let connection = world.value(&format!("SELECT id FROM connections WHERE vendor = '{vendor}'")).await;
    world
        .sql(format!(
            "INSERT INTO syncs (tenant_id, id, entity, source_connection_id, destination_connection_id, real_time, created_at,
                updated_at)
            SELECT tenant_id, '{id}', 'shipment', '{connection}', id, 'process', created_at, created_at
            FROM connections WHERE id <> '{connection}'"
        ))
        .await;
    (id, connection.parse().ok())
}

#[tokio::test]
async fn a_batch_of_thousands_is_taken_in_a_few_statements() {
    let (world, pair, shop) = live("process").await;
    let events: Vec<Event> =
        (0..5_000).map(|n| event(&format!("gid://shopify/Customer/{}", n % 4_000), None)).collect();
    let began = std::time::Instant::now();
    let received = send(&world, shop, &events).await;
    println!("5,000 events in {:?}", began.elapsed());
    assert_eq!(received.accepted, 5_000);
    let count = format!("SELECT count(*) FROM records WHERE sync_id = '{}' AND status = 'prepared'", pair.customers);
    assert_eq!(world.value(&count).await, "4000");
}
