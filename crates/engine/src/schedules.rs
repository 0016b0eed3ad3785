//! Schedules: when a phase of a sync runs by itself.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ScheduleId;
use domain::account::Permission;
use domain::activity::Tone;
use domain::schedule::{MAX_SECONDS, MIN_SECONDS, ScheduleView, describe_interval};

use crate::db::TenantTx;
use crate::{Engine, Error, Member, Result, store};

pub async fn list(engine: &Engine, member: &Member) -> Result<Vec<ScheduleView>> {
    let mut tx = engine.db.begin(member.tenant).await?;
    store::schedules::views(&mut tx, None).await
}

/// Changes how often it runs; the next time counts from now.
pub async fn set_interval(
    engine: &Engine,
    member: &Member,
    id: ScheduleId,
    every_seconds: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    member.require(Permission::Configure)?;
    if !(MIN_SECONDS..=MAX_SECONDS).contains(&every_seconds) {
        return Err(Error::invalid("every", "Choose an interval from one minute to one week."));
    }
    let mut tx = engine.db.begin(member.tenant).await?;
    let next = now + TimeDelta::seconds(i64::from(every_seconds));
    store::schedules::set_interval(&mut tx, id, every_seconds, next).await?;
    say(&mut tx, member, id, &format!("runs {} now", describe_interval(every_seconds)), now).await?;
    tx.commit().await
}

pub async fn enable(engine: &Engine, member: &Member, id: ScheduleId, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    store::schedules::enable(&mut tx, id, now).await?;
    say(&mut tx, member, id, "was resumed", now).await?;
    tx.commit().await
}

pub async fn disable(engine: &Engine, member: &Member, id: ScheduleId, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    store::schedules::disable(&mut tx, id).await?;
    say(&mut tx, member, id, "was paused", now).await?;
    tx.commit().await
}

async fn say(tx: &mut TenantTx, member: &Member, id: ScheduleId, what: &str, now: DateTime<Utc>) -> Result<()> {
    let all = store::schedules::views(tx, None).await?;
    let Some(schedule) = all.iter().find(|schedule| schedule.id == id) else { return Err(Error::NotFound) };
    let text = format!("The schedule “{} of {}” {what}.", schedule.phase.label(), schedule.sync_name.to_lowercase());
    store::activity::say(tx, Tone::Info, text, Some(&member.email), Some("schedules".into()), now).await
}
