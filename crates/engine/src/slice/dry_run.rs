//! Dry run: says what processing would do with the next records, and writes nothing. Its rows are the run's report.

use domain::run::RunState;

use super::Next;
use super::context::Context;
use super::obstacle;
use super::process;
use crate::store::runs::Progress;
use crate::{Result, store};

/// Records of a report.
const RECORDS: i64 = 20;

pub async fn slice(context: &mut Context) -> Result<Next> {
    let (sync, now) = (context.sync()?, context.now());
    let mut tx = context.begin().await?;
    let records = store::records_due::peek(&mut tx, sync.id, now, RECORDS).await?;
    tx.commit().await?;
    let rows = match process::preview(context, &sync, records).await? {
        Ok(rows) => rows,
        Err(obstacle) => return obstacle::react(context, obstacle).await,
    };
    let (run, now) = (context.run.clone(), context.now());
    let done = Progress { done: rows.len() as i64, ..Progress::default() };
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &run, done, now).await?;
    store::reports::keep(&mut tx, &run, &rows).await?;
    context.keep_sessions(&mut tx).await?;
    tx.commit().await?;
    Ok(Next::Done { state: RunState::Succeeded, message: None, outcome: None })
}
