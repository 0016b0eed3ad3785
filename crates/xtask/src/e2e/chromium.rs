//! The browser that plays the journeys: the distribution's, since Playwright's own would have to be downloaded from elsewhere.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};
use nix::unistd::geteuid;

use crate::proc;

/// Finds Chromium; as root on Debian, installs it when it is missing. `CHROMIUM` names another one.
pub fn ensure() -> Result<PathBuf> {
    if let Ok(chosen) = env::var("CHROMIUM") {
        let path = PathBuf::from(chosen);
        return if path.is_file() { Ok(path) } else { bail!("CHROMIUM={} is not there", path.display()) };
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    if !geteuid().is_root() || proc::find_in_path("apt-get").is_none() {
        bail!(
            "the journeys need Chromium: install your system's package (Debian: apt-get install chromium), or set CHROMIUM to where one is"
        );
    }
    eprint!("(installing Debian's package) ");
    for arguments in [&["update", "-q"][..], &["install", "-q", "-y", "--no-install-recommends", "chromium"]] {
        proc::output(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    match find() {
        Some(found) => Ok(found),
        None => bail!("the package chromium is installed, but there is no /usr/bin/chromium"),
    }
}

fn find() -> Option<PathBuf> {
    let application = Path::new("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .iter()
        .find_map(|name| proc::find_in_path(name))
        .or_else(|| application.is_file().then(|| application.to_owned()))
}
