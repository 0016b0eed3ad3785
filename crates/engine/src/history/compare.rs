//! Asking the vendors about one record: a run reads, and keeps what it has found with itself. No request waits for it.

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::history::{FindBy, MAX_SEARCH, RecordRequest, ReportView};
use domain::run::{Phase, Trigger};
use domain::{RecordId, RunId, Side};

use crate::jobs::{self, Job};
use crate::store::history::held;
use crate::store::runs::NewRun;
use crate::{Engine, Error, Member, Result, store};

/// Comparisons and searches of one organisation at once: each asks two systems.
const MAX_COMPARISONS: i64 = 20;

/// Reads both sides of a record and shows them beside each other.
pub async fn compare(engine: &Engine, member: &Member, id: RecordId, now: DateTime<Utc>) -> Result<RunId> {
    ask(engine, member, &RecordRequest::Compare { record: id }, now).await
}

/// Looks for records of the other side to which this one may be linked; the source's when only the destination is known.
///
/// # Errors
/// [`Error::Invalid`] when nothing was typed.
pub async fn find(
    engine: &Engine,
    member: &Member,
    id: RecordId,
    by: FindBy,
    text: &str,
    now: DateTime<Utc>,
) -> Result<RunId> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_SEARCH || text.contains('\0') {
        return Err(Error::invalid("text", format!("Type what to look for, in at most {MAX_SEARCH} characters.")));
    }
    let mut tx = engine.db.begin(member.tenant).await?;
    let record = held::look(&mut tx, id).await?;
    tx.commit().await?;
    let side = if record.source_id.is_none() { Side::Source } else { Side::Destination };
    ask(engine, member, &RecordRequest::Find { record: id, side, by, text: text.to_owned() }, now).await
}

async fn ask(engine: &Engine, member: &Member, request: &RecordRequest, now: DateTime<Utc>) -> Result<RunId> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let record = held::hold(&mut tx, request.record()).await?;
    if let Some(why) = store::syncs::obstacle(&mut tx, record.sync, Phase::Compare).await? {
        return Err(Error::Conflict(why));
    }
    if store::runs::count_active(&mut tx, Phase::Compare).await? >= MAX_COMPARISONS {
        return Err(Error::Conflict(format!(
            "{MAX_COMPARISONS} comparisons and searches of this organisation are under way. Wait until one of them is over."
        )));
    }
    let new = NewRun {
        sync: Some(record.sync),
        connection: None,
        phase: Phase::Compare,
        trigger: Trigger::Manual,
        actor: Some(&member.email),
        chain: false,
        input_sealed: None,
        request: Some(serde_json::to_value(request)?),
    };
    let (run, _) = store::runs::insert_or_active(&mut tx, &new, now).await?;
    jobs::enqueue(&mut tx, Phase::Compare, &[Job { tenant: member.tenant, run }], now).await?;
    store::activity::show_run(&mut tx, run, now).await?;
    tx.commit().await?;
    Ok(run)
}

/// What such a run was asked, and what it has found.
pub async fn report(engine: &Engine, member: &Member, id: RunId) -> Result<ReportView> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let run = store::runs::view(&mut tx, id).await?;
    let (request, report) = store::history::reports::get(&mut tx, id).await?;
    Ok(ReportView { run, request, report })
}
