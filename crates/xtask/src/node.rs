//! Node packages, always as a lock file says.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};

use crate::{paths::Workspace, proc, secrets};

/// npm, if it is here.
pub fn npm() -> Option<Command> {
    proc::find_in_path("npm").map(Command::new)
}

/// Installs a folder's packages, unless they are there as its lock file has them.
pub fn install(workspace: &Workspace, folder: &Path) -> Result<()> {
    let turn = File::create(workspace.target.join("syncline-node.lock"))?;
    turn.lock().context("cannot lock target/syncline-node.lock")?;
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("{} has no package-lock.json", folder.display()))?;
    let mark = folder.join("node_modules/.installed-by-xtask");
    let hash = secrets::short_hash(&lock);
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == hash) {
        return Ok(());
    }
    let mut npm = npm().context("npm is missing; install Node.js 20 or newer")?;
    proc::output(npm.current_dir(folder).args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(mark, hash)?;
    Ok(())
}
