//! The world of one seed: two tenants, each with a shop and an ERP in the sandbox, two workers and the loops.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use axum::body::Body;
use chrono::{DateTime, Utc};
use connectors::http::{Guard, GuardedClient};
use engine::keys::Keys;
use engine::{Config, Db, Engine};
use serde_json::Value;
use sqlx::Row;
use tower::ServiceExt;

use crate::annals::{Annals, Thing};
use crate::database::Database;
use crate::dice::Dice;
use crate::post::Letter;
use crate::probe;
use crate::story::{Story, Telling};
use crate::task::{Piece, Slot, Task};
use crate::tenants::{self, Tenant};
use crate::time::VirtualTime;
use crate::wire::Wire;

/// The sandbox's control token.
const TOKEN: &str = "control";
/// Nobody listens there: the wire takes the network's place.
pub const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);
/// The two workers.
pub const WORKERS: [usize; 2] = [0, 1];
/// Where the dispatcher's, the sweeper's and the keeper's steps are carried out, and the people's requests.
pub const LOOPS: usize = 2;

/// What lives from seed to seed on one thread.
pub struct Stage {
    pub database: Database,
    pub time: VirtualTime,
    /// For what is done at once and whole, past the relays.
    desk: Db,
}

/// Everything of one seed.
pub struct World<'a> {
    pub stage: &'a mut Stage,
    pub dice: Dice,
    pub story: Story,
    pub wire: Wire,
    pub slots: Vec<Slot>,
    pub tenants: Vec<Tenant>,
    /// For what is done at once and whole.
    pub desk: Engine,
    /// Webhooks on their way.
    pub post: Vec<Letter>,
    /// What people did in the shops.
    pub annals: Annals,
    /// The writes under way whose records somebody has edited.
    pub edited: BTreeSet<u64>,
    /// The tenant a slice of whose records has just ended.
    pub has_processed: Option<usize>,
    /// Announcements that the engine has accepted and the annals have not noted yet.
    pub accepted: Arc<Mutex<Vec<(Thing, u32)>>>,
    router: axum::Router,
}

impl Stage {
    /// # Errors
    /// When there is no database.
    pub async fn set(owner_url: &str, time: VirtualTime) -> Result<Self> {
        let database = Database::make(owner_url).await?;
        let desk = Db::open(&database.url()?, 2)?;
        Ok(Self { database, time, desk })
    }

    /// # Errors
    /// Of the database.
    pub async fn strike(self) -> Result<()> {
        // Whoever is still connected is sent away with the database.
        let Self { database, desk, .. } = self;
        drop(desk);
        database.drop().await
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
        let (slots, desk) = engines(stage, &wire)?;
        let story = Story::new(&stage.time, telling);
        let mut world = Self {
            stage,
            dice,
            story,
            wire,
            slots,
            tenants: Vec::new(),
            desk,
            post: Vec::new(),
            annals: Annals::default(),
            edited: BTreeSet::new(),
            has_processed: None,
            accepted: Arc::default(),
            router,
        };
        for mark in ["quiet", "noisy"] {
            let tenant = tenants::settle(&mut world, mark).await?;
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

    /// What the loops use.
    pub fn engine(&self) -> Engine {
        self.slots[LOOPS].engine.clone()
    }

    /// Puts what was logged and sent into the story.
    pub fn listen(&mut self) {
        for line in self.wire.notes().into_iter().chain(probe::said()) {
            self.tell(line);
        }
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
        let processes = self.slots[slot].task.as_ref().filter(|task| task.name.contains(" process "));
        let whose = processes.and_then(|task| self.tenants.iter().position(|t| task.name.starts_with(t.mark)));
        let piece = self.slots[slot].step(&self.wire, &mut self.stage.database).await?;
        if matches!(piece, Piece::Over(_)) {
            self.has_processed = whose.or(self.has_processed);
        }
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
            self.slots[slot].settle(&mut self.stage.database).await?;
            let accepted = std::mem::take(&mut *self.accepted.lock().unwrap_or_else(PoisonError::into_inner));
            accepted.into_iter().for_each(|(thing, edit)| self.annals.take(thing, edit));
        }
        Ok(piece)
    }

    /// Whether some slots wait for each other's locks.
    ///
    /// # Errors
    /// Of the database.
    pub async fn is_deadlocked(&mut self) -> Result<bool> {
        let backends: Vec<i32> = self.slots.iter().flat_map(|slot| slot.relay.backends_at_work()).collect();
        self.stage.database.is_deadlocked(&backends).await
    }

    /// A worker dies where it stands.
    pub async fn kill(&mut self, slot: usize) -> Result<()> {
        let (name, pieces) =
            self.slots[slot].task.as_ref().map_or_else(Default::default, |t| (t.name.clone(), t.pieces));
        self.slots[slot].die(&self.wire, &mut self.stage.database).await?;
        self.tell(format!("worker {slot} DIES at piece {pieces} of {name}"));
        self.listen();
        Ok(())
    }
}

fn engines(stage: &Stage, wire: &Wire) -> Result<(Vec<Slot>, Engine)> {
    let keys = Arc::new(Keys::generate()?);
    let client = GuardedClient::through(Guard { allowed: Some(ADDRESS) }, Arc::new(wire.clone()));
    let config = Config {
        sandbox: Some(engine::config::Sandbox { addr: ADDRESS, token: TOKEN.to_owned().into() }),
        ..Config::default()
    };
    let config = Arc::new(config);
    // All workers are one process.
    let places = engine::places::Places::default();
    let engine = |db: Db| Engine {
        db,
        keys: keys.clone(),
        client: client.clone(),
        config: config.clone(),
        places: places.clone(),
    };
    // Pools that know nothing yet: what an earlier seed has prepared would change this one's story.
    let slot = |number| {
        let (relay, url) = stage.database.relay(number)?;
        Ok(Slot::new(number, engine(Db::open(&url, 6)?), relay))
    };
    Ok(((0..=LOOPS).map(slot).collect::<Result<_>>()?, engine(stage.desk.clone())))
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

    /// The same with listings only after the day's end.
    ///
    /// # Errors
    /// Of the database.
    pub async fn announce_only(&mut self) -> Result<()> {
        self.set_schedules([("prepare", 6_000), ("process", 60), ("full_prepare", 86_400)]).await
    }

    /// Schedules that list nothing: the rest starts that itself.
    ///
    /// # Errors
    /// Of the database.
    pub async fn slow_schedules(&mut self) -> Result<()> {
        self.set_schedules([("prepare", 86_400), ("process", 300), ("full_prepare", 86_400)]).await
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
