//! What a dry run found. (It is started like any other phase, by [`crate::runs::start`].)

use domain::RunId;
use domain::run::DryRunRow;

use crate::{Engine, Member, Result, store};

/// The rows of a dry run's report; `None` while it is under way.
///
/// # Errors
/// Of the database.
pub async fn rows(engine: &Engine, member: &Member, run: RunId) -> Result<Option<Vec<DryRunRow>>> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let report = store::reports::of_run(&mut tx, run).await?;
    tx.commit().await?;
    Ok(report.map(serde_json::from_value).transpose()?)
}
