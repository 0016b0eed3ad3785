//! The table, and the file that keeps it.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::arguments::Arguments;

/// All rows of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    commit: Option<String>,
    cores: usize,
    records: usize,
    rounds: usize,
    rows: Vec<Row>,
    /// Of the process that did prepare and process, the bare loops included.
    peak_memory_mb: Option<u64>,
}

/// One comparison.
#[derive(Debug, Serialize)]
struct Row {
    what: String,
    /// The bare loop, or the short history.
    base: String,
    ours: String,
    /// Speed against the base's where more is better, time against the base's for histories.
    ratio: f64,
    aim: String,
    met: bool,
}

impl Report {
    #[must_use]
    pub fn new(arguments: &Arguments) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (commit, records, rounds) = (arguments.commit.clone(), arguments.records, arguments.rounds);
        Self { commit, cores, records, rounds, rows: Vec::new(), peak_memory_mb: None }
    }

    /// A phase against the bare loop over the same records: its share of the loop's speed.
    pub fn phase(&mut self, what: String, records: usize, bare: Duration, ours: Duration, at_least: f64) {
        let rate = |time: Duration| format!("{:.0}/s", records as f64 / time.as_secs_f64());
        let ratio = bare.as_secs_f64() / ours.as_secs_f64();
        self.push(what, rate(bare), rate(ours), ratio, format!("≥ {at_least}"), ratio >= at_least);
    }

    /// A page of a long history against the same page of a short one.
    pub fn page(&mut self, what: String, short: Duration, long: Duration, at_most: f64) {
        let text = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        let ratio = long.as_secs_f64() / short.as_secs_f64();
        let met = ratio <= at_most && long <= Duration::from_millis(50);
        self.push(what, text(short), text(long), ratio, format!("≤ {at_most}, ≤ 50 ms"), met);
    }

    pub fn memory(&mut self, peak_mb: u64) {
        self.peak_memory_mb = Some(peak_mb);
    }

    fn push(&mut self, what: String, base: String, ours: String, ratio: f64, aim: String, met: bool) {
        eprintln!("  {what}: {base} → {ours} ({ratio:.2})");
        self.rows.push(Row { what, base, ours, ratio: (ratio * 1000.0).round() / 1000.0, aim, met });
    }

    pub fn print(&self) {
        println!("{} cores, {} records, median of {}", self.cores, self.records, self.rounds);
        println!("{:<44} {:>12} {:>12} {:>7}  aim", "what", "base", "ours", "ratio");
        for row in &self.rows {
            let mark = if row.met { "" } else { "  missed" };
            println!("{:<44} {:>12} {:>12} {:>7.2}  {}{mark}", row.what, row.base, row.ours, row.ratio, row.aim);
        }
        if let Some(peak) = self.peak_memory_mb {
            println!("peak memory of prepare and process: {peak} MB (aim ≤ 150)");
        }
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }
}
