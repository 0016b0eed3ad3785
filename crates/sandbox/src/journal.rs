//! An account's file: one JSON line per change, appended before the change is answered, rewritten compactly when it is opened.
//!
//! A line goes to the kernel in one write, so that killing the process loses nothing that was answered; it is not forced to the disk, because a
//! sandbox need not survive the machine's own failure. A last line that was cut short is dropped.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ledger::Counts;
use crate::table::{Doc, Row};

/// One line of an account's file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// Who the account is; the first line.
    Account(serde_json::Value),
    /// Its limits, as the control API set them.
    Limits(Doc),
    /// A record as it is now.
    Put { table: String, seq: u64, modified: i64, doc: Doc },
    /// A record that is gone.
    Removed { table: String, seq: u64 },
    /// How often a record was written through the API, so far.
    Written { table: String, key: String, counts: Counts },
}

impl Line {
    /// The line for a record.
    #[must_use]
    pub fn put(table: &str, row: &Row) -> Self {
        Self::Put { table: table.to_owned(), seq: row.seq, modified: row.modified, doc: row.doc.clone() }
    }
}

/// The open file of one account.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Replaces the file by these lines and opens it for more. The old file stays until the new one is complete.
    pub fn rewrite<'a>(path: &Path, lines: impl Iterator<Item = &'a Line>) -> io::Result<Self> {
        let fresh = path.with_extension("new");
        let mut writer = BufWriter::new(File::create(&fresh)?);
        for line in lines {
            write_line(&mut writer, line)?;
        }
        writer.flush()?;
        drop(writer);
        std::fs::rename(&fresh, path)?;
        Ok(Self { file: OpenOptions::new().append(true).open(path)? })
    }

    /// Appends lines in one write; when it returns they outlive this process.
    pub fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            write_line(&mut text, line)?;
        }
        self.file.write_all(&text)
    }
}

/// Reads all whole lines of a file.
pub fn read(path: &Path) -> io::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for text in BufReader::new(File::open(path)?).split(b'\n') {
        match serde_json::from_slice(&text?) {
            Ok(line) => lines.push(line),
            Err(error) => tracing::warn!(%error, "a line of the sandbox's journal was cut short and is left out"),
        }
    }
    Ok(lines)
}

/// The accounts' files in a directory.
pub fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(directory)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    Ok(files)
}

fn write_line(out: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
