//! Live streams: nothing is missed, nothing grows without bounds.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::activity::{Event, EventBody, Line, Tone};
use domain::{ActivityId, TenantId};
use engine::db::TenantTx;
use engine::stream::{Hub, Message, Subscription};
use engine::{Engine, store};
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use crate::support::{World, world};

const SOON: Duration = Duration::from_secs(10);

fn hub(world: &World) -> Hub {
    Hub::start(world.engine.clone(), world.clock.engine())
}

async fn write(tx: &mut TenantTx, text: &str, at: DateTime<Utc>) {
    let line = Line { tone: Tone::Info, text: text.to_owned(), actor: None, link: None };
    store::activity::append(tx, &EventBody::Line { line }, at).await.unwrap();
}

async fn say(engine: &Engine, tenant: TenantId, text: &str, at: DateTime<Utc>) {
    let mut tx = engine.db.begin(tenant).await.unwrap();
    write(&mut tx, text, at).await;
    tx.commit().await.unwrap();
}

async fn next(stream: &mut Subscription) -> Message {
    timeout(SOON, stream.next()).await.expect("nothing came").unwrap().unwrap()
}

/// The texts that come, until `count` different events have come.
async fn texts(stream: &mut Subscription, count: usize) -> HashSet<String> {
    let (mut known, mut texts) = (HashSet::<ActivityId>::new(), HashSet::new());
    while known.len() < count {
        let Message::Event { id, json } = next(stream).await else { panic!("a reset") };
        let event: Event = serde_json::from_str(&json).unwrap();
        assert_eq!(event.id, id);
        known.insert(id);
        if let EventBody::Line { line } = event.body {
            texts.insert(line.text);
        }
    }
    texts
}

/// Reads until this line comes; what a stream is told twice is no mistake.
async fn hear(stream: &mut Subscription, text: &str) {
    while !texts(stream, 1).await.contains(text) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_comes_first_and_then_what_happens() {
    let world = world().await;
    let tenant = world.member.tenant;
    let hub = hub(&world);
    say(&world.engine, tenant, "before", world.now()).await;
    let mut stream = hub.subscribe(tenant, world.now()).await.unwrap();
    hear(&mut stream, "before").await;
    say(&world.engine, tenant, "after", world.now()).await;
    hear(&mut stream, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_commits_late_is_not_missed() {
    let world = world().await;
    let tenant = world.member.tenant;
    let hub = hub(&world);
    let mut late = world.engine.db.begin(tenant).await.unwrap();
    write(&mut late, "late", world.now()).await;
    let mut stream = hub.subscribe(tenant, world.now()).await.unwrap();
    world.clock.advance(TimeDelta::seconds(8));
    say(&world.engine, tenant, "early", world.now()).await;
    hear(&mut stream, "early").await;
    late.commit().await.unwrap();
    hear(&mut stream, "late").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_between_replay_and_live_while_many_write() {
    let world = world().await;
    let tenant = world.member.tenant;
    let hub = hub(&world);
    let mut first = hub.subscribe(tenant, world.now()).await.unwrap();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (engine, now) = (world.engine.clone(), world.now());
            tokio::spawn(async move {
                for n in 0..60 {
                    say(&engine, tenant, &format!("{writer}-{n}"), now).await;
                }
            })
        })
        .collect();
    // Another stream begins in the middle of it.
    let mut second = {
        texts(&mut first, 40).await;
        hub.subscribe(tenant, world.now()).await.unwrap()
    };
    assert_eq!(texts(&mut second, 240).await.len(), 240);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_events_never_come() {
    let world = world().await;
    let other = world.stranger().await;
    let hub = hub(&world);
    let mut stream = hub.subscribe(world.member.tenant, world.now()).await.unwrap();
    say(&world.engine, other.tenant, "theirs", world.now()).await;
    say(&world.engine, world.member.tenant, "ours", world.now()).await;
    assert_eq!(texts(&mut stream, 1).await, HashSet::from(["ours".to_owned()]));
    assert_eq!(hub.tenants(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_away_too_long_or_missed_too_much_begins_anew() {
    let world = world().await;
    let tenant = world.member.tenant;
    let hub = hub(&world);
    let mut away = hub.subscribe(tenant, world.now() - TimeDelta::minutes(11)).await.unwrap();
    assert!(matches!(next(&mut away).await, Message::Reset));
    say(&world.engine, tenant, "first", world.now()).await;
    let mut quick = hub.subscribe(tenant, world.now()).await.unwrap();
    texts(&mut quick, 1).await;
    let mut tx = world.engine.db.begin(tenant).await.unwrap();
    for n in 0..2_001 {
        write(&mut tx, &n.to_string(), world.now()).await;
    }
    tx.commit().await.unwrap();
    let mut late = hub.subscribe(tenant, world.now()).await.unwrap();
    assert!(matches!(next(&mut late).await, Message::Reset));
    // The one that was open did not read while another got more than a ring's worth.
    for _ in 0..300 {
        next(&mut quick).await;
    }
    assert!(matches!(next(&mut away).await, Message::Reset));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_slower_than_its_events_still_gets_all_of_them() {
    let world = world().await;
    let tenant = world.member.tenant;
    let hub = hub(&world);
    let mut slow = hub.subscribe(tenant, world.now()).await.unwrap();
    let mut quick = hub.subscribe(tenant, world.now()).await.unwrap();
    say(&world.engine, tenant, "before", world.now()).await;
    hear(&mut slow, "before").await;
    let mut tx = world.engine.db.begin(tenant).await.unwrap();
    for n in 0..600 {
        write(&mut tx, &n.to_string(), world.now()).await;
    }
    tx.commit().await.unwrap();
    // The other has had them all, so the ring has dropped most of them; then one more comes.
    texts(&mut quick, 601).await;
    say(&world.engine, tenant, "after", world.now()).await;
    let mut told = HashSet::new();
    while !(0..600).all(|n| told.contains(&n.to_string())) {
        told.extend(texts(&mut slow, 1).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_page_of_a_busy_tenant_is_not_read_again_and_again() {
    let world = world().await;
    let tenant = world.member.tenant;
    let hub = hub(&world);
    let busy = world.now() - TimeDelta::seconds(30);
    let mut tx = world.engine.db.begin(tenant).await.unwrap();
    for n in 0..2_001 {
        write(&mut tx, &n.to_string(), busy).await;
    }
    tx.commit().await.unwrap();
    say(&world.engine, tenant, "now", world.now()).await;
    let mut page = hub.subscribe(tenant, world.now()).await.unwrap();
    hear(&mut page, "now").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_last_stream_its_reader_ends() {
    let world = world().await;
    let hub = hub(&world);
    let one = hub.subscribe(world.member.tenant, world.now()).await.unwrap();
    let two = hub.subscribe(world.member.tenant, world.now()).await.unwrap();
    drop(one);
    assert_eq!(hub.tenants(), 1);
    drop(two);
    let gone = async {
        while hub.tenants() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, gone).await.expect("the reader stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_loses_its_connection_comes_back() {
    let world = world().await;
    let tenant = world.member.tenant;
    let hub = hub(&world);
    let mut stream = hub.subscribe(tenant, world.now()).await.unwrap();
    say(&world.engine, tenant, "one", world.now()).await;
    texts(&mut stream, 1).await;
    let mut owner = PgConnection::connect_with(world.engine.db.pool().connect_options().as_ref()).await.unwrap();
    let cut = async {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        while sqlx::query(sql).fetch_all(&mut owner).await.unwrap().is_empty() {}
    };
    timeout(SOON, cut).await.expect("nobody listens");
    say(&world.engine, tenant, "two", world.now()).await;
    hear(&mut stream, "two").await;
}
