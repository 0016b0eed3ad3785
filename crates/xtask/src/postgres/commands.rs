//! `cargo xtask pg`: the development database by itself.

use anyhow::Result;

use super::{Postgres, cluster::Cluster};
use crate::{paths::Workspace, steps};

/// Starts the cluster, leaves it running and prints its owner's URL.
pub fn start(workspace: &Workspace) -> Result<()> {
    let postgres = Postgres::start(workspace)?;
    postgres.keep_running()?;
    println!("{}", postgres.owner()?.url("syncline"));
    Ok(())
}

/// Stops the cluster, whoever uses it.
pub fn stop(workspace: &Workspace) -> Result<()> {
    if Cluster::locate(workspace)?.is_running() {
        let postgres = Postgres::start(workspace)?;
        steps::quiet("Stop PostgreSQL", || postgres.stop_for_all())
    } else {
        steps::note("PostgreSQL is not running");
        std::fs::remove_file(workspace.data.join("postgres.keep")).ok();
        Ok(())
    }
}

/// Prints the owner's URL of the cluster as it is.
pub fn url(workspace: &Workspace) -> Result<()> {
    println!("{}", Cluster::locate(workspace)?.owner()?.url("syncline"));
    Ok(())
}
