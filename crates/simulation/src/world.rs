//! The world of one seed: two tenants, each with a shop and an ERP in the sandbox, two workers and the loops.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use axum::body::Body;
use chrono::{DateTime, Utc};
use connectors::http::{Guard, GuardedClient};
use domain::connection::ConnectionForm;
use domain::sync::NewSync;
use domain::{Entity, SyncId, Vendor};
use engine::accounts::Client;
use engine::keys::Keys;
use engine::{Config, Db, Engine, Member};
use serde_json::{Value, json};
use sqlx::Row;
use tower::ServiceExt;

use crate::database::Database;
use crate::dice::Dice;
use crate::probe;
use crate::story::{Story, Telling};
use crate::task::{Piece, Slot, Task};
use crate::time::VirtualTime;
use crate::wire::Wire;

/// The sandbox's control token.
const TOKEN: &str = "control";
/// The ERPs' password.
const PASSWORD: &str = "secret of the ERP";
/// Nobody listens there: the wire takes the network's place.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);
/// Requests that each ERP connection may have under way.
pub const CONCURRENT: usize = 3;
/// The two workers.
pub const WORKERS: [usize; 2] = [0, 1];
/// Where the dispatcher's, the sweeper's and the keeper's steps are carried out, and the people's requests.
pub const LOOPS: usize = 2;

/// What lives from seed to seed on one thread.
pub struct Stage {
    pub database: Database,
    pub time: VirtualTime,
    /// One for each slot: pools outlive the seed.
    pools: Vec<Db>,
}

/// An organisation with its two systems.
pub struct Tenant {
    /// What stands in every one of its records and in its addresses.
    pub mark: &'static str,
    pub member: Member,
    pub syncs: BTreeMap<Entity, SyncId>,
}

/// Everything of one seed.
pub struct World<'a> {
    pub stage: &'a mut Stage,
    pub dice: Dice,
    pub story: Story,
    pub wire: Wire,
    pub slots: Vec<Slot>,
    pub tenants: Vec<Tenant>,
    router: axum::Router,
}

impl Stage {
    /// # Errors
    /// When there is no database.
    pub async fn set(owner_url: &str, time: VirtualTime) -> Result<Self> {
        let database = Database::make(owner_url).await?;
        let pools = (0..=LOOPS).map(|slot| Ok(Db::open(&database.url(slot)?, 6)?)).collect::<Result<_>>()?;
        Ok(Self { database, time, pools })
    }

    /// # Errors
    /// Of the database.
    pub async fn strike(self) -> Result<()> {
        for db in &self.pools {
            db.pool().close().await;
        }
        self.database.drop().await
    }
}

impl<'a> World<'a> {
    /// # Errors
    /// Of the database.
    pub async fn make(stage: &'a mut Stage, seed: u64, telling: Telling) -> Result<Self> {
        stage.database.empty().await?;
        stage.time.rewind();
        domain::ids::seeded::set(Some(seed));
        let mut dice = Dice::new(seed);
        let sandbox = sandbox::Sandbox::with_clock(None, TOKEN, stage.time.clock())?;
        let router = sandbox.router();
        let wire = Wire::new(stage.time.clone(), router.clone(), Dice::new(dice.next()));
        let slots = engines(stage, &wire)?;
        let story = Story::new(&stage.time, telling);
        let mut world = Self { stage, dice, story, wire, slots, tenants: Vec::new(), router };
        for mark in ["quiet", "noisy"] {
            let tenant = world.settle(mark).await?;
            world.tenants.push(tenant);
        }
        drop(probe::said());
        Ok(world)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.stage.time.now()
    }

    pub fn tell(&mut self, line: impl std::fmt::Display) {
        let now = self.now();
        self.story.tell(now, line);
    }

    /// What people and loops use.
    pub fn engine(&self) -> Engine {
        self.slots[LOOPS].engine.clone()
    }

    /// Puts what was logged and sent into the story.
    pub fn listen(&mut self) {
        for line in self.wire.notes().into_iter().chain(probe::said()) {
            self.tell(line);
        }
    }

    /// An organisation with its connections and syncs.
    async fn settle(&mut self, mark: &'static str) -> Result<Tenant> {
        let (engine, now) = (self.engine(), self.now());
        let (client, email) = (Client::default(), format!("owner@{mark}.example"));
        let signed = engine::accounts::sign_up(&engine, mark, &email, "nine tall green horses", &client, now).await?;
        let member = engine::accounts::member(&engine, signed.user, &signed.slug).await?;
        let shop_url = format!("http://{ADDRESS}/shopify/{mark}");
        let shop = [("shop_url", shop_url), ("api_version", "2026-10".into()), ("access_token", shop_account(mark))];
        let instance = format!("http://{ADDRESS}/acumatica/{mark}");
        let erp = [
            ("instance_url", instance),
            ("endpoint_version", "24.200.001".into()),
            ("user_name", erp_account(mark)),
            ("password", PASSWORD.into()),
            ("base_currency", "EUR".into()),
            ("max_sessions", sessions_of(mark).to_string()),
            ("max_concurrent", CONCURRENT.to_string()),
        ];
        let shop = engine::connections::create(&engine, &member, Vendor::Shopify, &form("Shop", &shop), now).await?;
        let erp = engine::connections::create(&engine, &member, Vendor::Acumatica, &form("ERP", &erp), now).await?;
        let new = NewSync { entity: Entity::Order, source: shop, destination: erp };
        engine::syncs::create(&engine, &member, &new, now).await?;
        let syncs = engine::syncs::list(&engine, &member).await?;
        let accounts =
            json!({"shop_token": shop_account(mark), "erp_user": erp_account(mark), "erp_password": PASSWORD});
        self.control("POST", "accounts", accounts).await?;
        let limits = json!({"account": erp_account(mark), "sessions": 10, "concurrent": 50});
        self.control("POST", "acumatica/limits", limits).await?;
        let syncs = syncs.iter().map(|sync| (sync.entity, sync.id)).collect();
        Ok(Tenant { mark, member, syncs })
    }

    /// Calls the sandbox's control API, past the wire.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Result<Value> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/_control/{path}"))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })?;
        let answer = self.router.clone().oneshot(request).await?;
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 64 * 1024 * 1024).await?;
        if !status.is_success() {
            bail!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? })
    }

    /// Takes a job that is due out of the queue, as apalis would.
    ///
    /// # Errors
    /// Of the database.
    pub async fn take_job(&mut self, pick: u64) -> Result<Option<engine::jobs::Job>> {
        let now = self.now();
        let row = sqlx::query(
            "DELETE FROM apalis.jobs WHERE id = (
                SELECT id FROM apalis.jobs WHERE run_at <= $1 ORDER BY run_at, job, id
                OFFSET $2 % greatest(1, (SELECT count(*) FROM apalis.jobs WHERE run_at <= $1)) LIMIT 1
            ) RETURNING job",
        )
        .bind(now)
        .bind(i64::try_from(pick % 1_000).unwrap_or(0))
        .fetch_optional(self.stage.database.looker())
        .await?;
        row.map(|row| serde_json::from_slice(row.get("job")).context("a job's payload")).transpose()
    }

    /// Begins a task in a slot that is free.
    pub fn begin(&mut self, slot: usize, task: Task) {
        let line = format!("worker {slot} begins {}", task.name);
        self.tell(line);
        self.slots[slot].task = Some(task);
    }

    /// Begins a slice of the job's run in a worker's slot.
    pub async fn begin_slice(&mut self, slot: usize, job: engine::jobs::Job) -> Result<()> {
        let name = self.name_of(job).await?;
        let (engine, clock) = (self.slots[slot].engine.clone(), self.stage.time.clock());
        let task = Task::new(name, async move {
            let ended = engine::slice::run(&engine, job, &clock).await;
            ended.map(|()| "done".to_owned()).map_err(|error| error.to_string())
        });
        self.begin(slot, task);
        Ok(())
    }

    async fn name_of(&mut self, job: engine::jobs::Job) -> Result<String> {
        let row = sqlx::query(
            "SELECT concat_ws(' ', t.slug, runs.phase, s.entity, 'epoch', runs.epoch, runs.state) AS name
            FROM runs JOIN tenants t ON t.id = runs.tenant_id
            LEFT JOIN syncs s ON s.tenant_id = runs.tenant_id AND s.id = runs.sync_id
            WHERE runs.id = $1",
        )
        .bind(job.run.0)
        .fetch_optional(self.stage.database.looker())
        .await?;
        Ok(row.map_or_else(|| "a run that is gone".to_owned(), |row| row.get("name")))
    }

    /// One piece of a slot's task.
    pub async fn step(&mut self, slot: usize) -> Result<Piece> {
        let Stage { time, database, .. } = &mut *self.stage;
        let piece = self.slots[slot].step(time, &self.wire, database).await?;
        self.listen();
        if self.story.tells_pieces() {
            self.tell(format!("  a piece of worker {slot}: {piece:?} after {}", probe::last_statement()));
        }
        if let Piece::Over(ended) = &piece {
            let line = match ended {
                // The loops mostly find nothing to do.
                Ok(words) if words.is_empty() => String::new(),
                Ok(words) => format!("worker {slot}: {words}"),
                Err(error) => format!("worker {slot} FAILED: {error}"),
            };
            if !line.is_empty() {
                self.tell(line);
            }
            self.slots[slot].settle(&self.stage.time, &mut self.stage.database).await?;
        }
        Ok(piece)
    }

    /// A worker dies where it stands.
    pub async fn kill(&mut self, slot: usize) -> Result<()> {
        let Stage { time, database, .. } = &mut *self.stage;
        let (name, pieces) =
            self.slots[slot].task.as_ref().map_or_else(Default::default, |t| (t.name.clone(), t.pieces));
        self.slots[slot].die(time, &self.wire, database).await?;
        self.tell(format!("worker {slot} DIES at piece {pieces} of {name}"));
        self.listen();
        Ok(())
    }
}

fn engines(stage: &Stage, wire: &Wire) -> Result<Vec<Slot>> {
    let keys = Arc::new(Keys::generate()?);
    let client = GuardedClient::through(Guard { allowed: Some(ADDRESS) }, Arc::new(wire.clone()));
    let config = Config {
        sandbox: Some(engine::config::Sandbox { addr: ADDRESS, token: TOKEN.to_owned().into() }),
        ..Config::default()
    };
    let config = Arc::new(config);
    let engine =
        |db: &Db| Engine { db: db.clone(), keys: keys.clone(), client: client.clone(), config: config.clone() };
    Ok(stage.pools.iter().enumerate().map(|(number, db)| Slot::new(number, engine(db))).collect())
}

/// The shop's account in the sandbox.
#[must_use]
pub fn shop_account(mark: &str) -> String {
    format!("sbx_shop_{mark}")
}

/// Sessions that a tenant's ERP connection may have; the sandbox would allow more.
#[must_use]
pub fn sessions_of(mark: &str) -> u64 {
    if mark == "noisy" { 2 } else { 1 }
}

/// The ERP's account in the sandbox.
#[must_use]
pub fn erp_account(mark: &str) -> String {
    format!("sbx_erp_{mark}")
}

fn form(name: &str, values: &[(&str, String)]) -> ConnectionForm {
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    ConnectionForm { name: name.to_owned(), values }
}

/// What no use-case offers.
impl World<'_> {
    /// When the next job is due.
    ///
    /// # Errors
    /// Of the database.
    pub async fn next_job_at(&mut self) -> Result<Option<DateTime<Utc>>> {
        let row =
            sqlx::query("SELECT min(run_at) AS at FROM apalis.jobs").fetch_one(self.stage.database.looker()).await?;
        Ok(row.get("at"))
    }

    /// A day's schedules in minutes.
    ///
    /// # Errors
    /// Of the database.
    pub async fn quicken_schedules(&mut self) -> Result<()> {
        self.set_schedules([("prepare", 100), ("process", 60), ("full_prepare", 300)]).await
    }

    /// The default schedules, but for the nightly one: the rest starts full prepares itself.
    ///
    /// # Errors
    /// Of the database.
    pub async fn slow_schedules(&mut self) -> Result<()> {
        self.set_schedules([("prepare", 600), ("process", 300), ("full_prepare", 86_400)]).await
    }

    async fn set_schedules(&mut self, every: [(&str, i32); 3]) -> Result<()> {
        let now = self.now();
        for (phase, seconds) in every {
            sqlx::query(
                "UPDATE schedules SET every_seconds = $2, next_run_at = $3 + make_interval(secs => $2) WHERE phase = $1",
            )
            .bind(phase)
            .bind(seconds)
            .bind(now)
            .execute(self.stage.database.looker())
            .await?;
        }
        Ok(())
    }
}
