//! Reconcile: lists both sides completely, compares each pair field by field after mapping, and keeps what does not agree.
//!
//! It writes nothing to either system and nothing to the Sync History. What is listed lies in a table until it is
//! compared, so that a hundred thousand records need no more memory than a page of them; whatever is committed carries
//! the cursor with it, and an interrupted run goes on there.

mod compare;
mod judge;

use chrono::{DateTime, Utc};
use connectors::{Listing, Page};
use domain::Side;
use domain::activity::Tone;
use domain::reconcile::Sums;
use domain::run::RunState;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::context::Context;
use super::obstacle::{self, Obstacle};
use super::{MAX_RECORDS, Next};
use crate::db::TenantTx;
use crate::store::reconcile::Listed;
use crate::store::runs::Progress;
use crate::{Result, store};

/// Rows that are dropped in one statement.
const DROPPED: i64 = 10_000;

/// What is to be done next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    #[default]
    Begin,
    ListSource,
    ListDestination,
    Compare,
    Leftovers,
    DoubledInSource,
    DoubledInDestination,
    Conclude,
    TidyUp,
}

/// Where the run stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    stage: Stage,
    /// The vendor's own cursor.
    page: Option<String>,
    /// The id or key after which the comparison goes on.
    after: String,
    began: DateTime<Utc>,
    sums: Sums,
}

impl Cursor {
    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.page = None;
        self.after.clear();
    }
}

pub async fn slice(context: &mut Context) -> Result<Next> {
    let mut cursor: Cursor = context.run.cursor.clone().map(serde_json::from_value).transpose()?.unwrap_or_default();
    let mut listed = 0;
    while listed < MAX_RECORDS && !context.is_spent() {
        match cursor.stage {
            Stage::Begin => begin(context, &mut cursor).await?,
            Stage::ListSource | Stage::ListDestination => match list(context, &mut cursor).await? {
                Ok(records) => listed += records,
                Err(obstacle) => return obstacle::react(context, obstacle).await,
            },
            Stage::Compare => compare::pairs(context, &mut cursor).await?,
            Stage::Leftovers => compare::leftovers(context, &mut cursor).await?,
            Stage::DoubledInSource | Stage::DoubledInDestination => compare::doubled(context, &mut cursor).await?,
            Stage::Conclude => conclude(context, &mut cursor).await?,
            Stage::TidyUp => {
                if tidy_up(context).await? {
                    let message = Some(cursor.sums.sentence());
                    return Ok(Next::Done { state: RunState::Succeeded, message, outcome: None });
                }
            }
        }
    }
    Ok(Next::Continue)
}

/// Commits a step: the epoch is checked first, and what the step has found goes with the cursor.
async fn keep(context: &mut Context, mut tx: TenantTx, cursor: &Cursor, total: Option<i64>) -> Result<()> {
    let run = context.run.clone();
    store::runs::keep_cursor(&mut tx, &run, &serde_json::to_value(cursor)?, total).await?;
    context.show_run(&mut tx).await?;
    context.keep_sessions(&mut tx).await?;
    tx.commit().await
}

async fn step(context: &Context, progress: Progress) -> Result<TenantTx> {
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, progress, context.now()).await?;
    Ok(tx)
}

/// Clears away what interrupted runs have left, then begins to list.
async fn begin(context: &mut Context, cursor: &mut Cursor) -> Result<()> {
    let sync = context.sync()?;
    let mut tx = step(context, Progress::default()).await?;
    let dropped = store::reconcile::drop_rows_of_earlier(&mut tx, &context.run, sync.id, DROPPED).await?;
    if dropped == 0 {
        cursor.began = context.now();
        cursor.enter(Stage::ListSource);
    }
    keep(context, tx, cursor, None).await
}

/// Lists one page of a side; its rows and the cursor are one transaction.
async fn list(context: &mut Context, cursor: &mut Cursor) -> Result<std::result::Result<usize, Obstacle>> {
    let sync = context.sync()?;
    let (side, end) = match cursor.stage {
        Stage::ListSource => (Side::Source, context.source()?),
        _ => (Side::Destination, context.destination()?),
    };
    let listing = Listing { entity: sync.entity, since: None, until: None, cursor: cursor.page.clone() };
    let page = match end.connector.list(&listing).await {
        Ok(page) => page,
        Err(error) => return Ok(Err(Obstacle { connection: end.connection, name: end.name.clone(), error })),
    };
    let rows = rows_of(&page)?;
    let mut tx = step(context, Progress { done: rows.len() as i64, ..Progress::default() }).await?;
    store::reconcile::put(&mut tx, &context.run, side, &rows).await?;
    let mut total = None;
    match (page.next, side) {
        (Some(next), _) => cursor.page = Some(next),
        (None, Side::Source) => cursor.enter(Stage::ListDestination),
        (None, Side::Destination) => {
            cursor.enter(Stage::Compare);
            let to_compare = store::reconcile::count(&mut tx, &context.run, Side::Source).await?;
            total = Some(store::runs::view(&mut tx, context.run.id).await?.counts.done + to_compare);
        }
    }
    keep(context, tx, cursor, total).await?;
    Ok(Ok(rows.len()))
}

fn rows_of(page: &Page) -> Result<Vec<Listed>> {
    let readable = page.found.iter().map(|found| {
        Ok(Listed {
            external_id: found.id.clone(),
            key: found.record.key().map(fold),
            label: found.record.description(),
            payload: serde_json::to_value(&found.record)?,
        })
    });
    let unreadable = page.unreadable.iter().map(|(id, label, why)| {
        Ok(Listed { external_id: id.clone(), key: None, label: label.clone(), payload: json!({ "unreadable": why }) })
    });
    readable.chain(unreadable).collect()
}

/// Vendors compare keys without regard to case.
fn fold(key: &str) -> String {
    key.trim().to_lowercase()
}

/// The sums stay with the run, and the timeline tells them.
async fn conclude(context: &mut Context, cursor: &mut Cursor) -> Result<()> {
    let (sync, now) = (context.sync()?, context.now());
    let mut tx = step(context, Progress::default()).await?;
    store::reconcile_findings::conclude(&mut tx, &context.run, sync.id, &cursor.sums).await?;
    let tone = if cursor.sums.disagreeing() == 0 { Tone::Success } else { Tone::Warning };
    let text = format!("Reconcile of {}: {}.", sync.entity.label().to_lowercase(), cursor.sums.sentence());
    let link = Some(format!("syncs/{}/agreement", sync.id));
    store::activity::say(&mut tx, tone, text, None, link, now).await?;
    cursor.enter(Stage::TidyUp);
    keep(context, tx, cursor, None).await
}

/// Drops what was listed, some of it at a time; says whether all of it is gone.
async fn tidy_up(context: &mut Context) -> Result<bool> {
    let mut tx = step(context, Progress::default()).await?;
    let dropped = store::reconcile::drop_rows(&mut tx, &context.run, DROPPED).await?;
    tx.commit().await?;
    Ok(dropped < DROPPED as u64)
}
