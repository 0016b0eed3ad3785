//! `cargo xtask simulate`: builds the simulation and runs seeds on the development cluster.

use anyhow::Result;

use crate::{paths::Workspace, proc, steps, test::Database};

pub fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let database = Database::open(workspace)?;
    build(workspace)?;
    steps::noisy("Simulate", || play(workspace, &database.owner.url("syncline"), arguments))
}

fn build(workspace: &Workspace) -> Result<()> {
    steps::noisy("Build the simulation", || {
        proc::run(proc::cargo(workspace).args(["build", "--package", "simulation"]))
    })
}

fn play(workspace: &Workspace, owner_url: &str, arguments: &[&str]) -> Result<()> {
    let mut command = std::process::Command::new(workspace.target.join("debug/simulation"));
    command.args(arguments).current_dir(&workspace.root).env("SYNCLINE_TEST_DATABASE_URL", owner_url);
    proc::run(&mut command)
}
