//! Matching: which record of the other side a record is, that is known by one side only. Done under a lock for the key,
//! so that two syncs into one system never both find nothing and insert.

use std::collections::{HashMap, HashSet};

use connectors::Found;
use domain::Side;
use domain::matching::Candidate;
use uuid::Uuid;

use super::direction::Way;
use super::prerequisites::Ready;
use crate::slice::context::{Context, End};
use crate::slice::obstacle::Obstacle;
use crate::store::links::{Halves, Holder};
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// What is known of the record at the side that it goes to.
pub enum Target {
    /// It was read already.
    Read,
    /// It is not linked there yet, and these have its unique key: each with who is linked to it already.
    Candidates(Vec<(Found, Candidate)>),
    /// Another record with the same key is being looked up or written.
    Later,
    /// It turned out to be the same as another record, whose part it is now.
    Absorbed,
}

/// Looks every record up that is known by one side only, in the records' order.
pub async fn look_up(
    context: &Context,
    sync: &SyncRow,
    ready: &mut [Ready],
) -> Result<std::result::Result<Vec<Target>, Obstacle>> {
    let mut targets: Vec<Target> = ready.iter().map(|_| Target::Read).collect();
    // What the source knows first: a record that only the destination knows may be absorbed by it.
    for to in [Side::Destination, Side::Source] {
        let keyed = keyed(context.end_at(sync, to)?, ready, to, &targets);
        if keyed.is_empty() {
            continue;
        }
        let mine = lock(context, sync, to, ready, keyed, &mut targets).await?;
        if let Err(obstacle) = find(context, sync, to, ready, &mine, &mut targets).await? {
            return Ok(Err(obstacle));
        }
        release(context, sync, to, ready, &mine, &mut targets).await?;
        absorb(context, sync, to, ready, &mine, &mut targets).await?;
    }
    Ok(Ok(targets))
}

/// The same without locks and without making two records one: for a dry run.
pub async fn look_up_only(
    context: &Context,
    sync: &SyncRow,
    ready: &[Ready],
) -> Result<std::result::Result<Vec<Target>, Obstacle>> {
    let mut targets: Vec<Target> = ready.iter().map(|_| Target::Read).collect();
    for to in [Side::Destination, Side::Source] {
        let keyed = keyed(context.end_at(sync, to)?, ready, to, &targets);
        if let Err(obstacle) = find(context, sync, to, ready, &keyed, &mut targets).await? {
            return Ok(Err(obstacle));
        }
    }
    Ok(Ok(targets))
}

/// The places of the records to be looked up, with their keys as the system would write them, which is how its records
/// come back.
fn keyed(end: &End, ready: &[Ready], to: Side, targets: &[Target]) -> Vec<(usize, String)> {
    let is_open = |place: &usize| {
        let course = &ready[*place].course;
        course.way == Way::To(to)
            && !course.asks
            && course.pair.found(to).is_none()
            && !matches!(targets[*place], Target::Absorbed)
    };
    let key = |place: usize| {
        let key =
            ready[place].incoming(to).map(|record| fold(end.connector.normalise(record).key().unwrap_or_default()));
        (place, key.unwrap_or_default())
    };
    (0..ready.len()).filter(is_open).map(key).collect()
}

fn fold(key: &str) -> String {
    key.trim().to_lowercase()
}

/// Takes the keys' locks. Who does not get one looks again later.
async fn lock(
    context: &Context,
    sync: &SyncRow,
    to: Side,
    ready: &[Ready],
    keyed: Vec<(usize, String)>,
    targets: &mut [Target],
) -> Result<Vec<(usize, String)>> {
    let mut seen: HashSet<String> = HashSet::new();
    let (first, twins): (Vec<_>, Vec<_>) = keyed.into_iter().partition(|(_, key)| seen.insert(key.clone()));
    let wanted: Vec<(String, Uuid)> =
        first.iter().map(|(place, key)| (key.clone(), ready[*place].course.pair.record.id)).collect();
    let mut tx = context.begin().await?;
    let taken = store::key_locks::take(&mut tx, sync.connection(to), sync.entity, &wanted, context.now()).await?;
    tx.commit().await?;
    let (mine, others): (Vec<_>, Vec<_>) = first.into_iter().partition(|(_, key)| taken.contains(key));
    for (place, _) in twins.into_iter().chain(others) {
        targets[place] = Target::Later;
    }
    Ok(mine)
}

/// Asks the system who has the keys, and the database who is linked to those.
async fn find(
    context: &Context,
    sync: &SyncRow,
    to: Side,
    ready: &[Ready],
    keyed: &[(usize, String)],
    targets: &mut [Target],
) -> Result<std::result::Result<(), Obstacle>> {
    if keyed.is_empty() {
        return Ok(Ok(()));
    }
    let end = context.end_at(sync, to)?;
    let raw = |(place, _): &(usize, String)| Some(ready[*place].incoming(to)?.key().unwrap_or_default().to_owned());
    let mut keys: Vec<String> = keyed.iter().filter_map(raw).collect();
    keys.sort_unstable();
    keys.dedup();
    let found = match end.connector.find_by_keys(sync.entity, &keys).await {
        Ok(found) => found,
        Err(error) => return Ok(Err(Obstacle { connection: end.connection, name: end.name.clone(), error })),
    };
    let mut by_key: HashMap<String, Vec<Found>> = HashMap::new();
    for found in found {
        by_key.entry(fold(found.record.key().unwrap_or_default())).or_default().push(found);
    }
    for (place, key) in keyed {
        let found = by_key.get(key).cloned().unwrap_or_default();
        let free = |found: Found| (Candidate { id: found.id.clone(), linked_to: None }, found);
        let candidates = found.into_iter().map(free).map(|(candidate, found)| (found, candidate)).collect();
        targets[*place] = Target::Candidates(candidates);
    }
    name_holders(context, sync, to, ready, targets).await?;
    Ok(Ok(()))
}

/// Notes who is linked to the candidates already.
async fn name_holders(
    context: &Context,
    sync: &SyncRow,
    to: Side,
    ready: &[Ready],
    targets: &mut [Target],
) -> Result<()> {
    let holders = holders(context, sync, to, targets).await?;
    for (ready, target) in ready.iter().zip(targets) {
        let (Target::Candidates(candidates), Way::To(side)) = (target, ready.course.way) else { continue };
        for (_, candidate) in candidates.iter_mut().filter(|_| side == to) {
            let holder = holders.get(&candidate.id).filter(|holder| holder.record != ready.course.pair.record.id);
            let holder = holder.filter(|holder| !lets_go(holder));
            candidate.linked_to = holder.map(|holder| holder.description.clone());
        }
    }
    Ok(())
}

async fn holders(context: &Context, sync: &SyncRow, to: Side, targets: &[Target]) -> Result<HashMap<String, Holder>> {
    let ids: Vec<String> = targets
        .iter()
        .flat_map(|target| match target {
            Target::Candidates(candidates) => candidates.iter().map(|(found, _)| found.id.clone()).collect(),
            _ => Vec::new(),
        })
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut tx = context.begin().await?;
    let holders = store::links::holders(&mut tx, sync.id, to, &ids).await?;
    tx.commit().await?;
    Ok(holders.into_iter().map(|holder| (holder.held_id.clone(), holder)).collect())
}

/// A record whose other half was deleted holds this one no longer when somebody makes that half anew: it was kept, or only
/// deactivated, and is adopted. One that is known by this side alone is absorbed instead.
const fn lets_go(holder: &Holder) -> bool {
    holder.is_over && !holder.is_one_sided
}

/// Takes the links away from records that are over, so that these records can have them.
async fn release(
    context: &Context,
    sync: &SyncRow,
    to: Side,
    ready: &[Ready],
    mine: &[(usize, String)],
    targets: &mut [Target],
) -> Result<()> {
    let holders = holders(context, sync, to, targets).await?;
    if !holders.values().any(lets_go) {
        return Ok(());
    }
    for (place, _) in mine {
        let Target::Candidates(candidates) = &targets[*place] else { continue };
        let [(found, _)] = candidates.as_slice() else { continue };
        let own = ready[*place].course.pair.record.id;
        let Some(holder) = holders.get(&found.id).filter(|holder| lets_go(holder) && holder.record != own) else {
            continue;
        };
        let mut tx = context.begin().await?;
        let is_free = store::links::let_go(&mut tx, holder.record, to, context.now()).await?;
        tx.commit().await?;
        if !is_free {
            targets[*place] = Target::Later;
        }
    }
    Ok(())
}

/// Makes one record of two that are the same, each known by one side only, or known by the other too where it was deleted.
async fn absorb(
    context: &Context,
    sync: &SyncRow,
    to: Side,
    ready: &mut [Ready],
    mine: &[(usize, String)],
    targets: &mut [Target],
) -> Result<()> {
    let is_held = |target: &Target| match target {
        Target::Candidates(candidates) => candidates.iter().any(|(_, candidate)| candidate.linked_to.is_some()),
        _ => false,
    };
    if !targets.iter().any(is_held) {
        return Ok(());
    }
    let holders = holders(context, sync, to, targets).await?;
    for (place, _) in mine {
        let Target::Candidates(candidates) = &mut targets[*place] else { continue };
        let record = &ready[*place].course.pair.record;
        let [(_, candidate)] = candidates.as_mut_slice() else { continue };
        let Some(holder) = holders.get(&candidate.id).filter(|h| h.is_one_sided && h.record != record.id) else {
            continue;
        };
        // Its write has been decided without what is known now.
        if context.is_under_way(holder.record) {
            targets[*place] = Target::Later;
            continue;
        }
        let halves = match to {
            Side::Destination => Halves { survivor: record.id, absorbed: holder.record, looked_up: record.id },
            Side::Source => Halves { survivor: holder.record, absorbed: record.id, looked_up: record.id },
        };
        let now = context.now();
        let mut tx = context.begin().await?;
        let version = store::links::absorb(&mut tx, &context.run, &halves, now).await?;
        tx.commit().await?;
        match (version, to) {
            (None, _) => targets[*place] = Target::Later,
            (Some(_), Side::Source) => targets[*place] = Target::Absorbed,
            (Some(version), Side::Destination) => {
                candidate.linked_to = None;
                ready[*place].course.pair.record.version = version;
                if let Some(twin) = ready.iter().position(|ready| ready.course.pair.record.id == halves.absorbed) {
                    targets[twin] = Target::Absorbed;
                }
            }
        }
    }
    Ok(())
}
