//! Prepare by date.

use chrono::{DateTime, Utc};
use domain::SyncId;
use domain::account::Permission;
use domain::run::{Phase, RunView, Started, Trigger};

use crate::db::TenantTx;
use crate::jobs::{self, Job};
use crate::slice::Range;
use crate::store::runs::NewRun;
use crate::{Engine, Error, Member, Result, store};

/// Lists what was last changed between two moments, both included, and prepares of it what is not processed in the state
/// that it has. One that runs already and includes the range does for it.
///
/// # Errors
/// [`Error::Invalid`] when the range ends before it begins; [`Error::Conflict`] when the sync cannot run now, or another
/// range of it is being prepared.
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
    let asked = Range { from, until };
    let new = NewRun {
        sync: Some(sync),
        connection: None,
        phase: Phase::RangePrepare,
        trigger: Trigger::Manual,
        actor: Some(&member.email),
        chain: false,
        input_sealed: None,
        request: Some(serde_json::to_value(asked)?),
    };
    let (id, is_new) = store::runs::insert_or_active(&mut tx, &new, now).await?;
    if is_new {
        jobs::enqueue(&mut tx, Phase::RangePrepare, &[Job { tenant: member.tenant, run: id }], now).await?;
        store::activity::show_run(&mut tx, id, now).await?;
    }
    let run = store::runs::view(&mut tx, id).await?;
    if !is_new {
        refuse_other(&mut tx, &run, asked).await?;
    }
    tx.commit().await?;
    Ok(Started { run, already_active: !is_new })
}

/// A run that prepares other days is not what was asked for, and there is one at a time.
async fn refuse_other(tx: &mut TenantTx, run: &RunView, asked: Range) -> Result<()> {
    let request = store::runs::request(tx, run.id).await?;
    let range: Option<Range> = request.map(serde_json::from_value).transpose()?;
    let Some(range) = range.filter(|range| asked.from < range.from || asked.until > range.until) else { return Ok(()) };
    let by = run.actor.as_ref().map(|actor| format!(", started by {actor}")).unwrap_or_default();
    Err(Error::Conflict(format!(
        "Another range is being prepared: {} to {}{by}. One is prepared at a time. Wait until it is done, or cancel it, \
         and ask for {} to {} again.",
        day(range.from),
        day(range.until),
        day(asked.from),
        day(asked.until)
    )))
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}
