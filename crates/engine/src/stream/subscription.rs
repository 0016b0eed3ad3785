//! One stream: first what is there, page by page, then what comes.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{time_of, uuid_floor};
use domain::{ActivityId, TenantId};
use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use super::{Channel, LATE, Message, Shared};
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
    /// The newest time up to which this stream has handed out events.
    seen: DateTime<Utc>,
    /// The ring has dropped something that this stream has not handed out.
    behind: bool,
}

impl Subscription {
    pub(super) async fn begin(
        shared: Arc<Shared>,
        channel: Arc<Channel>,
        live: broadcast::Receiver<Message>,
        tenant: TenantId,
        since: DateTime<Utc>,
    ) -> Result<Self> {
        let mut stream = Self {
            shared,
            channel,
            live: Some(live),
            tenant,
            waiting: VecDeque::new(),
            repeated: None,
            seen: since,
            behind: false,
        };
        let oldest = (stream.shared.clock)() - OLDEST;
        if since < oldest {
            stream.waiting.push_back(Message::Reset);
            return Ok(stream);
        }
        // A minute's events of a busy tenant may be too many; those that matter are the ones that the page may lack.
        if !stream.go_back_to((since - OVERLAP).max(oldest)).await? && !stream.go_back_to(since - LATE).await? {
            stream.waiting.push_back(Message::Reset);
        }
        Ok(stream)
    }

    /// Repeats what is there from this time on, unless that is too much; says whether it will.
    async fn go_back_to(&mut self, at: DateTime<Utc>) -> Result<bool> {
        let from = uuid_floor(at);
        let mut tx = self.shared.engine.db.begin(self.tenant).await?;
        let there = events::count_from(&mut tx, from, MOST + 1).await?;
        if there <= MOST {
            self.repeated = Some(from);
        }
        Ok(there <= MOST)
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
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            if let Some(after) = self.repeated {
                self.repeat(after).await?;
                continue;
            }
            let Some(live) = self.live.as_mut() else { return Ok(None) };
            match live.recv().await {
                Ok(message) => {
                    if let Message::Event { id, .. } = &message {
                        self.saw(id.0);
                    }
                    return Ok(Some(message));
                }
                Err(RecvError::Closed) => return Ok(None),
                Err(RecvError::Lagged(_)) => {
                    // The new receiver comes before the read, so that nothing falls between the two.
                    self.live = Some(live.resubscribe());
                    self.behind = true;
                }
            }
        }
    }

    /// What the ring dropped is still in the database; the browser drops what it knows.
    async fn catch_up(&mut self) -> Result<()> {
        if !self.go_back_to(self.seen - LATE).await? {
            self.waiting.push_back(Message::Reset);
        }
        self.behind = false;
        Ok(())
    }

    async fn repeat(&mut self, after: Uuid) -> Result<()> {
        let mut tx = self.shared.engine.db.begin(self.tenant).await?;
        let rows = events::page_after(&mut tx, after).await?;
        self.repeated = if rows.len() == PAGE { rows.last().map(|row| row.id) } else { None };
        for row in rows {
            self.saw(row.id);
            self.waiting.push_back(Message::Event { id: ActivityId(row.id), json: row.json()? });
        }
        Ok(())
    }

    fn saw(&mut self, id: Uuid) {
        self.seen = time_of(id).map_or(self.seen, |at| self.seen.max(at));
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.live = None;
        self.channel.wake.notify_one();
    }
}
