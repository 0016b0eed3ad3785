//! What people do at the same time: transactions that are given up half way, what is only shown while somebody else has
//! it under lock, and how much may be asked at once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use domain::history::HistoryFilter;
use domain::run::Phase;
use engine::Db;
use serde_json::json;
use sqlx::{Executor, Row};

use crate::support::{World, world};

/// What a future answers, unless it is given up at the moment in which it would be looked at for the last of `polls`.
async fn given_up_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_transaction_that_is_given_up_while_it_begins_leaves_its_connection_clean() {
    let world = world().await;
    let db = Db::open(world.url(), 1).unwrap();
    drop(db.begin(world.member.tenant).await.unwrap());
    // How often it is looked at depends on the machine's load: each moment is met in some of the rounds.
    for polls in (0..100).map(|round| round % 10) {
        given_up_after(polls, db.begin(world.member.tenant)).await;
        let mut connection = db.pool().acquire().await.unwrap();
        // Of a statement in a transaction of its own, both are the same moment.
        let row = connection.fetch_one("SELECT transaction_timestamp() = statement_timestamp()").await.unwrap();
        assert!(row.get::<bool, _>(0), "given up after {polls} polls");
    }
}

#[tokio::test]
async fn a_record_that_is_being_written_is_shown_without_waiting() {
    let world = world().await;
    let record = customer(&world).await;
    let lock = world.reader(&format!("SELECT FROM records WHERE id = '{record}' FOR UPDATE")).await;
    engine::history::detail(&world.engine, &world.member, record).await.unwrap();
    engine::history::edit_form(&world.engine, &world.member, record).await.unwrap();
    drop(lock);
}

async fn customer(world: &World) -> domain::RecordId {
    let pair = world.pair().await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({ "count": 1 })).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let filter = HistoryFilter { sync: Some(pair.customers), ..Default::default() };
    engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows[0].id
}

#[tokio::test]
async fn one_organisation_compares_twenty_records_at_once_and_no_more() {
    let world = world().await;
    let record = customer(&world).await;
    let compare = || engine::history::compare(&world.engine, &world.member, record, world.now());
    let asked = futures::future::join_all((0..30).map(|_| compare())).await;
    assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), 20);
    assert!(asked.iter().flat_map(|asked| asked.as_ref().err()).all(|error| error.to_string().contains("under way")));
    world.work().await;
    compare().await.unwrap();
}
