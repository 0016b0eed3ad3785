//! The role that owns databases: its URLs, and what xtask itself does with it.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use postgres::{Client, Config, NoTls};

use crate::{proc, stop};

/// How long a database is tried to be dropped.
const DROP_TIME: Duration = Duration::from_secs(5);

/// A sign-in that may create databases.
#[derive(Clone)]
pub struct Owner {
    /// A URL in which `{database}` stands for the database's name.
    template: String,
}

impl Owner {
    /// The owner of the cluster whose socket lies in this folder.
    pub fn by_socket(folder: &Path, password: &str) -> Self {
        let folder = encoded(&folder.display().to_string());
        Self { template: format!("postgres://syncline:{password}@localhost/{{database}}?host={folder}") }
    }

    /// The role of a URL that somebody else gave us.
    pub fn by_url(url: &str) -> Result<Self> {
        let (address, options) =
            url.split_once('?').map_or((url, String::new()), |(address, options)| (address, format!("?{options}")));
        let (server, _) =
            address.rsplit_once('/').context("a database's URL has the form postgres://user:password@host/database")?;
        Ok(Self { template: format!("{server}/{{database}}{options}") })
    }

    /// The URL for sqlx, which takes a socket's folder as the option `host`.
    pub fn url(&self, database: &str) -> String {
        self.template.replace("{database}", database)
    }

    /// A session of our own.
    pub fn connect(&self, database: &str) -> Result<Client> {
        let url = self.url(database);
        // The client used here would try localhost first when it is given both; it takes a socket's folder in the host's place.
        let config: Config = match url.split_once("?host=") {
            Some((address, folder)) => {
                address.replace("@localhost/", &format!("@{}/", folder.replace('/', "%2F"))).parse()
            }
            None => url.parse(),
        }
        .context("the database's URL cannot be read")?;
        config.connect(NoTls).with_context(|| format!("cannot connect to the database {database}"))
    }

    /// Makes a new, empty database. An older one of this name is dropped, whoever is connected to it.
    pub fn recreate(&self, database: &str) -> Result<()> {
        self.drop_database(database)?;
        self.connect("postgres")?
            .batch_execute(&format!("CREATE DATABASE {database}"))
            .with_context(|| format!("cannot create the database {database}"))
    }

    /// Drops the databases that an earlier command of ours made for itself and could not drop because it was killed. Their names end in its process id.
    pub fn drop_orphans(&self) -> Result<()> {
        let orphans =
            "SELECT datname FROM pg_database WHERE datname ~ '^syncline_(e2e|sqlx|bench|torture)_[0-9]+$' LIMIT 1000";
        for row in self.connect("postgres")?.query(orphans, &[])? {
            let name: String = row.get(0);
            if !proc::is_alive_in_name(&name) {
                self.drop_database(&name)?;
            }
        }
        Ok(())
    }

    pub fn drop_database(&self, database: &str) -> Result<()> {
        let mut client = self.connect("postgres")?;
        let sql = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        // The server's own housekeeping may be at it, which only the server may send away.
        if stop::wait_until(DROP_TIME, || Ok(client.batch_execute(&sql).is_ok()))? {
            return Ok(());
        }
        client.batch_execute(&sql).with_context(|| format!("cannot drop the database {database}"))
    }
}

fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_in_a_folder_with_odd_letters_gives_a_url() {
        let owner = Owner::by_socket(Path::new("/my data/a&b"), "secret");
        assert_eq!(owner.url("syncline"), "postgres://syncline:secret@localhost/syncline?host=/my%20data/a%26b");
    }

    #[test]
    fn the_database_in_a_given_url_is_replaced_and_its_options_stay() {
        let owner = Owner::by_url("postgres://me:pw@db.example:5433/mine?sslmode=disable").unwrap();
        assert_eq!(owner.url("other"), "postgres://me:pw@db.example:5433/other?sslmode=disable");
    }
}
