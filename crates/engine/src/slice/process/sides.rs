//! Both sides of claimed records as they are now, read in bulk.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use connectors::Found;
use domain::canonical::ContentHash;
use domain::{Entity, Side};
use uuid::Uuid;

use super::choices::Choice;
use super::outcome;
use crate::slice::context::{Context, End};
use crate::slice::obstacle::Obstacle;
use crate::store::records_due::Claimed;
use crate::store::results::Place;
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// What a read says of one side.
#[derive(Debug, Clone)]
pub enum Seen {
    /// No record of this side is known.
    Unknown,
    Found(Box<Found>),
    /// One is known, and it is not there.
    Gone,
}

/// A record with what was read of it.
#[derive(Debug, Clone)]
pub struct Pair {
    pub record: Claimed,
    pub source: Seen,
    pub destination: Seen,
    /// The side that an earlier insert of ours, whose answer was lost, has reached.
    pub written: Option<Side>,
    /// What a person wants in place of what was read.
    pub choice: Option<Choice>,
    /// It was said to be gone, and is there or is to be again.
    pub revived: bool,
    /// Of what was read, as soon as somebody has asked for them: they cost more than anything else that is decided by.
    hashes: Hashes,
}

/// The source's and the destination's.
#[derive(Debug, Clone, Default)]
struct Hashes(OnceLock<ContentHash>, OnceLock<ContentHash>);

impl Pair {
    pub const fn seen(&self, side: Side) -> &Seen {
        match side {
            Side::Source => &self.source,
            Side::Destination => &self.destination,
        }
    }

    pub fn found(&self, side: Side) -> Option<&Found> {
        match self.seen(side) {
            Seen::Found(found) => Some(found),
            Seen::Unknown | Seen::Gone => None,
        }
    }

    pub fn hash(&self, side: Side) -> Option<ContentHash> {
        let known = match side {
            Side::Source => &self.hashes.0,
            Side::Destination => &self.hashes.1,
        };
        self.found(side).map(|found| *known.get_or_init(|| found.record.hash()))
    }

    /// What is known of a side now, for the record's row.
    pub fn place(&self, side: Side) -> Option<Place> {
        self.found(side).zip(self.hash(side)).map(|(found, hash)| outcome::place(found, hash))
    }

    pub fn put(&mut self, side: Side, seen: Seen) {
        match side {
            Side::Source => (self.source, self.hashes.0) = (seen, OnceLock::new()),
            Side::Destination => (self.destination, self.hashes.1) = (seen, OnceLock::new()),
        }
    }
}

/// Reads records on both sides at once, one bulk read each.
pub async fn read(
    context: &Context,
    sync: &SyncRow,
    claimed: Vec<Claimed>,
) -> Result<std::result::Result<Vec<Pair>, Obstacle>> {
    let (source, destination) = (context.end_at(sync, Side::Source)?, context.end_at(sync, Side::Destination)?);
    let (at_source, at_destination) = futures::join!(
        ask(source, sync.entity, ids(&claimed, Side::Source)),
        ask(destination, sync.entity, ids(&claimed, Side::Destination))
    );
    let (mut at_source, mut at_destination) = match (at_source, at_destination) {
        (Ok(source), Ok(destination)) => (source, destination),
        (Err(obstacle), _) | (_, Err(obstacle)) => return Ok(Err(obstacle)),
    };
    let pair = |record: Claimed| Pair {
        source: seen(&mut at_source, record.source.id.as_ref()),
        destination: seen(&mut at_destination, record.destination.id.as_ref()),
        written: None,
        choice: None,
        revived: false,
        hashes: Hashes::default(),
        record,
    };
    Ok(Ok(claimed.into_iter().map(pair).collect()))
}

fn ids(records: &[Claimed], side: Side) -> Vec<String> {
    records.iter().filter_map(|record| record.side(side).id.clone()).collect()
}

async fn ask(end: &End, entity: Entity, ids: Vec<String>) -> std::result::Result<HashMap<String, Found>, Obstacle> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    match end.connector.read(entity, &ids).await {
        Ok(found) => Ok(found.into_iter().map(|found| (found.id.clone(), found)).collect()),
        Err(error) => Err(Obstacle { connection: end.connection, name: end.name.clone(), error }),
    }
}

fn seen(found: &mut HashMap<String, Found>, id: Option<&String>) -> Seen {
    match id {
        None => Seen::Unknown,
        Some(id) => found.remove(id).map_or(Seen::Gone, |found| Seen::Found(Box::new(found))),
    }
}

/// Raises the versions of records whose state is another than the stored one, on either side. States that are stored
/// already cost no statement.
pub async fn store_changes(context: &Context, pairs: &mut [Pair]) -> Result<()> {
    let (source, destination) = (changed(pairs, Side::Source), changed(pairs, Side::Destination));
    if source.is_empty() && destination.is_empty() {
        return Ok(());
    }
    let now = context.now();
    let mut tx = context.begin().await?;
    let mut raised: Vec<(Side, Vec<(Uuid, i64)>)> = Vec::new();
    if !source.is_empty() {
        raised.push((Side::Source, store::records::refresh(&mut tx, &source, now).await?));
    }
    raised.push((Side::Destination, store::reads::refresh_destination(&mut tx, &destination, now).await?));
    tx.commit().await?;
    let raised: HashSet<(Side, Uuid)> =
        raised.into_iter().flat_map(|(side, rows)| rows.into_iter().map(move |(id, _)| (side, id))).collect();
    // Only what this read has raised is added. The row's own counter may be ahead of that: an event that came after the
    // read was sent has raised it too, says nothing about what was read, and has to lead to another processing.
    for pair in pairs {
        let id = pair.record.id;
        let own = |side: &&Side| raised.contains(&(**side, id)) && pair.record.side(**side).hash.is_some();
        pair.record.version += Side::ALL.iter().filter(own).count() as i64;
    }
    Ok(())
}

fn changed(pairs: &[Pair], side: Side) -> Vec<(Uuid, &Found)> {
    let changed = |pair: &&Pair| pair.hash(side).is_some() && pair.hash(side) != pair.record.side(side).hash;
    pairs.iter().filter(changed).filter_map(|pair| Some((pair.record.id, pair.found(side)?))).collect()
}
