//! The dry run's server function.

use chrono::{DateTime, Utc};
use domain::SyncId;
use domain::run::DryRunRow;
use domain::sync::SyncView;
use serde::{Deserialize, Serialize};

use crate::rpc::rpc;

/// A sync with what its newest dry run said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DryRun {
    pub sync: SyncView,
    /// When it ended; `None` = there was none.
    pub at: Option<DateTime<Utc>>,
    pub rows: Vec<DryRunRow>,
}

rpc! {
    /// The newest dry run of a sync.
    query "sync-dry-run";
    pub async fn load_dry_run(slug: String, sync: SyncId) -> Result<DryRun, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let engine = request::engine()?;
        let newest = engine::syncs::dry_run(&engine, &member, sync).await?;
        let (at, rows) = newest.map_or((None, Vec::new()), |(at, rows)| (Some(at), rows));
        let sync = engine::syncs::get(&engine, &member, sync).await?.sync;
        Ok(DryRun { sync, at, rows })
    }
}
