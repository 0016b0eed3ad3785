//! Logs: one line per event on stderr, with dotted fields.

use std::io::IsTerminal;

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

/// Quiet where libraries say what we say ourselves; `SYNCLINE_LOG` overrides it, in tracing's own syntax.
const DEFAULT: &str = "info,sqlx=warn,apalis=warn,apalis_core=warn,apalis_postgres=warn,tower_sessions=error,\
    tower_sessions_core=error,leptos=warn,any_spawner=warn";

/// Starts logging.
///
/// # Errors
/// When `SYNCLINE_LOG` cannot be understood.
pub fn start() -> Result<()> {
    let wanted = std::env::var("SYNCLINE_LOG").unwrap_or_else(|_| DEFAULT.to_owned());
    let filter = EnvFilter::try_new(&wanted).map_err(|error| anyhow!("SYNCLINE_LOG cannot be understood: {error}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow!("logging could not be started: {error}"))
}
