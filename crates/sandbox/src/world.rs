//! The data of one account: its tables, what the API wrote, and the file that keeps them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::journal::{self, Journal, Line};
use crate::ledger::{Effect, Ledger};
use crate::table::{Doc, Row, Table};

/// A table's definition: its name, the number before its first record, the fields with look-ups.
pub type Plan = (&'static str, u64, &'static [&'static str]);

/// Everything that one account holds.
#[derive(Debug)]
pub struct World {
    tables: BTreeMap<&'static str, (Table, Ledger)>,
    limits: Doc,
    journal: Option<Journal>,
}

/// A write through the vendor's API: the reference that it is counted under and what it did.
#[derive(Debug)]
pub struct Write {
    /// The sender's own reference when it gave one, else the record's key.
    pub key: String,
    /// What it did.
    pub effect: Effect,
}

impl World {
    /// An empty world, in memory only until [`World::keep`].
    #[must_use]
    pub fn new(plans: &[Plan]) -> Self {
        let tables = plans.iter().map(|(name, last, indexed)| (*name, (Table::new(*last, indexed), Ledger::default())));
        Self { tables: tables.collect(), limits: Doc::new(), journal: None }
    }

    /// Takes in the lines of a file.
    pub fn replay(&mut self, lines: Vec<Line>) {
        for line in lines {
            match line {
                Line::Account(_) => {}
                Line::Limits(limits) => self.limits = limits,
                Line::Put { table, seq, modified, doc } => {
                    self.with(&table, |entry| entry.0.put(Row { seq, modified, doc }))
                }
                Line::Removed { table, seq } => self.with(&table, |entry| drop(entry.0.remove(seq))),
                Line::Written { table, key, counts } => self.with(&table, |entry| entry.1.set(key, counts)),
            }
        }
    }

    /// Writes what is there into a fresh file and appends every later change to it.
    pub fn keep(&mut self, path: &Path, account: Value) -> io::Result<()> {
        let mut lines = vec![Line::Account(account), Line::Limits(self.limits.clone())];
        for (name, (table, ledger)) in &self.tables {
            lines.extend(table.rows().map(|row| Line::put(name, row)));
            let written = |(key, counts): (&String, &_)| Line::Written {
                table: (*name).to_owned(),
                key: key.clone(),
                counts: *counts,
            };
            lines.extend(ledger.iter().map(written));
        }
        self.journal = Some(Journal::rewrite(path, lines.iter())?);
        Ok(())
    }

    /// Empties all tables, keeps the limits.
    pub fn clear(&mut self, plans: &[Plan], path: Option<&Path>, account: Value) -> io::Result<()> {
        let limits = std::mem::take(&mut self.limits);
        *self = Self::new(plans);
        self.limits = limits;
        path.map_or(Ok(()), |path| self.keep(path, account))
    }

    /// A table by the name in its plan.
    ///
    /// # Panics
    /// When no plan has that name, which only a mistake in this crate can cause.
    #[must_use]
    pub fn table(&self, name: &str) -> &Table {
        &self.tables[name].0
    }

    /// What the API wrote into a table.
    #[must_use]
    pub fn ledger(&self, name: &str) -> &Ledger {
        &self.tables[name].1
    }

    /// Adds or replaces a record, counting it when it came through the vendor's API.
    pub fn put(&mut self, table: &'static str, row: Row, write: Option<&Write>) -> io::Result<()> {
        let mut lines = vec![Line::put(table, &row)];
        lines.extend(self.written(table, write));
        self.append(&lines)?;
        self.with(table, |entry| entry.0.put(row));
        self.count(lines);
        Ok(())
    }

    /// Counts a write that changed nothing.
    pub fn note(&mut self, table: &'static str, write: &Write) -> io::Result<()> {
        let lines: Vec<Line> = self.written(table, Some(write)).into_iter().collect();
        self.append(&lines)?;
        self.count(lines);
        Ok(())
    }

    /// Takes a record out.
    pub fn remove(&mut self, table: &'static str, seq: u64) -> io::Result<()> {
        self.append(&[Line::Removed { table: table.to_owned(), seq }])?;
        self.with(table, |entry| drop(entry.0.remove(seq)));
        Ok(())
    }

    /// The limits as they were set.
    #[must_use]
    pub fn limits(&self) -> &Doc {
        &self.limits
    }

    /// Merges new limits in.
    pub fn set_limits(&mut self, limits: &Doc) -> io::Result<()> {
        self.limits.extend(limits.clone());
        self.append(&[Line::Limits(self.limits.clone())])
    }

    /// Notes that the account is now described differently.
    pub fn describe(&mut self, account: Value) -> io::Result<()> {
        self.append(&[Line::Account(account)])
    }

    fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        self.journal.as_mut().map_or(Ok(()), |journal| journal.append(lines))
    }

    fn written(&self, table: &str, write: Option<&Write>) -> Option<Line> {
        let write = write?;
        let counts = self.ledger(table).after(&write.key, write.effect);
        Some(Line::Written { table: table.to_owned(), key: write.key.clone(), counts })
    }

    fn count(&mut self, lines: Vec<Line>) {
        for line in lines {
            if let Line::Written { table, key, counts } = line {
                self.with(&table, |entry| entry.1.set(key, counts));
            }
        }
    }

    /// A table that no plan has (a file of another release) is left alone.
    fn with(&mut self, table: &str, change: impl FnOnce(&mut (Table, Ledger))) {
        if let Some(entry) = self.tables.get_mut(table) {
            change(entry);
        }
    }
}

/// The last account line of a file says who it belongs to.
#[must_use]
pub fn account_of(lines: &[Line]) -> Option<Value> {
    lines.iter().rev().find_map(|line| if let Line::Account(account) = line { Some(account.clone()) } else { None })
}

/// Reads a file into its account and its lines.
pub fn load(path: &Path) -> io::Result<Option<(Value, Vec<Line>)>> {
    let lines = journal::read(path)?;
    Ok(account_of(&lines).map(|account| (account, lines)))
}
