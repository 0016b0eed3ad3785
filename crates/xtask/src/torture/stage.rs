//! The processes, and what can be seen of their work from outside.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use ::postgres::Client;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::options::Options;
use crate::{
    http,
    paths::Workspace,
    postgres::{Owner, Postgres},
    proc::Service,
    secrets,
    stack::Plan,
    steps, stop,
};

/// Who can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    FirstWorker,
    SecondWorker,
    Web,
    Postgres,
}

impl Victim {
    /// Workers are killed more often than the others: it is their work that must not suffer.
    pub const ALL: [Self; 6] =
        [Self::FirstWorker, Self::SecondWorker, Self::FirstWorker, Self::SecondWorker, Self::Postgres, Self::Web];

    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstWorker => "the first worker",
            Self::SecondWorker => "the second worker",
            Self::Web => "the web process",
            Self::Postgres => "PostgreSQL, restarted at once",
        }
    }
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records that nothing more is to come of, and all that are known.
    pub done: i64,
    pub all: i64,
    /// Orders that were found, and those that the shop has.
    orders: i64,
    wanted: i64,
    /// Records of which more is to come.
    open: i64,
    active_runs: i64,
}

impl Progress {
    pub const fn is_over(&self) -> bool {
        self.open == 0 && self.active_runs == 0 && self.orders >= self.wanted
    }
}

/// Everything that runs. Dropping it stops the processes, the sandbox last.
pub struct Stage {
    workers: [Option<Service>; 2],
    web: Option<Service>,
    _sandbox: Service,
    pub plan: Plan,
    pub owner: Owner,
    pub database: String,
    pub account: String,
    /// A session that stays, for questions that are asked again and again.
    watcher: Option<Client>,
    /// The orders that the shop has.
    orders: i64,
    /// The ids of those that were made for the torture.
    pub made: Vec<String>,
}

impl Stage {
    /// A fresh database, a fresh sandbox with the orders in it, the demo organisation connected to it, and the processes.
    pub fn set(own: &Workspace, postgres: &Postgres, binary: PathBuf, options: &Options) -> Result<Self> {
        let database = format!("syncline_torture_{}", std::process::id());
        let owner = postgres.owner()?;
        owner.recreate(&database)?;
        let plan = plan(own, binary, owner.url(&database))?;
        steps::quiet("Migrate the database", || plan.command("migrate").map(drop))?;
        let sandbox = steps::quiet("Start the sandbox", || plan.start_sandbox())?;
        steps::quiet("Connect the sandbox", || plan.seed_connected())?;
        let tenant: String = system(&owner, &database)?
            .query_one("SELECT id::text FROM tenants WHERE id IN (SELECT tenant_id FROM connections) LIMIT 1", &[])
            .context("the seed connected nothing")?
            .get(0);
        let account = format!("sbx_demo_{}", tenant.replace('-', ""));
        let mut stage = Self {
            workers: [None, None],
            web: None,
            _sandbox: sandbox,
            plan,
            owner,
            database,
            account,
            watcher: None,
            orders: 0,
            made: Vec::new(),
        };
        steps::quiet("Make the orders", || stage.fill(options))?;
        steps::quiet("Start two workers and the web process", || {
            stage.revive(Victim::FirstWorker)?;
            stage.revive(Victim::SecondWorker)?;
            stage.revive(Victim::Web)
        })?;
        Ok(stage)
    }

    /// The orders in the shop; systems that are in no hurry to slow anybody down; schedules that come every minute.
    fn fill(&mut self, options: &Options) -> Result<()> {
        let account = &self.account;
        // The demo's credentials are the account's name.
        let open = json!({"shop_token": account, "erp_user": account, "erp_password": account, "demo": true});
        self.control("POST", "accounts", &open)?;
        self.control("POST", "shopify/limits", &json!({"maximum_available": 1_000_000, "restore_rate": 1_000_000}))?;
        self.control("POST", "acumatica/limits", &json!({"per_minute": 1_000_000, "concurrent": 8}))?;
        // The demo has an inactive item on purpose; here everything is to arrive.
        self.control("PATCH", "acumatica/StockItem/TEA-EARL-100", &json!({"ItemStatus": "Active"}))?;
        let made = self.control("POST", "shopify/orders", &json!({"count": options.orders}))?;
        let ids = made["ids"].as_array().context("the sandbox made no orders")?;
        self.made = ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let orders = self.control("GET", "shopify/orders", &Value::Null)?;
        self.orders = orders["count"].as_i64().context("the sandbox does not say how many orders it has")?;
        self.system()?
            .batch_execute("UPDATE schedules SET every_seconds = 60, next_run_at = now() WHERE phase <> 'full_prepare'")
            .context("cannot set the schedules")
    }

    /// A request to the sandbox's control API about this torture's account.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        self.control_with(method, path, "", body)
    }

    /// The same, with more in its query.
    pub fn control_with(&self, method: &str, path: &str, query: &str, body: &Value) -> Result<Value> {
        let path = format!("/_control/{path}?account={}{query}", self.account);
        http::control(self.plan.sandbox_addr, method, &path, &self.plan.sandbox_token, body)
    }

    /// A session that sees all tenants.
    pub fn system(&self) -> Result<Client> {
        system(&self.owner, &self.database)
    }

    pub fn logs(&self) -> PathBuf {
        self.plan.state.join("logs")
    }

    /// PostgreSQL may have been restarted since the last time.
    pub fn progress(&mut self) -> Result<Progress> {
        match self.read_progress() {
            Err(_) => {
                self.watcher = None;
                self.read_progress()
            }
            read => read,
        }
    }

    fn read_progress(&mut self) -> Result<Progress> {
        let watcher = match self.watcher.take() {
            Some(watcher) => watcher,
            None => self.system()?,
        };
        let row = self.watcher.insert(watcher).query_one(
            "SELECT count(*) FILTER (WHERE status NOT IN ('prepared', 'failed')), count(*),
                count(*) FILTER (WHERE entity = 'order'), count(*) FILTER (WHERE status IN ('prepared', 'failed')),
                (SELECT count(*) FROM runs WHERE state IN ('queued', 'running', 'waiting'))
            FROM records",
            &[],
        )?;
        Ok(Progress {
            done: row.get(0),
            all: row.get(1),
            orders: row.get(2),
            wanted: self.orders,
            open: row.get(3),
            active_runs: row.get(4),
        })
    }

    pub fn kill(&mut self, victim: Victim, postgres: &Postgres) -> Result<()> {
        match victim {
            Victim::Postgres => postgres.restart_immediately(),
            process => self.kill_process(process),
        }
    }

    pub fn kill_process(&mut self, victim: Victim) -> Result<()> {
        let service = match victim {
            Victim::FirstWorker => &mut self.workers[0],
            Victim::SecondWorker => &mut self.workers[1],
            Victim::Web => &mut self.web,
            Victim::Postgres => return Ok(()),
        };
        service.take().map_or(Ok(()), Service::kill)
    }

    /// Starts again who was killed.
    pub fn revive(&mut self, victim: Victim) -> Result<()> {
        match victim {
            Victim::FirstWorker => self.workers[0] = Some(self.start("worker", "worker-1.log")?),
            Victim::SecondWorker => self.workers[1] = Some(self.start("worker", "worker-2.log")?),
            Victim::Web => {
                let mut web = self.start("web", "web.log")?;
                ready(&mut web, &self.plan)?;
                self.web = Some(web);
            }
            Victim::Postgres => {}
        }
        Ok(())
    }

    /// Nobody may end by himself.
    pub fn tend(&mut self) -> Result<()> {
        for service in self.workers.iter_mut().chain([&mut self.web]).flatten() {
            if let Some(status) = service.exited()? {
                bail!(service.obituary(&format!("ended by itself ({status})")));
            }
        }
        Ok(())
    }

    /// Ends the processes and drops the database.
    pub fn clear_away(self) -> Result<()> {
        let Self { workers, web, _sandbox: sandbox, watcher, owner, database, .. } = self;
        drop((workers, web, sandbox, watcher));
        owner.drop_database(&database)
    }

    fn start(&self, role: &'static str, log: &str) -> Result<Service> {
        Service::spawn(role, &self.plan.binary, &[role], &self.plan.environment(), Some(&self.logs().join(log)))
    }
}

fn ready(web: &mut Service, plan: &Plan) -> Result<()> {
    let answered = stop::wait_until(Duration::from_secs(60), || {
        if let Some(status) = web.exited()? {
            bail!(web.obituary(&format!("ended while it started ({status})")));
        }
        Ok(http::status(plan.addr, "/readyz") == Some(200))
    })?;
    if answered { Ok(()) } else { bail!(web.obituary("did not become ready")) }
}

/// PostgreSQL may be on its way up again: it is asked for a while.
fn system(owner: &Owner, database: &str) -> Result<Client> {
    let mut client = None;
    let connected = stop::wait_until(Duration::from_secs(60), || {
        client = owner.connect(database).ok();
        Ok(client.is_some())
    })?;
    let mut client = client.filter(|_| connected).context("PostgreSQL does not come back")?;
    client.batch_execute("SET ROLE syncline_system")?;
    Ok(client)
}

fn plan(own: &Workspace, binary: PathBuf, database_url: String) -> Result<Plan> {
    let state = own.data.join("state");
    if state.exists() {
        fs::remove_dir_all(&state)?;
    }
    fs::create_dir_all(state.join("logs"))?;
    let [addr, sandbox_addr] = http::two_free_addresses()?;
    Ok(Plan {
        binary,
        dist: assets(&own.dist, &state)?,
        state,
        database_url,
        addr,
        url: format!("http://localhost:{}", addr.port()),
        sandbox_addr,
        sandbox_token: secrets::random(16)?,
        silent: true,
    })
}

/// The built assets, or empty ones when there is no build: the web process wants some to start, and nobody looks at its
/// screens here.
fn assets(built: &Path, state: &Path) -> Result<PathBuf> {
    if built.join("manifest.json").is_file() {
        return Ok(built.to_owned());
    }
    let folder = state.join("dist");
    fs::create_dir_all(&folder)?;
    let names =
        [("app.js", "a.js"), ("app.wasm", "a.wasm"), ("main.css", "a.css"), ("fonts/inter-latin.woff2", "a.woff2")];
    for (_, name) in names {
        fs::write(folder.join(name), "")?;
    }
    let manifest: serde_json::Map<String, Value> =
        names.into_iter().map(|(source, name)| (source.to_owned(), name.into())).collect();
    fs::write(folder.join("manifest.json"), Value::Object(manifest).to_string())?;
    Ok(folder)
}
