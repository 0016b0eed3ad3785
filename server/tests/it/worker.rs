//! The worker role as it runs, and what its queue's library does on a bad day: its workers die, are full, or lose the
//! database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::connection::ConnectionForm;
use domain::{RunId, Vendor};
use engine::accounts::{Client, sign_up};
use engine::{Engine, Member};
use server::settings::Settings;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::support::{PASSWORD, TestSite, site};

/// A vendor that takes every request and answers none of them until it is told to.
struct SilentVendor {
    addr: std::net::SocketAddr,
    asked: Arc<AtomicUsize>,
    answers: watch::Sender<bool>,
}

impl SilentVendor {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, asked, answers) =
            (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)), watch::Sender::new(false));
        let (count, told) = (asked.clone(), answers.subscribe());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (count, mut told) = (count.clone(), told.clone());
                tokio::spawn(async move {
                    let mut head = [0; 1024];
                    if stream.read(&mut head).await.is_ok_and(|bytes| bytes > 0) {
                        count.fetch_add(1, Ordering::SeqCst);
                        let _ = told.wait_for(|answers| *answers).await;
                        let refusal = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                        let _ = stream.write_all(refusal).await;
                    }
                });
            }
        });
        Self { addr, asked, answers }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A worker process's insides on a runtime of its own. Dropping it ends it as SIGKILL would: at whatever it is.
struct Worker(Option<Runtime>);

impl Worker {
    fn start(site: &TestSite, vendor: &SilentVendor) -> Self {
        let (url, addr) = (site.database_url.clone(), vendor.addr.to_string());
        let variable = |name: &str| match name {
            "DATABASE_URL" => Some(url.clone()),
            "SYNCLINE_DEMO" => Some("1".to_owned()),
            "SYNCLINE_SANDBOX_TOKEN" => Some("control".to_owned()),
            "SYNCLINE_SANDBOX_ADDR" => Some(addr.clone()),
            // Two tests at once, one of each organisation.
            "SYNCLINE_SLICES" => Some("8".to_owned()),
            _ => None,
        };
        let (settings, keys) = (Settings::read(&variable).unwrap(), site.engine.keys.clone());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(async move {
            let engine = Engine::open(&url, 8, keys, settings.config()).unwrap();
            server::worker::run(engine, &settings, CancellationToken::new()).await.unwrap();
        });
        Self(Some(runtime))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.take().unwrap().shutdown_background();
    }
}

/// Polls until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let mut every = tokio::time::interval(Duration::from_millis(50));
    let waiting = async {
        while !is_so().await {
            every.tick().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), waiting).await.is_ok(), "it never came to this: {what}");
}

/// An organisation's owner.
async fn member(site: &TestSite, name: &str) -> Member {
    let (client, now) = (Client::default(), server::clock::now());
    let email = format!("{name}@example.org");
    let signed = sign_up(&site.engine, name, &email, PASSWORD, &client, now).await.unwrap();
    engine::accounts::member(&site.engine, signed.user, &signed.slug).await.unwrap()
}

/// A test of a connection to the vendor.
async fn start(site: &TestSite, member: &Member, vendor: &SilentVendor) -> RunId {
    let shop = format!("http://{}/shopify/test-shop", vendor.addr);
    let values = [("shop_url", shop.as_str()), ("api_version", "2026-10"), ("access_token", "token")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let form = ConnectionForm { name: "Shop".into(), values };
    let now = server::clock::now();
    engine::connections::test_form(&site.engine, member, Vendor::Shopify, None, &form, now).await.unwrap()
}

async fn is_over(site: &TestSite, member: &Member, run: RunId) -> bool {
    !engine::runs::get(&site.engine, member, run).await.unwrap().state.is_active()
}

/// The number that a query across tenants gives.
async fn number(site: &TestSite, sql: &str) -> i64 {
    let mut owner = PgConnection::connect(&site.database_url).await.unwrap();
    owner.execute("SET ROLE syncline_system").await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut owner).await.unwrap()
}

const WORKERS: &str = "SELECT count(*) FROM apalis.workers";

#[tokio::test]
async fn what_a_killed_worker_was_at_is_done_by_its_successor_under_a_name_of_its_own() {
    let (site, vendor) = (site().await, SilentVendor::start().await);
    let ada = member(&site, "ada-lovelace").await;
    let first = Worker::start(&site, &vendor);
    let run = start(&site, &ada, &vendor).await;
    until("the vendor is asked", async || vendor.asked() == 1).await;
    assert_eq!(number(&site, WORKERS).await, 3, "one for each queue");
    drop(first);

    // Started again at once, while the dead one's job is still locked by its name; only the run's heartbeat is old.
    number(
        &site,
        "WITH old AS (UPDATE runs SET heartbeat_at = now() - interval '1 minute' RETURNING 1) SELECT count(*) FROM old",
    )
    .await;
    vendor.answers.send_replace(true);
    let _second = Worker::start(&site, &vendor);
    until("the run is over", async || is_over(&site, &ada, run).await).await;
    assert_eq!(number(&site, "SELECT count(DISTINCT id) FROM apalis.workers").await, 6, "no name is used again");
    assert_eq!(number(&site, "SELECT count(*) FROM runs WHERE crashes = 1").await, 1, "it counts as one crash");
}

#[tokio::test]
async fn a_worker_that_is_full_keeps_no_more_than_one_job_from_the_others() {
    let (site, vendor) = (site().await, SilentVendor::start().await);
    let first = Worker::start(&site, &vendor);
    let mut runs = Vec::new();
    for name in ["one", "two"] {
        let member = member(&site, name).await;
        runs.push((start(&site, &member, &vendor).await, member));
    }
    until("both of its slots are taken", async || vendor.asked() == 2).await;
    for name in ["three", "four", "five"] {
        let member = member(&site, name).await;
        runs.push((start(&site, &member, &vendor).await, member));
    }
    let second = Worker::start(&site, &vendor);
    until("the other worker has taken what this one could not", async || vendor.asked() == 4).await;
    let kept = "SELECT count(*) FROM apalis.jobs WHERE status NOT IN ('Pending', 'Done')";
    assert!(number(&site, kept).await <= 4 + 2, "four are worked on, and each worker keeps one more at most");

    vendor.answers.send_replace(true);
    for (run, member) in &runs {
        until("every run is over", async || is_over(&site, member, *run).await).await;
    }
    assert_eq!(vendor.asked(), 5, "each was done once");
    assert_eq!(number(&site, "SELECT count(*) FROM runs WHERE crashes > 0").await, 0);
    drop((first, second));
}

#[tokio::test]
async fn a_worker_that_lost_its_database_goes_on_when_it_is_back() {
    let (site, vendor) = (site().await, SilentVendor::start().await);
    vendor.answers.send_replace(true);
    let ada = member(&site, "ada-lovelace").await;
    let _worker = Worker::start(&site, &vendor);
    for round in 1..=2 {
        until("it has all its workers", async || number(&site, WORKERS).await >= 3).await;
        let run = start(&site, &ada, &vendor).await;
        until("a run is done", async || is_over(&site, &ada, run).await).await;
        // As at a restart of PostgreSQL: every session of this database ends, those of the queue too.
        let mut owner = PgConnection::connect(&site.database_url).await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        owner.execute(end).await.unwrap();
        let run = start_again(&site, &ada, &vendor).await;
        until("a run is done after the database was away", async || is_over(&site, &ada, run).await).await;
        assert_eq!(vendor.asked(), round * 2, "each was done once");
    }
}

/// The site's own pool has lost its sessions too and finds out one by one.
async fn start_again(site: &TestSite, member: &Member, vendor: &SilentVendor) -> RunId {
    until("the site reaches the database again", async || engine::runs::active(&site.engine, member).await.is_ok())
        .await;
    start(site, member, vendor).await
}
