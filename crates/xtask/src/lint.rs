//! `cargo xtask lint`: what can be checked without running the program.

mod sources;

use std::process::Command;

use anyhow::{Result, bail};

use crate::{paths::Workspace, proc, sqlx, steps, stop, wasm};

type Check = fn(&Workspace) -> Result<()>;

/// Runs all checks, also after one has failed, and fails if any did.
pub fn run(workspace: &Workspace) -> Result<()> {
    let checks: [(&str, Check); 5] = [
        ("Check the format", format),
        ("Check arrows and lengths", sources::check),
        ("Check the server's half with Clippy", clippy_server),
        ("Check the browser's half with Clippy", clippy_browser),
        ("Check .sqlx/", sqlx::check),
    ];
    ensure_tools(workspace)?;
    let mut failed = Vec::new();
    for (name, check) in checks {
        match steps::noisy(name, || check(workspace)) {
            Ok(()) => {}
            Err(error) if error.is::<stop::Interrupted>() => return Err(error),
            Err(error) => {
                eprintln!("{error:#}");
                failed.push(name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Installs what a minimal toolchain lacks, where rustup manages it.
fn ensure_tools(workspace: &Workspace) -> Result<()> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let there = proc::output(proc::cargo(workspace).args([tool, "--version"])).is_ok();
        if !there && proc::find_in_path("rustup").is_some() {
            steps::quiet(&format!("Add {component}"), || {
                proc::output(Command::new("rustup").args(["component", "add", component])).map(drop)
            })?;
        }
    }
    Ok(())
}

fn format(workspace: &Workspace) -> Result<()> {
    proc::run(proc::cargo(workspace).args(["fmt", "--all", "--check"]))
}

/// Server and browser are never checked together: their features exclude each other.
fn clippy_server(workspace: &Workspace) -> Result<()> {
    let selection = ["--workspace", "--exclude", "frontend", "--all-targets"];
    proc::run(proc::cargo(workspace).arg("clippy").args(selection).args(["--", "-D", "warnings"]))
}

fn clippy_browser(workspace: &Workspace) -> Result<()> {
    wasm::ensure_target()?;
    let selection = ["--package", "frontend", "--target", "wasm32-unknown-unknown"];
    proc::run(proc::cargo(workspace).arg("clippy").args(selection).args(["--", "-D", "warnings"]))
}
