//! What the destination holds of each record now.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use connectors::Found;
use domain::matching::Candidate;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};

use super::prerequisites::Ready;
use crate::slice::context::{Context, End};
use crate::slice::obstacle::Obstacle;
use crate::store::records_due::Claimed;
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// What the destination holds of a record.
pub enum State {
    /// The record that it is linked to.
    Linked(Found),
    /// It is linked to a record that is gone.
    Gone(String),
    /// What an earlier insert, whose answer was lost, has made.
    Written(Found),
    /// It is not linked yet, and these have its unique key: each with who is linked to it already.
    Unknown { candidates: Vec<(Found, Candidate)> },
    /// An earlier write may still be on its way: not before its deadline.
    Unsettled,
    /// Another record of the chunk has the same key: what came of that one has to be known first.
    Later,
    /// The look-up of this record failed for a reason of its own.
    Failed(connectors::Error),
}

/// Looks every record up, in the records' order.
pub async fn look_up(
    context: &Context,
    sync: &SyncRow,
    ready: &[Ready],
) -> Result<std::result::Result<Vec<State>, Obstacle>> {
    let end = context.destination()?;
    match ask(end, sync, ready, context.now()).await {
        Ok(states) => holders(context, sync, states).await.map(Ok),
        Err(error) => Ok(Err(Obstacle { connection: end.connection, name: end.name.clone(), error })),
    }
}

/// Three questions to the vendor, each for all records that it concerns: what the linked ones hold, what interrupted
/// inserts have made, and who has the keys of the rest.
async fn ask(end: &End, sync: &SyncRow, ready: &[Ready], now: DateTime<Utc>) -> connectors::Result<Vec<State>> {
    let mut states: Vec<Option<State>> = ready.iter().map(|_| None).collect();
    let settled = |ready: &&Ready| !is_unsettled(&ready.read.record, now);
    let ids: Vec<String> =
        ready.iter().filter(settled).filter_map(|ready| ready.read.record.destination_id.clone()).collect();
    let mut linked: HashMap<String, Found> = HashMap::new();
    if !ids.is_empty() {
        let found = end.connector.read(sync.entity, &ids).await?;
        linked.extend(found.into_iter().map(|found| (found.id.clone(), found)));
    }
    let mut interrupted = Vec::new();
    for (place, ready) in ready.iter().enumerate() {
        let record = &ready.read.record;
        if is_unsettled(record, now) {
            states[place] = Some(State::Unsettled);
        } else if let Some(id) = &record.destination_id {
            states[place] = Some(linked.remove(id).map_or_else(|| State::Gone(id.clone()), State::Linked));
        } else if let Some(intent) = &record.intent {
            interrupted.push((place, intent.key.clone()));
        }
    }
    find_written(end, sync, interrupted, &mut states).await?;
    find_by_keys(end, sync, ready, &mut states).await?;
    Ok(states.into_iter().flatten().collect())
}

/// An earlier write may still arrive.
fn is_unsettled(record: &Claimed, now: DateTime<Utc>) -> bool {
    record.intent.as_ref().is_some_and(|intent| now < intent.deadline_at)
}

async fn find_written(
    end: &End,
    sync: &SyncRow,
    interrupted: Vec<(usize, String)>,
    states: &mut [Option<State>],
) -> connectors::Result<()> {
    let find = |(place, key): (usize, String)| -> BoxFuture<'_, (usize, connectors::Result<Option<Found>>)> {
        Box::pin(async move { (place, end.connector.find_written(sync.entity, &key).await) })
    };
    let pending: Vec<_> = interrupted.into_iter().map(find).collect();
    let mut answers = stream::iter(pending).buffer_unordered(end.connector.concurrency().max(1));
    while let Some((place, answer)) = answers.next().await {
        match answer {
            Ok(found) => states[place] = found.map(State::Written),
            Err(error) if is_the_records_own(&error) => states[place] = Some(State::Failed(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Answers for every record that has no answer yet.
async fn find_by_keys(
    end: &End,
    sync: &SyncRow,
    ready: &[Ready],
    states: &mut [Option<State>],
) -> connectors::Result<()> {
    // The key as the destination would write it, which is how its records come back.
    let key_of = |ready: &Ready| fold(end.connector.normalise(&ready.translated).key().unwrap_or_default());
    let open: Vec<(usize, String)> =
        (0..ready.len()).filter(|place| states[*place].is_none()).map(|place| (place, key_of(&ready[place]))).collect();
    let mut by_key: HashMap<String, Vec<Found>> = HashMap::new();
    let mut keys: Vec<String> =
        open.iter().map(|(place, _)| ready[*place].translated.key().unwrap_or_default().to_owned()).collect();
    keys.sort_unstable();
    keys.dedup();
    if !keys.is_empty() {
        for found in end.connector.find_by_keys(sync.entity, &keys).await? {
            by_key.entry(fold(found.record.key().unwrap_or_default())).or_default().push(found);
        }
    }
    let mut taken: HashSet<String> = HashSet::new();
    for (place, key) in open {
        if !taken.insert(key.clone()) {
            states[place] = Some(State::Later);
            continue;
        }
        let found = by_key.get(&key).cloned().unwrap_or_default();
        let free = |found: Found| (Candidate { id: found.id.clone(), linked_to: None }, found);
        let candidates = found.into_iter().map(free).map(|(candidate, found)| (found, candidate)).collect();
        states[place] = Some(State::Unknown { candidates });
    }
    Ok(())
}

fn fold(key: &str) -> String {
    key.trim().to_lowercase()
}

fn is_the_records_own(error: &connectors::Error) -> bool {
    matches!(error, connectors::Error::Rejected { .. } | connectors::Error::NotFound)
}

/// Notes who is linked to the candidates already.
async fn holders(context: &Context, sync: &SyncRow, mut states: Vec<State>) -> Result<Vec<State>> {
    let ids: Vec<String> = states
        .iter()
        .flat_map(|state| match state {
            State::Unknown { candidates } => candidates.iter().map(|(found, _)| found.id.clone()).collect(),
            _ => Vec::new(),
        })
        .collect();
    if ids.is_empty() {
        return Ok(states);
    }
    let mut tx = context.begin().await?;
    let holders: HashMap<String, String> = store::records::holders(&mut tx, sync.id, &ids).await?.into_iter().collect();
    tx.commit().await?;
    for state in &mut states {
        if let State::Unknown { candidates } = state {
            for (found, candidate) in candidates {
                candidate.linked_to = holders.get(&found.id).cloned();
            }
        }
    }
    Ok(states)
}
