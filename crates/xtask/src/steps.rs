//! Announcing what is done and how long it took. Everything goes to stderr: stdout belongs to what a command answers.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::stop;

/// A step that prints nothing itself: one line, its time at the end.
pub fn quiet<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprint!("▸ {what} … ");
    let (result, time) = timed(work);
    match &result {
        Ok(_) => eprintln!("{}", seconds(time)),
        Err(error) if error.is::<stop::Interrupted>() => eprintln!("interrupted"),
        Err(_) => eprintln!("failed"),
    }
    result.with_context(|| lower_first(what))
}

/// A step whose tools print: a line before and a line after.
pub fn noisy<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("▸ {what}");
    let (result, time) = timed(work);
    match &result {
        Ok(_) => eprintln!("▸ {what} … {}", seconds(time)),
        Err(error) if error.is::<stop::Interrupted>() => {}
        Err(_) => eprintln!("▸ {what} … failed after {}", seconds(time)),
    }
    result
}

/// A step that is done also when a stop was asked for, and cannot fail.
pub fn last(what: &str, work: impl FnOnce()) {
    eprint!("▸ {what} … ");
    let start = Instant::now();
    work();
    eprintln!("{}", seconds(start.elapsed()));
}

/// Something worth knowing that is not a step.
pub fn note(text: &str) {
    eprintln!("  {text}");
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> (Result<T>, Duration) {
    let start = Instant::now();
    let result = stop::check().and_then(|()| work());
    (result, start.elapsed())
}

fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        short if short < 60.0 => format!("{short:.1} s"),
        long => format!("{} min {:02} s", long as u64 / 60, long as u64 % 60),
    }
}

fn lower_first(what: &str) -> String {
    let mut letters = what.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
