//! Comparing what was listed, a batch at a time: each batch's findings, sums and cursor are one transaction.

use std::collections::{HashMap, HashSet};

use connectors::mapping;
use domain::canonical::{Canonical, Change, Reference};
use domain::reconcile::FindingKind;
use domain::sync::Direction;
use domain::{Entity, Side};

use super::judge::{self, Verdict};
use super::{Cursor, Stage, keep, step};
use crate::slice::context::Context;
use crate::store::reconcile::{Doubled, Leftover, Pair};
use crate::store::reconcile_findings::Found;
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Result, store};

/// Pairs that are compared in one transaction.
const BATCH: i64 = 500;

/// What the source's references are called at the destination.
type Links = HashMap<(Entity, String), String>;

/// Compares the next records of the source with their other halves.
pub async fn pairs(context: &mut Context, cursor: &mut Cursor) -> Result<()> {
    let sync = context.sync()?;
    let mut tx = context.begin().await?;
    let pairs = store::reconcile::pairs(&mut tx, &context.run, sync.id, &cursor.after, cursor.began, BATCH).await?;
    let wanted = references(&pairs);
    let links = store::reconcile::links(&mut tx, sync.source, sync.destination, &wanted).await?;
    tx.commit().await?;
    let links: Links = links.into_iter().map(|(entity, id, other)| ((entity, id), other)).collect();
    let found = judge_pairs(context, &sync, &pairs, &links, cursor)?;
    let mut tx = step(context, Progress { done: pairs.len() as i64, ..Progress::default() }).await?;
    store::reconcile_findings::insert(&mut tx, &context.run, sync.id, &found, context.now()).await?;
    match pairs.last() {
        Some(last) if pairs.len() as i64 == BATCH => cursor.after.clone_from(&last.source.external_id),
        _ => cursor.enter(Stage::Leftovers),
    }
    keep(context, tx, cursor, None).await
}

fn references(pairs: &[Pair]) -> Vec<(Entity, String)> {
    let mut wanted: HashSet<(Entity, String)> = HashSet::new();
    for pair in pairs.iter().filter(|pair| pair.destination.is_some()) {
        if let Ok(record) = judge::read(&pair.source.payload) {
            wanted.extend(record.references().into_iter().map(|(entity, reference)| (entity, reference.id.clone())));
        }
    }
    wanted.into_iter().collect()
}

fn judge_pairs(
    context: &Context,
    sync: &SyncRow,
    pairs: &[Pair],
    links: &Links,
    cursor: &mut Cursor,
) -> Result<Vec<Found>> {
    let (source, destination) = (context.source()?, context.destination()?);
    let rows = mapping(source.connector.vendor(), destination.connector.vendor(), sync.entity);
    let root = |field: String| field.split('.').next().unwrap_or_default().to_owned();
    let mapped: Vec<String> = rows.into_iter().map(|row| root(row.field)).collect();
    let outgoing = |pair: &Pair| -> std::result::Result<Canonical, Change> {
        let record = judge::read(&pair.source.payload).map_err(|why| problem("source", why))?;
        translate(&record, links).map(|record| destination.connector.normalise(&record))
    };
    let mut found = Vec::new();
    for pair in pairs {
        let differences = || {
            let other = pair.destination.as_ref().map(|other| judge::read(&other.payload));
            other.map_or_else(Vec::new, |other| judge::differences(&other, &outgoing(pair), &mapped))
        };
        let verdict = judge::pair(pair, sync.settings.filter.as_ref(), differences);
        judge::count(&mut cursor.sums, &verdict);
        if let Verdict::Finding(kind, changes) = verdict {
            found.push(found_in(pair, kind, changes));
        }
    }
    Ok(found)
}

fn problem(path: &str, why: String) -> Change {
    Change { path: path.to_owned(), before: None, after: Some(why) }
}

/// The record in the destination's terms; a reference that leads nowhere is a difference by itself.
fn translate(record: &Canonical, links: &Links) -> std::result::Result<Canonical, Change> {
    let linked = |entity: Entity, reference: &Reference| {
        let id = links.get(&(entity, reference.id.clone()))?.clone();
        Some(Reference { key: Some(id.clone()), id })
    };
    record.translated(linked).map_err(|(entity, reference)| {
        let name = reference.key.unwrap_or(reference.id);
        problem(entity.as_str(), format!("{} {name} is not linked to one at the destination", entity.singular()))
    })
}

fn found_in(pair: &Pair, kind: FindingKind, changes: Vec<Change>) -> Found {
    let known = pair.record.as_ref().and_then(|record| record.destination_id.clone());
    Found {
        kind,
        record: pair.record.as_ref().map(|record| record.id),
        source_id: Some(pair.source.external_id.clone()),
        destination_id: pair.destination.as_ref().map(|other| other.external_id.clone()).or(known),
        label: pair.source.label.clone(),
        changes,
    }
}

/// Looks at the next records of the destination for what the source does not have.
pub async fn leftovers(context: &mut Context, cursor: &mut Cursor) -> Result<()> {
    let sync = context.sync()?;
    let is_two_way = sync.settings.direction == Direction::TwoWay;
    let mut tx = context.begin().await?;
    let rows = store::reconcile::leftovers(&mut tx, &context.run, sync.id, &cursor.after, cursor.began, BATCH).await?;
    tx.commit().await?;
    let mut found = Vec::new();
    for row in &rows {
        let verdict = judge::leftover(row, sync.settings.filter.as_ref(), is_two_way);
        judge::count(&mut cursor.sums, &verdict);
        if let Verdict::Finding(kind, changes) = verdict {
            found.push(left_over(row, kind, changes));
        }
    }
    let mut tx = step(context, Progress::default()).await?;
    store::reconcile_findings::insert(&mut tx, &context.run, sync.id, &found, context.now()).await?;
    match rows.last() {
        Some(last) if rows.len() as i64 == BATCH => cursor.after.clone_from(&last.destination.external_id),
        _ => cursor.enter(Stage::DoubledInSource),
    }
    keep(context, tx, cursor, None).await
}

fn left_over(row: &Leftover, kind: FindingKind, changes: Vec<Change>) -> Found {
    Found {
        kind,
        record: row.record.as_ref().map(|record| record.id),
        source_id: row.record.as_ref().and_then(|record| record.source_id.clone()),
        destination_id: Some(row.destination.external_id.clone()),
        label: row.destination.label.clone(),
        changes,
    }
}

/// Finds the next keys that stand twice on a side. What a one-way sync's destination holds for itself is its own affair.
pub async fn doubled(context: &mut Context, cursor: &mut Cursor) -> Result<()> {
    let sync = context.sync()?;
    let (side, then) = match cursor.stage {
        Stage::DoubledInSource => (Side::Source, Stage::DoubledInDestination),
        _ => (Side::Destination, Stage::Conclude),
    };
    let known_only = side == Side::Destination && sync.settings.direction == Direction::OneWay;
    let mut tx = step(context, Progress::default()).await?;
    let doubled = store::reconcile::doubled(&mut tx, &context.run, side, known_only, &cursor.after, BATCH).await?;
    let found: Vec<Found> = doubled.iter().map(|doubled| twins(doubled, side)).collect();
    store::reconcile_findings::insert(&mut tx, &context.run, sync.id, &found, context.now()).await?;
    cursor.sums.duplicated += found.len() as i64;
    match doubled.last() {
        Some(last) if doubled.len() as i64 == BATCH => cursor.after.clone_from(&last.key),
        _ => cursor.enter(then),
    }
    keep(context, tx, cursor, None).await
}

fn twins(doubled: &Doubled, side: Side) -> Found {
    let named: Vec<String> =
        doubled.ids.iter().zip(&doubled.labels).map(|(id, label)| format!("{id} ({label})")).collect();
    let first = doubled.ids.first().cloned();
    let change = Change { path: side.as_str().to_owned(), before: None, after: Some(named.join(", ")) };
    Found {
        kind: FindingKind::Duplicated,
        record: None,
        source_id: first.clone().filter(|_| side == Side::Source),
        destination_id: first.filter(|_| side == Side::Destination),
        label: format!("{} times “{}” in the {}", doubled.count, doubled.key, side.label().to_lowercase()),
        changes: vec![change],
    }
}
