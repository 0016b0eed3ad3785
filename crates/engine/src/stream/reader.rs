//! One tenant's reader: reads what is new after each notice and hands it to the tenant's streams.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::uuid_floor;
use domain::{ActivityId, TenantId};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{Channel, LATE, Message, Shared};
use crate::error::Result;
use crate::store::events::{self, PAGE};

/// Notices within this time are answered by one read.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// Reads without a notice: for one that was lost with its connection.
const POLL: Duration = Duration::from_secs(5);

/// Reads until nobody listens.
pub(super) async fn run(shared: Arc<Shared>, tenant: TenantId, channel: Arc<Channel>) {
    let mut reader = Reader { tenant, read_at: (shared.clock)(), known: HashSet::new() };
    loop {
        let woken = timeout(POLL, channel.wake.notified()).await.is_ok();
        if shared.leave(tenant, &channel) {
            return;
        }
        if woken {
            sleep(DEBOUNCE).await;
        }
        if let Err(error) = reader.read(&shared, &channel).await {
            tracing::warn!(tenant.id = %tenant, %error, "live events: could not be read; tried again");
            sleep(Duration::from_secs(1)).await;
            channel.wake.notify_one();
        }
    }
}

struct Reader {
    tenant: TenantId,
    /// When the last read that succeeded began.
    read_at: DateTime<Utc>,
    /// What was handed out and is not older than a late commit may be.
    known: HashSet<Uuid>,
}

impl Reader {
    async fn read(&mut self, shared: &Shared, channel: &Channel) -> Result<()> {
        let began = (shared.clock)();
        let from = uuid_floor(self.read_at.min(began) - LATE);
        self.known.retain(|id| *id >= from);
        loop {
            let mut tx = shared.engine.db.begin(self.tenant).await?;
            let known: Vec<Uuid> = self.known.iter().copied().collect();
            let rows = events::unknown(&mut tx, from, &known).await?;
            drop(tx);
            let full = rows.len() == PAGE;
            for row in rows {
                self.known.insert(row.id);
                let event = Message::Event { id: ActivityId(row.id), json: row.json()? };
                // Nobody listens any more: the next round notices.
                channel.events.send(event).ok();
            }
            if !full {
                break;
            }
        }
        self.read_at = began;
        Ok(())
    }
}
