//! Systems that cannot be read back: the newest payload is the record's newest version, and a deletion that was announced
//! is final.

use chrono::{DateTime, Utc};
use connectors::Found;

use super::merge::Merged;
use crate::Result;
use crate::db::TenantTx;
use crate::store;
use crate::store::accept::Known;
use crate::store::intake::Target;

/// Takes the payloads as versions of their records; what is left in `merged` are deletions. Says how many events came
/// after their record's deletion.
pub async fn take_payloads(
    tx: &mut TenantTx,
    target: &Target,
    merged: &mut Vec<Merged<'_>>,
    now: DateTime<Utc>,
) -> Result<usize> {
    let ids: Vec<String> = merged.iter().map(|event| event.id.to_owned()).collect();
    let gone = store::intake::gone(tx, target, &ids).await?;
    let before = merged.len();
    merged.retain(|event| !gone.contains(event.id));
    let late = before - merged.len();
    let found: Vec<Found> = merged.iter().filter(|event| !event.deleted).filter_map(found).collect();
    let older = store::intake::count_older(tx, target, &found).await?;
    let changed = store::accept::accept(tx, &target.sync, target.side, &found, Known::LeaveAlone, now).await?;
    store::intake::debounce(tx, target, &changed, super::priority(target), now).await?;
    merged.retain(|event| event.deleted);
    Ok(late + usize::try_from(older).unwrap_or_default())
}

fn found(event: &Merged<'_>) -> Option<Found> {
    let record = event.payload?;
    Some(Found {
        id: event.id.to_owned(),
        label: record.key().unwrap_or(event.id).to_owned(),
        url: None,
        modified_at: event.modified_at,
        record: record.clone(),
    })
}
