//! `cargo xtask sqlx`: the checked queries' descriptions in `.sqlx/`, with which everybody else builds without a database.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{paths::Workspace, postgres::Owner, proc, steps, test::Database};

/// Writes `.sqlx/` anew.
pub fn write(workspace: &Workspace) -> Result<()> {
    let described = describe(workspace)?;
    let folder = workspace.root.join(".sqlx");
    let changes = differences(&read(&folder)?, &described);
    fs::create_dir_all(&folder)?;
    for (name, _) in read(&folder)?.iter().filter(|(name, _)| !described.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, text) in &described {
        fs::write(folder.join(name), text)?;
    }
    steps::note(&format!("{} queries, {} changed", described.len(), changes.len()));
    Ok(())
}

/// Fails when [`write()`] would change something.
pub fn check(workspace: &Workspace) -> Result<()> {
    let described = describe(workspace)?;
    let changes = differences(&read(&workspace.root.join(".sqlx"))?, &described);
    if !changes.is_empty() {
        bail!(".sqlx/ is not current; run `cargo xtask sqlx` and commit it:\n  {}", changes.join("\n  "));
    }
    Ok(())
}

/// The descriptions by file name, from a fresh database with all migrations.
fn describe(workspace: &Workspace) -> Result<BTreeMap<String, String>> {
    let database = Database::open(workspace)?;
    let name = format!("syncline_sqlx_{}", std::process::id());
    let folder = workspace.target.join(&name);
    let described = steps::quiet("Migrate a fresh database", || migrate(workspace, &database.owner, &name))
        .and_then(|()| steps::noisy("Describe the queries", || compile(workspace, &database.owner.url(&name), &folder)))
        .and_then(|()| read(&folder));
    fs::remove_dir_all(&folder).ok();
    database.owner.drop_database(&name)?;
    described
}

/// Applies the job queue's migrations and then ours, as `syncline migrate` does, which cannot be built before the queries are described.
fn migrate(workspace: &Workspace, owner: &Owner, database: &str) -> Result<()> {
    owner.recreate(database)?;
    let mut session = owner.connect(database)?;
    for folder in [queue_migrations(workspace)?, workspace.root.join("migrations")] {
        for (name, text) in read(&folder)?.iter().filter(|(name, _)| name.ends_with(".sql")) {
            session.batch_execute(text).with_context(|| format!("the migration {name} fails"))?;
        }
    }
    Ok(())
}

fn queue_migrations(workspace: &Workspace) -> Result<PathBuf> {
    let text = proc::output(proc::cargo(workspace).args(["metadata", "--format-version", "1", "--quiet"]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let package = packages
        .iter()
        .find(|package| package["name"] == "apalis-postgres")
        .context("apalis-postgres is not among the packages")?;
    let manifest = package["manifest_path"].as_str().context("a package has no manifest")?;
    Ok(Path::new(manifest).with_file_name("migrations"))
}

/// Compiles the crate with the queries against the database; sqlx' macros write what they learn.
fn compile(workspace: &Workspace, url: &str, folder: &Path) -> Result<()> {
    // The dependencies are compiled without the database: apalis-postgres has checked queries of its own. Whether the engine compiles does not matter here.
    let engine = ["check", "--package", "engine", "--tests"];
    proc::output(proc::cargo(workspace).args(engine).arg("--quiet").env_remove("DATABASE_URL")).ok();
    fs::create_dir_all(folder)?;
    let touched = Touched::new(&workspace.root.join("crates/engine"))?;
    let mut command = proc::cargo(workspace);
    command.args(engine).env("DATABASE_URL", url).env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", folder);
    let outcome = proc::run(&mut command);
    drop(touched);
    outcome
}

/// Source files that cargo takes for changed, until this is dropped: otherwise it would not compile them again, and other builds need not know.
struct Touched(Vec<(PathBuf, std::time::SystemTime)>);

impl Touched {
    fn new(package: &Path) -> Result<Self> {
        let mut touched = Self(Vec::new());
        for path in ["src/lib.rs", "tests/it/main.rs"].map(|name| package.join(name)) {
            if let Ok(metadata) = fs::metadata(&path) {
                touched.0.push((path.clone(), metadata.modified()?));
                File::options().append(true).open(&path)?.set_modified(std::time::SystemTime::now())?;
            }
        }
        Ok(touched)
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        for (path, time) in &self.0 {
            File::options().append(true).open(path).and_then(|file| file.set_modified(*time)).ok();
        }
    }
}

/// The files of a folder by name; none if there is no such folder.
fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let text =
                fs::read_to_string(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
            files.insert(entry.file_name().to_string_lossy().into_owned(), text);
        }
    }
    Ok(files)
}

fn differences(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    let missing = new.keys().filter(|name| !old.contains_key(*name)).map(|name| format!("missing: {name}"));
    let stale = old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("no longer used: {name}"));
    let different = new
        .iter()
        .filter(|(name, text)| old.get(*name).is_some_and(|old| old != *text))
        .map(|(name, _)| format!("changed: {name}"));
    missing.chain(stale).chain(different).collect()
}
