//! Pages of a listing: each is asked for while the one before it is committed together with where the run stands.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use connectors::Page;
use domain::run::Phase;

use super::cursor::{Cursor, Listing, Stage};
use super::{BELIEVED_AFTER, Listed, Step, after_side, end, obstacle, watermark};
use crate::slice::Next;
use crate::slice::context::{Context, End};
use crate::slice::obstacle as obstacles;
use crate::store::accept::Known;
use crate::store::listing_seen::Marks;
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Result, history, store};

/// How often a page is written again that got in another run's way.
const TRIES: usize = 4;

/// A page that was asked for while the one before it was being written.
pub struct Ahead {
    asked: connectors::Listing,
    asked_at: DateTime<Utc>,
    page: connectors::Result<Page>,
}

/// Commits the next page of the side that the cursor stands at, and asks for the one behind it meanwhile, as long as the
/// slice goes on. What was asked for ahead goes with the slice: it is asked for again, from the committed cursor.
///
/// Invariant: a page may be older than what was committed since it was asked for; accepting it compares each record's
/// time of change with the stored one.
pub async fn step(
    context: &Context,
    sync: &SyncRow,
    cursor: &mut Cursor,
    mut listing: Listing,
    listed: &mut Listed,
) -> Result<Step> {
    let Some(end) = end(context, sync, cursor.side) else { return Ok(Step::Stop(Next::Continue)) };
    if listing.began.is_none() {
        listing.since = Listing::since(context.run.phase, watermark(sync, cursor.side), cursor.range);
    }
    let asked = question(sync, cursor, &listing);
    let ahead = match listed.ahead.take().filter(|ahead| ahead.asked == asked) {
        Some(ahead) => ahead,
        None => ask(context, end, asked).await,
    };
    let mut page = match ahead.page {
        Ok(page) => page,
        Err(error) => {
            let obstacle = obstacle(end, error);
            return Ok(Step::Stop(obstacles::react(context, obstacle).await?));
        }
    };
    listed.share.done += page.found.len() + page.unreadable.len();
    cursor.failed += page.unreadable.len() as i64;
    let listing = listing.after(&page, ahead.asked_at);
    if let Some(range) = cursor.range {
        page.found.retain(|found| range.includes(found.modified_at));
    }
    let side = cursor.side;
    let earned = go_on(context, sync, cursor, listing, &page);
    let next = match &cursor.stage {
        Stage::List(listing) if cursor.side == side && listed.share.goes_on(context).await? => {
            Some(question(sync, cursor, listing))
        }
        _ => None,
    };
    let fetched = async {
        match next {
            Some(next) => Ok::<_, crate::Error>(Some(ask(context, end, next).await)),
            None => Ok(None),
        }
    };
    let written = commit(context, sync, Written { side, page: &page, cursor, earned });
    ((), listed.ahead) = futures::try_join!(written, fetched)?;
    context.engine.db.analyse_new_tables().await?;
    Ok(Step::On)
}

/// What is asked for where the listing stands.
fn question(sync: &SyncRow, cursor: &Cursor, listing: &Listing) -> connectors::Listing {
    connectors::Listing {
        entity: sync.entity,
        since: listing.since,
        until: cursor.range.map(|range| range.until),
        cursor: listing.page.clone(),
    }
}

async fn ask(context: &Context, end: &End, asked: connectors::Listing) -> Ahead {
    let asked_at = context.now();
    let mut page = end.connector.list(&asked).await;
    for found in page.iter_mut().flat_map(|page| &mut page.found) {
        found.modified_at = found.modified_at.filter(|at| is_believable(*at, asked_at));
    }
    Ahead { asked, asked_at, page }
}

/// A time of change in the far future, or in no year that a calendar has, says nothing: believed, it would hide every
/// later change of the record.
fn is_believable(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (1..=9999).contains(&at.year()) && at <= now + TimeDelta::days(1)
}

/// Moves the cursor behind the page and says which watermark the listing has earned, when it is complete.
fn go_on(
    context: &Context,
    sync: &SyncRow,
    cursor: &mut Cursor,
    listing: Listing,
    page: &Page,
) -> Option<DateTime<Utc>> {
    if page.next.is_some() {
        cursor.stage = Stage::List(listing);
        return None;
    }
    match (context.run.phase, listing.began) {
        (Phase::FullPrepare, Some(began)) => cursor.stage = Stage::Missing { began },
        _ => after_side(context, sync, cursor),
    }
    // A range says nothing about what changed before it and behind it.
    listing.watermark().filter(|_| context.run.phase != Phase::RangePrepare)
}

/// A page, and where the run stands behind it.
struct Written<'a> {
    side: domain::Side,
    page: &'a Page,
    cursor: &'a Cursor,
    earned: Option<DateTime<Utc>>,
}

/// Prepare and full prepare of one sync may write the same records at the same time, one by the source's order and one by
/// the destination's, and so may wait for each other: whoever PostgreSQL stops writes its page again.
async fn commit(context: &Context, sync: &SyncRow, written: Written<'_>) -> Result<()> {
    for _ in 1..TRIES {
        match commit_once(context, sync, &written).await {
            Err(error) if error.is_contention() => tracing::debug!(run.id = %context.run.id, "a page is written again"),
            other => return other,
        }
    }
    commit_once(context, sync, &written).await
}

/// A page's records, what a full listing has seen, the run's cursor and, at the listing's end, the watermark are one
/// transaction.
async fn commit_once(context: &Context, sync: &SyncRow, written: &Written<'_>) -> Result<()> {
    let Written { side, page, cursor, earned } = *written;
    let now = context.now();
    let run = context.run.clone();
    let mut tx = context.begin().await?;
    // The epoch is checked before anything is written, and the counts follow when they are known.
    let listed = Progress {
        done: (page.found.len() + page.unreadable.len()) as i64,
        changed: 0,
        failed: page.unreadable.len() as i64,
    };
    store::runs::advance(&mut tx, &run, listed, now).await?;
    let known = if run.phase == Phase::RangePrepare { Known::TryAgain } else { Known::LeaveAlone };
    let mut changed = store::accept::accept(&mut tx, sync, side, &page.found, known, now).await?;
    changed.extend(store::accept::accept_unreadable(&mut tx, sync, side, &page.unreadable, now).await?);
    let marks = Marks { limit: page.gone.len() as i64, now, due_at: now + BELIEVED_AFTER };
    changed.extend(store::listing_seen::mark_gone(&mut tx, sync.id, side, &page.gone, marks).await?);
    if run.phase == Phase::FullPrepare {
        // A record that cannot be read is there all the same.
        let ids = page.found.iter().map(|found| &found.id).chain(page.unreadable.iter().map(|(id, _, _)| id));
        store::listing_seen::note(&mut tx, &run, side, &ids.cloned().collect::<Vec<_>>()).await?;
    }
    let found = Progress { changed: changed.len() as i64, ..Progress::default() };
    store::runs::advance(&mut tx, &run, found, now).await?;
    store::runs::keep_cursor(&mut tx, &run, &serde_json::to_value(cursor)?, None).await?;
    if let Some(watermark) = earned {
        store::syncs::raise_watermark(&mut tx, sync.id, side, watermark).await?;
    }
    if !changed.is_empty() {
        history::show(&mut tx, sync.id, &changed, now).await?;
    }
    context.show_run(&mut tx).await?;
    context.keep_sessions(&mut tx).await?;
    tx.commit().await
}
