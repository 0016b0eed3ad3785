//! Matching under a lock: two syncs into one system make one record of one key.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use domain::run::Phase;
use domain::sync::{NewSync, SyncSettings};
use domain::{Entity, LastOperation, RecordStatus};
use serde_json::Value;

use crate::support::world;
use crate::twins::{B, erp, go, make, names, rename, set, twins, writes};

/// Two slices in turns, one poll each, so that they meet at every await.
async fn in_turns(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut first_done, mut second_done) = (false, false);
    std::future::poll_fn(|context| {
        first_done = first_done || first.as_mut().poll(context).is_ready();
        second_done = second_done || second.as_mut().poll(context).is_ready();
        if first_done && second_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[tokio::test]
async fn two_syncs_into_one_system_insert_one_customer_at_the_same_moment() {
    let world = world().await;
    let customers = twins(&world, SyncSettings::default()).await;
    let other = erp(&world, "sbx_c").await;
    let listed = engine::syncs::list(&world.engine, &world.member).await.unwrap();
    let destination = listed.iter().find(|sync| sync.id == customers).unwrap().destination.connection;
    let new = NewSync { entity: Entity::Customer, source: other, destination };
    let third = engine::syncs::create(&world.engine, &world.member, &new, world.now()).await.unwrap();
    // Both runs hold a session of the common system at once.
    world.sql("UPDATE connections SET settings = jsonb_set(settings, '{max_sessions}', '\"2\"')".to_owned()).await;
    make(&world, "sbx_a", "Ada of A", "ada@example.org").await;
    make(&world, "sbx_c", "Ada of C", "ada@example.org").await;
    for sync in [customers, third] {
        engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
    }
    world.work().await;
    for sync in [customers, third] {
        engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    }
    let (first, second) = (world.take_job().await.unwrap(), world.take_job().await.unwrap());
    let clock = world.clock.engine();
    in_turns(async { engine::slice::run(&world.engine, first, &clock).await.unwrap() }, async {
        engine::slice::run(&world.engine, second, &clock).await.unwrap()
    })
    .await;
    world.work().await;
    for _ in 0..3 {
        for sync in [customers, third] {
            go(&world, sync).await;
        }
    }
    assert_eq!(names(&world, B).await.len(), 1, "{:?}", names(&world, B).await);
    let stats = world.control("GET", &format!("acumatica/stats?account={B}"), Value::Null).await;
    assert_eq!(stats["writes"]["Customer"]["records"], 1, "{stats}");
    let operations = world.lines("SELECT last_operation, status FROM records ORDER BY 1").await;
    assert_eq!(operations.len(), 2, "{operations:?}");
    assert_eq!(world.rows_of("key_locks").await, 0);
}

#[tokio::test]
async fn two_sources_that_share_a_destination_come_to_rest_after_one_edit() {
    let world = world().await;
    let customers = twins(&world, SyncSettings::default()).await;
    let other = erp(&world, "sbx_c").await;
    let listed = engine::syncs::list(&world.engine, &world.member).await.unwrap();
    let destination = listed.iter().find(|sync| sync.id == customers).unwrap().destination.connection;
    let new = NewSync { entity: Entity::Customer, source: other, destination };
    let third = engine::syncs::create(&world.engine, &world.member, &new, world.now()).await.unwrap();
    let two_way = SyncSettings { direction: domain::sync::Direction::TwoWay, ..SyncSettings::default() };
    set(&world, third, two_way).await;
    let in_a = make(&world, "sbx_a", "Ada", "ada@example.org").await;
    for _ in 0..3 {
        for sync in [customers, third] {
            go(&world, sync).await;
        }
    }
    rename(&world, "sbx_a", &in_a, "Ada Byron").await;
    for _ in 0..3 {
        for sync in [customers, third] {
            go(&world, sync).await;
        }
    }
    for account in ["sbx_a", B, "sbx_c"] {
        assert_eq!(names(&world, account).await, ["Ada Byron"], "{account}");
    }
    let quiet = [writes(&world, "sbx_a").await, writes(&world, B).await, writes(&world, "sbx_c").await];
    assert_eq!(quiet, [0, 2, 2]);
    for _ in 0..3 {
        for sync in [customers, third] {
            go(&world, sync).await;
        }
    }
    assert_eq!([writes(&world, "sbx_a").await, writes(&world, B).await, writes(&world, "sbx_c").await], quiet);
    let filter = domain::history::HistoryFilter { sync: Some(third), ..Default::default() };
    let rows = engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows;
    assert!(rows.iter().all(|row| row.status == RecordStatus::Processed), "{rows:?}");
    assert!(rows.iter().all(|row| row.last_operation != LastOperation::FailedToSave), "{rows:?}");
}
