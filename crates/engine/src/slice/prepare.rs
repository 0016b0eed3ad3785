//! Prepare: lists what changed at the source and writes it to the Sync History.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::{Listing, Page};
use domain::run::{Phase, RunState};
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::obstacle::{self, Obstacle};
use super::{MAX_RECORDS, Next};
use crate::store::runs::Progress;
use crate::{Result, history, store};

/// Each listing reads again from so long before the watermark: clocks and indexes lag.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// Where a listing stands.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    /// From when on this run lists; `None` = everything.
    since: Option<DateTime<Utc>>,
    /// The vendor's own cursor.
    page: Option<String>,
    /// The newest change seen, never later than the source's own clock.
    candidate: Option<DateTime<Utc>>,
    begun: bool,
}

pub async fn slice(context: &mut Context) -> Result<Next> {
    let sync = context.sync()?;
    let mut cursor: Cursor = context.run.cursor.clone().map(serde_json::from_value).transpose()?.unwrap_or_default();
    if !cursor.begun {
        cursor.begun = true;
        cursor.since = match context.run.phase {
            Phase::FullPrepare => None,
            _ => sync.watermark_at.map(|watermark| watermark - OVERLAP),
        };
    }
    let (mut listed, mut failed) = (0, context.run.counts.failed);
    while listed < MAX_RECORDS && !context.is_spent() {
        let listing = Listing { entity: sync.entity, since: cursor.since, until: None, cursor: cursor.page.clone() };
        let source = context.source()?;
        let page = match source.connector.list(&listing).await {
            Ok(page) => page,
            Err(error) => {
                let obstacle = Obstacle { connection: source.connection, name: source.name.clone(), error };
                return obstacle::react(context, obstacle).await;
            }
        };
        listed += page.found.len() + page.unreadable.len();
        cursor.candidate = candidate(cursor.candidate, &page);
        cursor.page.clone_from(&page.next);
        commit(context, &page, &cursor).await?;
        failed += page.unreadable.len() as i64;
        if page.next.is_none() {
            let state = if failed > 0 { RunState::CompletedWithErrors } else { RunState::Succeeded };
            return Ok(Next::Done { state, message: None, outcome: None });
        }
    }
    Ok(Next::Continue)
}

/// The watermark that the listing will have earned when it is complete.
fn candidate(so_far: Option<DateTime<Utc>>, page: &Page) -> Option<DateTime<Utc>> {
    let newest = page.found.iter().filter_map(|found| found.modified_at).max();
    let newest = match (newest, page.clock) {
        (Some(newest), Some(clock)) => Some(newest.min(clock)),
        (newest, _) => newest,
    };
    so_far.max(newest)
}

/// A page's records, the run's cursor and, at the listing's end, the watermark are one transaction.
async fn commit(context: &mut Context, page: &Page, cursor: &Cursor) -> Result<()> {
    let (sync, now) = (context.sync()?, context.now());
    let run = context.run.clone();
    let mut tx = context.begin().await?;
    // The epoch is checked before anything is written, and the counts follow when they are known.
    let listed = Progress {
        done: (page.found.len() + page.unreadable.len()) as i64,
        changed: 0,
        failed: page.unreadable.len() as i64,
    };
    store::runs::advance(&mut tx, &run, listed, now).await?;
    let mut changed = store::records::accept(&mut tx, &sync, &page.found, now).await?.changed;
    changed.extend(store::records::accept_unreadable(&mut tx, &sync, &page.unreadable, now).await?);
    let found = Progress { changed: changed.len() as i64, ..Progress::default() };
    store::runs::advance(&mut tx, &run, found, now).await?;
    store::runs::keep_cursor(&mut tx, &run, &serde_json::to_value(cursor)?, None).await?;
    if let (None, Some(watermark)) = (&page.next, cursor.candidate) {
        store::syncs::raise_watermark(&mut tx, sync.id, watermark).await?;
    }
    if !changed.is_empty() {
        history::show(&mut tx, sync.id, &changed, now).await?;
    }
    context.show_run(&mut tx).await?;
    context.keep_sessions(&mut tx).await?;
    tx.commit().await
}
