//! The heartbeat that beats beside a slice's work and stops it when the run was taken over.

use std::future::Future;
use std::time::Duration;

use crate::store::runs::{Progress, Taken};
use crate::{Clock, Engine, Error, Result, store};

/// How often the heart beats.
const EVERY: Duration = Duration::from_secs(5);

/// What a heartbeat needs.
pub struct Pulse {
    pub engine: Engine,
    pub clock: Clock,
    pub run: Taken,
}

/// Does the work while the heart beats. When the run was taken over, or no heartbeat could be written before the leases'
/// deadline, the work is dropped where it stands: it must not send anything more.
pub async fn beside<T>(pulse: &Pulse, work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = std::pin::pin!(work);
    let mut last = (pulse.clock)();
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(EVERY) => {}
        }
        // The work goes on while the heartbeat is being written.
        let beat = beat(pulse);
        let mut beat = std::pin::pin!(beat);
        let written = tokio::select! {
            biased;
            done = &mut work => return done,
            written = tokio::time::timeout(EVERY, &mut beat) => written,
        };
        let now = (pulse.clock)();
        match written {
            Ok(Ok(())) => last = now,
            Ok(Err(Error::Superseded)) => return Err(Error::Superseded),
            Ok(Err(error)) => tracing::warn!(run.id = %pulse.run.id, %error, "a heartbeat could not be written"),
            Err(_) => tracing::warn!(run.id = %pulse.run.id, "a heartbeat took too long"),
        }
        if now - last + chrono::TimeDelta::seconds(6) > store::leases::LEASE {
            return Err(Error::Superseded);
        }
    }
}

async fn beat(pulse: &Pulse) -> Result<()> {
    let now = (pulse.clock)();
    let mut tx = pulse.engine.db.begin(pulse.run.tenant).await?;
    store::runs::advance(&mut tx, &pulse.run, Progress::default(), now).await?;
    store::leases::prolong(&mut tx, &pulse.run, now).await?;
    tx.commit().await
}
