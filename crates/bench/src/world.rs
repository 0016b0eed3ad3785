//! A database, a sandbox process, an organisation and its two connections.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use domain::connection::ConnectionForm;
use domain::sync::NewSync;
use domain::{ConnectionId, Entity, SyncId, Vendor};
use engine::accounts::Client;
use engine::keys::Keys;
use engine::{Clock, Config, Engine, Member};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection, PgPool};

const TOKEN: &str = "bench";
const ERP_PASSWORD: &str = "the bench's own";
/// Requests at once at the ERP, by which the bare loop goes as well.
pub const IN_FLIGHT: usize = 32;

/// Everything that is measured with.
pub struct World {
    pub engine: Engine,
    pub member: Member,
    pub owner_url: String,
    /// The owner's sign-in to the bench's own database.
    pub url: String,
    pub addr: SocketAddr,
    pub queue: PgPool,
    name: String,
    sandbox: Child,
    http: reqwest::Client,
}

/// Be the sandbox until the parent goes away.
pub async fn serve_sandbox(addr: SocketAddr) -> Result<()> {
    let config = sandbox::Config { addr, token: TOKEN.to_owned(), state: None };
    // The parent holds the other end of standard input: when it ends, for whatever reason, this process ends too.
    let parent = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    let gone = async move { drop(parent.await) };
    Ok(sandbox::serve(config, gone).await?)
}

/// The system's time.
#[expect(clippy::disallowed_methods, reason = "the bench is a process of its own: nobody hands it a clock")]
#[must_use]
pub fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}

#[must_use]
pub fn clock() -> Clock {
    Arc::new(now)
}

impl World {
    /// # Errors
    /// When the database or the sandbox cannot be had.
    pub async fn open() -> Result<Self> {
        let owner_url = std::env::var("SYNCLINE_TEST_DATABASE_URL").context("SYNCLINE_TEST_DATABASE_URL is not set")?;
        let name = format!("syncline_bench_{}", std::process::id());
        let mut owner = PgConnection::connect(&owner_url).await?;
        owner.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        let url = with_database(&owner_url, &name)?;
        engine::db::migrate(&url).await?;
        let (sandbox, addr) = start_sandbox()?;
        let config = Config {
            sandbox: Some(engine::config::Sandbox { addr, token: TOKEN.to_owned().into() }),
            ..Config::default()
        };
        let engine = Engine::open(&url, 8, Arc::new(Keys::generate()?), config)?;
        let queue = engine::Db::open_queue(&url, 2)?;
        let member = sign_up(&engine, "Bench").await?;
        let http = plain_client();
        let world = Self { engine, member, owner_url, url, addr, queue, name, sandbox, http };
        world.ready().await?;
        Ok(world)
    }

    /// Takes the database and the sandbox away.
    ///
    /// # Errors
    /// When the database cannot be dropped.
    pub async fn close(mut self) -> Result<()> {
        self.queue.close().await;
        self.engine.db.pool().close().await;
        self.sandbox.kill().ok();
        self.sandbox.wait().ok();
        let mut owner = PgConnection::connect(&self.owner_url).await?;
        owner.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name))).await?;
        Ok(())
    }

    async fn ready(&self) -> Result<()> {
        for _ in 0..200 {
            if self.http.get(format!("http://{}/healthz", self.addr)).send().await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        anyhow::bail!("the sandbox did not start")
    }

    /// Calls the sandbox's control API.
    ///
    /// # Errors
    /// With its answer.
    pub async fn control(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let url = format!("http://{}/_control/{path}", self.addr);
        let request = self.http.request(method.parse()?, url).bearer_auth(TOKEN).json(body);
        let response = request.timeout(Duration::from_secs(120)).send().await?;
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A shop and an ERP of their own in the sandbox, without the vendors' budgets, with that latency.
    ///
    /// # Errors
    /// Of the control API and the engine.
    pub async fn pair(&self, name: &str, latency_ms: u64) -> Result<Pair> {
        let pair = Pair { shop: shop_form(self.addr, name), erp: erp_form(self.addr, name), name: name.to_owned() };
        let accounts = json!({
            "shop_token": pair.shop_account(), "erp_user": pair.erp_account(), "erp_password": ERP_PASSWORD, "erp_company": "",
        });
        self.control("POST", "accounts", &accounts).await?;
        let limits = json!({"account": pair.shop_account(), "maximum_available": 1e9, "restore_rate": 1e9});
        self.control("POST", "shopify/limits", &limits).await?;
        let limits = json!({"account": pair.erp_account(), "sessions": 9, "concurrent": 64, "per_minute": 1_000_000});
        self.control("POST", "acumatica/limits", &limits).await?;
        if latency_ms > 0 {
            for (vendor, account) in [("shopify", pair.shop_account()), ("acumatica", pair.erp_account())] {
                let fault = json!({"kind": "latency", "share": 1.0, "ms": latency_ms, "account": account});
                self.control("POST", &format!("{vendor}/faults"), &fault).await?;
            }
        }
        Ok(pair)
    }

    /// Connects a pair and makes the sync of customers between its two ends.
    ///
    /// # Errors
    /// Of the engine.
    pub async fn sync(&self, pair: &Pair) -> Result<SyncId> {
        let shop = self.connect(Vendor::Shopify, &pair.shop).await?;
        let erp = self.connect(Vendor::Acumatica, &pair.erp).await?;
        let new = NewSync { entity: Entity::Customer, source: shop, destination: erp };
        Ok(engine::syncs::create(&self.engine, &self.member, &new, now()).await?)
    }

    async fn connect(&self, vendor: Vendor, form: &ConnectionForm) -> Result<ConnectionId> {
        Ok(engine::connections::create(&self.engine, &self.member, vendor, form, now()).await?)
    }
}

/// Two accounts in the sandbox.
pub struct Pair {
    pub name: String,
    pub shop: ConnectionForm,
    pub erp: ConnectionForm,
}

impl Pair {
    #[must_use]
    pub fn shop_account(&self) -> String {
        format!("sbx_shop_{}", self.name)
    }

    #[must_use]
    pub fn erp_account(&self) -> String {
        format!("sbx_erp_{}", self.name)
    }
}

fn shop_form(addr: SocketAddr, name: &str) -> ConnectionForm {
    let url = format!("http://{addr}/shopify/{name}");
    let values = [("shop_url", url), ("api_version", "2026-10".into()), ("access_token", format!("sbx_shop_{name}"))];
    form(format!("Shop {name}"), &values)
}

fn erp_form(addr: SocketAddr, name: &str) -> ConnectionForm {
    let values = [
        ("instance_url", format!("http://{addr}/acumatica/{name}")),
        ("endpoint_version", "24.200.001".into()),
        ("user_name", format!("sbx_erp_{name}")),
        ("password", ERP_PASSWORD.into()),
        ("base_currency", "EUR".into()),
        ("max_sessions", "1".into()),
        ("max_concurrent", IN_FLIGHT.to_string()),
    ];
    form(format!("ERP {name}"), &values)
}

fn form(name: String, values: &[(&str, String)]) -> ConnectionForm {
    let values: BTreeMap<String, String> = values.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    ConnectionForm { name, values }
}

/// Another organisation.
///
/// # Errors
/// Of the engine.
pub async fn sign_up(engine: &Engine, name: &str) -> Result<Member> {
    let email = format!("{}@example.org", name.to_lowercase().replace(' ', "-"));
    let (client, password) = (Client { address: None, user_agent: None }, "nine tall green horses");
    let signed = engine::accounts::sign_up(engine, name, &email, password, &client, now()).await?;
    Ok(engine::accounts::member(engine, signed.user, &signed.slug).await?)
}

fn start_sandbox() -> Result<(Child, SocketAddr)> {
    // The port is free now; nobody else on the machine takes ports by chance at this moment.
    let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let program = std::env::current_exe()?;
    let child = Command::new(program).arg("sandbox").arg(addr.to_string()).stdin(Stdio::piped()).spawn()?;
    Ok((child, addr))
}

fn with_database(owner_url: &str, name: &str) -> Result<String> {
    let (before, query) = owner_url.split_once('?').map_or((owner_url, None), |(b, q)| (b, Some(q)));
    let base = before.rsplit_once('/').map(|(base, _)| base).context("the address names no database")?;
    Ok(query.map_or_else(|| format!("{base}/{name}"), |query| format!("{base}/{name}?{query}")))
}

#[expect(clippy::disallowed_methods, reason = "talks with the sandbox's control API, which is no tenant's address")]
fn plain_client() -> reqwest::Client {
    reqwest::Client::new()
}
