//! The one connection that listens, made again when it is lost.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::error::{Error, Result};
use crate::store::events;

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Listens for ever.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut wait = FIRST_WAIT;
    loop {
        let connected = std::time::Instant::now();
        let Err(error) = listen(&shared).await;
        tracing::warn!(%error, "live events: the listening connection was lost; the readers poll until it is back");
        wait = if connected.elapsed() > LONGEST_WAIT { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
        tokio::time::sleep(wait).await;
    }
}

async fn listen(shared: &Shared) -> Result<std::convert::Infallible> {
    let mut listener = events::listener(&shared.engine.db).await?;
    // Whatever was notified while nobody listened.
    shared.wake_all();
    loop {
        let Some(notice) = listener.try_recv().await? else {
            return Err(Error::Internal("the connection was closed".into()));
        };
        if let Ok(tenant) = notice.payload().parse() {
            shared.wake(tenant);
        }
    }
}
