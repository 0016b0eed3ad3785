//! What a failure of a connection, rather than of a record, means for the run and for everybody who uses the connection.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::Error as Vendor;
use domain::activity::Tone;
use domain::connection::{Breaker, ConnectionState};
use domain::run::RunState;
use domain::{ConnectionId, backoff};

use super::Next;
use super::context::{Context, locked};
use crate::db::TenantTx;
use crate::{Result, store};

/// How long a connection waits whose vendor did not say.
const DEFAULT_WAIT: TimeDelta = TimeDelta::seconds(30);
/// The longest wait that a vendor may ask for.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// A run that waits for a breaker looks again so long after the next probe.
const AFTER_PROBE: TimeDelta = TimeDelta::seconds(15);
/// The longest pause between two tries of a run.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// After so many setbacks in a row the run fails; what it did not do stays due for the next one.
const MAX_SETBACKS: i32 = 12;

/// A failure that is no record's fault.
#[derive(Debug, Clone)]
pub struct Obstacle {
    pub connection: ConnectionId,
    pub name: String,
    pub error: Vendor,
}

/// Decides how the run goes on, and writes down what everybody else has to know, of the slice's other connections too.
pub async fn react(context: &Context, obstacle: Obstacle) -> Result<Next> {
    let now = context.now();
    let Obstacle { connection, name, error } = &obstacle;
    let beside: Vec<Obstacle> =
        locked(&context.halted).values().filter(|other| other.connection != *connection).cloned().collect();
    for failed in beside.iter().chain([&obstacle]).filter(|failed| is_down(&failed.error)) {
        locked(&context.health).note_failed_try(failed.connection, &context.run);
    }
    let mut tx = context.begin().await?;
    // All of them, in one order, before any is written: below it is this obstacle's that comes last.
    store::connections::lock(&mut tx, &context.connection_ids()).await?;
    context.keep_health(&mut tx, &error.to_string()).await?;
    for other in &beside {
        let (_, wait_until) = plan(&other.name, &other.error, context.run.setbacks, now);
        note(&mut tx, other, wait_until, now).await?;
    }
    let breaker = store::breakers::get(&mut tx, *connection).await?;
    let (next, wait_until) = match breaker {
        // No setback is counted: it is not this run that has to be tried again, but the system.
        Some(breaker) if is_down(error) => {
            let until = after_probe(breaker, now);
            (Next::Wait { until, message: waits_for_breaker(name), setbacks: context.run.setbacks }, None)
        }
        _ => plan(name, error, context.run.setbacks, now),
    };
    note(&mut tx, &obstacle, wait_until, now).await?;
    tx.commit().await?;
    locked(&context.health).clear();
    locked(&context.halted).clear();
    Ok(next)
}

const fn is_down(error: &Vendor) -> bool {
    matches!(error, Vendor::Unavailable { .. })
}

/// Writes down how a connection failed, and pauses one that refused its credentials.
pub async fn note(
    tx: &mut TenantTx,
    obstacle: &Obstacle,
    wait_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let Obstacle { connection, name, error } = obstacle;
    store::connections::note_failure(tx, *connection, &error.to_string(), wait_until, now).await?;
    if matches!(error, Vendor::Unauthorised { .. })
        && store::connections::set_state(tx, *connection, ConnectionState::Unauthorised, now).await?
    {
        let text = format!("“{name}” refused its credentials and is paused. Edit the connection and test it.");
        store::activity::say(tx, Tone::Failure, text, None, Some(format!("connections/{connection}")), now).await?;
    }
    Ok(())
}

/// When a run looks again that waits for a breaker: by then the probe has had its time. A probe that succeeds wakes the
/// run sooner.
pub fn after_probe(breaker: Breaker, now: DateTime<Utc>) -> DateTime<Utc> {
    breaker.probe_at.max(now) + AFTER_PROBE
}

pub fn waits_for_breaker(name: &str) -> String {
    format!("“{name}” does not answer. It is asked now and then whether it is back; this goes on by itself.")
}

pub fn waits_for_lost_session(name: &str, until: DateTime<Utc>) -> String {
    format!(
        "“{name}” still counts a session that could not be ended (a worker stopped, or a sign-in got no answer), until {} \
        UTC at the latest. This goes on by itself.",
        until.format("%H:%M")
    )
}

/// How long a connection waits that asked to slow down.
pub fn asked_wait(retry_after: Option<std::time::Duration>) -> TimeDelta {
    let asked = retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
    asked.unwrap_or(DEFAULT_WAIT).clamp(TimeDelta::seconds(1), LONGEST_WAIT)
}

fn plan(name: &str, error: &Vendor, setbacks: i32, now: DateTime<Utc>) -> (Next, Option<DateTime<Utc>>) {
    let failed = |message: String| Next::Done { state: RunState::Failed, message: Some(message), outcome: None };
    match error {
        Vendor::RateLimited { retry_after } => {
            let until = now + asked_wait(*retry_after);
            let message = format!("“{name}” asked to slow down; goes on by itself.");
            (Next::Wait { until, message, setbacks }, Some(until))
        }
        Vendor::Unavailable { .. } | Vendor::Malformed { .. } if setbacks < MAX_SETBACKS => {
            let pause = backoff::pause(setbacks + 1, 1.0).min(LONGEST_PAUSE);
            let message = format!("“{name}” did not answer as it should: {error}. Tries again by itself.");
            (Next::Wait { until: now + pause, message, setbacks: setbacks + 1 }, None)
        }
        Vendor::Unauthorised { .. } => {
            (failed(format!("“{name}” refused its credentials. Edit the connection and test it.")), None)
        }
        other => (failed(format!("“{name}”: {other}. What was not done stays due for the next run.")), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_cannot_make_a_connection_wait_longer_than_an_hour() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let error = Vendor::RateLimited { retry_after: Some(std::time::Duration::from_secs(1_000_000)) };
        let (_, wait) = plan("ERP", &error, 0, now);
        assert_eq!(wait, Some(now + LONGEST_WAIT));
    }

    #[test]
    fn a_run_gives_up_in_the_end_and_says_why() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let error = Vendor::Malformed { message: "no JSON".into() };
        assert!(matches!(plan("ERP", &error, 0, now).0, Next::Wait { setbacks: 1, .. }));
        assert!(matches!(plan("ERP", &error, MAX_SETBACKS, now).0, Next::Done { state: RunState::Failed, .. }));
    }
}
