//! Sees what the engine does through its tracing: the statement that was carried out last, and warnings, which
//! become lines of the story.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
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
pub struct Probe {
    /// Whether statements are wanted: they are written down only where every piece is told.
    pub statements: bool,
}

impl Subscriber for Probe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if is_statement(metadata) { self.statements } else { *metadata.level() <= Level::INFO }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if is_statement(event.metadata()) {
            event.record(&mut Statement);
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

struct Statement;

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            LAST.set(value.to_owned());
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
