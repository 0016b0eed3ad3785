//! `cargo xtask simulate`: builds the simulation and runs seeds on the development cluster.

use anyhow::Result;

use crate::{paths::Workspace, proc, steps, test::Database};

pub fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let database = Database::open(workspace)?;
    let (release, arguments): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|argument| **argument == "--release");
    build(workspace, &release)?;
    let profile = if release.is_empty() { "debug" } else { "release" };
    steps::noisy("Simulate", || play(workspace, profile, &database.owner.url("postgres"), &arguments))
}

fn build(workspace: &Workspace, release: &[&str]) -> Result<()> {
    steps::noisy("Build the simulation", || {
        proc::run(proc::cargo(workspace).args(["build", "--package", "simulation"]).args(release))
    })
}

fn play(workspace: &Workspace, profile: &str, owner_url: &str, arguments: &[&str]) -> Result<()> {
    let mut command = std::process::Command::new(workspace.target.join(profile).join("simulation"));
    command.args(arguments).current_dir(&workspace.root).env("SYNCLINE_TEST_DATABASE_URL", owner_url);
    proc::run(&mut command)
}
