//! Prerequisites: an order's customer and products must be at the destination before the order is.

use std::collections::{HashMap, HashSet};

use domain::canonical::{Canonical, Reference};
use domain::{Entity, LastOperation, RecordStatus};
use uuid::Uuid;

use super::chunk::{self, Counted, Read};
use super::outcome::{self, Timing};
use crate::slice::context::Context;
use crate::slice::obstacle::Obstacle;
use crate::store::records::Linked;
use crate::store::results::{Outcome, Problem};
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// A record whose references are in the destination's terms.
pub struct Ready {
    pub read: Read,
    pub translated: Canonical,
}

/// What became of the records' prerequisites.
pub enum Resolved {
    Ready {
        ready: Vec<Ready>,
        /// With the records that each one waits for.
        waiting: Vec<(Outcome, Vec<Uuid>)>,
    },
    /// A connection failed on the way: these records were not dealt with.
    Stopped { unfinished: Vec<Uuid>, obstacle: Obstacle },
}

/// The records that others refer to, by entity and source id.
type Known = HashMap<(Entity, String), Linked>;

/// Brings the prerequisites of these records to the destination and translates the references to them.
pub async fn resolve(context: &mut Context, sync: &SyncRow, reads: Vec<Read>, timing: Timing) -> Result<Resolved> {
    let mut wanted: HashMap<Entity, HashSet<String>> = HashMap::new();
    for read in &reads {
        for (entity, reference) in read.found.record.references() {
            wanted.entry(entity).or_default().insert(reference.id.clone());
        }
    }
    let mut known = Known::new();
    let mut syncs: HashMap<Entity, SyncRow> = HashMap::new();
    for (entity, ids) in wanted {
        let mut tx = context.begin().await?;
        let pair = store::syncs::of_pair(&mut tx, sync.source, sync.destination).await?;
        tx.commit().await?;
        let Some(theirs) = pair.into_iter().find(|sync| sync.entity == entity) else { continue };
        let ids: Vec<String> = ids.into_iter().collect();
        if let Some(obstacle) = bring(context, &theirs, &ids).await? {
            let unfinished = reads.iter().map(|read| read.record.id).collect();
            return Ok(Resolved::Stopped { unfinished, obstacle });
        }
        let mut tx = context.begin().await?;
        let linked = store::records::linked(&mut tx, theirs.id, &ids).await?;
        tx.commit().await?;
        known.extend(linked.into_iter().map(|linked| ((entity, linked.source_id.clone()), linked)));
        syncs.insert(entity, theirs);
    }
    let timing = Timing { now: context.now(), ..timing };
    let (mut ready, mut waiting) = (Vec::new(), Vec::new());
    for read in reads {
        match translate(&read, &known) {
            Ok(translated) => ready.push(Ready { read, translated }),
            Err(missing) => waiting.push(wait(&read, &missing, &known, &syncs, timing)),
        }
    }
    Ok(Resolved::Ready { ready, waiting })
}

/// Processes those of the wanted records that are not at the destination yet, as records of their own sync.
async fn bring(context: &mut Context, sync: &SyncRow, ids: &[String]) -> Result<Option<Obstacle>> {
    let now = context.now();
    let mut tx = context.begin().await?;
    let linked = store::records::linked(&mut tx, sync.id, ids).await?;
    let there: HashSet<&str> = linked.iter().map(|linked| linked.source_id.as_str()).collect();
    let unseen: Vec<String> = ids.iter().filter(|id| !there.contains(id.as_str())).cloned().collect();
    if !unseen.is_empty() {
        store::records::ensure(&mut tx, sync, &unseen, now).await?;
    }
    let linked = store::records::linked(&mut tx, sync.id, ids).await?;
    let open = linked.iter().filter(|linked| linked.destination_id.is_none() && linked.status.is_due_some_day());
    let open: Vec<Uuid> = open.map(|linked| linked.id).collect();
    let claimed = store::records_due::claim_these(&mut tx, &context.run, &open, now).await?;
    tx.commit().await?;
    if claimed.is_empty() {
        return Ok(None);
    }
    chunk::process(context, sync, claimed, Counted::Aside).await
}

fn translate(read: &Read, known: &Known) -> std::result::Result<Canonical, (Entity, Reference)> {
    read.found.record.translated(|entity, reference| {
        let linked = known.get(&(entity, reference.id.clone()))?;
        let id = linked.destination_id.clone().filter(|_| !is_another_variant(entity, reference, linked))?;
        Some(Reference { key: Some(id.clone()), id })
    })
}

/// A product stands for its first variant; a line that was sold as another one must not be booked as the first.
fn is_another_variant(entity: Entity, reference: &Reference, linked: &Linked) -> bool {
    let differ = |(sold, known): (&String, &String)| !sold.eq_ignore_ascii_case(known);
    entity == Entity::Product && reference.key.as_ref().zip(linked.match_key.as_ref()).is_some_and(differ)
}

/// Why the record waits, and for which records.
fn wait(
    read: &Read,
    (entity, reference): &(Entity, Reference),
    known: &Known,
    syncs: &HashMap<Entity, SyncRow>,
    timing: Timing,
) -> (Outcome, Vec<Uuid>) {
    let record = &read.record;
    let Some(linked) = known.get(&(*entity, reference.id.clone())) else {
        let missing = if syncs.contains_key(entity) {
            format!("Its {} {} was not found in the source.", entity.singular(), reference.id)
        } else {
            let plural = entity.label().to_lowercase();
            format!(
                "It needs {plural} at the destination, and no sync between these connections brings them. Make one."
            )
        };
        let problem =
            Problem { message: missing, code: Some("prerequisite".into()), field: Some(entity.as_str().into()) };
        let tried = timing.tried(None, Vec::new());
        return (outcome::failed(record, LastOperation::WaitsForPrerequisite, problem, tried, timing), Vec::new());
    };
    if is_another_variant(*entity, reference, linked) {
        let message = format!(
            "A line was sold as {}, another variant of the product “{}”. Syncline synchronises a product's first variant \
             only: make the variant a product of its own in the shop, or skip the order and enter it by hand.",
            reference.key.as_deref().unwrap_or_default(),
            linked.description
        );
        let problem = Problem { message, code: Some("variant".into()), field: Some("lines".into()) };
        let tried = timing.tried(None, Vec::new());
        return (outcome::failed(record, LastOperation::FailedToSave, problem, tried, timing), Vec::new());
    }
    let what = format!("its {} “{}”", entity.singular(), linked.description);
    let outcome = match linked.status {
        RecordStatus::Prepared => {
            // Claimed elsewhere, or put back for a moment.
            let until = linked.next_attempt_at.unwrap_or(timing.now).max(timing.now + chrono::TimeDelta::seconds(5));
            outcome::put_back(record, LastOperation::WaitsForPrerequisite, until, format!("Waits for {what}."))
        }
        RecordStatus::Failed | RecordStatus::Aborted | RecordStatus::Conflict => {
            let why = linked.last_error.as_deref().unwrap_or("it has failed");
            outcome::waits(record, format!("Waits for {what}, which failed: {why}"), timing)
        }
        other => {
            let why = format!(
                "Waits for {what}, which is not synchronised ({}). Set it as prepared, or mend it in the source.",
                other.label().to_lowercase()
            );
            outcome::waits(record, why, timing)
        }
    };
    (outcome, vec![linked.id])
}
