//! The commands of the binary.

use anyhow::{Context, Result, anyhow, bail};
use secrecy::ExposeSecret;
use tokio::runtime::Runtime;

use crate::serve::{self, Role};
use crate::settings::{SandboxSettings, Settings};
use crate::{log, seed};

const USAGE: &str = "usage: syncline [command]

  serve      the web and the worker role together (the default)
  web        the web role alone
  worker     the worker role alone
  migrate    bring the database up to date, as its owner
  seed       make the demo organisation and its owner; prints one line of JSON
  sandbox    the stand-ins for the vendors' APIs
  help       this text

Settings come from the environment; the README lists them.";

/// Runs the command that the arguments name.
///
/// # Errors
/// What went wrong, for the person who started it.
pub fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["help" | "--help" | "-h"] = arguments[..] {
        println!("{USAGE}");
        return Ok(());
    }
    start_process()?;
    match arguments[..] {
        [] | ["serve"] => serve::run(&Settings::from_env()?, Role::Both),
        ["web"] => serve::run(&Settings::from_env()?, Role::Web),
        ["worker"] => serve::run(&Settings::from_env()?, Role::Worker),
        ["migrate"] => migrate(&Settings::from_env()?),
        ["seed"] => runtime()?.block_on(seed::run(&Settings::from_env()?)),
        ["sandbox"] => runtime()?.block_on(serve_sandbox(SandboxSettings::from_env()?)),
        _ => bail!("{USAGE}"),
    }
}

/// Two TLS libraries are linked in; without a provider that is chosen here the first connection would panic.
fn start_process() -> Result<()> {
    let provider = rustls::crypto::ring::default_provider().install_default();
    provider.map_err(|_| anyhow!("a TLS provider was installed already"))?;
    log::start()
}

fn migrate(settings: &Settings) -> Result<()> {
    runtime()?.block_on(engine::db::migrate(settings.migrating_url())).context("the database could not be migrated")
}

async fn serve_sandbox(settings: SandboxSettings) -> Result<()> {
    let config = sandbox::Config {
        addr: settings.addr,
        token: settings.token.expose_secret().to_owned(),
        state: settings.state,
    };
    let stop = serve::stop_signal()?;
    tracing::info!(sandbox.addr = %settings.addr, "the sandbox listens");
    let serving = sandbox::serve(config, async move { stop.cancelled().await });
    serving.await.with_context(|| format!("the sandbox could not serve on {}", settings.addr))
}

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
