//! Prepare: lists what changed and writes it to the Sync History. It reads in pages and writes to no system.
//!
//! A run is a sequence of stages, each of them done in pieces that commit what they did together with where the run
//! stands, so that an interrupted run goes on where it was. A sync that goes both ways lists the source, then the
//! destination. A full run also finds out what is gone, which only a listing that came to its end can say.

mod cursor;
mod deletions;
mod listing;
mod refilter;
mod schema;

use chrono::{DateTime, Utc};
use domain::Side;
use domain::run::{Phase, RunState};
use domain::sync::Direction;
use uuid::Uuid;

use super::Next;
use super::context::{Context, End};
use super::line::Share;
use super::obstacle::Obstacle;
use crate::store::runs::{Progress, Taken};
use crate::store::syncs::SyncRow;
use crate::{Result, store};

pub(crate) use cursor::Range;
use cursor::{Cursor, Stage};
pub(crate) use deletions::BELIEVED_AFTER;

/// What the slice has listed.
#[derive(Default)]
struct Listed {
    share: Share,
    /// The page that comes next, if it is here already.
    ahead: Option<listing::Ahead>,
}

/// How a stage went on.
enum Step {
    /// It did a piece of its work.
    On,
    /// The run has to stop here for now.
    Stop(Next),
}

pub async fn slice(context: &mut Context) -> Result<Next> {
    let sync = context.sync()?;
    let mut cursor = Cursor::read(&context.run);
    let mut listed = Listed::default();
    // A page that is here already is written down, late or not.
    while listed.ahead.is_some() || listed.share.goes_on(context).await? {
        let step = match cursor.stage.clone() {
            Stage::Begin => begin(context, &sync, &mut cursor).await?,
            Stage::Refilter { asked_at, before } => {
                refilter::step(context, &sync, &mut cursor, asked_at, before).await?
            }
            Stage::List(listing) => listing::step(context, &sync, &mut cursor, listing, &mut listed).await?,
            Stage::Missing { began } => deletions::decide(context, &sync, &mut cursor, began).await?,
            Stage::Mark { began } => deletions::mark(context, &sync, &mut cursor, began).await?,
            Stage::Forget => forget(context, &sync, &mut cursor).await?,
            Stage::End => return Ok(done(context, cursor)),
        };
        if let Step::Stop(next) = step {
            return Ok(next);
        }
    }
    // What is left of it costs no time.
    if matches!(cursor.stage, Stage::End) { Ok(done(context, cursor)) } else { Ok(Next::Continue) }
}

/// The connections that a slice of such a run needs now: that of the side that is listed. The first slice may go from
/// one side to the other, and a full run asks both for their fields first.
pub(super) fn connections(run: &Taken, sync: &SyncRow) -> Vec<Uuid> {
    let both = vec![sync.source.0, sync.destination.0];
    let cursor = Cursor::read(run);
    match (cursor.stage, cursor.side) {
        (Stage::Begin, _) if run.phase == Phase::FullPrepare || goes_both_ways(sync) => both,
        (Stage::List(_), Side::Destination) => vec![sync.destination.0],
        _ => vec![sync.source.0],
    }
}

fn goes_both_ways(sync: &SyncRow) -> bool {
    sync.settings.direction == Direction::TwoWay
}

/// Asks for the systems' fields, clears away what earlier full listings have left behind that did not come to their end, then goes on to the first
/// listing.
async fn begin(context: &mut Context, sync: &SyncRow, cursor: &mut Cursor) -> Result<Step> {
    cursor.range = if context.run.phase == Phase::RangePrepare { Range::of(&context.run)? } else { None };
    if context.run.phase == Phase::RangePrepare && cursor.range.is_none() {
        let message = "It was not said which days to prepare. Choose a range of days.".to_owned();
        return Ok(Step::Stop(Next::Done { state: RunState::Failed, message: Some(message), outcome: None }));
    }
    if let Some(why) = schema::check(context, sync).await? {
        return Ok(Step::Stop(Next::Done { state: RunState::Cancelled, message: Some(why), outcome: None }));
    }
    let asked_at = {
        let mut tx = context.begin().await?;
        let asked_at = store::refilter::asked_at(&mut tx, sync.id).await?;
        if context.run.phase == Phase::FullPrepare {
            store::listing_seen::forget(&mut tx, &context.run, sync.id, false, FORGET_CHUNK).await?;
        }
        tx.commit().await?;
        asked_at
    };
    cursor.stage = match asked_at {
        Some(asked_at) => refilter::begin(asked_at),
        None => Stage::List(cursor::Listing::default()),
    };
    keep(context, cursor).await?;
    Ok(Step::On)
}

/// Rows of a listing's memory that one statement takes away.
const FORGET_CHUNK: i64 = 20_000;

/// What a full listing has seen goes with the end of the run, in pieces.
async fn forget(context: &mut Context, sync: &SyncRow, cursor: &mut Cursor) -> Result<Step> {
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), context.now()).await?;
    let gone = store::listing_seen::forget(&mut tx, &context.run, sync.id, true, FORGET_CHUNK).await?;
    if gone < FORGET_CHUNK as u64 {
        cursor.stage = Stage::End;
        store::runs::keep_cursor(&mut tx, &context.run, &serde_json::to_value(&*cursor)?, None).await?;
    }
    tx.commit().await?;
    Ok(Step::On)
}

fn done(context: &Context, cursor: Cursor) -> Next {
    let failed = context.run.counts.failed + cursor.failed;
    let state =
        if failed > 0 || cursor.message.is_some() { RunState::CompletedWithErrors } else { RunState::Succeeded };
    Next::Done { state, message: cursor.message, outcome: None }
}

/// Commits where the run stands.
async fn keep(context: &mut Context, cursor: &Cursor) -> Result<()> {
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), context.now()).await?;
    store::runs::keep_cursor(&mut tx, &context.run, &serde_json::to_value(cursor)?, None).await?;
    tx.commit().await
}

/// The stage after a side was listed, and what is gone of it was marked.
fn after_side(context: &Context, sync: &SyncRow, cursor: &mut Cursor) {
    let is_full = context.run.phase == Phase::FullPrepare;
    cursor.stage = match cursor.side {
        Side::Source if goes_both_ways(sync) => {
            cursor.side = Side::Destination;
            Stage::List(cursor::Listing::default())
        }
        _ if is_full => Stage::Forget,
        _ => Stage::End,
    };
}

/// The end of a side, if this slice has it; otherwise the next one does.
fn end<'a>(context: &'a Context, sync: &SyncRow, side: Side) -> Option<&'a End> {
    let wanted = connection(sync, side);
    context.ends.iter().find(|end| end.connection == wanted)
}

const fn connection(sync: &SyncRow, side: Side) -> domain::ConnectionId {
    match side {
        Side::Source => sync.source,
        Side::Destination => sync.destination,
    }
}

fn obstacle(end: &End, error: connectors::Error) -> Obstacle {
    Obstacle { connection: end.connection, name: end.name.clone(), error }
}

fn watermark(sync: &SyncRow, side: Side) -> Option<DateTime<Utc>> {
    match side {
        Side::Source => sync.watermark_at,
        Side::Destination => sync.destination_watermark_at,
    }
}
