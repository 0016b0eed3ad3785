//! A world for a test: a database of its own, a sandbox of its own, an organisation, and a clock that only the test moves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connectors::http::{Guard, GuardedClient};
use domain::connection::ConnectionForm;
use domain::sync::NewSync;
use domain::{Entity, RunId, SyncId, Vendor};
use engine::accounts::Client;
use engine::keys::Keys;
use engine::{Clock, Config, Db, Engine, Member};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{Connection, Executor, PgConnection, PgPool, Row};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The sandbox's control token in tests.
pub const TOKEN: &str = "control";

/// The owner's address of the cluster on which tests make their databases.
pub fn owner_url() -> String {
    std::env::var("SYNCLINE_TEST_DATABASE_URL")
        .expect("SYNCLINE_TEST_DATABASE_URL names the cluster for tests; `cargo xtask test` sets it")
}

/// A database that goes away with the test.
pub struct TestDb {
    pub name: String,
    pub url: String,
}

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

impl TestDb {
    pub async fn new() -> Self {
        let template = TEMPLATE.get_or_init(make_template).await.clone();
        let name = format!("syncline_test_{}", Uuid::new_v4().simple());
        let mut owner = PgConnection::connect(&owner_url()).await.unwrap();
        // Copying a template wants nobody connected to it; another test may be copying it at the same moment.
        owner.execute("SELECT pg_advisory_lock(7201)").await.unwrap();
        owner.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}"))).await.unwrap();
        owner.execute("SELECT pg_advisory_unlock(7201)").await.unwrap();
        let url = with_database(&name);
        Self { name, url }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A thread of its own, because a test's runtime cannot be blocked on here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut owner = PgConnection::connect(&owner_url()).await.unwrap();
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                // The server's own housekeeping may be at it, which only the server may send away.
                for _ in 0..100 {
                    if owner.execute(sqlx::AssertSqlSafe(sql.clone())).await.is_ok() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                panic!("{name} could not be dropped");
            });
        });
        dropped.join().unwrap();
    }
}

/// One migrated database for all the tests of a release of the migrations: the name carries their fingerprint.
async fn make_template() -> String {
    let mut owner = PgConnection::connect(&owner_url()).await.unwrap();
    owner.execute("SELECT pg_advisory_lock(7201)").await.unwrap();
    let name = format!("syncline_template_{}", engine::db::migrations_fingerprint());
    let there = sqlx::query("SELECT FROM pg_database WHERE datname = $1").bind(&name).fetch_optional(&mut owner).await;
    if there.unwrap().is_none() {
        let unfinished = format!("{name}_unfinished");
        owner.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {unfinished}"))).await.unwrap();
        owner.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {unfinished}"))).await.unwrap();
        engine::db::migrate(&with_database(&unfinished)).await.unwrap();
        owner.execute(sqlx::AssertSqlSafe(format!("ALTER DATABASE {unfinished} RENAME TO {name}"))).await.unwrap();
    }
    owner.execute("SELECT pg_advisory_unlock(7201)").await.unwrap();
    name
}

fn with_database(name: &str) -> String {
    let (before, query) = match owner_url().split_once('?') {
        Some((before, query)) => (before.to_owned(), format!("?{query}")),
        None => (owner_url(), String::new()),
    };
    let base = before.rsplit_once('/').map(|(base, _)| base.to_owned()).unwrap();
    format!("{base}/{name}{query}")
}

/// A clock that only the test moves.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_000_000_000)))
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }

    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }

    pub fn engine(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }

    pub fn sandbox(&self) -> sandbox::Clock {
        self.engine()
    }
}

/// Everything that a test of synchronising needs.
pub struct World {
    pub engine: Engine,
    pub clock: TestClock,
    pub member: Member,
    pub sandbox: sandbox::Running,
    pub http: reqwest::Client,
    queue: PgPool,
    // Dropped last: everything above holds connections to it.
    db: TestDb,
}

/// A world with an organisation in it and nothing else.
pub async fn world() -> World {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let db = TestDb::new().await;
    let clock = TestClock::new();
    let sandbox = sandbox::Sandbox::with_clock(None, TOKEN, clock.sandbox()).unwrap();
    let running = sandbox.start(SocketAddr::from_str("127.0.0.1:0").unwrap()).await.unwrap();
    let engine = engine_on(&db.url, running.addr);
    let client = Client { address: None, user_agent: None };
    let signed = engine::accounts::sign_up(
        &engine,
        "Ada & Co",
        "ada@example.org",
        "nine tall green horses",
        &client,
        clock.now(),
    )
    .await
    .unwrap();
    let member = engine::accounts::member(&engine, signed.user, &signed.slug).await.unwrap();
    let queue = PgPoolOptions::new().max_connections(2).connect_lazy_with(PgConnectOptions::from_str(&db.url).unwrap());
    World { engine, clock, member, sandbox: running, http: plain_client(), queue, db }
}

/// An engine on a database, whose connections may lead to the sandbox at `sandbox`.
pub fn engine_on(url: &str, sandbox: SocketAddr) -> Engine {
    let client = GuardedClient::new(Guard { allowed: Some(sandbox) });
    let config = Config {
        sandbox: Some(engine::config::Sandbox { addr: sandbox, token: TOKEN.to_owned().into() }),
        ..Config::default()
    };
    Engine {
        db: Db::open(url, 8).unwrap(),
        keys: Arc::new(Keys::generate().unwrap()),
        client,
        config: Arc::new(config),
        places: engine::places::Places::default(),
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's own talk with the sandbox's control API is not a tenant's")]
fn plain_client() -> reqwest::Client {
    reqwest::Client::new()
}

/// The syncs between a shop and an ERP.
pub struct Pair {
    pub orders: SyncId,
    pub customers: SyncId,
    pub products: SyncId,
}

pub fn form(name: &str, values: &[(&str, &str)]) -> ConnectionForm {
    let values: BTreeMap<String, String> = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    ConnectionForm { name: name.to_owned(), values }
}

impl World {
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What another process would work with: connections of its own to the database and the sandbox.
    pub fn another_process(&self) -> Engine {
        Engine { keys: Arc::clone(&self.engine.keys), ..engine_on(&self.db.url, self.sandbox.addr) }
    }

    /// Another organisation's owner.
    pub async fn stranger(&self) -> Member {
        let (client, now) = (Client::default(), self.now());
        let password = "nine tall green horses";
        let signed =
            engine::accounts::sign_up(&self.engine, "Other", "bo@example.org", password, &client, now).await.unwrap();
        engine::accounts::member(&self.engine, signed.user, &signed.slug).await.unwrap()
    }

    /// Connects a sandbox shop and a sandbox ERP (accounts `sbx_shop` and `sbx_erp`) and makes the sync of orders with
    /// its prerequisites.
    pub async fn pair(&self) -> Pair {
        // The accounts are there before the first sign-in, so that tests can set limits and faults.
        let accounts = json!({"shop_token": "sbx_shop", "erp_user": "sbx_erp", "erp_password": "secret of the ERP"});
        self.control("POST", "accounts", accounts).await;
        let shop_url = format!("http://{}/shopify/test-shop", self.sandbox.addr);
        let shop = form("Shop", &[("shop_url", &shop_url), ("api_version", "2026-10"), ("access_token", "sbx_shop")]);
        let instance = format!("http://{}/acumatica/test", self.sandbox.addr);
        let erp = form(
            "ERP",
            &[
                ("instance_url", &instance),
                ("endpoint_version", "24.200.001"),
                ("user_name", "sbx_erp"),
                ("password", "secret of the ERP"),
                ("base_currency", "EUR"),
                ("max_sessions", "1"),
                ("max_concurrent", "4"),
            ],
        );
        let shop =
            engine::connections::create(&self.engine, &self.member, Vendor::Shopify, &shop, self.now()).await.unwrap();
        let erp =
            engine::connections::create(&self.engine, &self.member, Vendor::Acumatica, &erp, self.now()).await.unwrap();
        let new = NewSync { entity: Entity::Order, source: shop, destination: erp };
        let orders = engine::syncs::create(&self.engine, &self.member, &new, self.now()).await.unwrap();
        let syncs = engine::syncs::list(&self.engine, &self.member).await.unwrap();
        let of = |entity| syncs.iter().find(|sync| sync.entity == entity).unwrap().id;
        Pair { orders, customers: of(Entity::Customer), products: of(Entity::Product) }
    }

    /// Runs every job that is due, and moves the clock to the ones that wait for a later time, until the queue is empty.
    pub async fn work(&self) {
        for _ in 0..2_000 {
            if self.work_once().await {
                continue;
            }
            if engine::breaker::tick(&self.engine, self.now()).await.unwrap() > 0 {
                continue;
            }
            let Some(at) = self.next_job_at().await else { return };
            self.clock.advance((at - self.now()).max(TimeDelta::zero()) + TimeDelta::seconds(1));
        }
        panic!("the queue did not come to rest");
    }

    /// Lives on until `until`: every five seconds the loops' steps, and all the jobs that are due.
    pub async fn live_until(&self, until: DateTime<Utc>) {
        while self.now() < until {
            engine::dispatcher::tick(&self.engine, self.now()).await.unwrap();
            engine::sweeper::tick(&self.engine, self.now()).await.unwrap();
            engine::breaker::tick(&self.engine, self.now()).await.unwrap();
            while self.work_once().await {}
            self.clock.advance((until - self.now()).min(TimeDelta::seconds(5)));
        }
    }

    /// The owner of the test's database, who may change its structure.
    pub async fn owner(&self) -> PgConnection {
        PgConnection::connect(&self.db.url).await.unwrap()
    }

    /// Runs a statement that sees all tenants.
    pub async fn change(&self, sql: &str) {
        let mut tx = self.reader("SELECT 1").await;
        tx.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs statements as the database's owner.
    pub async fn as_owner(&self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&self.queue).await.unwrap();
    }

    /// The number that a query across tenants gives.
    pub async fn number(&self, sql: &str) -> i64 {
        let mut tx = self.reader("SELECT 1").await;
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut *tx).await.unwrap()
    }

    /// A transaction across tenants that has run a statement and is still open.
    pub async fn reader(&self, sql: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
        let mut tx = self.queue.begin().await.unwrap();
        tx.execute("SET LOCAL ROLE syncline_system").await.unwrap();
        tx.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
        tx
    }

    /// The address of the test's database.
    pub fn url(&self) -> &str {
        &self.db.url
    }

    /// Takes one due job and does its slice; `false` when none is due.
    pub async fn work_once(&self) -> bool {
        let Some(job) = self.take_job().await else { return false };
        engine::slice::run(&self.engine, job, &self.clock.engine()).await.unwrap();
        true
    }

    pub async fn take_job(&self) -> Option<engine::jobs::Job> {
        let row = sqlx::query(
            "DELETE FROM apalis.jobs WHERE id = (
                SELECT id FROM apalis.jobs WHERE run_at <= $1 ORDER BY run_at, id LIMIT 1
            ) RETURNING job",
        )
        .bind(self.now())
        .fetch_optional(&self.queue)
        .await
        .unwrap()?;
        Some(serde_json::from_slice(row.get("job")).unwrap())
    }

    async fn next_job_at(&self) -> Option<DateTime<Utc>> {
        let row = sqlx::query("SELECT min(run_at) AS at FROM apalis.jobs").fetch_one(&self.queue).await.unwrap();
        row.get("at")
    }

    /// How many rows a table has, over all tenants.
    pub async fn rows_of(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) AS n FROM {table}");
        sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&self.queue).await.unwrap().get("n")
    }

    /// Waits for a test's own run to be over and returns it; the queue must be worked first.
    pub async fn run(&self, id: RunId) -> domain::run::RunView {
        engine::runs::get(&self.engine, &self.member, id).await.unwrap()
    }

    /// Prepares and processes a sync to its end.
    pub async fn sync(&self, sync: SyncId) {
        for phase in [domain::run::Phase::Prepare, domain::run::Phase::Process] {
            engine::runs::start(&self.engine, &self.member, sync, phase, self.now()).await.unwrap();
            self.work().await;
        }
    }

    /// Runs a statement as the application, confined to the test's organisation.
    pub async fn sql(&self, text: impl Into<String>) -> Vec<PgRow> {
        let mut tx = self.engine.db.begin(self.member.tenant).await.unwrap();
        let rows = sqlx::query(sqlx::AssertSqlSafe(text.into())).fetch_all(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }

    /// The rows of a statement as text, their columns joined by ` | `.
    pub async fn lines(&self, text: &str) -> Vec<String> {
        let sql = format!(
            "SELECT array_to_string(ARRAY(SELECT value FROM json_each_text(to_json(r))), ' | ', '-') AS line FROM ({text}) AS r"
        );
        self.sql(sql).await.iter().map(|row| row.get("line")).collect()
    }

    /// The only value of a statement's only row, as text.
    pub async fn value(&self, text: &str) -> String {
        let lines = self.lines(text).await;
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        lines.into_iter().next().unwrap()
    }

    /// Calls the sandbox's control API.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("http://{}/_control/{path}", self.sandbox.addr);
        let request =
            self.http.request(method.parse().unwrap(), url).bearer_auth(TOKEN).timeout(Duration::from_secs(30));
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap_or(Value::Null)
    }

    /// Makes orders in the shop, with customers and products as they need.
    pub async fn orders(&self, count: usize) -> Value {
        self.control("POST", "shopify/orders?account=sbx_shop", json!({ "count": count })).await
    }

    pub async fn erp_stats(&self) -> Value {
        self.control("GET", "acumatica/stats?account=sbx_erp", Value::Null).await
    }
}
