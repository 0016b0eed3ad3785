//! The engine's tests of an outage and of fairness, with more records than `cargo xtask test` has time for.

use anyhow::{Context, Result};

use crate::{paths::Workspace, proc, steps, test::Database};

/// A test that takes its number of records from the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    test: &'static str,
    variable: &'static str,
    records: u32,
}

impl Scale {
    /// Reads `--outage N` and `--fairness N`; `None` when it is something else.
    pub fn parse(arguments: &[&str]) -> Result<Option<Self>> {
        let [name, number] = *arguments else { return Ok(None) };
        let (test, variable) = match name {
            "--outage" => ("outage::an_hours_outage", "SYNCLINE_TEST_OUTAGE"),
            "--fairness" => ("fairness::", "SYNCLINE_TEST_BACKLOG"),
            _ => return Ok(None),
        };
        let records = number.parse().with_context(|| format!("{name} wants a number, not {number}"))?;
        Ok(Some(Self { test, variable, records }))
    }

    pub fn run(self, workspace: &Workspace) -> Result<()> {
        let database = Database::open(workspace)?;
        steps::noisy(&format!("Test with {} records", self.records), || {
            let mut command = proc::cargo(workspace);
            command.args(["test", "--package", "engine", "--test", "it", "--", "--nocapture", self.test]);
            command.env("SYNCLINE_TEST_DATABASE_URL", database.owner.url("postgres")).env_remove("DATABASE_URL");
            proc::run(command.env(self.variable, self.records.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_options_are_taken() {
        assert_eq!(Scale::parse(&["--fairness", "7"]).unwrap().map(|scale| scale.records), Some(7));
        assert!(Scale::parse(&["--outage", "many"]).is_err());
        assert!(Scale::parse(&["--kills", "3"]).unwrap().is_none());
    }
}
