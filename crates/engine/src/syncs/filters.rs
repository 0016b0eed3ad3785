//! A sync's filter: trying one, and what follows when it was changed.

use chrono::{DateTime, Utc};
use domain::SyncId;
use domain::filter::{self, Filter};
use domain::run::{Phase, Trigger};

use crate::db::TenantTx;
use crate::{Engine, Error, Member, Result, runs, store};

/// Records that a filter is tried on at most.
const PREVIEW: i64 = 1_000;

/// How many of the newest stored records a filter would let pass: `(matches, of)`.
///
/// # Errors
/// [`Error::Invalid`] for the field `filter` when it cannot be used.
pub async fn filter_preview(engine: &Engine, member: &Member, sync: SyncId, filter: &Filter) -> Result<(usize, usize)> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let entity = store::syncs::get(&mut tx, sync).await?.entity;
    filter::check(filter, entity).map_err(|problem| Error::invalid("filter", problem.message))?;
    let newest = store::refilter::newest(&mut tx, sync, PREVIEW).await?;
    tx.commit().await?;
    Ok((newest.iter().filter(|record| filter.matches(record)).count(), newest.len()))
}

/// Has what the old filter excluded looked at again, in the background: a prepare run does it in pieces before it lists.
/// Call it in the transaction that stores a changed filter. What is prepared and does not pass any more is found out by processing.
pub async fn filter_changed(tx: &mut TenantTx, member: &Member, sync: SyncId, now: DateTime<Utc>) -> Result<()> {
    store::refilter::ask(tx, sync, now).await?;
    // A sync that cannot run now does it with its next prepare.
    if store::syncs::obstacle(tx, sync, Phase::Prepare).await?.is_none() {
        runs::begin(tx, sync, Phase::Prepare, Trigger::Manual, Some(&member.email), false, now).await?;
    }
    Ok(())
}
