//! Prepare by date.

use chrono::{DateTime, Utc};
use domain::SyncId;
use domain::account::Permission;
use domain::run::{Phase, Started, Trigger};

use crate::jobs::{self, Job};
use crate::slice::Range;
use crate::store::runs::NewRun;
use crate::{Engine, Error, Member, Result, store};

/// Lists what was last changed between two moments, both included, and prepares of it what is not processed in the state
/// that it has.
///
/// # Errors
/// [`Error::Invalid`] when the range ends before it begins; [`Error::Conflict`] when the sync cannot run now.
pub async fn prepare_range(
    engine: &Engine,
    member: &Member,
    sync: SyncId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Started> {
    member.require(Permission::Operate)?;
    if until < from {
        return Err(Error::invalid("until", "The range ends before it begins. Choose a later end."));
    }
    let mut tx = engine.db.begin(member.tenant).await?;
    if let Some(why) = store::syncs::obstacle(&mut tx, sync, Phase::RangePrepare).await? {
        return Err(Error::Conflict(why));
    }
    let new = NewRun {
        sync: Some(sync),
        connection: None,
        phase: Phase::RangePrepare,
        trigger: Trigger::Manual,
        actor: Some(&member.email),
        chain: false,
        input_sealed: None,
        request: Some(serde_json::to_value(Range { from, until })?),
    };
    let (id, is_new) = store::runs::insert_or_active(&mut tx, &new, now).await?;
    if is_new {
        jobs::enqueue(&mut tx, Phase::RangePrepare, &[Job { tenant: member.tenant, run: id }], now).await?;
        store::activity::show_run(&mut tx, id, now).await?;
    }
    let run = store::runs::view(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Started { run, already_active: !is_new })
}
