//! Who uses the cluster, and when it ends.
//!
//! PostgreSQL runs apart from us, so that several commands can share it and none is cut off by another's Ctrl-C. Everyone who uses it holds a shared lock on
//! one file; whoever leaves and can lock that file alone was the last one and stops PostgreSQL, unless `cargo xtask pg` asked to keep it. The kernel drops the
//! locks of a process that was killed: the cluster it left running is taken over, and ended, by the next command.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::{cluster::Cluster, owner::Owner};
use crate::{paths::Workspace, steps};

/// A running cluster, for as long as this value lives.
pub struct Postgres {
    cluster: Cluster,
    users: File,
    starting: PathBuf,
    keep: PathBuf,
}

impl Postgres {
    /// Starts the cluster of `data/`, or joins those who use it already.
    pub fn start(workspace: &Workspace) -> Result<Self> {
        steps::quiet("Start PostgreSQL", || {
            let users = lock_file(&workspace.data.join("postgres.users"))?;
            users.lock_shared().context("cannot lock data/postgres.users")?;
            let postgres = Self {
                cluster: Cluster::locate(workspace)?,
                users,
                starting: workspace.data.join("postgres.starting"),
                keep: workspace.data.join("postgres.keep"),
            };
            postgres.ensure_running()?;
            postgres.owner()?.connect("syncline")?;
            Ok(postgres)
        })
    }

    /// Starts PostgreSQL again if it ended. Says whether it had to.
    pub fn ensure_running(&self) -> Result<bool> {
        let starting = lock_file(&self.starting)?;
        starting.lock().context("cannot lock data/postgres.starting")?;
        self.cluster.ensure_running()
    }

    /// Lets PostgreSQL crash, and starts it again at once.
    pub fn restart_immediately(&self) -> Result<()> {
        self.cluster.restart_immediately()
    }

    pub fn owner(&self) -> Result<Owner> {
        self.cluster.owner()
    }

    /// Leaves PostgreSQL running when the last user is gone.
    pub fn keep_running(&self) -> Result<()> {
        fs::write(&self.keep, "`cargo xtask pg stop` ends the database and removes this file.\n")
            .context("cannot write data/postgres.keep")
    }

    /// Ends PostgreSQL whoever uses it.
    pub fn stop_for_all(self) -> Result<()> {
        fs::remove_file(&self.keep).ok();
        self.cluster.stop()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.users.unlock().ok();
        if self.keep.exists() || self.users.try_lock().is_err() {
            return;
        }
        if let Err(error) = self.cluster.stop() {
            eprintln!("xtask: PostgreSQL does not stop: {error:#}");
        }
    }
}

fn lock_file(path: &Path) -> Result<File> {
    File::options().create(true).append(true).open(path).with_context(|| format!("cannot open {}", path.display()))
}
