//! What to measure.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// The command line: `[--records N] [--rounds N] [--large] [--only prepare|process|history] [--out FILE] [--commit ID]`.
#[derive(Debug, Clone)]
pub struct Arguments {
    /// Records that each round prepares and processes.
    pub records: usize,
    pub rounds: usize,
    /// Also a history of ten million records.
    pub large: bool,
    only: Option<String>,
    pub out: Option<PathBuf>,
    /// What is measured.
    pub commit: Option<String>,
    /// Be the sandbox's process instead.
    pub sandbox: Option<SocketAddr>,
}

impl Arguments {
    /// # Errors
    /// When an argument is not known or not a number.
    pub fn read() -> Result<Self> {
        let mut read =
            Self { records: 20_000, rounds: 3, large: false, only: None, out: None, commit: None, sandbox: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match word.as_str() {
                "--records" => read.records = value()?.parse()?,
                "--rounds" => read.rounds = value()?.parse::<usize>()?.max(1),
                "--large" => read.large = true,
                "--only" => read.only = Some(value()?),
                "--out" => read.out = Some(value()?.into()),
                "--commit" => read.commit = Some(value()?),
                "sandbox" => read.sandbox = Some(value()?.parse()?),
                _ => bail!("unknown argument {word}"),
            }
        }
        Ok(read)
    }

    #[must_use]
    pub fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}
