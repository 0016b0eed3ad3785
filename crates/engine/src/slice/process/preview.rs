//! What processing would do with records: the same reads and the same decisions, and nothing is written anywhere.

use domain::canonical::Change;
use domain::run::DryRunRow;
use domain::{LastOperation, RecordId, Side};

use super::decide::{self, Deciding, Decision};
use super::direction::{self, Step};
use super::outcome::{self, Timing};
use super::save::Write;
use super::{choices, intents, matching, prerequisites, sides};
use crate::Result;
use crate::slice::context::Context;
use crate::slice::obstacle::Obstacle;
use crate::store::records_due::Claimed;
use crate::store::results::Outcome;
use crate::store::syncs::SyncRow;

/// Says for each record what would come of it, in the records' order.
pub async fn preview(
    context: &Context,
    sync: &SyncRow,
    records: Vec<Claimed>,
) -> Result<std::result::Result<Vec<DryRunRow>, Obstacle>> {
    let timing = Timing { started_at: context.now(), now: context.now(), max_attempts: sync.max_attempts };
    let order: Vec<RecordId> = records.iter().map(|record| RecordId(record.id)).collect();
    let mut rows = Vec::new();
    let (settled, readable): (Vec<Claimed>, Vec<Claimed>) =
        records.into_iter().partition(|record| intents::is_unsettled(record, timing.now));
    rows.extend(settled.iter().map(|record| row_of_outcome(record, &intents::unsettled(record, timing))));
    let pairs = match sides::read(context, sync, readable).await? {
        Ok(pairs) => pairs,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    let (mut pairs, refused) = match intents::resolve(context, sync, pairs).await? {
        Ok(resolved) => resolved,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    for (record, error) in &refused {
        rows.push(row(record, LastOperation::FailedToRead, None, Vec::new(), Some(outcome::problem(error).message)));
    }
    choices::load(context, &mut pairs).await?;
    let mut courses = Vec::new();
    for pair in pairs {
        let record = pair.record.clone();
        match direction::plan(sync, pair, timing) {
            Step::Settled(outcome) => rows.push(row_of_outcome(&record, &outcome)),
            Step::Remove(removing) => rows.push(row_of_write(&Write::from(*removing), None)),
            Step::Go(course) => courses.push(*course),
        }
    }
    if let Err(obstacle) = go(context, sync, courses, timing, &mut rows).await? {
        return Ok(Err(obstacle));
    }
    rows.sort_by_key(|row| order.iter().position(|id| *id == row.record));
    Ok(Ok(rows))
}

async fn go(
    context: &Context,
    sync: &SyncRow,
    courses: Vec<direction::Course>,
    timing: Timing,
    rows: &mut Vec<DryRunRow>,
) -> Result<std::result::Result<(), Obstacle>> {
    let known = prerequisites::look_up(context, sync, &courses).await?;
    let pretended = courses.into_iter().map(|course| prerequisites::pretend(course, &known));
    let (ready, notes): (Vec<_>, Vec<_>) = pretended.unzip();
    let targets = match matching::look_up_only(context, sync, &ready).await? {
        Ok(targets) => targets,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    let by = Deciding {
        sync,
        source: context.end_at(sync, Side::Source)?.connector.as_ref(),
        destination: context.end_at(sync, Side::Destination)?.connector.as_ref(),
        timing,
    };
    for ((ready, target), note) in ready.into_iter().zip(targets).zip(notes) {
        let record = ready.course.pair.record.clone();
        match decide::decide(by, ready, target) {
            Decision::Settled(outcome) => rows.push(row_of_outcome(&record, &outcome)),
            Decision::Waits(waits) => rows.push(row_of_outcome(&record, &waits.0)),
            Decision::Write(write) => rows.push(row_of_write(&write, note)),
            Decision::Absorbed => {}
        }
    }
    Ok(Ok(()))
}

fn row_of_write(write: &Write, note: Option<String>) -> DryRunRow {
    row(&write.pair.record, write.operation, Some(write.side), write.changes.clone(), note)
}

fn row_of_outcome(record: &Claimed, outcome: &Outcome) -> DryRunRow {
    row(record, outcome.operation, None, Vec::new(), outcome.error.as_ref().map(|problem| problem.message.clone()))
}

fn row(
    record: &Claimed,
    would: LastOperation,
    direction: Option<Side>,
    changes: Vec<Change>,
    error: Option<String>,
) -> DryRunRow {
    DryRunRow { record: RecordId(record.id), description: record.description.clone(), would, direction, changes, error }
}
