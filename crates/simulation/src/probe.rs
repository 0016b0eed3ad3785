//! Sees what the engine does through its tracing: every statement is a point at which a task may be stopped, and
//! warnings become lines of the story.

use std::cell::{Cell, RefCell};
use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    static POINTS: Cell<u64> = const { Cell::new(0) };
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// How many statements have been answered on this thread so far.
#[must_use]
pub fn points() -> u64 {
    POINTS.get()
}

/// The beginning of the statement that was answered last.
#[must_use]
pub fn last_statement() -> String {
    LAST.with_borrow(Clone::clone)
}

/// What was logged on this thread since the last time.
#[must_use]
pub fn said() -> Vec<String> {
    SAID.take()
}

/// The subscriber of a simulation's thread.
pub struct Probe;

impl Subscriber for Probe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_statement(metadata) || *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if is_statement(event.metadata()) {
            let mut statement = Statement::default();
            event.record(&mut statement);
            // A new connection introduces itself, and whether one is needed depends on how soon another comes back.
            if !statement.introduces {
                POINTS.set(POINTS.get() + 1);
            }
            return;
        }
        if *event.metadata().level() > Level::INFO || !event.metadata().target().starts_with("engine") {
            return;
        }
        let mut line = format!("log {}:", event.metadata().level());
        event.record(&mut Words(&mut line));
        SAID.with_borrow_mut(|said| said.push(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn is_statement(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "sqlx::query"
}

/// What the first statements of a connection begin with: the engine's own (see `engine::Db`), and sqlx's questions.
const INTRODUCTIONS: [&str; 4] = ["SET ROLE", "SET statement_timeout", "SET idle_in_transaction", "SELECT pg_type.oid"];

#[derive(Default)]
struct Statement {
    introduces: bool,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            LAST.set(value.to_owned());
            self.introduces = INTRODUCTIONS.iter().any(|words| value.starts_with(words));
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = if field.name() == "message" { String::new() } else { format!("{}=", field.name()) };
        let _ = write!(self.0, " {name}{value:?}");
    }
}
