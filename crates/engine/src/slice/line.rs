//! The line in which slices stand: who has done its share goes to its back. Where nobody stands in it, its back is its
//! front, and the slice goes on without ending and beginning anew.

use chrono::TimeDelta;

use super::MAX_RECORDS;
use super::context::Context;
use crate::{Result, jobs, store};

/// However empty the line is, a slice ends after so many records. (Its five seconds hold in any case.)
const LONGEST: usize = 5_000;
/// A run that waits for a session asks again within this time.
const SOON: TimeDelta = TimeDelta::seconds(2);

/// How much of its share a slice has done.
pub struct Share {
    pub done: usize,
    at_most: usize,
}

impl Default for Share {
    fn default() -> Self {
        Self { done: 0, at_most: MAX_RECORDS }
    }
}

impl Share {
    /// Whether the slice takes on more now. When it has done its share it does so only while nobody would come before its
    /// successor.
    pub async fn goes_on(&mut self, context: &Context) -> Result<bool> {
        if context.is_spent() {
            return Ok(false);
        }
        if self.done >= self.at_most && self.done < LONGEST && is_line_empty(context).await? {
            self.at_most = self.done + MAX_RECORDS;
        }
        Ok(self.done < self.at_most)
    }
}

async fn is_line_empty(context: &Context) -> Result<bool> {
    let now = context.now();
    let phases = jobs::phases_beside(context.run.phase);
    let mut tx = context.begin().await?;
    let is_empty = store::runs::is_line_empty(&mut tx, phases, &context.connection_ids(), now, now + SOON).await?;
    tx.commit().await?;
    Ok(is_empty)
}
