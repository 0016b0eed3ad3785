//! `cargo xtask bench`: builds the bench in release and runs it on the development cluster; `bench/latest.json` keeps the figures.

use anyhow::Result;

use crate::{paths::Workspace, proc, steps, test::Database};

pub fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let database = Database::open(workspace)?;
    steps::noisy("Build the bench", || {
        proc::run(proc::cargo(workspace).args(["build", "--release", "--package", "bench"]))
    })?;
    steps::noisy("Measure", || {
        let mut command = std::process::Command::new(workspace.target.join("release/bench"));
        command.args(["--out", "bench/latest.json"]).args(arguments).current_dir(&workspace.root);
        if let Some(commit) = commit(workspace) {
            command.args(["--commit", &commit]);
        }
        proc::run(command.env("SYNCLINE_TEST_DATABASE_URL", database.owner.url("postgres")))
    })
}

/// What is checked out; nothing where the sources came without their history.
fn commit(workspace: &Workspace) -> Option<String> {
    let mut git = std::process::Command::new("git");
    let answer = git.args(["describe", "--always", "--dirty"]).current_dir(&workspace.root).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| answer.status.success() && !text.is_empty())
}
