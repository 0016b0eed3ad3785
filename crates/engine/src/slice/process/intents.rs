//! Writes whose answers were lost: what became of them is found out before anything else is decided, whatever the record's
//! direction is by now.

use chrono::{DateTime, Utc};
use connectors::Found;
use domain::{LastOperation, Side};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};

use super::outcome::{self, Timing};
use super::sides::{Pair, Seen};
use crate::Result;
use crate::slice::context::{Context, End};
use crate::slice::obstacle::Obstacle;
use crate::store::records_due::Claimed;
use crate::store::results::Outcome;
use crate::store::syncs::SyncRow;

/// An earlier write may still arrive.
pub fn is_unsettled(record: &Claimed, now: DateTime<Utc>) -> bool {
    record.intent.as_ref().is_some_and(|intent| now < intent.deadline_at)
}

/// The record waits until its write can no longer arrive.
pub fn unsettled(record: &Claimed, timing: Timing) -> Outcome {
    let until = record.intent.as_ref().map_or(timing.now, |intent| intent.deadline_at);
    let why = "An earlier write was interrupted and may still arrive; looks for it before anything is written again.";
    outcome::put_back(record, LastOperation::CrashedWorker, until, why.into())
}

/// Looks for the records that interrupted inserts have made, and puts them where they belong. What became of interrupted
/// updates and removals was seen by the read. The second list is the records whose look-up the vendor refused.
pub async fn resolve(
    context: &Context,
    sync: &SyncRow,
    pairs: Vec<Pair>,
) -> Result<std::result::Result<(Vec<Pair>, Vec<(Claimed, connectors::Error)>), Obstacle>> {
    let (mut pairs, mut refused) = (pairs, Vec::new());
    for side in [Side::Destination, Side::Source] {
        let end = context.end_at(sync, side)?;
        let (interrupted, rest): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|pair| is_lost(pair, side));
        pairs = rest;
        let find = |pair: Pair| -> BoxFuture<'_, (Pair, connectors::Result<Option<Found>>)> {
            Box::pin(async move {
                let answer = find_written(end, sync, &pair).await;
                (pair, answer)
            })
        };
        let pending: Vec<_> = interrupted.into_iter().map(find).collect();
        let mut answers = stream::iter(pending).buffer_unordered(end.connector.concurrency().max(1));
        while let Some((mut pair, answer)) = answers.next().await {
            match answer {
                Ok(Some(found)) => {
                    pair.put(side, Seen::Found(Box::new(found)));
                    pair.written = Some(side);
                    pairs.push(pair);
                }
                Ok(None) => pairs.push(pair),
                Err(error) if is_the_records_own(&error) => refused.push((pair.record, error)),
                Err(error) => {
                    return Ok(Err(Obstacle { connection: end.connection, name: end.name.clone(), error }));
                }
            }
        }
    }
    Ok(Ok((pairs, refused)))
}

fn is_lost(pair: &Pair, side: Side) -> bool {
    // Only an insert's key is the record's id alone.
    let key = pair.record.id.to_string();
    let inserts = pair.record.intent.as_ref().is_some_and(|intent| intent.side == side && intent.key == key);
    inserts && pair.found(side).is_none()
}

async fn find_written(end: &End, sync: &SyncRow, pair: &Pair) -> connectors::Result<Option<Found>> {
    match &pair.record.intent {
        Some(intent) => end.connector.find_written(sync.entity, &intent.key).await,
        None => Ok(None),
    }
}

fn is_the_records_own(error: &connectors::Error) -> bool {
    matches!(error, connectors::Error::Rejected { .. } | connectors::Error::NotFound)
}
