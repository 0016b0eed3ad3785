//! The Overview: what is all right, what runs, and what needs a person.

use chrono::{DateTime, Timelike, Utc};
use domain::activity::ActivityFilter;
use domain::connection::{ConnectionState, ConnectionView};
use domain::entity::SystemKind;
use domain::overview::{Attention, Checklist, HourPoint, Overview};
use domain::run::Phase;
use domain::sync::{DriftView, SyncView};
use domain::{RecordStatus, SyncId};

use crate::db::TenantTx;
use crate::store::runs::Which;
use crate::{Engine, Member, Result, demo, store, syncs};

/// Lines of the timeline that the Overview shows.
const RECENT: i64 = 8;

/// Everything that the Overview shows.
pub async fn overview(engine: &Engine, member: &Member, now: DateTime<Utc>) -> Result<Overview> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let connections = store::connections::views(&mut tx, None).await?;
    let syncs = syncs::with_counts(&mut tx, None).await?;
    let active = store::runs::views(&mut tx, Which { active: true, ..Which::default() }, 50).await?;
    let recent = store::activity::lines(&mut tx, &ActivityFilter::default(), RECENT).await?;
    let throughput = throughput(&mut tx, now).await?;
    let has = |kind: SystemKind| connections.iter().any(|connection| connection.vendor.system() == kind);
    let checklist = Checklist {
        shop_connected: has(SystemKind::Shop),
        erp_connected: has(SystemKind::Erp),
        sync_made: !syncs.is_empty(),
        first_record_processed: syncs.iter().any(|sync| sync.counts.of(RecordStatus::Processed) > 0),
    };
    let drifts = store::schema_drifts::open(&mut tx, None).await?;
    tx.commit().await?;
    let attention = attention(&connections, &syncs, &drifts);
    let sandbox_url = demo::back_office(engine, &connections);
    Ok(Overview {
        checklist,
        attention,
        active: active.into_iter().filter(|run| run.phase != Phase::Test).collect(),
        syncs,
        throughput,
        recent,
        sandbox_offered: engine.config.sandbox.is_some() && sandbox_url.is_none(),
        sandbox_url,
    })
}

/// What needs a person, the most urgent first: what stops everything, what stops a sync, what has given up, what will be
/// tried again, what should be known.
fn attention(connections: &[ConnectionView], syncs: &[SyncView], drifts: &[(SyncId, DriftView)]) -> Vec<Attention> {
    let mut attention: Vec<Attention> = connections.iter().filter_map(of_connection).collect();
    attention.extend(syncs.iter().filter_map(of_hold));
    for status in [RecordStatus::Conflict, RecordStatus::Aborted] {
        attention.extend(syncs.iter().filter_map(|sync| of_status(sync, status)));
    }
    attention.extend(syncs.iter().filter_map(of_disagreement));
    attention.extend(drifts.iter().filter(|(_, drift)| !drift.stopped).map(|(sync, drift)| of_drift(*sync, drift)));
    for status in [RecordStatus::Invalid, RecordStatus::Failed] {
        attention.extend(syncs.iter().filter_map(|sync| of_status(sync, status)));
    }
    attention
}

fn of_connection(connection: &ConnectionView) -> Option<Attention> {
    let (name, vendor) = (&connection.name, connection.vendor.label());
    let text = match connection.state {
        ConnectionState::Unauthorised => {
            format!("{vendor} refuses the credentials of “{name}”. Nothing is synchronised until they are mended.")
        }
        ConnectionState::Paused => {
            format!("“{name}” is paused. Nothing is synchronised with it until somebody resumes it.")
        }
        _ if connection.breaker.is_some() => format!("“{name}” does not answer. What needs it waits."),
        _ => return None,
    };
    let (link, breaker) = (format!("connections/{}", connection.id), connection.breaker);
    Some(Attention { text, link, sync: None, status: None, breaker })
}

fn of_hold(sync: &SyncView) -> Option<Attention> {
    let hold = sync.hold.as_ref()?;
    let text = format!("{} wait for a decision: {}", sync.entity.label(), hold.message);
    Some(Attention { text, link: format!("syncs/{}", sync.id), sync: Some(sync.id), status: None, breaker: None })
}

/// What the newest comparison found and nobody has repaired yet.
fn of_disagreement(sync: &SyncView) -> Option<Attention> {
    let found = sync.agreement.as_ref()?;
    let open = found.sums.disagreeing() - found.repaired;
    if open <= 0 {
        return None;
    }
    let verb = if open == 1 { "does" } else { "do" };
    let text = format!("{open} {} {verb} not agree in both systems.", counted_noun(sync, open));
    Some(Attention {
        text,
        link: format!("syncs/{}/agreement", sync.id),
        sync: Some(sync.id),
        status: None,
        breaker: None,
    })
}

fn of_drift(sync: SyncId, drift: &DriftView) -> Attention {
    let fields: Vec<&str> = drift.changes.iter().take(3).map(|change| change.field.as_str()).collect();
    let text = format!("“{}” offers other fields than before: {}.", drift.connection_name, fields.join(", "));
    Attention { text, link: format!("syncs/{sync}"), sync: Some(sync), status: None, breaker: None }
}

fn of_status(sync: &SyncView, status: RecordStatus) -> Option<Attention> {
    let n = sync.counts.of(status);
    let verb = match (status, n) {
        (_, 0) => return None,
        (RecordStatus::Conflict, _) => "changed on both sides",
        (RecordStatus::Aborted, 1) => "failed too often and waits for somebody",
        (RecordStatus::Aborted, _) => "failed too often and wait for somebody",
        (RecordStatus::Invalid, 1) => "cannot be synchronised as it is",
        (RecordStatus::Invalid, _) => "cannot be synchronised as they are",
        _ => "failed and will be tried again",
    };
    Some(Attention {
        text: format!("{n} {} {verb}.", counted_noun(sync, n)),
        link: format!("history?sync={}&status={status}", sync.id),
        sync: Some(sync.id),
        status: Some(status),
        breaker: None,
    })
}

fn counted_noun(sync: &SyncView, n: i64) -> String {
    if n == 1 { sync.entity.singular().to_owned() } else { sync.entity.label().to_lowercase() }
}

async fn throughput(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Vec<HourPoint>> {
    let this_hour = now.with_minute(0).and_then(|t| t.with_second(0)).and_then(|t| t.with_nanosecond(0)).unwrap_or(now);
    let first = this_hour - chrono::TimeDelta::hours(23);
    let worked = store::runs::processed_by_hour(tx, first).await?;
    let point = |n: i32| {
        let hour = first + chrono::TimeDelta::hours(i64::from(n));
        let (processed, failed) = worked.iter().find(|(h, _, _)| *h == hour).map_or((0, 0), |(_, p, f)| (*p, *f));
        HourPoint { hour, processed, failed }
    };
    Ok((0..24).map(point).collect())
}
