//! The loops: they read the clock and call the engine's steps, which any number of processes may do at the same time.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::{Clock, Engine, breaker, dispatcher, keeper, retention, sessions, sweeper};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const DISPATCH: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(5);
const PROBE: Duration = Duration::from_secs(2);
const KEEP: Duration = Duration::from_secs(5);
const HOURLY: Duration = Duration::from_secs(3600);

/// Starts every loop; each ends with `stop`.
pub(crate) fn start(tasks: &mut JoinSet<()>, engine: &Engine, clock: &Clock, stop: &CancellationToken) {
    let mut spawn = |name, every, step: Step| {
        tasks.spawn(repeat(name, every, step, engine.clone(), clock.clone(), stop.clone()));
    };
    spawn("dispatcher", DISPATCH, Step::Dispatch);
    spawn("sweeper", SWEEP, Step::Sweep);
    spawn("probes", PROBE, Step::Probe);
    spawn("keeper", KEEP, Step::Keep);
    spawn("hourly", HOURLY, Step::Hourly);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Dispatch,
    Sweep,
    Probe,
    Keep,
    Hourly,
}

impl Step {
    async fn run(self, engine: Engine, now: DateTime<Utc>) -> engine::Result<()> {
        match self {
            Self::Dispatch => dispatcher::tick(&engine, now).await.map(|done| note("runs were started", done)),
            Self::Sweep => sweeper::tick(&engine, now).await.map(|done| note("runs were taken over", done)),
            Self::Probe => breaker::tick(&engine, now).await.map(|done| note("connections are probed", done)),
            Self::Keep => keeper::tick(&engine, now).await,
            Self::Hourly => {
                retention::hourly(&engine, now).await?;
                sessions::sweep(&engine, now).await.map(|_| ())
            }
        }
    }
}

fn note(what: &'static str, count: usize) {
    if count > 0 {
        tracing::debug!(count, "{what}");
    }
}

/// Calls the step now and then; one that fails or panics is logged and called again at its next time.
async fn repeat(
    name: &'static str,
    every: Duration,
    step: Step,
    engine: Engine,
    clock: Clock,
    stop: CancellationToken,
) {
    loop {
        let called = tokio::spawn(step.run(engine.clone(), clock()));
        log(name, called).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(jittered(every)) => {}
        }
    }
}

async fn log(name: &'static str, called: impl Future<Output = Result<engine::Result<()>, tokio::task::JoinError>>) {
    match called.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(step.name = name, %error, "a step failed; it is tried again"),
        Err(error) => tracing::error!(step.name = name, %error, "a step panicked; it is tried again"),
    }
}

/// Up to a tenth sooner or later, so that many processes do not step at the same instant.
fn jittered(every: Duration) -> Duration {
    let mut byte = [0_u8; 1];
    // Without random numbers the step comes at its plain time.
    getrandom::fill(&mut byte).ok();
    every.mul_f64(0.9 + f64::from(byte[0]) / 255.0 * 0.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_a_tenth_at_most() {
        for _ in 0..1000 {
            let wait = jittered(Duration::from_secs(10));
            assert!((Duration::from_millis(8_999)..Duration::from_millis(11_001)).contains(&wait));
        }
    }
}
