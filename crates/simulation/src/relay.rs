//! The lines between a slot's engine and Postgres. What the engine asks is kept here until the simulation hands it on, and
//! its answer until the simulation hands it over: so no two statements are ever carried out at the same time, but for
//! those that wait for each other's locks, and where a task may be stopped does not depend on real time.

mod line;

use std::io::ErrorKind;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::database::Database;
use line::{Line, Postgres};

/// A statement that has neither an answer nor a lock to wait for after so many questions hangs.
const QUESTIONS: u32 = 20_000;

/// One slot's lines. The engine finds it as a Postgres that listens on a socket of its own.
pub struct Relay {
    postgres: Postgres,
    directory: PathBuf,
    listener: UnixListener,
    lines: Vec<Line>,
    /// How many questions have been asked so far.
    questions: u64,
}

impl Relay {
    /// Begins to listen for a slot's engine.
    ///
    /// # Errors
    /// When the cluster's address cannot be understood or no socket can be had.
    pub fn open(owner_url: &str, name: &str, slot: usize) -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("{name}_{slot}"));
        std::fs::create_dir_all(&directory).context("a directory for the relay's socket")?;
        let listener = UnixListener::bind(directory.join(".s.PGSQL.5432")).context("the relay's socket")?;
        listener.set_nonblocking(true)?;
        Ok(Self { postgres: Postgres::of(owner_url)?, directory, listener, lines: Vec::new(), questions: 0 })
    }

    /// The address that the slot's engine connects to.
    ///
    /// # Errors
    /// When the owner's address is no address.
    pub fn url(&self, owner_url: &str, database: &str) -> Result<String> {
        let mut url: url::Url = owner_url.parse()?;
        url.set_path(database);
        url.set_query(None);
        url.set_host(Some("localhost"))?;
        anyhow::ensure!(url.set_port(Some(5432)).is_ok(), "the cluster's address takes no port");
        let directory = self.directory.to_str().context("the path of a temporary directory is no text")?;
        url.query_pairs_mut().append_pair("host", directory).append_pair("sslmode", "disable");
        Ok(url.into())
    }

    /// Lets new connections of the engine in; whether there were any.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub fn accept(&mut self) -> Result<bool> {
        let before = self.lines.len();
        loop {
            match self.listener.accept() {
                Ok((client, _)) => self.lines.push(Line::new(client, self.postgres.connect()?)?),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(self.lines.len() > before),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes in what the engine has written and gives it what was handed over; whether anything moved.
    pub fn pump(&mut self) -> bool {
        let mut moved = false;
        for line in &mut self.lines {
            moved |= line.give();
            moved |= line.take(&mut self.questions);
        }
        self.lines.retain(|line| !line.is_gone());
        moved
    }

    /// Whether the engine has asked something whose answer it has not got yet.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.lines.iter().any(Line::is_asked)
    }

    /// Lets Postgres answer the oldest question that no other slot's lock holds up, and hands the answer over. Whether
    /// there was one.
    ///
    /// # Errors
    /// Of the database.
    pub async fn answer(&mut self, database: &mut Database) -> Result<bool> {
        let mut asked: Vec<usize> = (0..self.lines.len()).filter(|index| self.lines[*index].is_asked()).collect();
        asked.sort_by_key(|index| self.lines[*index].question);
        for index in asked {
            self.lines[index].forward();
            if self.hear_out(index, database).await? {
                self.lines[index].hand_over();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds out what became of statements that waited for locks: each has its answer now or still waits. Whether one has
    /// its answer.
    ///
    /// # Errors
    /// Of the database.
    pub async fn look_after_blocked(&mut self, database: &mut Database) -> Result<bool> {
        let mut answered = false;
        for index in 0..self.lines.len() {
            if self.lines[index].is_with_postgres() {
                answered |= self.hear_out(index, database).await?;
            }
        }
        Ok(answered)
    }

    /// The backends whose statements have no answer yet.
    #[must_use]
    pub fn backends_at_work(&self) -> Vec<i32> {
        self.lines.iter().filter(|line| line.is_with_postgres()).filter_map(|line| line.backend).collect()
    }

    /// Waits until a line's statement is answered (`true`) or waits for a lock.
    async fn hear_out(&mut self, index: usize, database: &mut Database) -> Result<bool> {
        let line = &mut self.lines[index];
        for _ in 0..QUESTIONS {
            if line.was_blocked && database.is_blocked(line.backend).await? {
                return Ok(false);
            }
            line.was_blocked = false;
            if line.hear() {
                return Ok(true);
            }
            line.was_blocked = database.is_blocked(line.backend).await?;
        }
        bail!("Postgres does not answer");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // What is left in a temporary directory harms nobody.
        drop(std::fs::remove_dir_all(&self.directory));
    }
}
