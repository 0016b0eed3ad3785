//! Prerequisites: an order's customer and products must be at the other side before the order is. References are
//! translated by the records of the syncs between the same two connections, whichever way those run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::canonical::{Canonical, Reference};
use domain::sync::Direction;
use domain::{Entity, Side};
use uuid::Uuid;

use super::choices::Choice;
use super::chunk::{self, Counted};
use super::direction::{Course, Way};
use super::outcome::Timing;
use super::waiting;
use crate::slice::context::Context;
use crate::slice::obstacle::Obstacle;
use crate::store::links::Linked;
use crate::store::results::Outcome;
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// A record whose references are in the terms of the sides that it may be written to.
pub struct Ready {
    pub course: Course,
    pub to_destination: Option<Canonical>,
    /// When both sides are compared, the way back may turn out to be needed, and not to be possible yet.
    pub to_source: Option<std::result::Result<Canonical, Box<Waiting>>>,
}

impl Ready {
    /// The record in the terms of the side that it goes to.
    pub fn incoming(&self, to: Side) -> Option<&Canonical> {
        match to {
            Side::Destination => self.to_destination.as_ref(),
            Side::Source => self.to_source.as_ref().and_then(|translated| translated.as_ref().ok()),
        }
    }
}

/// An outcome with the records that its record waits for.
pub type Waiting = (Outcome, Vec<Uuid>);

/// What became of the records' prerequisites.
pub enum Resolved {
    Ready {
        ready: Vec<Ready>,
        waiting: Vec<Waiting>,
    },
    /// A connection failed on the way: these records were not dealt with.
    Stopped {
        unfinished: Vec<Uuid>,
        obstacle: Obstacle,
    },
}

/// What the records of a chunk refer to, by the side on which it was read, and what is known of it.
#[derive(Default)]
pub struct Known {
    wanted: BTreeMap<(Side, Entity), BTreeSet<String>>,
    linked: HashMap<(Side, Entity, String), Linked>,
    /// The sync of each entity, with the side of it at which the records were read.
    syncs: HashMap<(Side, Entity), (SyncRow, Side)>,
}

/// Brings the prerequisites of these records to where they are needed and translates the references to them.
pub async fn resolve(context: &Context, sync: &SyncRow, courses: Vec<Course>, timing: Timing) -> Result<Resolved> {
    let mut known = look_up(context, sync, &courses).await?;
    for ((near, entity), ids) in known.missing() {
        let Some((theirs, at)) = known.syncs.get(&(near, entity)).cloned() else { continue };
        if at == Side::Destination && theirs.settings.direction == Direction::OneWay {
            continue;
        }
        if let Some(obstacle) = bring(context, &theirs, at, &ids).await? {
            let unfinished = courses.iter().map(|course| course.pair.record.id).collect();
            return Ok(Resolved::Stopped { unfinished, obstacle });
        }
        known.look_again(context, near, entity).await?;
    }
    let timing = Timing { now: context.now(), ..timing };
    let (mut ready, mut waiting) = (Vec::new(), Vec::new());
    for course in courses {
        match translate_course(course, &known, timing) {
            Ok(translated) => ready.push(translated),
            Err(waits) => waiting.push(*waits),
        }
    }
    Ok(Resolved::Ready { ready, waiting })
}

/// What is known of everything that these records refer to.
pub async fn look_up(context: &Context, sync: &SyncRow, courses: &[Course]) -> Result<Known> {
    let mut known = Known::default();
    for course in courses {
        for side in written_sides(course.way) {
            let Some((record, near)) = incoming(course, *side) else { continue };
            for (entity, reference) in near.map_or_else(Vec::new, |_| record.references()) {
                known.wanted.entry((side.other(), entity)).or_default().insert(reference.id.clone());
            }
        }
    }
    if known.wanted.is_empty() {
        return Ok(known);
    }
    let mut tx = context.begin().await?;
    let mut pair = store::syncs::of_pair(&mut tx, sync.source, sync.destination).await?;
    pair.extend(store::syncs::of_pair(&mut tx, sync.destination, sync.source).await?);
    tx.commit().await?;
    let wanted: Vec<(Side, Entity)> = known.wanted.keys().copied().collect();
    for (near, entity) in wanted {
        let Some(theirs) = pair.iter().find(|sync| sync.entity == entity) else { continue };
        let at = if theirs.source == sync.connection(near) { Side::Source } else { Side::Destination };
        known.syncs.insert((near, entity), (theirs.clone(), at));
        known.look_again(context, near, entity).await?;
    }
    Ok(known)
}

const fn written_sides(way: Way) -> &'static [Side] {
    match way {
        Way::To(Side::Source) => &[Side::Source],
        Way::To(Side::Destination) => &[Side::Destination],
        Way::Compare => &[Side::Destination, Side::Source],
    }
}

/// The record that goes to a side, and the side in whose terms it still is; `None` for the latter = it is translated.
fn incoming(course: &Course, to: Side) -> Option<(&Canonical, Option<Side>)> {
    match (&course.pair.choice, to) {
        (Some(Choice::Payload { record, .. } | Choice::Replay { side: Side::Destination, record }), _)
        | (Some(Choice::Conflict { record, .. }), Side::Destination) => Some((record, None)),
        (Some(Choice::Replay { side: Side::Source, record }), _) => Some((record, Some(Side::Source))),
        (Some(Choice::Conflict { record, .. }), Side::Source) => Some((record, Some(Side::Destination))),
        (Some(Choice::Removal { .. }) | None, _) => Some((&course.pair.found(to.other())?.record, Some(to.other()))),
    }
}

impl Known {
    /// What is not linked to the other side yet.
    fn missing(&self) -> Vec<((Side, Entity), Vec<String>)> {
        let is_there = |near: Side, entity: Entity, id: &String| {
            self.linked.get(&(near, entity, id.clone())).is_some_and(|linked| linked.far_id.is_some())
        };
        let missing = |((near, entity), ids): (&(Side, Entity), &BTreeSet<String>)| {
            let ids: Vec<String> = ids.iter().filter(|id| !is_there(*near, *entity, id)).cloned().collect();
            (!ids.is_empty()).then_some(((*near, *entity), ids))
        };
        self.wanted.iter().filter_map(missing).collect()
    }

    async fn look_again(&mut self, context: &Context, near: Side, entity: Entity) -> Result<()> {
        let (Some((theirs, at)), Some(ids)) = (self.syncs.get(&(near, entity)), self.wanted.get(&(near, entity)))
        else {
            return Ok(());
        };
        let ids: Vec<String> = ids.iter().cloned().collect();
        let mut tx = context.begin().await?;
        let linked = store::links::linked(&mut tx, theirs.id, *at, &ids).await?;
        tx.commit().await?;
        self.linked.extend(linked.into_iter().map(|linked| ((near, entity, linked.near_id.clone()), linked)));
        Ok(())
    }

    pub fn get(&self, near: Side, entity: Entity, id: &str) -> Option<&Linked> {
        self.linked.get(&(near, entity, id.to_owned()))
    }

    /// The sync that brings an entity's records from a side; `None` = there is none.
    pub fn sync(&self, near: Side, entity: Entity) -> Option<(&SyncRow, Side)> {
        self.syncs.get(&(near, entity)).map(|(sync, at)| (sync, *at))
    }

    fn translate(&self, record: &Canonical, near: Side) -> std::result::Result<Canonical, (Entity, Reference)> {
        record.translated(|entity, reference| {
            let linked = self.get(near, entity, &reference.id)?;
            let id = linked.far_id.clone().filter(|_| !waiting::is_another_variant(entity, reference, linked))?;
            Some(Reference { key: Some(id.clone()), id })
        })
    }
}

/// Processes those of the wanted records that are not at the other side yet, as records of their own sync. One over which a
/// worker died is not brought along, because it would be in work beside others: who needs it waits until it was alone.
async fn bring(context: &Context, sync: &SyncRow, at: Side, ids: &[String]) -> Result<Option<Obstacle>> {
    let now = context.now();
    let mut tx = context.begin().await?;
    store::links::ensure(&mut tx, sync, at, ids, now).await?;
    let linked = store::links::linked(&mut tx, sync.id, at, ids).await?;
    let open = linked.iter().filter(|linked| linked.far_id.is_none() && linked.status.is_due_some_day());
    let open: Vec<Uuid> = open.map(|linked| linked.id).collect();
    let claimed = store::records_due::claim_beside(&mut tx, &context.run, &open, context.claim(), now).await?;
    context.note_claims(&claimed);
    tx.commit().await?;
    if claimed.is_empty() {
        return Ok(None);
    }
    chunk::process(context, sync, claimed, Counted::Aside).await
}

fn translate_course(course: Course, known: &Known, timing: Timing) -> std::result::Result<Ready, Box<Waiting>> {
    let translated = |to: Side| {
        let (record, near) = incoming(&course, to)?;
        let Some(near) = near else { return Some(Ok(record.clone())) };
        let waits = |missing| Box::new(waiting::wait(&course.pair, near, &missing, known, timing));
        Some(known.translate(record, near).map_err(waits))
    };
    let sides = written_sides(course.way);
    let to_destination = sides.contains(&Side::Destination).then(|| translated(Side::Destination)).flatten();
    let to_source = sides.contains(&Side::Source).then(|| translated(Side::Source)).flatten();
    let to_destination = to_destination.transpose()?;
    let to_source = match (course.way, to_source) {
        (Way::To(_), Some(Err(waits))) => return Err(waits),
        (_, to_source) => to_source,
    };
    Ok(Ready { course, to_destination, to_source })
}

/// The same for a dry run, which brings nothing: references that are not linked yet stay as they are, and a sentence says
/// what would come first.
pub fn pretend(course: Course, known: &Known) -> (Ready, Option<String>) {
    let mut first = Vec::new();
    let mut pretended = |to: Side| {
        let (record, near) = incoming(&course, to)?;
        let Some(near) = near else { return Some(record.clone()) };
        for (entity, reference) in record.references() {
            let linked = known.get(near, entity, &reference.id);
            if linked.is_none_or(|linked| linked.far_id.is_none()) {
                let name = linked.map_or(reference.key.as_ref().unwrap_or(&reference.id), |linked| &linked.description);
                let sentence = format!("Its {} “{name}” would be inserted first.", entity.singular());
                if !first.contains(&sentence) {
                    first.push(sentence);
                }
            }
        }
        let translated = record.translated(|entity, reference| {
            let id = known.get(near, entity, &reference.id).and_then(|linked| linked.far_id.clone());
            Some(id.map_or_else(|| reference.clone(), |id| Reference { key: Some(id.clone()), id }))
        });
        translated.ok()
    };
    let sides = written_sides(course.way);
    let to_destination = if sides.contains(&Side::Destination) { pretended(Side::Destination) } else { None };
    let to_source = if sides.contains(&Side::Source) { pretended(Side::Source) } else { None };
    let note = (!first.is_empty()).then(|| first.join(" "));
    (Ready { course, to_destination, to_source: to_source.map(Ok) }, note)
}
