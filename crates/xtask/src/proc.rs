//! Other programs: the ones we wait for, and the ones that run beside us.

mod service;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{paths::Workspace, stop};

pub use service::Service;

/// Cargo in the workspace's root, without what the outer `cargo run` put into our environment: build scripts that look at those variables would otherwise
/// be run again whenever cargo is called directly and through xtask by turns.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&workspace.root).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text == "CARGO_BIN_NAME"
            || text == "CARGO_CRATE_NAME"
        {
            command.env_remove(&name);
        }
    }
    command.env_remove("LD_LIBRARY_PATH").env_remove("DYLD_FALLBACK_LIBRARY_PATH");
    command
}

/// Runs a command to its end; what it prints is seen. A stop request is passed on to it.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed ({status})", show(command));
    }
    Ok(())
}

/// Like [`run`], and hands back how it ended.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", show(command)))?;
    loop {
        if let Some(status) = child.try_wait()? {
            stop::check()?;
            return Ok(status);
        }
        if stop::wait(Duration::from_millis(50)) {
            end(&mut child, Signal::SIGTERM, Duration::from_secs(10));
            return Err(stop::Interrupted.into());
        }
    }
}

/// Runs a short command in silence and hands back its stdout; its stderr becomes part of the error.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", show(command)))?;
    if !output.status.success() {
        let said = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
        bail!("`{}` failed ({}):\n{}", show(command), output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The program's place, when it is in PATH.
pub fn find_in_path(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// Ends a program that somebody started by itself, as Ctrl-C would.
pub fn interrupt(child: &mut Child) {
    end(child, Signal::SIGINT, Duration::from_secs(10));
}

/// Asks a child to end, waits, and ends it by force when the time is over.
fn end(child: &mut Child, signal: Signal, time: Duration) {
    let deadline = Instant::now() + time;
    send(child.id(), signal);
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > deadline {
            child.kill().ok();
            child.wait().ok();
            return;
        }
        stop::rest();
    }
}

/// Whether the process still runs whose id is at the end of the name, after the last `_` or `-`.
pub fn is_alive_in_name(name: &str) -> bool {
    let pid = name.rsplit(['_', '-']).next().and_then(|digits| digits.parse().ok());
    pid.is_some_and(|pid| kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH))
}

fn send(pid: u32, signal: Signal) {
    // An error means that the process is gone already, which is what the signal is for.
    if let Ok(pid) = i32::try_from(pid) {
        kill(Pid::from_raw(pid), signal).ok();
    }
}

fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
