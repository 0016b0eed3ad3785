//! One cluster on disk: made, set up, started and stopped by PostgreSQL's own programs.

use std::{
    fs,
    io::Write,
    os::unix::{fs::MetadataExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{find::Programs, home::Home, owner::Owner};
use crate::{paths::Workspace, proc, secrets, stop};

/// The name that the socket's file gets in its folder, with a slash; a socket's path has at most 107 bytes.
const SOCKET_NAME: &str = "/.s.PGSQL.5432";
const LONGEST_SOCKET: usize = 107;

/// A cluster and what is needed to work with it.
pub struct Cluster {
    home: Home,
    programs: Programs,
    folder: PathBuf,
    passwords: PathBuf,
    socket: PathBuf,
}

impl Cluster {
    /// Finds the programs and the folders; changes nothing in the cluster.
    pub fn locate(workspace: &Workspace) -> Result<Self> {
        let home = Home::choose(workspace)?;
        let folder = home.folder.join("postgres");
        let major = fs::read_to_string(folder.join("PG_VERSION")).ok();
        let programs = Programs::find(&home, major.and_then(|text| text.trim().parse().ok()))?;
        Ok(Self {
            socket: socket_folder(&folder),
            passwords: workspace.data.join("postgres.json"),
            home,
            programs,
            folder,
        })
    }

    /// Makes the cluster if there is none, and starts it if it does not run. Says whether it had to be started.
    pub fn ensure_running(&self) -> Result<bool> {
        if !self.folder.join("PG_VERSION").is_file() {
            self.create()?;
        }
        if !self.is_set_up() {
            self.stop()?;
            self.set_up()?;
        }
        if self.is_running() {
            return Ok(false);
        }
        self.start()?;
        Ok(true)
    }

    /// Whether PostgreSQL answers. A process that is only in the process table (it starts, or was killed and nobody has taken notice yet) is waited for.
    pub fn is_running(&self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            if UnixStream::connect(format!("{}{SOCKET_NAME}", self.socket.display())).is_ok() {
                return true;
            }
            if !self.has_process() || Instant::now() > deadline {
                return false;
            }
            stop::rest();
        }
    }

    /// Ends PostgreSQL at once and in order: open transactions are rolled back, everything committed is on disk.
    pub fn stop(&self) -> Result<()> {
        if !self.is_running() {
            return Ok(());
        }
        proc::output(self.pg_ctl("stop").args(["-m", "fast", "-w", "-t", "30"])).map(drop)
    }

    /// Ends PostgreSQL without a checkpoint, as a crash does, and starts it again, which recovers from its log.
    pub fn restart_immediately(&self) -> Result<()> {
        proc::output(self.pg_ctl("stop").args(["-m", "immediate", "-w", "-t", "30"]))?;
        self.start()
    }

    /// The role that owns the database `syncline` and may create others.
    pub fn owner(&self) -> Result<Owner> {
        let kept =
            self.kept_passwords().context("the database's passwords are missing; start it with `cargo xtask pg`")?;
        let password = kept["owner"].as_str().context("data/postgres.json has no password for the owner")?;
        Ok(Owner::by_socket(&self.socket, password))
    }

    fn create(&self) -> Result<()> {
        let draft = self.folder.with_extension("new");
        for leftover in [&draft, &self.folder] {
            if leftover.exists() {
                fs::remove_dir_all(leftover)
                    .with_context(|| format!("cannot remove the unfinished cluster {}", leftover.display()))?;
            }
        }
        self.home.create_private(&draft)?;
        let mut initdb = self.home.command(&self.programs.program("initdb"));
        initdb.args(["--username=postgres", "--encoding=UTF8", "--auth=reject"]);
        proc::output(initdb.args(locale(self.programs.major)).arg("--pgdata").arg(&draft))?;
        fs::rename(&draft, &self.folder)?;
        Ok(())
    }

    fn is_set_up(&self) -> bool {
        self.mark().is_file() && self.kept_passwords().is_some()
    }

    /// Makes the roles and the database through PostgreSQL's single-user mode, which needs neither a client nor a password. It can be done again, so it also
    /// gives the roles new passwords when the file with the old ones is lost.
    fn set_up(&self) -> Result<()> {
        let (superuser, owner) = (secrets::random(24)?, secrets::random(24)?);
        let statements = [
            format!("ALTER ROLE postgres PASSWORD '{superuser}'"),
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'syncline') THEN CREATE ROLE syncline; END IF; END $$".to_owned(),
            format!("ALTER ROLE syncline LOGIN CREATEROLE CREATEDB NOSUPERUSER PASSWORD '{owner}'"),
            // When the database exists, this one statement fails and the others have had their effect.
            "CREATE DATABASE syncline OWNER syncline".to_owned(),
        ];
        self.write_settings()?;
        let mut single = self.home.command(&self.programs.program("postgres"));
        single.args(["--single", "-D"]).arg(&self.folder).arg("postgres");
        feed(&mut single, &format!("{}\n", statements.join("\n")))?;
        secrets::write(&self.passwords, &json!({ "superuser": superuser, "owner": owner }).to_string())?;
        fs::write(self.mark(), "The roles and the database were made by `cargo xtask`.\n")?;
        Ok(())
    }

    fn start(&self) -> Result<()> {
        self.write_settings()?;
        let log = self.folder.join("server.log");
        // After a kill -9 the old server's processes may need a moment to notice and to leave the shared memory.
        let mut error = None;
        for _ in 0..5 {
            let mut start = self.pg_ctl("start");
            start.args(["-w", "-t", "120", "-s", "-l"]).arg(&log);
            match proc::output(&mut start) {
                Ok(_) => return Ok(()),
                Err(failure) => error = Some(failure),
            }
            if stop::wait(Duration::from_secs(1)) {
                return Err(stop::Interrupted.into());
            }
        }
        let log = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(12)..].join("\n");
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        bail!("PostgreSQL does not start: {error}\n{tail}");
    }

    fn write_settings(&self) -> Result<()> {
        if self.socket != self.folder {
            self.prepare_short_socket_folder()?;
        }
        let main = self.folder.join("postgresql.conf");
        let include = "include_if_exists = 'syncline.conf'";
        let mut text = fs::read_to_string(&main)?;
        if !text.contains(include) {
            text = format!("{}\n{include}\n", text.trim_end());
            fs::write(&main, text)?;
        }
        let socket = self.socket.display().to_string().replace('\'', "''");
        let settings = format!(
            "# Written at every start by `cargo xtask`.\nlisten_addresses = ''\nport = 5432\nunix_socket_directories = '{socket}'\nunix_socket_permissions = 0700\n\
             max_connections = 200\nshared_buffers = '256MB'\nmax_wal_size = '2GB'\nfsync = on\npassword_encryption = 'scram-sha-256'\n\
             timezone = 'UTC'\nlog_timezone = 'UTC'\n"
        );
        fs::write(self.folder.join("syncline.conf"), settings)?;
        fs::write(self.folder.join("pg_hba.conf"), "local all all scram-sha-256\n")?;
        ["syncline.conf", "pg_hba.conf"].iter().try_for_each(|name| self.home.give(&self.folder.join(name)))?;
        Ok(())
    }

    /// The folder in /tmp may have been made by somebody else, who could then stand in for the database.
    fn prepare_short_socket_folder(&self) -> Result<()> {
        if !self.socket.exists() {
            self.home.create_private(&self.socket)?;
        }
        let metadata = fs::symlink_metadata(&self.socket)?;
        if !metadata.is_dir() || metadata.uid() != self.home.uid() || metadata.mode() & 0o077 != 0 {
            bail!("{} does not belong to PostgreSQL's user alone; remove it", self.socket.display());
        }
        Ok(())
    }

    fn has_process(&self) -> bool {
        let mut status = self.pg_ctl("status");
        status.stdout(Stdio::null()).stderr(Stdio::null());
        self.folder.is_dir() && status.status().is_ok_and(|status| status.success())
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.home.command(&self.programs.program("pg_ctl"));
        command.arg(action).arg("-D").arg(&self.folder);
        command
    }

    fn mark(&self) -> PathBuf {
        self.folder.join("syncline.made")
    }

    fn kept_passwords(&self) -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(&self.passwords).ok()?).ok()
    }
}

/// Inside the cluster's folder, unless its path is too long for a socket.
fn socket_folder(folder: &Path) -> PathBuf {
    if folder.as_os_str().len() + SOCKET_NAME.len() <= LONGEST_SOCKET {
        return folder.to_owned();
    }
    let hash = secrets::short_hash(folder.as_os_str().as_encoded_bytes());
    Path::new("/tmp").join(format!("syncline-{hash}"))
}

/// Sorting by code point and letters of all alphabets, in the way that each release and system offers it.
fn locale(major: u32) -> &'static [&'static str] {
    match major {
        17.. => &["--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"],
        _ if cfg!(target_os = "linux") => &["--locale=C.UTF-8"],
        _ => &["--locale=en_US.UTF-8"],
    }
}

/// Runs a program with a text on its stdin; what it says is only of interest when it fails.
fn feed(command: &mut Command, text: &str) -> Result<()> {
    let program = command.get_program().display().to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    child.stdin.take().context("a pipe was asked for")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
