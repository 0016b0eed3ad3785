//! The timeline that people read.

use domain::ActivityId;
use domain::activity::ActivityPage;

use crate::{Engine, Member, Result, store};

/// Lines on a page.
const PAGE: i64 = 50;

/// A page of the timeline, the newest first.
pub async fn page(engine: &Engine, member: &Member, before: Option<ActivityId>) -> Result<ActivityPage> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let mut items = store::activity::lines(&mut tx, before, PAGE + 1).await?;
    tx.commit().await?;
    let more = items.len() as i64 > PAGE;
    items.truncate(PAGE as usize);
    let next = if more { items.last().map(|item| item.id) } else { None };
    Ok(ActivityPage { items, next })
}
