//! `cargo xtask test`: every test there is.

use std::{env, process::Command};

use anyhow::{Result, bail};

use crate::{
    e2e,
    paths::Workspace,
    postgres::{Owner, Postgres},
    proc, steps, torture,
};

/// Which tests, and what to tell them.
pub struct Options {
    rust: bool,
    journeys: bool,
    /// Passed on to the tests' own tool.
    arguments: Vec<String>,
}

impl Options {
    pub fn parse(arguments: &[&str]) -> Result<Self> {
        let (ours, theirs) = match arguments.iter().position(|argument| *argument == "--") {
            Some(at) => (&arguments[..at], &arguments[at + 1..]),
            None => (arguments, &[][..]),
        };
        let (rust, journeys) = match ours {
            [] => (true, true),
            ["--only", "rust"] => (true, false),
            ["--only", "e2e"] => (false, true),
            _ => bail!("usage: cargo xtask test [--only rust|e2e] [-- arguments for the tests]"),
        };
        Ok(Self { rust, journeys, arguments: theirs.iter().map(|argument| (*argument).to_owned()).collect() })
    }
}

/// Runs all parts, also after one has failed, and fails if any did.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let database = Database::open(workspace)?;
    let mut failures = Vec::new();
    if options.rust
        && let Err(error) = rust(workspace, options, &database.owner)
    {
        failures.push(report(error)?);
    }
    // Who asks for one test by its name wants that one.
    if options.rust
        && options.arguments.is_empty()
        && let Err(error) = torture::run(workspace, &torture::Options::short())
    {
        failures.push(report(error)?);
    }
    if options.journeys
        && let Err(error) = e2e::run(workspace, &options.arguments, &database.owner)
    {
        failures.push(report(error)?);
    }
    if !failures.is_empty() {
        bail!(failures.join("\n"));
    }
    Ok(())
}

/// Where tests make their databases: the server of `SYNCLINE_TEST_DATABASE_URL`, or the development cluster.
pub struct Database {
    pub owner: Owner,
    /// Held so that the cluster runs as long as it is used.
    _postgres: Option<Postgres>,
}

impl Database {
    pub fn open(workspace: &Workspace) -> Result<Self> {
        let database = if let Ok(url) = env::var("SYNCLINE_TEST_DATABASE_URL") {
            Self { owner: Owner::by_url(&url)?, _postgres: None }
        } else {
            let postgres = Postgres::start(workspace)?;
            Self { owner: postgres.owner()?, _postgres: Some(postgres) }
        };
        database.owner.drop_orphans()?;
        Ok(database)
    }
}

fn rust(workspace: &Workspace, options: &Options, owner: &Owner) -> Result<()> {
    let packages = ["--workspace", "--exclude", "frontend"];
    let with_database = |mut command: Command| {
        command.env("SYNCLINE_TEST_DATABASE_URL", owner.url("postgres")).env_remove("DATABASE_URL");
        command
    };
    steps::noisy("Test the crates", || {
        let mut command = with_database(proc::cargo(workspace));
        if proc::find_in_path("cargo-nextest").is_some() {
            command
                .args(["nextest", "run", "--no-fail-fast", "--no-tests", "pass"])
                .args(packages)
                .args(&options.arguments);
        } else {
            command.args(["test", "--no-fail-fast", "--all-targets"]).args(packages).args(&options.arguments);
        }
        proc::run(&mut command)
    })?;
    if !options.arguments.is_empty() {
        return Ok(());
    }
    steps::noisy("Test the examples in the documentation", || {
        proc::run(with_database(proc::cargo(workspace)).args(["test", "--doc", "--no-fail-fast"]).args(packages))
    })
}

/// A failure in words; an interruption ends everything.
fn report(error: anyhow::Error) -> Result<String> {
    if error.is::<crate::stop::Interrupted>() { Err(error) } else { Ok(format!("{error:#}")) }
}
