//! Agreement: what reconcile runs have found, and repairing it.

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::activity::Tone;
use domain::reconcile::{Agreement, FindingKind, FindingPage, PAGE_SIZE, Repair};
use domain::run::{Phase, Trigger};
use domain::{FindingId, SyncId};
use uuid::Uuid;

use crate::db::TenantTx;
use crate::store::reconcile_findings::{self as findings, Taking};
use crate::store::syncs::SyncRow;
use crate::{Engine, Error, Member, Result, history, runs, store};

/// Findings that one statement of a repair takes.
const CHUNK: i64 = 1_000;
/// Findings that one click repairs at most.
const MOST: i64 = 50_000;

/// A page of what the newest complete run of a sync has found.
pub async fn page(
    engine: &Engine,
    member: &Member,
    sync: SyncId,
    kind: Option<FindingKind>,
    after: Option<FindingId>,
) -> Result<FindingPage> {
    let mut tx = engine.db.begin(member.tenant).await?;
    store::syncs::get(&mut tx, sync).await?;
    let Some(agreement) = newest(&mut tx, sync).await? else {
        return Ok(FindingPage { agreement: None, findings: Vec::new(), next: None, repairable: 0 });
    };
    let mut found = findings::page(&mut tx, agreement.run, kind, after, PAGE_SIZE + 1).await?;
    let (repairable, _) = findings::count_repairable(&mut tx, agreement.run, None, kind).await?;
    let more = found.len() as i64 > PAGE_SIZE;
    found.truncate(PAGE_SIZE as usize);
    let next = found.last().filter(|_| more).map(|finding| finding.id);
    Ok(FindingPage { agreement: Some(agreement), findings: found, next, repairable })
}

async fn newest(tx: &mut TenantTx, sync: SyncId) -> Result<Option<Agreement>> {
    Ok(findings::agreements(tx, Some(sync)).await?.remove(&sync))
}

/// Sends findings to be synchronised again and starts what processes them. Says how many records it prepared: one that
/// somebody has skipped or deleted meanwhile is left alone, and so is a conflict about which the sync asks.
///
/// # Errors
/// [`Error::Conflict`] when nothing but such conflicts was left.
pub async fn repair(
    engine: &Engine,
    member: &Member,
    sync: SyncId,
    repair: &Repair,
    now: DateTime<Utc>,
) -> Result<i64> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let row = store::syncs::get(&mut tx, sync).await?;
    let agreement = newest(&mut tx, sync).await?.ok_or(Error::NotFound)?;
    let (ids, kind) = match repair {
        Repair::These(ids) => (Some(ids.iter().map(|id| id.0).collect::<Vec<_>>()), None),
        Repair::All(kind) => (None, *kind),
    };
    let (_, asked) = findings::count_repairable(&mut tx, agreement.run, ids.as_deref(), kind).await?;
    tx.commit().await?;
    let (mut taken, mut prepared) = (0, 0);
    while taken < MOST {
        let mut tx = engine.db.begin(member.tenant).await?;
        let takings = findings::take(&mut tx, agreement.run, ids.as_deref(), kind, CHUNK, now).await?;
        if takings.is_empty() {
            break;
        }
        taken += takings.len() as i64;
        prepared += prepare(&mut tx, &row, &takings, now).await?;
        tx.commit().await?;
    }
    if prepared == 0 && asked > 0 {
        return Err(Error::Conflict(format!("{} {CHOOSE}", left_to_a_person(asked))));
    }
    announce(engine, member, &row, (prepared, asked), now).await?;
    Ok(prepared)
}

async fn prepare(tx: &mut TenantTx, sync: &SyncRow, takings: &[Taking], now: DateTime<Utc>) -> Result<i64> {
    let known: Vec<Uuid> = takings.iter().filter_map(|taking| taking.record).collect();
    let unknown: Vec<&Taking> = takings.iter().filter(|taking| taking.record.is_none()).collect();
    let mut ids = findings::prepare(tx, &known, now).await?;
    ids.extend(findings::make(tx, sync, &unknown, now).await?);
    history::show(tx, sync.id, &ids, now).await?;
    Ok(ids.len() as i64)
}

/// Tells who repaired how much, and lets process begin unless something holds the sync.
async fn announce(
    engine: &Engine,
    member: &Member,
    sync: &SyncRow,
    (prepared, asked): (i64, i64),
    now: DateTime<Utc>,
) -> Result<()> {
    if prepared == 0 {
        return Ok(());
    }
    let mut tx = engine.db.begin(member.tenant).await?;
    let mut text = format!("Repair: {prepared} {} are synchronised again.", sync.entity.label().to_lowercase());
    if asked > 0 {
        text.push_str(&format!(" {} {CHOOSE}", left_to_a_person(asked)));
    }
    let link = Some(format!("syncs/{}/agreement", sync.id));
    store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), link, now).await?;
    if store::syncs::obstacle(&mut tx, sync.id, Phase::Process).await?.is_none() {
        runs::begin(&mut tx, sync.id, Phase::Process, Trigger::Manual, Some(&member.email), false, now).await?;
    }
    tx.commit().await
}

/// What to do about conflicts that a repair leaves.
const CHOOSE: &str = "Choose for each what holds, on the record's page.";

fn left_to_a_person(conflicts: i64) -> String {
    match conflicts {
        1 => "1 record was changed on both sides, and this sync asks about that.".to_owned(),
        more => format!("{more} records were changed on both sides, and this sync asks about that."),
    }
}
