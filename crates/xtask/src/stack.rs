//! A running Syncline: the sandbox and the server, each a process of its own, on a database that is there already.

use std::{
    fs,
    net::SocketAddr,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{http, proc, proc::Service, secrets, steps, stop};

/// Longer than any start takes, migrations of a large database aside, and those run before.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// What to start, and with which settings.
pub struct Plan {
    /// The binary `syncline`.
    pub binary: PathBuf,
    /// The folder that holds the sandbox's state, the master key, the demo's sign-in and the logs.
    pub state: PathBuf,
    /// The built assets.
    pub dist: PathBuf,
    /// A database and the role that owns it.
    pub database_url: String,
    pub addr: SocketAddr,
    /// The address that people and links use.
    pub url: String,
    pub sandbox_addr: SocketAddr,
    pub sandbox_token: String,
    /// The server's log goes to a file as well, not to the terminal.
    pub silent: bool,
}

/// How to sign in to the demo's organisation.
pub struct Demo {
    pub organisation: String,
    pub email: String,
    pub password: String,
}

/// The running processes. Dropping it stops the server first, since it talks to the sandbox.
pub struct Stack {
    server: Service,
    server_since: Instant,
    sandbox: Service,
    pub demo: Demo,
    pub plan: Plan,
}

impl Stack {
    /// Migrates, starts the sandbox, seeds the demo and starts the server; comes back when all of them are ready.
    pub fn start(plan: Plan) -> Result<Self> {
        fs::create_dir_all(plan.state.join("logs"))?;
        steps::quiet("Migrate the database", || plan.command("migrate").map(drop))?;
        let sandbox = steps::quiet("Start the sandbox", || plan.start_sandbox())?;
        let demo = steps::quiet("Seed the demo", || plan.seed())?;
        let server = plan.announce_server("Start the server")?;
        Ok(Self { server, server_since: Instant::now(), sandbox, demo, plan })
    }

    /// Looks after the processes, to be called again and again: who was killed is started again, who gave up is an error.
    pub fn tend(&mut self) -> Result<()> {
        if let Some(status) = self.sandbox.exited()? {
            bail!(self.sandbox.obituary(&format!("ended by itself ({status})")));
        }
        let Some(status) = self.server.exited()? else {
            return Ok(());
        };
        if status.signal().is_none() || self.server_since.elapsed() < Duration::from_secs(2) {
            bail!(self.server.obituary(&format!("ended by itself ({status})")));
        }
        steps::note(&format!("the server was killed ({status})"));
        self.server = self.plan.announce_server("Start the server again")?;
        self.server_since = Instant::now();
        Ok(())
    }
}

impl Plan {
    pub fn sandbox_url(&self) -> String {
        format!("http://{}", self.sandbox_addr)
    }

    /// The file with the server's process id, for tests that kill it.
    pub fn pid_file(&self) -> PathBuf {
        self.state.join("server.pid")
    }

    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |path: PathBuf| path.display().to_string();
        vec![
            ("DATABASE_URL", self.database_url.clone()),
            ("SYNCLINE_ADDR", self.addr.to_string()),
            ("SYNCLINE_URL", self.url.clone()),
            ("SYNCLINE_SANDBOX_ADDR", self.sandbox_addr.to_string()),
            ("SYNCLINE_SANDBOX_TOKEN", self.sandbox_token.clone()),
            ("SYNCLINE_SANDBOX_STATE", path(self.state.join("sandbox"))),
            ("SYNCLINE_MASTER_KEY_FILE", path(self.state.join("master.key"))),
            ("SYNCLINE_DIST", path(self.dist.clone())),
            ("SYNCLINE_DEMO", "1".to_owned()),
        ]
    }

    /// Runs one of the binary's short commands and hands back what it printed.
    pub fn command(&self, name: &str) -> Result<String> {
        let mut command = Command::new(&self.binary);
        proc::output(command.arg(name).envs(self.environment()).stdin(Stdio::null()))
    }

    pub fn start_sandbox(&self) -> Result<Service> {
        let log = self.state.join("logs/sandbox.log");
        let mut sandbox = Service::spawn("sandbox", &self.binary, &["sandbox"], &self.environment(), Some(&log))?;
        ready(&mut sandbox, self.sandbox_addr, "/healthz")?;
        Ok(sandbox)
    }

    fn announce_server(&self, what: &str) -> Result<Service> {
        if self.silent {
            steps::quiet(what, || self.start_server())
        } else {
            steps::noisy(what, || self.start_server())
        }
    }

    fn start_server(&self) -> Result<Service> {
        let log = self.silent.then(|| self.state.join("logs/server.log"));
        let mut server = Service::spawn("server", &self.binary, &["serve"], &self.environment(), log.as_deref())?;
        ready(&mut server, self.addr, "/readyz")?;
        fs::write(self.pid_file(), server.pid().to_string())?;
        Ok(server)
    }

    /// The demo's organisation, connected to the sandbox, for those who do not need to sign in.
    pub fn seed_connected(&self) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.arg("seed").envs(self.environment()).env("SYNCLINE_DEMO_PASSWORD", new_password()?);
        proc::output(command.env("SYNCLINE_DEMO_CONNECTED", "1")).map(drop)
    }

    /// The password is made here at the first start, so that it can be shown again at the next ones; `syncline seed` sets it and answers one line of JSON.
    fn seed(&self) -> Result<Demo> {
        let file = self.state.join("demo.json");
        let password = match kept_password(&file) {
            Some(password) => password,
            None => new_password()?,
        };
        let mut command = Command::new(&self.binary);
        command.arg("seed").envs(self.environment()).env("SYNCLINE_DEMO_PASSWORD", &password);
        let printed = proc::output(&mut command)?;
        let answer: Value = printed
            .lines()
            .rev()
            .find_map(|line| serde_json::from_str(line).ok())
            .context("`syncline seed` printed no line of JSON")?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let demo = Demo {
            organisation: text("organisation").unwrap_or_default(),
            email: text("email").context("`syncline seed` printed no e-mail")?,
            // It prints none when the password stayed as it was, which is the one that it was given.
            password: text("password").unwrap_or(password),
        };
        let kept = json!({ "organisation": demo.organisation, "email": demo.email, "password": demo.password });
        secrets::write(&file, &format!("{kept}\n"))?;
        Ok(demo)
    }
}

fn kept_password(file: &Path) -> Option<String> {
    let kept: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    kept["password"].as_str().map(str::to_owned)
}

/// 80 random bits, in groups that can be typed.
fn new_password() -> Result<String> {
    let digits = secrets::random(10)?;
    Ok([&digits[..5], &digits[5..10], &digits[10..15], &digits[15..]].join("-"))
}

fn ready(service: &mut Service, addr: SocketAddr, path: &str) -> Result<()> {
    let answered = stop::wait_until(READY_WITHIN, || {
        if let Some(status) = service.exited()? {
            bail!(service.obituary(&format!("ended while it started ({status})")));
        }
        Ok(http::status(addr, path) == Some(200))
    })?;
    if !answered {
        bail!(service.obituary(&format!("did not become ready (http://{addr}{path})")));
    }
    Ok(())
}
