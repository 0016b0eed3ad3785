//! One stream: first what is there, page by page, then what comes.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::uuid_floor;
use domain::{ActivityId, TenantId};
use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use super::{Channel, Message, Shared};
use crate::error::Result;
use crate::store::events::{self, PAGE};

/// How far before the asked time a stream begins: ids commit out of order, and clocks differ.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// The oldest events that are repeated, and the most of them; beyond, reading the screen again is cheaper.
const OLDEST: TimeDelta = TimeDelta::minutes(10);
const MOST: i64 = 2_000;

/// An open stream. Its buffers are bounded: one page of what is there, and the tenant's shared ring.
pub struct Subscription {
    shared: Arc<Shared>,
    channel: Arc<Channel>,
    /// Taken when the stream ends, so that the reader sees one listener less.
    live: Option<broadcast::Receiver<Message>>,
    tenant: TenantId,
    waiting: VecDeque<Message>,
    /// The last id that was repeated; `None` when the live ones have begun.
    repeated: Option<Uuid>,
}

impl Subscription {
    pub(super) async fn begin(
        shared: Arc<Shared>,
        channel: Arc<Channel>,
        live: broadcast::Receiver<Message>,
        tenant: TenantId,
        since: DateTime<Utc>,
    ) -> Result<Self> {
        let mut stream = Self { shared, channel, live: Some(live), tenant, waiting: VecDeque::new(), repeated: None };
        let oldest = (stream.shared.clock)() - OLDEST;
        if since < oldest {
            stream.waiting.push_back(Message::Reset);
            return Ok(stream);
        }
        let from = uuid_floor((since - OVERLAP).max(oldest));
        let mut tx = stream.shared.engine.db.begin(tenant).await?;
        let there = events::count_from(&mut tx, from, MOST + 1).await?;
        match there > MOST {
            true => stream.waiting.push_back(Message::Reset),
            false => stream.repeated = Some(from),
        }
        Ok(stream)
    }

    /// The next message; `None` when the hub is gone.
    ///
    /// # Errors
    /// When what is there cannot be read: end the stream, the browser resumes it.
    pub async fn next(&mut self) -> Result<Option<Message>> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Ok(Some(message));
            }
            let Some(after) = self.repeated else { return Ok(self.next_live().await) };
            self.repeat(after).await?;
        }
    }

    async fn repeat(&mut self, after: Uuid) -> Result<()> {
        let mut tx = self.shared.engine.db.begin(self.tenant).await?;
        let rows = events::page_after(&mut tx, after).await?;
        self.repeated = if rows.len() == PAGE { rows.last().map(|row| row.id) } else { None };
        for row in rows {
            self.waiting.push_back(Message::Event { id: ActivityId(row.id), json: row.json()? });
        }
        Ok(())
    }

    async fn next_live(&mut self) -> Option<Message> {
        match self.live.as_mut()?.recv().await {
            Ok(message) => Some(message),
            Err(RecvError::Lagged(_)) => Some(Message::Reset),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.live = None;
        self.channel.wake.notify_one();
    }
}
