//! A program that runs beside us until we stop it.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    time::Duration,
};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use super::{end, find_in_path};

/// A running program. Dropping it stops it: SIGTERM, and SIGKILL ten seconds later.
pub struct Service {
    name: &'static str,
    child: Child,
    log: Option<PathBuf>,
}

impl Service {
    /// Starts a program that ends when we end, however that happens. With a log its output is appended there, otherwise it goes to our stderr.
    ///
    /// It gets a process group of its own, so that Ctrl-C in the terminal reaches only us, and we stop things in their order.
    pub fn spawn(
        name: &'static str,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
        log: Option<&Path>,
    ) -> Result<Self> {
        let mut command = tied_to_us(program);
        command.args(arguments).process_group(0).stdin(Stdio::null());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        if let Some(log) = log {
            let file = open_log(log)?;
            command.stdout(file.try_clone()?).stderr(file);
        } else {
            command.stdout(std::io::stderr());
        }
        let child = command.spawn().with_context(|| format!("cannot start the {name} ({})", program.display()))?;
        Ok(Self { name, child, log: log.map(Path::to_owned) })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the program ended, if it did.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Ends the program as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Why the program is of no use, in words, with the end of its log.
    pub fn obituary(&self, what: &str) -> String {
        let last = self.log.as_ref().and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default();
        let lines: Vec<&str> = last.lines().collect();
        let tail = lines[lines.len().saturating_sub(15)..].join("\n");
        format!("the {} {what}\n{tail}", self.name).trim_end().to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        end(&mut self.child, Signal::SIGTERM, Duration::from_secs(10));
    }
}

/// On Linux `setpriv` asks the kernel to end the program with us, also after a kill -9. Elsewhere only an orderly end stops it.
fn tied_to_us(program: &Path) -> Command {
    static SETPRIV: OnceLock<Option<PathBuf>> = OnceLock::new();
    let setpriv = SETPRIV.get_or_init(|| {
        let found = find_in_path("setpriv")?;
        let mut trial = Command::new(&found);
        trial.args(["--pdeathsig", "TERM", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
        trial.status().is_ok_and(|status| status.success()).then_some(found)
    });
    let Some(setpriv) = setpriv else {
        return Command::new(program);
    };
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

fn open_log(path: &Path) -> Result<File> {
    let parent = path.parent().context("a log file needs a folder")?;
    fs::create_dir_all(parent)?;
    File::options().create(true).append(true).open(path).with_context(|| format!("cannot write {}", path.display()))
}
