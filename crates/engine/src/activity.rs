//! The timeline that people read.

use domain::activity::{ActivityFilter, ActivityPage};
use domain::history::MAX_SEARCH;

use crate::{Engine, Error, Member, Result, store};

/// Lines on a page.
const PAGE: i64 = 50;

/// A page of the timeline, the newest first.
pub async fn page(engine: &Engine, member: &Member, filter: &ActivityFilter) -> Result<ActivityPage> {
    if filter.text.as_ref().is_some_and(|text| text.chars().count() > MAX_SEARCH || text.contains('\0')) {
        return Err(Error::invalid("text", format!("Search for {MAX_SEARCH} characters at most.")));
    }
    let mut tx = engine.db.begin(member.tenant).await?;
    let mut items = store::activity::lines(&mut tx, filter, PAGE + 1).await?;
    tx.commit().await?;
    let more = items.len() as i64 > PAGE;
    items.truncate(PAGE as usize);
    let next = if more { items.last().map(|item| item.id) } else { None };
    Ok(ActivityPage { items, next })
}
