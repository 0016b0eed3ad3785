//! The build steps of `cargo xtask run`, `test` and `build`.
//!
//! The server functions' addresses contain a hash of the build path, so server and wasm are always built from the same checkout.

use std::{fs::File, path::PathBuf};

use anyhow::{Context, Result};

use crate::{assets, paths::Workspace, proc, steps, wasm};

/// Builds the browser's half and everything else that the server serves as a file, into `dist/`.
pub fn browser(workspace: &Workspace) -> Result<()> {
    wasm::ensure_target()?;
    steps::noisy("Build the browser's half", || wasm::compile(workspace))?;
    let lock = File::create(workspace.target.join("syncline-web.lock"))?;
    lock.lock().context("cannot lock target/syncline-web.lock")?;
    let bundle = steps::quiet("Prepare the wasm", || wasm::bundle(workspace))?;
    steps::quiet("Compress the assets", || assets::write(workspace, &bundle))
}

/// Builds the binary `syncline` with optimisation.
pub fn release_server(workspace: &Workspace) -> Result<PathBuf> {
    steps::noisy("Build the server", || {
        proc::run(proc::cargo(workspace).args(["build", "--release", "--package", "server", "--bin", "syncline"]))
    })?;
    Ok(workspace.binary("release"))
}

/// Builds the binary `syncline` as the tests use it. The packages are chosen as for the crates' tests, so that cargo settles on the same features and builds
/// nothing a second time.
pub fn debug_server(workspace: &Workspace) -> Result<PathBuf> {
    steps::noisy("Build the server", || {
        proc::run(proc::cargo(workspace).args(["build", "--workspace", "--exclude", "frontend", "--bin", "syncline"]))
    })?;
    Ok(workspace.binary("debug"))
}
