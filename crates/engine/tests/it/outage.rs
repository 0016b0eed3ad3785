//! A system that is down for an hour: nothing is lost, nothing given up, and nobody storms it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use chrono::TimeDelta;
use connectors::error::Unreachable;
use connectors::http::{Guard, GuardedClient, Request, Response, Transport};
use domain::RecordStatus;
use domain::run::{Phase, RunState};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::support::{Pair, World, world};

/// Customers prepared for an ERP that answers everything with 503 from now on.
async fn dark(world: &World, customers: usize) -> Pair {
    let pair = world.pair().await;
    let limits = json!({"account": "sbx_erp", "per_minute": 1_000_000, "sessions": 2, "concurrent": 6});
    world.control("POST", "acumatica/limits", limits).await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({ "count": customers })).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    fail(world).await;
    pair
}

async fn fail(world: &World) {
    world.control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": "5xx", "share": 1.0})).await;
}

async fn mend(world: &World) {
    world.control("DELETE", "acumatica/faults?account=sbx_erp", Value::Null).await;
}

async fn count(world: &World, status: RecordStatus) -> i64 {
    engine::keeper::tick(&world.engine, world.now()).await.unwrap();
    let syncs = engine::syncs::list(&world.engine, &world.member).await.unwrap();
    syncs.iter().find(|sync| sync.entity == domain::Entity::Customer).unwrap().counts.of(status)
}

async fn requests(world: &World) -> i64 {
    world.erp_stats().await["requests"].as_i64().unwrap()
}

/// How many records wait: more than there is time for in every test run when `cargo xtask torture --outage N` says so.
fn waiting() -> usize {
    std::env::var("SYNCLINE_TEST_OUTAGE").map_or(1_000, |number| number.parse().unwrap())
}

/// An hour without the ERP, which `mend` ends; `asked` says how many requests it was sent.
async fn outage(world: &World, pair: &Pair, customers: usize, asked: impl AsyncFn() -> i64, mend: impl AsyncFn()) {
    let (began, before) = (std::time::Instant::now(), asked().await);
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await.unwrap();
    world.live_until(world.now() + TimeDelta::hours(1)).await;
    let during = asked().await - before;
    assert!((5..100).contains(&during), "{during} requests in an hour's outage");
    assert_eq!(count(world, RecordStatus::Aborted).await, 0);

    mend().await;
    // At least 2 records a second and some minutes' patience, which is far below what it does.
    let patience = TimeDelta::minutes(12) + TimeDelta::milliseconds(500 * i64::try_from(customers).unwrap());
    let (until, back) = (world.now() + patience, world.now());
    while count(world, RecordStatus::Processed).await < customers as i64 && world.now() < until {
        world.live_until(world.now() + TimeDelta::minutes(1)).await;
    }
    println!(
        "{customers} records, {during} requests while it was down, all done {} after it was back, in {:?}",
        world.now() - back,
        began.elapsed()
    );
    assert_eq!(count(world, RecordStatus::Processed).await, customers as i64);
    assert_eq!(count(world, RecordStatus::Aborted).await, 0);
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["Customer"]["max_per_record"], 1, "{stats}");
    assert_eq!(stats["writes"]["Customer"]["records"], customers as i64, "{stats}");
    assert_eq!(stats["sessions"]["max_seen"], 1, "the connection is limited to one session: {stats}");
    assert!((1..=4).contains(&stats["concurrent"]["max_seen"].as_i64().unwrap()), "and to four at once: {stats}");
}

#[tokio::test]
async fn an_hours_outage_that_refuses_everything_ends_with_all_records_processed() {
    let world = world().await;
    let pair = dark(&world, waiting()).await;
    outage(&world, &pair, waiting(), async || requests(&world).await, async || mend(&world).await).await;
}

/// The way to an ERP that falls silent in the midst of its work: some writes still arrive, and nobody hears of it; then
/// nothing arrives any more.
#[derive(Debug)]
struct Silence {
    way: GuardedClient,
    /// Answers of writes that still come back; below zero the ERP is silent.
    answers: Arc<AtomicI64>,
    /// Requests that nobody answered.
    asked: Arc<AtomicI64>,
}

/// Writes that still arrive when the ERP has fallen silent.
const LAST_WRITES: i64 = 6;

impl Transport for Silence {
    fn send(&self, request: Request) -> BoxFuture<'static, connectors::Result<Response>> {
        let (way, asked) = (self.way.clone(), self.asked.clone());
        if !request.url.path().starts_with("/acumatica") {
            return Box::pin(async move { way.send(request).await });
        }
        let is_write = request.method == "PUT";
        let left = if is_write { self.answers.fetch_sub(1, SeqCst) } else { self.answers.load(SeqCst) };
        Box::pin(async move {
            if left > 0 {
                return way.send(request).await;
            }
            asked.fetch_add(1, SeqCst);
            if is_write && left > -LAST_WRITES {
                let _ = way.send(request).await;
            }
            let message = "the host did not answer in time".to_owned();
            Err(connectors::Error::Unavailable { message, reason: Unreachable::TimedOut })
        })
    }
}

#[tokio::test]
async fn an_hours_outage_of_time_outs_in_the_midst_of_writing_ends_with_all_records_processed_once() {
    let mut world = world().await;
    let (answers, asked) = (Arc::new(AtomicI64::new(i64::MAX)), Arc::new(AtomicI64::new(0)));
    let silence = Silence { way: world.engine.client.clone(), answers: answers.clone(), asked: asked.clone() };
    world.engine.client = GuardedClient::through(Guard { allowed: Some(world.sandbox.addr) }, Arc::new(silence));
    let pair = dark(&world, waiting()).await;
    mend(&world).await;
    // Forty writes are answered, then it happens.
    answers.store(40, SeqCst);
    outage(&world, &pair, waiting(), async || asked.load(SeqCst), async || answers.store(i64::MAX, SeqCst)).await;
}

#[tokio::test]
async fn an_open_breaker_is_shown_with_its_next_probe_and_a_persons_test_closes_it() {
    let world = world().await;
    let pair = dark(&world, 3).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await.unwrap();
    world.live_until(world.now() + TimeDelta::minutes(25)).await;
    let views = engine::connections::list(&world.engine, &world.member).await.unwrap();
    let erp = views.into_iter().find(|view| view.name == "ERP").unwrap();
    let breaker = erp.breaker.expect("the breaker is open");
    assert!(breaker.probe_at > world.now() && breaker.probe_at <= world.now() + TimeDelta::minutes(5), "{breaker:?}");
    let overview = engine::overview::overview(&world.engine, &world.member, world.now()).await.unwrap();
    let told = overview.attention.iter().find(|item| item.breaker.is_some()).expect("the Overview names it");
    assert_eq!((told.breaker, told.link.clone()), (Some(breaker), format!("connections/{}", erp.id)));
    assert!(told.text.contains("“ERP” does not answer"), "{told:?}");
    let active = engine::runs::active(&world.engine, &world.member).await.unwrap();
    assert_eq!(active[0].state, RunState::Waiting);
    assert!(active[0].message.as_deref().unwrap().contains("“ERP” does not answer"), "{active:?}");

    mend(&world).await;
    engine::connections::test(&world.engine, &world.member, erp.id, world.now()).await.unwrap();
    world.work().await;
    assert!(
        engine::connections::get(&world.engine, &world.member, erp.id, world.now()).await.unwrap().breaker.is_none()
    );
    assert_eq!(count(&world, RecordStatus::Processed).await, 3);
}

#[tokio::test]
async fn five_different_records_without_an_answer_open_the_breaker_at_once() {
    let world = world().await;
    let pair = dark(&world, 40).await;
    mend(&world).await;
    // Writes are cut, reads go through: the system is half dead.
    let cut = json!({"account": "sbx_erp", "kind": "cut_after_write", "share": 1.0});
    world.control("POST", "acumatica/faults", cut).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await.unwrap();
    assert!(world.work_once().await);
    let views = engine::connections::list(&world.engine, &world.member).await.unwrap();
    assert!(views.iter().any(|view| view.name == "ERP" && view.breaker.is_some()), "{views:?}");
    mend(&world).await;
    world.live_until(world.now() + TimeDelta::minutes(20)).await;
    assert_eq!(count(&world, RecordStatus::Processed).await, 40);
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["Customer"]["max_inserts_per_record"], 1, "{stats}");
}
