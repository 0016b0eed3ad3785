//! Under which user PostgreSQL runs, and in which folder that user can work.
//!
//! `initdb` and `postgres` refuse to run as root. Then they run as `postgres`, or as `nobody`; if the checkout is closed to that user, the cluster lies in
//! `/var/lib/syncline/<hash of the data folder's path>`.

use std::{
    env, fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};

use crate::{paths::Workspace, secrets};

/// A folder for the cluster and the programs fetched for it, and the user who works there.
pub struct Home {
    pub folder: PathBuf,
    account: Option<User>,
}

impl Home {
    pub fn choose(workspace: &Workspace) -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self { folder: workspace.data.clone(), account: None });
        }
        let home = Self { folder: workspace.data.clone(), account: Some(unprivileged()?) };
        open_for_passing(&home.folder)?;
        if home.reaches(&home.folder) {
            return Ok(home);
        }
        let hash = secrets::short_hash(workspace.data.as_os_str().as_encoded_bytes());
        let folder = Path::new("/var/lib/syncline").join(hash);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        open_for_passing(&folder)?;
        if !home.reaches(&folder) {
            bail!("the user who runs PostgreSQL can reach neither {} nor {}", home.folder.display(), folder.display());
        }
        Ok(Self { folder, ..home })
    }

    /// A program run as PostgreSQL's user, without the settings for PostgreSQL's tools that may be in our environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        command.env_remove("LD_LIBRARY_PATH").env("LC_MESSAGES", "C").current_dir("/");
        if let Some(account) = &self.account {
            // Setting the user id as root also gives up root's supplementary groups.
            command.gid(account.gid.as_raw()).uid(account.uid.as_raw());
        }
        command
    }

    /// Makes a folder that belongs to PostgreSQL's user alone.
    pub fn create_private(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)
            .and_then(|()| fs::set_permissions(folder, fs::Permissions::from_mode(0o700)))
            .and_then(|()| self.give(folder))
            .with_context(|| format!("cannot prepare {}", folder.display()))
    }

    /// The user id that owns what PostgreSQL writes.
    pub fn uid(&self) -> u32 {
        self.account.as_ref().map_or(geteuid(), |account| account.uid).as_raw()
    }

    pub fn give(&self, path: &Path) -> std::io::Result<()> {
        match &self.account {
            Some(account) => chown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw())),
            None => Ok(()),
        }
    }

    fn reaches(&self, folder: &Path) -> bool {
        let mut trial = self.command(Path::new("test"));
        trial.arg("-x").arg(folder).stderr(Stdio::null());
        trial.status().is_ok_and(|status| status.success())
    }
}

fn unprivileged() -> Result<User> {
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)?.filter(|user| !user.uid.is_root()) {
            return Ok(user);
        }
    }
    bail!(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`; create one, or run this as another user"
    );
}

/// Others may pass through the folder to what they own in it, but not list it.
fn open_for_passing(folder: &Path) -> Result<()> {
    let mode = fs::metadata(folder)?.permissions().mode() & 0o777;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode | 0o111))
        .with_context(|| format!("cannot prepare {}", folder.display()))
}
