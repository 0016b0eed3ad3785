//! Runs: starting one and looking at it.

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::run::{Phase, RunView, Started, Trigger};
use domain::{RunId, SyncId};

use crate::db::TenantTx;
use crate::jobs::Job;
use crate::store::runs::{NewRun, Which};
use crate::{Engine, Error, Member, Result, jobs, store};

/// Starts a phase of a sync at once, or says which run of it is active already.
///
/// # Errors
/// [`Error::Conflict`] when the sync or one of its connections is paused.
pub async fn start(
    engine: &Engine,
    member: &Member,
    sync: SyncId,
    phase: Phase,
    now: DateTime<Utc>,
) -> Result<Started> {
    member.require(Permission::Operate)?;
    if phase == Phase::Test {
        return Err(Error::invalid("phase", "A sync is prepared or processed. Tests belong to connections."));
    }
    let mut tx = engine.db.begin(member.tenant).await?;
    if let Some(why) = store::syncs::obstacle(&mut tx, sync, phase).await? {
        return Err(Error::Conflict(why));
    }
    let (id, is_new) = begin(&mut tx, sync, phase, Trigger::Manual, Some(&member.email), false, now).await?;
    let run = store::runs::view(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Started { run, already_active: !is_new })
}

/// Makes a run of a sync with its job and shows it, on the caller's transaction.
pub(crate) async fn begin(
    tx: &mut TenantTx,
    sync: SyncId,
    phase: Phase,
    trigger: Trigger,
    actor: Option<&str>,
    chain: bool,
    now: DateTime<Utc>,
) -> Result<(RunId, bool)> {
    let new =
        NewRun { sync: Some(sync), connection: None, phase, trigger, actor, chain, input_sealed: None, request: None };
    let (id, is_new) = store::runs::insert_or_active(tx, &new, now).await?;
    if is_new {
        let job = Job { tenant: tx.tenant(), run: id };
        jobs::enqueue(tx, phase, &[job], now).await?;
        store::activity::show_run(tx, id, now).await?;
    }
    Ok((id, is_new))
}

pub async fn get(engine: &Engine, member: &Member, id: RunId) -> Result<RunView> {
    let mut tx = engine.db.begin(member.tenant).await?;
    store::runs::view(&mut tx, id).await
}

/// The runs that are active now, the newest first; connection tests are not among them.
pub async fn active(engine: &Engine, member: &Member) -> Result<Vec<RunView>> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let runs = store::runs::views(&mut tx, Which { active: true, ..Which::default() }, 200).await?;
    Ok(runs.into_iter().filter(|run| run.phase != Phase::Test).collect())
}

/// Ends a run at once: what it has settled stays, and what was under way is looked for by the next run.
pub async fn cancel(engine: &Engine, member: &Member, id: RunId, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let run = store::runs::view(&mut tx, id).await?;
    if !run.state.is_active() {
        return Err(Error::Conflict("That run is over already.".into()));
    }
    store::runs::cancel(&mut tx, &[id.0], &format!("Cancelled by {}.", member.email), now).await?;
    store::activity::show_run(&mut tx, id, now).await?;
    tx.commit().await
}
