//! What a person says about a sync that waits because many records are gone at once.

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::activity::Tone;
use domain::run::{Phase, Trigger};
use domain::sync::Hold;
use domain::{RunId, SyncId};

use crate::{Engine, Error, Member, Result, runs, store};

/// Lets the deletions be carried out, up to `count` of them: the sync goes on with a full prepare, which finds them again.
/// If by then there are more, it asks again.
///
/// # Errors
/// [`Error::Conflict`] when the sync does not wait for this any more.
pub async fn allow_deletions(
    engine: &Engine,
    member: &Member,
    sync: SyncId,
    count: i64,
    now: DateTime<Utc>,
) -> Result<RunId> {
    member.require(Permission::Configure)?;
    if count < 1 {
        return Err(Error::invalid("count", "Say how many deletions are right."));
    }
    let mut tx = engine.db.begin(member.tenant).await?;
    let entity = store::syncs::get(&mut tx, sync).await?.entity.label().to_lowercase();
    if !store::holds::lift(&mut tx, sync, Hold::Deletions, now).await? {
        return Err(not_held());
    }
    store::holds::allow(&mut tx, sync, count).await?;
    let text = format!("Allowed up to {count} deletions of {entity}; they are looked for again first.");
    store::activity::say(&mut tx, Tone::Warning, text, Some(&member.email), Some(format!("syncs/{sync}")), now).await?;
    let (run, _) =
        runs::begin(&mut tx, sync, Phase::FullPrepare, Trigger::Manual, Some(&member.email), true, now).await?;
    tx.commit().await?;
    Ok(run)
}

/// The records are there, the connection only cannot see them: the sync goes on, nothing is deleted, and so many missing
/// records are not asked about again.
///
/// # Errors
/// [`Error::Conflict`] when the sync does not wait for this any more.
pub async fn dismiss_hold(engine: &Engine, member: &Member, sync: SyncId, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let entity = store::syncs::get(&mut tx, sync).await?.entity.label().to_lowercase();
    if !store::holds::lift(&mut tx, sync, Hold::Deletions, now).await? {
        return Err(not_held());
    }
    store::holds::dismiss(&mut tx, sync).await?;
    let text = format!("Kept the missing {entity}: they are there, and nothing is deleted.");
    store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), Some(format!("syncs/{sync}")), now).await?;
    tx.commit().await
}

fn not_held() -> Error {
    Error::Conflict("This sync does not wait for a decision about deletions any more. Reload the page.".into())
}
