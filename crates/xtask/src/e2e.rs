//! The browser's journeys: Playwright and Chromium against a stack of their own, on free ports, with a fresh database and a fresh sandbox.

mod chromium;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    build, http, node,
    paths::Workspace,
    postgres::Owner,
    proc, secrets,
    stack::{Plan, Stack},
    steps, stop,
};

pub fn run(workspace: &Workspace, arguments: &[String], owner: &Owner) -> Result<()> {
    let folder = workspace.root.join("end2end");
    steps::quiet("Install the journeys' packages", || node::install(workspace, &folder))?;
    let chromium = steps::quiet("Find Chromium", chromium::ensure)?;
    build::browser(workspace)?;
    let binary = build::debug_server(workspace)?;
    let state = fresh_state(&workspace.data)?;
    let database = format!("syncline_e2e_{}", std::process::id());
    steps::quiet("Make the journeys' database", || owner.recreate(&database))?;
    let [addr, sandbox_addr] = http::two_free_addresses()?;
    let plan = Plan {
        binary,
        dist: workspace.dist.clone(),
        database_url: owner.url(&database),
        addr,
        url: format!("http://localhost:{}", addr.port()),
        sandbox_addr,
        sandbox_token: secrets::random(16)?,
        silent: true,
        state,
    };
    let outcome = Stack::start(plan).and_then(|mut stack| play(&mut stack, &folder, &chromium, arguments));
    // Nobody is connected any more when the stack is gone, and it is gone here.
    let dropped = owner.drop_database(&database);
    outcome.and(dropped)
}

/// A folder of this command's own. Those of earlier ones, kept for whoever asks why a journey failed, go.
fn fresh_state(data: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("test-e2e-") && !proc::is_alive_in_name(&name) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(data.join(format!("test-e2e-{}", std::process::id())))
}

fn play(stack: &mut Stack, folder: &Path, chromium: &Path, arguments: &[String]) -> Result<()> {
    let results = stack.plan.state.join("journeys.json");
    let mut command = Command::new("node");
    command.current_dir(folder).args(["node_modules/@playwright/test/cli.js", "test"]).args(arguments);
    command.envs([
        ("CHROMIUM", chromium.display().to_string()),
        ("PLAYWRIGHT_OUTPUT", stack.plan.state.join("results").display().to_string()),
        ("PLAYWRIGHT_JSON_OUTPUT_NAME", results.display().to_string()),
        ("SYNCLINE_URL", stack.plan.url.clone()),
        ("SYNCLINE_SANDBOX_URL", stack.plan.sandbox_url()),
        ("SYNCLINE_SANDBOX_TOKEN", stack.plan.sandbox_token.clone()),
        ("SYNCLINE_SERVER_PID_FILE", stack.plan.pid_file().display().to_string()),
        ("SYNCLINE_DEMO_EMAIL", stack.demo.email.clone()),
        ("SYNCLINE_DEMO_PASSWORD", stack.demo.password.clone()),
        ("SYNCLINE_DEMO_ORGANISATION", stack.demo.organisation.clone()),
    ]);
    steps::noisy("Play the journeys", || {
        let mut playwright =
            command.stdin(Stdio::null()).spawn().context("cannot start Playwright; is Node.js there?")?;
        let ended = accompany(&mut playwright, stack);
        if ended.is_err() {
            proc::interrupt(&mut playwright);
        }
        let success = ended?;
        count(&results)?;
        if !success {
            bail!("a journey failed; logs and traces are in {}", stack.plan.state.display());
        }
        Ok(())
    })
}

/// Looks after the stack while the journeys are played, and says whether all went well.
fn accompany(playwright: &mut Child, stack: &mut Stack) -> Result<bool> {
    loop {
        if let Some(status) = playwright.try_wait()? {
            stop::check()?;
            return Ok(status.success());
        }
        if stop::wait(Duration::from_millis(50)) {
            return Err(stop::Interrupted.into());
        }
        stack.tend()?;
    }
}

/// Prints the closing line.
fn count(results: &Path) -> Result<()> {
    let text = fs::read_to_string(results).context("Playwright left no results")?;
    let results: Value = serde_json::from_str(&text)?;
    let number = |name: &str| results["stats"][name].as_u64().unwrap_or_default();
    println!("journeys: {} passed, {} failed", number("expected"), number("unexpected") + number("flaky"));
    Ok(())
}
