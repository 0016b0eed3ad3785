//! The schedules' server functions: session, permission, engine, return.

use domain::ScheduleId;
use domain::schedule::ScheduleView;

use crate::rpc::rpc;
#[cfg(feature = "ssr")]
use crate::{pages::answer::answer, request};

rpc! {
    /// Every schedule of the organisation.
    query "schedules";
    pub async fn list_schedules(slug: String) -> Result<Vec<ScheduleView>, AppError> {
        let member = request::member(&slug).await?;
        Ok(engine::schedules::list(&request::engine()?, &member).await?)
    }
}

rpc! {
    /// Lets a schedule run every `every` units; a unit is so many seconds (60, 3 600 or 86 400).
    form SET_INTERVAL = "schedule-interval";
    pub async fn set_interval(slug: String, schedule: ScheduleId, every: i32, unit: i32) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        // What overflows is beyond the longest interval too, and the engine says so beside the field.
        let seconds = every.saturating_mul(unit);
        let result = engine::schedules::set_interval(&request::engine()?, &member, schedule, seconds, request::now()).await;
        answer(result, &slug, crate::pages::schedules::FORM, |()| {
            format!("Runs {} from now on.", domain::schedule::describe_interval(seconds))
        })
    }
}

rpc! {
    /// Stops a schedule.
    form DISABLE_SCHEDULE = "schedule-disable";
    pub async fn disable_schedule(slug: String, schedule: ScheduleId) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let result = engine::schedules::disable(&request::engine()?, &member, schedule, request::now()).await;
        answer(result, &slug, crate::pages::schedules::FORM, |()| "The schedule is paused.".into())
    }
}

rpc! {
    /// Lets a stopped schedule run again.
    form ENABLE_SCHEDULE = "schedule-enable";
    pub async fn enable_schedule(slug: String, schedule: ScheduleId) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let result = engine::schedules::enable(&request::engine()?, &member, schedule, request::now()).await;
        answer(result, &slug, crate::pages::schedules::FORM, |()| "The schedule goes on.".into())
    }
}
