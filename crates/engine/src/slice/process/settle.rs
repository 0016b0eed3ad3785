//! Settling: what came of a chunk's records, in one transaction with who resumes, the run's counts, and what screens show.

use domain::{LastOperation, RecordStatus, Side};
use uuid::Uuid;

use super::chunk::Counted;
use crate::slice::context::Context;
use crate::store::links::Halves;
use crate::store::results::{Outcome, Place, Problem};
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Error, Result, history, store};

/// So often a transaction is done again that another one was in the way of.
pub const RETRIES: u32 = 4;

/// Frees records that could not be dealt with. With `unsent`, nothing was sent for them: what was intended is taken back.
pub async fn give_back(context: &Context, ids: &[Uuid], unsent: bool) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), context.now()).await?;
    store::results::give_back(&mut tx, &context.run, ids, unsent).await?;
    tx.commit().await
}

/// Settles outcomes, resumes what waited for them, and shows it all, in one transaction.
pub async fn settle(context: &Context, sync: &SyncRow, outcomes: Vec<Outcome>, counted: Counted) -> Result<()> {
    settle_waiting(context, sync, outcomes.into_iter().map(|outcome| (outcome, Vec::new())).collect(), counted).await
}

/// The same, with the records that each one waits for.
pub async fn settle_waiting(
    context: &Context,
    sync: &SyncRow,
    outcomes: Vec<(Outcome, Vec<Uuid>)>,
    counted: Counted,
) -> Result<()> {
    match settle_together(context, sync, &outcomes, counted).await {
        Err(error) if is_linked_twice(&error) => {}
        other => return other,
    }
    // One of them claims a record of a side that another record is linked to: each by itself, and that one gives way.
    for outcome in outcomes {
        match settle_together(context, sync, std::slice::from_ref(&outcome), counted).await {
            Err(error) if is_linked_twice(&error) => settle_linked(context, sync, outcome.0, counted).await?,
            other => other?,
        }
    }
    Ok(())
}

fn is_linked_twice(error: &Error) -> bool {
    let Error::Database(error) = error else { return false };
    ["records_destination_key", "records_source_key"].iter().any(|name| Error::is_constraint(error, name))
}

/// The other record may be the same one, made by a listing that saw what we wrote before we had noted it: then the two
/// become one.
async fn settle_linked(context: &Context, sync: &SyncRow, outcome: Outcome, counted: Counted) -> Result<()> {
    let twin = match &outcome.destination {
        Some(destination) => twin_of(context, sync, outcome.id, destination).await?,
        None => None,
    };
    let Some(twin) = twin else {
        return settle_together(context, sync, &[(linked_twice(outcome), Vec::new())], counted).await;
    };
    let now = context.now();
    // It is being worked on.
    if context.is_under_way(twin) {
        return settle_together(context, sync, &[(again(outcome, now), Vec::new())], counted).await;
    }
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), now).await?;
    // Another chunk of this slice may have the twin in hand.
    let version = match store::records_due::is_claimed(&mut tx, &context.run, twin).await? {
        true => None,
        false => {
            let halves = Halves { survivor: outcome.id, absorbed: twin, looked_up: outcome.id };
            store::links::absorb(&mut tx, &context.run, &halves, now).await?
        }
    };
    tx.commit().await?;
    match version {
        Some(version) => settle_together(context, sync, &[(Outcome { version, ..outcome }, Vec::new())], counted).await,
        None => settle_together(context, sync, &[(again(outcome, now), Vec::new())], counted).await,
    }
}

/// The record that is known by the destination only and has this id there.
async fn twin_of(context: &Context, sync: &SyncRow, record: Uuid, place: &Place) -> Result<Option<Uuid>> {
    let mut tx = context.begin().await?;
    let ids = std::slice::from_ref(&place.id);
    let holders = store::links::holders(&mut tx, sync.id, Side::Destination, ids).await?;
    tx.commit().await?;
    Ok(holders.into_iter().find(|holder| holder.is_one_sided && holder.record != record).map(|holder| holder.record))
}

/// What was written stays intended, is found again, and linked then.
pub fn again(outcome: Outcome, now: chrono::DateTime<chrono::Utc>) -> Outcome {
    Outcome {
        status: RecordStatus::Prepared,
        operation: LastOperation::WaitsForPrerequisite,
        counts: false,
        next_attempt_at: Some(now + chrono::TimeDelta::seconds(5)),
        source: None,
        destination: None,
        synced: None,
        settles_intent: false,
        used_edit: None,
        replayed: false,
        ..outcome
    }
}

/// Two records ended at one record of the other side: the second is a person's to decide.
fn linked_twice(outcome: Outcome) -> Outcome {
    let id = outcome.destination.as_ref().map_or_else(String::new, |destination| destination.id.clone());
    let message = format!(
        "The destination's record {id} is linked to another record already. Two source records cannot share one: give \
         one of them another key, or skip one."
    );
    Outcome {
        status: RecordStatus::Aborted,
        operation: LastOperation::FailedToSave,
        next_attempt_at: None,
        error: Some(Problem { message, code: Some("match".into()), field: None }),
        source: None,
        destination: None,
        synced: None,
        ..outcome
    }
}

async fn settle_together(
    context: &Context,
    sync: &SyncRow,
    outcomes: &[(Outcome, Vec<Uuid>)],
    counted: Counted,
) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let mut tried = 0;
    loop {
        match settle_once(context, sync, outcomes, counted).await {
            Err(error) if error.is_contention() && tried < RETRIES => {
                tried += 1;
                context.forget_stored_sessions();
            }
            other => return other,
        }
    }
}

async fn settle_once(
    context: &Context,
    sync: &SyncRow,
    outcomes: &[(Outcome, Vec<Uuid>)],
    counted: Counted,
) -> Result<()> {
    let now = context.now();
    let run = context.run.clone();
    let waits: Vec<(Uuid, Uuid)> =
        outcomes.iter().flat_map(|(outcome, awaited)| awaited.iter().map(|id| (outcome.id, *id))).collect();
    let outcomes: Vec<Outcome> = outcomes.iter().map(|(outcome, _)| outcome.clone()).collect();
    let ids: Vec<Uuid> = outcomes.iter().map(|outcome| outcome.id).collect();
    let mended: Vec<Uuid> =
        outcomes.iter().filter(|o| o.status == RecordStatus::Processed).map(|outcome| outcome.id).collect();
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &run, progress(&outcomes, counted), now).await?;
    store::results::settle(&mut tx, &run, &outcomes, now).await?;
    store::waits::replace(&mut tx, &ids, &waits).await?;
    store::waits::resume(&mut tx, &mended, now).await?;
    history::show(&mut tx, sync.id, &ids, now).await?;
    context.show_run(&mut tx).await?;
    context.keep_sessions(&mut tx).await?;
    tx.commit().await
}

fn progress(outcomes: &[Outcome], counted: Counted) -> Progress {
    // What was put back or waits for another record comes again, and is counted then.
    let over = |outcome: &&Outcome| outcome.status != RecordStatus::Prepared;
    let written = |outcome: &&Outcome| {
        writes(outcome.operation) && matches!(outcome.status, RecordStatus::Processed | RecordStatus::Deleted)
    };
    let failed =
        |o: &&Outcome| matches!(o.status, RecordStatus::Failed | RecordStatus::Aborted | RecordStatus::Invalid);
    match counted {
        Counted::Aside => Progress::default(),
        Counted::InRun => Progress {
            done: outcomes.iter().filter(over).count() as i64,
            changed: outcomes.iter().filter(written).count() as i64,
            failed: outcomes.iter().filter(failed).count() as i64,
        },
    }
}

/// Whether something was changed on a side.
const fn writes(operation: LastOperation) -> bool {
    use LastOperation as O;
    matches!(
        operation,
        O::Inserted
            | O::Updated
            | O::Adopted
            | O::ConflictOverridden
            | O::InsertedInSource
            | O::UpdatedInSource
            | O::ConflictOverriddenInSource
            | O::ConflictResolved
            | O::PayloadEdited
            | O::Replayed
            | O::DeletedInDestination
            | O::DeletedInSource
            | O::Deactivated
    )
}
