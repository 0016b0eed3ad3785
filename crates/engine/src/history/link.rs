//! Linking a record by hand to one that a run has found at the other side.

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::canonical::Change;
use domain::history::{EditKind, RecordReport, RecordRequest, SideView};
use domain::{LastOperation, RecordId, RecordStatus, RunId, Side};

use super::by_hand::finish;
use crate::db::TenantTx;
use crate::store::history::edits::NewEdit;
use crate::store::history::held::Held;
use crate::store::history::{edits, held, links, reports};
use crate::{Engine, Error, Member, Result};

/// Links a record to what `run` has found under `external_id`, and has it processed.
///
/// # Errors
/// [`Error::Conflict`] names the record that is linked to it already.
pub async fn link(
    engine: &Engine,
    member: &Member,
    id: RecordId,
    run: RunId,
    external_id: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let (side, seen) = found(&mut tx, id, run, external_id).await?;
    let record = held::hold(&mut tx, id).await?;
    refuse(&record)?;
    free(&mut tx, &record, side, external_id).await?;
    links::link(&mut tx, id, side, &seen, now).await?;
    let before = if side == Side::Source { record.source_id.clone() } else { record.destination_id.clone() };
    let change = Change { path: format!("{side}_id"), before, after: Some(seen.id.clone()) };
    let version = held::prepare(&mut tx, id, LastOperation::ManuallyLinked, None, now).await?;
    let edit = NewEdit {
        record: id,
        version,
        kind: EditKind::Link,
        actor: &member.email,
        payload: None,
        removal: None,
        changes: &[change],
    };
    edits::insert(&mut tx, &edit, now).await?;
    edits::settle_conflict(&mut tx, id).await?;
    let text = format!("“{}” was linked by hand with {}.", record.description, seen.label);
    finish(tx, member, &record, text, now).await
}

/// What the run has read, so that nobody links to something that is not there.
async fn found(tx: &mut TenantTx, id: RecordId, run: RunId, external_id: &str) -> Result<(Side, SideView)> {
    let (request, report) = reports::get(tx, run).await?;
    let (RecordRequest::Find { record, side, .. }, Some(RecordReport::Found { candidates })) = (request, report) else {
        return Err(Error::NotFound);
    };
    let seen = candidates.into_iter().map(|candidate| candidate.seen).find(|seen| seen.id == external_id);
    if record != id {
        return Err(Error::NotFound);
    }
    Ok((side, seen.ok_or(Error::NotFound)?))
}

fn refuse(record: &Held) -> Result<()> {
    let why = match record.status {
        _ if record.in_work => "It is being processed at this moment. Try again when that is done.",
        _ if record.is_unsettled => "Its last write may still arrive. Try again in a few minutes.",
        RecordStatus::AwaitingApproval => "It waits for an approval. It cannot be linked before.",
        RecordStatus::Deleted => "It is deleted. There is nothing left to link.",
        _ => return Ok(()),
    };
    Err(Error::Conflict(why.into()))
}

/// Refuses what another record is linked to. A record that is known by that side alone becomes one with this.
async fn free(tx: &mut TenantTx, record: &Held, side: Side, external_id: &str) -> Result<()> {
    let holders = links::holders(tx, record.sync, side, &[external_id.to_owned()]).await?;
    for holder in holders.into_iter().filter(|holder| holder.record != record.id) {
        if !holder.is_free {
            let message = format!("“{}” is linked to it already. Link that one elsewhere first.", holder.description);
            return Err(Error::Conflict(message));
        }
        links::absorb(tx, holder.record).await?;
    }
    Ok(())
}
