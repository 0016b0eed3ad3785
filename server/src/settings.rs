//! Settings from the environment; the README lists them.

mod network;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use engine::config::{Config, Sandbox};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use network::Network;

/// Slices that a process does at once, unless it is told.
const SLICES: usize = 32;
/// Days for which history is kept, unless it is told.
const RETENTION_DAYS: u16 = 90;

/// Settings of one process.
#[derive(Debug, Clone)]
pub struct Settings {
    pub database_url: SecretString,
    /// The address of the role that migrates, when the serving role may not.
    pub owner_database_url: Option<SecretString>,
    pub addr: SocketAddr,
    /// Where people find Syncline: for cookies, links and the check of a request's origin.
    pub url: Url,
    pub trusted_proxies: Vec<Network>,
    pub master_key_file: PathBuf,
    pub dist: PathBuf,
    pub sandbox: Option<Sandbox>,
    pub slices: usize,
    pub retention_days: u16,
}

/// Settings of `syncline sandbox`, which needs no database.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    pub addr: SocketAddr,
    pub token: SecretString,
    pub state: Option<PathBuf>,
}

impl Settings {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// What is missing or cannot be understood, by name.
    pub fn from_env() -> Result<Self> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Reads settings from any source of variables.
    ///
    /// # Errors
    /// What is missing or cannot be understood, by name.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let get = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let addr = address("SYNCLINE_ADDR", get("SYNCLINE_ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
        let url = get("SYNCLINE_URL").unwrap_or_else(|| format!("http://localhost:{}", addr.port()));
        let database_url = get("DATABASE_URL").context("DATABASE_URL is not set; `cargo xtask run` sets it")?;
        Ok(Self {
            database_url: SecretString::from(database_url),
            owner_database_url: get("SYNCLINE_OWNER_DATABASE_URL").map(SecretString::from),
            addr,
            url: public_url(&url)?,
            trusted_proxies: networks(get("SYNCLINE_TRUSTED_PROXIES").as_deref().unwrap_or_default())?,
            master_key_file: get("SYNCLINE_MASTER_KEY_FILE").unwrap_or_else(|| "data/master.key".into()).into(),
            dist: get("SYNCLINE_DIST").unwrap_or_else(|| "dist".into()).into(),
            sandbox: demo_sandbox(&get)?,
            slices: slices(get("SYNCLINE_SLICES").as_deref())?,
            retention_days: retention_days(get("SYNCLINE_RETENTION_DAYS").as_deref())?,
        })
    }

    /// Whether people reach Syncline by https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// What the engine is told.
    #[must_use]
    pub fn config(&self) -> Config {
        Config { sandbox: self.sandbox.clone(), slices: self.slices, retention_days: self.retention_days }
    }

    /// The address to migrate with.
    #[must_use]
    pub fn migrating_url(&self) -> &str {
        self.owner_database_url.as_ref().unwrap_or(&self.database_url).expose_secret()
    }
}

impl SandboxSettings {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// What is missing or cannot be understood, by name.
    pub fn from_env() -> Result<Self> {
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let token = get("SYNCLINE_SANDBOX_TOKEN").context("SYNCLINE_SANDBOX_TOKEN is not set")?;
        let addr = get("SYNCLINE_SANDBOX_ADDR").unwrap_or_else(|| "127.0.0.1:3001".into());
        Ok(Self {
            addr: address("SYNCLINE_SANDBOX_ADDR", &addr)?,
            token: SecretString::from(token),
            state: get("SYNCLINE_SANDBOX_STATE").map(PathBuf::from),
        })
    }
}

fn address(name: &str, text: &str) -> Result<SocketAddr> {
    let mut found = text.to_socket_addrs().with_context(|| format!("{name}={text} is not host:port"))?;
    found.next().with_context(|| format!("{name}={text} leads to no address"))
}

fn public_url(text: &str) -> Result<Url> {
    let url: Url = text.parse().with_context(|| format!("SYNCLINE_URL={text} is not an address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.path() != "/" {
        bail!("SYNCLINE_URL={text} must be http:// or https:// with a host and no path");
    }
    Ok(url)
}

fn networks(text: &str) -> Result<Vec<Network>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().with_context(|| format!("SYNCLINE_TRUSTED_PROXIES: {part}"))).collect()
}

fn demo_sandbox(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Sandbox>> {
    if get("SYNCLINE_DEMO").is_none_or(|demo| demo != "1") {
        return Ok(None);
    }
    let token = get("SYNCLINE_SANDBOX_TOKEN").context("SYNCLINE_DEMO=1 needs SYNCLINE_SANDBOX_TOKEN")?;
    let addr = get("SYNCLINE_SANDBOX_ADDR").unwrap_or_else(|| "127.0.0.1:3001".into());
    Ok(Some(Sandbox { addr: address("SYNCLINE_SANDBOX_ADDR", &addr)?, token: SecretString::from(token) }))
}

fn retention_days(text: Option<&str>) -> Result<u16> {
    let Some(text) = text else { return Ok(RETENTION_DAYS) };
    match text.trim().parse() {
        Ok(days @ 1..=3650) => Ok(days),
        _ => bail!("SYNCLINE_RETENTION_DAYS={text} must be a number of days from 1 to 3650"),
    }
}

fn slices(text: Option<&str>) -> Result<usize> {
    let Some(text) = text else { return Ok(SLICES) };
    match text.trim().parse() {
        Ok(slices @ 2..=512) => Ok(slices),
        _ => bail!("SYNCLINE_SLICES={text} must be a number from 2 to 512"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings> {
        let find = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Settings::read(&find)
    }

    #[test]
    fn the_public_address_follows_the_port() {
        let settings = read(&[("DATABASE_URL", "postgres://x"), ("SYNCLINE_ADDR", "127.0.0.1:4000")]).unwrap();
        assert_eq!(settings.url.as_str(), "http://localhost:4000/");
        assert!(!settings.is_secure());
        assert!(settings.sandbox.is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |pairs: &[(&str, &str)]| format!("{:#}", read(pairs).unwrap_err());
        assert!(wrong(&[]).contains("DATABASE_URL"));
        let base = ("DATABASE_URL", "postgres://x");
        assert!(wrong(&[base, ("SYNCLINE_SLICES", "1")]).contains("SYNCLINE_SLICES"));
        assert!(wrong(&[base, ("SYNCLINE_URL", "ftp://x")]).contains("SYNCLINE_URL"));
        assert!(wrong(&[base, ("SYNCLINE_DEMO", "1")]).contains("SYNCLINE_SANDBOX_TOKEN"));
        assert!(wrong(&[base, ("SYNCLINE_TRUSTED_PROXIES", "10.0.0.0/99")]).contains("10.0.0.0/99"));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let settings = read(&[("DATABASE_URL", "postgres://u:hunter2@h/d")]).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
