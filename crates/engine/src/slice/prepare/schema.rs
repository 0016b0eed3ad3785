//! Asks the systems for the fields of the sync's entity, before anything is listed.

use chrono::TimeDelta;
use connectors::SchemaField;
use domain::activity::Tone;
use domain::run::Phase;
use domain::sync::Hold;
use domain::{ConnectionId, Vendor};

use crate::db::TenantTx;
use crate::slice::context::Context;
use crate::store::runs::Progress;
use crate::store::schemas::User;
use crate::store::syncs::SyncRow;
use crate::{Result, drift, store};

/// An incremental run asks once a day.
const EVERY: TimeDelta = TimeDelta::hours(24);

/// Compares the fields with those that were told last; says why when this sync must stop. A system that does not tell its
/// fields, or cannot be reached for it, is listed nevertheless: that fails for itself when it has to.
pub async fn check(context: &mut Context, sync: &SyncRow) -> Result<Option<String>> {
    if context.run.phase == Phase::RangePrepare {
        return Ok(None);
    }
    for index in 0..context.ends.len() {
        let Some(told) = ask(context, sync, index).await? else { continue };
        compare(context, sync, told).await?;
    }
    let mut tx = context.begin().await?;
    let stopped = store::schemas::is_stopped(&mut tx, sync.id).await?;
    let why = if stopped { store::syncs::obstacle(&mut tx, sync.id, context.run.phase).await? } else { None };
    tx.commit().await?;
    Ok(why)
}

/// What a system told.
struct Told {
    connection: ConnectionId,
    name: String,
    vendor: Vendor,
    fields: Vec<SchemaField>,
}

async fn ask(context: &Context, sync: &SyncRow, index: usize) -> Result<Option<Told>> {
    let Some(end) = context.ends.get(index) else { return Ok(None) };
    let mut tx = context.begin().await?;
    let known = store::schemas::get(&mut tx, end.connection, sync.entity).await?;
    tx.commit().await?;
    let is_fresh = known.is_some_and(|(_, checked_at)| context.now() - checked_at < EVERY);
    if is_fresh && context.run.phase != Phase::FullPrepare {
        return Ok(None);
    }
    match end.connector.schema(sync.entity).await {
        Ok(fields) if fields.is_empty() => Ok(None),
        Ok(fields) => {
            let (connection, name, vendor) = (end.connection, end.name.clone(), end.connector.vendor());
            Ok(Some(Told { connection, name, vendor, fields }))
        }
        Err(error) => {
            tracing::warn!(connection.id = %end.connection, %error, "the fields of an entity could not be asked for");
            Ok(None)
        }
    }
}

/// Writes the change down for every sync that it concerns, in the transaction that keeps the new fields: it is told once.
async fn compare(context: &Context, sync: &SyncRow, told: Told) -> Result<()> {
    let now = context.now();
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), now).await?;
    let before = store::schemas::lock(&mut tx, told.connection, sync.entity).await?;
    store::schemas::put(&mut tx, told.connection, sync.entity, &told.fields, now).await?;
    if let Some(before) = before.filter(|before| !drift::compare(before, &told.fields).is_empty()) {
        for user in store::schemas::users(&mut tx, told.connection, sync.entity).await? {
            tell(&mut tx, sync, &told, &before, &user, now).await?;
        }
    }
    tx.commit().await
}

async fn tell(
    tx: &mut TenantTx,
    sync: &SyncRow,
    told: &Told,
    before: &[SchemaField],
    user: &User,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    let rows = connectors::mapping(user.source_vendor, user.destination_vendor, sync.entity).into_iter();
    let rules: Vec<(String, String)> =
        rows.map(|row| (row.field, if user.is_source { row.source } else { row.destination })).collect();
    // What is gone stands in the old schema only.
    let known: Vec<SchemaField> = before.iter().chain(&told.fields).cloned().collect();
    let uses = drift::Uses::new(&rules, &known);
    let mut changes = drift::compare(before, &told.fields);
    for change in &mut changes {
        change.rules = uses.of(&change.field);
    }
    let essential = connectors::essential(told.vendor, sync.entity);
    let stopped = drift::stops(&changes, user.policy, sync.entity, &essential);
    store::schemas::insert_drift(tx, user.sync, told.connection, &changes, stopped, now).await?;
    let mut text = drift::describe(&told.name, sync.entity, &changes, user.policy);
    if stopped {
        text.push_str(
            " This sync waits until somebody has looked at it; fields that are gone arrive empty from then on.",
        );
        store::holds::place(tx, user.sync, Hold::Drift, &text, now).await?;
    }
    let link = Some(format!("syncs/{}", user.sync));
    store::activity::say(tx, Tone::Warning, text, None, link, now).await
}
