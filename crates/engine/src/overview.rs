//! The Overview: what is all right, what runs, and what needs a person.

use chrono::{DateTime, Timelike, Utc};
use domain::connection::ConnectionState;
use domain::entity::SystemKind;
use domain::overview::{Attention, Checklist, HourPoint, Overview};
use domain::run::Phase;
use domain::sync::SyncView;
use domain::{ConnectionId, RecordStatus, Vendor};

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
    let recent = store::activity::lines(&mut tx, None, RECENT).await?;
    let throughput = throughput(&mut tx, now).await?;
    tx.commit().await?;
    let has = |kind: SystemKind| connections.iter().any(|connection| connection.vendor.system() == kind);
    let checklist = Checklist {
        shop_connected: has(SystemKind::Shop),
        erp_connected: has(SystemKind::Erp),
        sync_made: !syncs.is_empty(),
        first_record_processed: syncs.iter().any(|sync| sync.counts.of(RecordStatus::Processed) > 0),
    };
    let refused: Vec<(ConnectionId, String, Vendor)> = connections
        .iter()
        .filter(|connection| connection.state == ConnectionState::Unauthorised)
        .map(|connection| (connection.id, connection.name.clone(), connection.vendor))
        .collect();
    let attention = attention(&refused, &syncs);
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

/// What needs a person, the most urgent first: what stops everything, what has given up, what will be tried again.
fn attention(refused: &[(ConnectionId, String, Vendor)], syncs: &[SyncView]) -> Vec<Attention> {
    let mut attention: Vec<Attention> = refused
        .iter()
        .map(|(id, name, vendor)| Attention {
            text: format!(
                "{} refuses the credentials of “{name}”. Nothing is synchronised until they are mended.",
                vendor.label()
            ),
            link: format!("connections/{id}"),
            sync: None,
            status: None,
        })
        .collect();
    for status in [RecordStatus::Conflict, RecordStatus::Aborted, RecordStatus::Invalid, RecordStatus::Failed] {
        for sync in syncs {
            let n = sync.counts.of(status);
            if n == 0 {
                continue;
            }
            let what = if n == 1 { sync.entity.singular().to_owned() } else { sync.entity.label().to_lowercase() };
            let verb = match status {
                RecordStatus::Conflict => "changed on both sides",
                RecordStatus::Aborted => "failed too often and wait for somebody",
                RecordStatus::Invalid => "cannot be synchronised as they are",
                _ => "failed and will be tried again",
            };
            let verb = if n == 1 {
                verb.replace("wait ", "waits ").replace("as they are", "as it is")
            } else {
                verb.to_owned()
            };
            attention.push(Attention {
                text: format!("{n} {what} {verb}."),
                link: format!("history?sync={}&status={status}", sync.id),
                sync: Some(sync.id),
                status: Some(status),
            });
        }
    }
    attention
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
