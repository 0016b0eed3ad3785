//! The decisions' server functions: session, permission, engine, return.

use domain::run::Started;
use domain::{DriftId, SyncId};

use crate::rpc::rpc;
#[cfg(feature = "ssr")]
use crate::{pages::answer::answer, request};

/// What is said when deletions were allowed.
pub const ALLOWED: &str = "The sync goes on. A full prepare looks for the deletions again and carries them out.";
/// What is said when records stay.
pub const DISMISSED: &str = "The sync goes on, and nothing is deleted.";
/// What is said when somebody has seen that fields changed.
pub const ACKNOWLEDGED: &str = "The sync goes on with the fields as they are now.";

rpc! {
    /// Lets so many deletions be carried out.
    form ALLOW_DELETIONS = "sync-allow-deletions";
    pub async fn allow_deletions(slug: String, sync: SyncId, count: i64) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let engine = request::engine()?;
        let result = engine::syncs::allow_deletions(&engine, &member, sync, count, request::now()).await.map(|_| ());
        answer(result, &slug, crate::pages::syncs::FORM, |()| ALLOWED.into())
    }
}

rpc! {
    /// The records are there after all: nothing is deleted.
    form DISMISS_DELETIONS = "sync-dismiss-deletions";
    pub async fn dismiss_deletions(slug: String, sync: SyncId) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let result = engine::syncs::dismiss_hold(&request::engine()?, &member, sync, request::now()).await;
        answer(result, &slug, crate::pages::syncs::FORM, |()| DISMISSED.into())
    }
}

rpc! {
    /// Somebody has seen that fields changed.
    form ACKNOWLEDGE_DRIFT = "sync-acknowledge-drift";
    pub async fn acknowledge_drift(slug: String, sync: SyncId, drift: DriftId) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let result = engine::drift::acknowledge(&request::engine()?, &member, sync, drift, request::now()).await;
        answer(result, &slug, crate::pages::syncs::FORM, |()| ACKNOWLEDGED.into())
    }
}

rpc! {
    /// Prepares what was last changed between two days, both included.
    form PREPARE_RANGE = "sync-prepare-range";
    pub async fn prepare_range(slug: String, sync: SyncId, from: String, until: String) -> Result<Started, AppError> {
        let member = request::member(&slug).await?;
        let result = match (day(&from), day(&until)) {
            (Some((from, _)), Some((_, until))) => {
                engine::syncs::prepare_range(&request::engine()?, &member, sync, from, until, request::now()).await
            }
            _ => Err(engine::Error::invalid("from", "Choose the first and the last day.")),
        };
        answer(result, &slug, crate::pages::syncs::FORM, crate::pages::syncs::run::started_text)
    }
}

/// A day's first and last moment.
#[cfg(feature = "ssr")]
fn day(text: &str) -> Option<(chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>)> {
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some((day.and_hms_opt(0, 0, 0)?.and_utc(), day.and_hms_milli_opt(23, 59, 59, 999)?.and_utc()))
}
