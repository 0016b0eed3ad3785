//! A changed filter: what the old one had excluded is looked at again, in pieces. Processing looks at the rest.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Step;
use super::cursor::{Cursor, Listing, Stage};
use crate::slice::context::Context;
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Result, history, store};

/// Records that one transaction looks at.
const CHUNK: i64 = 500;

/// Where to begin: at everything that was excluded until then.
pub fn begin(asked_at: DateTime<Utc>) -> Stage {
    Stage::Refilter { asked_at, before: (asked_at, Uuid::max()) }
}

/// Makes those due whose newest known state passes now; one whose state is not known is due too, and is read.
pub async fn step(
    context: &mut Context,
    sync: &SyncRow,
    cursor: &mut Cursor,
    asked_at: DateTime<Utc>,
    before: (DateTime<Utc>, Uuid),
) -> Result<Step> {
    let now = context.now();
    let filter = sync.settings.filter.as_ref();
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), now).await?;
    let rows = store::refilter::excluded(&mut tx, sync.id, before, CHUNK).await?;
    let passes = |record: &domain::canonical::Canonical| filter.is_none_or(|filter| filter.matches(record));
    let included: Vec<Uuid> =
        rows.iter().filter(|row| row.record.as_ref().is_none_or(passes)).map(|row| row.id).collect();
    store::refilter::include(&mut tx, &included, now).await?;
    let progress = Progress { changed: included.len() as i64, ..Progress::default() };
    store::runs::advance(&mut tx, &context.run, progress, now).await?;
    match rows.last() {
        Some(last) if rows.len() as i64 == CHUNK => {
            cursor.stage = Stage::Refilter { asked_at, before: (last.updated_at, last.id) };
        }
        _ => {
            store::refilter::done(&mut tx, sync.id, asked_at).await?;
            cursor.stage = Stage::List(Listing::default());
        }
    }
    store::runs::keep_cursor(&mut tx, &context.run, &serde_json::to_value(&*cursor)?, None).await?;
    if !included.is_empty() {
        history::show(&mut tx, sync.id, &included, now).await?;
    }
    tx.commit().await?;
    Ok(Step::On)
}
