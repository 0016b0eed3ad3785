//! One connection between an engine and Postgres, as far as its protocol must be understood to know what is a question and
//! what is its whole answer.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::postgres::PgConnectOptions;

/// How long an answer is waited for before Postgres is asked whether the statement waits for a lock.
const PATIENCE: Duration = Duration::from_millis(5);

/// Where Postgres listens.
#[derive(Clone)]
pub enum Postgres {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// A stream to Postgres.
trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

impl Postgres {
    pub fn of(owner_url: &str) -> Result<Self> {
        let options: PgConnectOptions = owner_url.parse()?;
        let file = format!(".s.PGSQL.{}", options.get_port());
        Ok(match options.get_socket() {
            Some(directory) => Self::Unix(directory.join(file)),
            None if options.get_host().starts_with('/') => Self::Unix(PathBuf::from(options.get_host()).join(file)),
            None => Self::Tcp(options.get_host().to_owned(), options.get_port()),
        })
    }

    /// A new connection, not introduced yet.
    pub fn connect(&self) -> Result<Server> {
        let stream: Box<dyn Stream> = match self {
            Self::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).context("Postgres")?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path).context("Postgres")?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        };
        Ok(Server(stream))
    }
}

/// The far end of a line.
pub struct Server(Box<dyn Stream>);

/// A connection.
pub struct Line {
    client: UnixStream,
    server: Server,
    /// Postgres's process at the far end, once it has said so.
    pub backend: Option<i32>,
    /// The number of the oldest question that has no answer yet.
    pub question: u64,
    /// Whether its statement waited for a lock when it was looked at last.
    pub was_blocked: bool,
    /// Written by the engine and not forwarded: the bytes, how many are whole messages, and the answers those want.
    up: Vec<u8>,
    whole: usize,
    wanted: u32,
    introduced: bool,
    /// Answers that Postgres owes.
    owed: u32,
    /// Said by Postgres and not handed over, and how much of it is understood.
    down: Vec<u8>,
    heard: usize,
    /// Handed over and not taken by the socket yet.
    handed: Vec<u8>,
    /// Postgres has closed its end.
    ended: bool,
    gone: bool,
}

impl Line {
    pub fn new(client: UnixStream, server: Server) -> Result<Self> {
        client.set_nonblocking(true)?;
        Ok(Self {
            client,
            server,
            backend: None,
            question: 0,
            was_blocked: false,
            up: Vec::new(),
            whole: 0,
            wanted: 0,
            introduced: false,
            owed: 0,
            down: Vec::new(),
            heard: 0,
            handed: Vec::new(),
            ended: false,
            gone: false,
        })
    }

    /// Whether one end is closed, and the other has got everything that there was.
    pub const fn is_gone(&self) -> bool {
        self.gone || (self.ended && self.down.is_empty() && self.handed.is_empty())
    }

    /// Whether the engine waits for an answer on it.
    pub const fn is_asked(&self) -> bool {
        self.wanted > 0 || self.owed > 0 || !self.down.is_empty()
    }

    /// Whether Postgres is at it.
    pub const fn is_with_postgres(&self) -> bool {
        self.owed > 0
    }

    /// Takes what the engine has written; whether there was something.
    pub fn take(&mut self, questions: &mut u64) -> bool {
        let (before, mut buffer) = (self.up.len(), [0; 4 * 1024]);
        loop {
            match self.client.read(&mut buffer) {
                Ok(0) => self.gone = true,
                Ok(length) => {
                    self.up.extend_from_slice(&buffer[..length]);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => self.gone = true,
            }
            break;
        }
        if self.up.len() == before {
            return self.gone;
        }
        let was_asked = self.is_asked();
        self.understand_questions();
        if !was_asked && self.is_asked() {
            *questions += 1;
            self.question = *questions;
        }
        true
    }

    fn understand_questions(&mut self) {
        if !self.introduced {
            // The first message is the only one without a letter.
            let length = self.up.first_chunk().map_or(usize::MAX, |length| u32::from_be_bytes(*length) as usize);
            if self.up.len() < length {
                return;
            }
            self.introduced = true;
            self.whole = length;
            self.wanted = 1;
        }
        for (letter, _) in (Messages { bytes: &self.up, at: &mut self.whole }) {
            match letter {
                // A simple query, a synchronisation after statements, an answer about the password.
                b'Q' | b'S' | b'p' => self.wanted += 1,
                b'X' => self.gone = true,
                _ => {}
            }
        }
    }

    /// Hands the engine's questions on to Postgres.
    pub fn forward(&mut self) {
        if self.wanted == 0 {
            return;
        }
        let whole: Vec<u8> = self.up.drain(..self.whole).collect();
        self.whole = 0;
        self.owed += std::mem::take(&mut self.wanted);
        if self.server.0.write_all(&whole).is_err() {
            self.end();
        }
    }

    /// Listens for what Postgres owes; `false` = it has not said all of it yet.
    pub fn hear(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        while self.owed > 0 {
            match self.server.0.read(&mut buffer) {
                Ok(0) => self.end(),
                Ok(length) => {
                    self.down.extend_from_slice(&buffer[..length]);
                    self.understand_answers();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return false,
                Err(_) => self.end(),
            }
        }
        true
    }

    fn understand_answers(&mut self) {
        for (letter, body) in (Messages { bytes: &self.down, at: &mut self.heard }) {
            let number = body.first_chunk().map_or(0, |bytes| i32::from_be_bytes(*bytes));
            match letter {
                b'Z' => self.owed = self.owed.saturating_sub(1),
                // The kinds of sign-in that want an answer before Postgres goes on.
                b'R' if matches!(number, 3 | 5 | 10 | 11) => self.owed = self.owed.saturating_sub(1),
                b'K' => self.backend = Some(number),
                _ => {}
            }
        }
    }

    const fn end(&mut self) {
        self.owed = 0;
        self.ended = true;
    }

    /// Lets the engine have the answer.
    pub fn hand_over(&mut self) {
        self.handed.append(&mut self.down);
        self.heard = 0;
    }

    /// Writes what was handed over to the engine's socket; whether it took some.
    pub fn give(&mut self) -> bool {
        let before = self.handed.len();
        while !self.handed.is_empty() {
            match self.client.write(&self.handed) {
                Ok(length) => drop(self.handed.drain(..length)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.gone = true;
                    break;
                }
            }
        }
        self.handed.len() < before
    }
}

/// The whole messages of a piece of the protocol: a letter, the length of the rest, the rest.
struct Messages<'a> {
    bytes: &'a [u8],
    at: &'a mut usize,
}

impl<'a> Iterator for Messages<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(*self.at..)?;
        let length = u32::from_be_bytes(*rest.get(1..)?.first_chunk()?) as usize;
        let body = rest.get(5..=length)?;
        *self.at += 1 + length;
        Some((*rest.first()?, body))
    }
}
