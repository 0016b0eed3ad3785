//! Where things are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The checkout and the folders in it that the subcommands share. All paths are absolute.
pub struct Workspace {
    /// The folder with the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Everything that lives on between starts: database, sandbox, keys. `SYNCLINE_DATA` moves it.
    pub data: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
    /// What the server serves under `/assets/`.
    pub dist: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .join("../..")
            .canonicalize()
            .context("xtask's own folder is gone; start it with `cargo xtask`")?;
        let data = folder(&root, "SYNCLINE_DATA", "data");
        fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
        Ok(Self {
            data: data.canonicalize()?,
            target: folder(&root, "CARGO_TARGET_DIR", "target"),
            dist: root.join("dist"),
            root,
        })
    }

    /// The `syncline` binary of a profile's folder (`debug` or `release`).
    pub fn binary(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join(format!("syncline{}", env::consts::EXE_SUFFIX))
    }
}

fn folder(root: &Path, variable: &str, default: &str) -> PathBuf {
    root.join(env::var_os(variable).unwrap_or_else(|| default.into()))
}
