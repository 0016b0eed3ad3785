//! Live events: what the screens of a tenant see without asking again.
//!
//! Whoever writes activity notifies `syncline_activity` with the tenant's id. One [`Hub`] per process listens; for each
//! tenant with open streams one reader reads what is new and hands it to all of them. Ids commit out of order, so a
//! reader looks back ten seconds and skips what it has handed out, and a stream begins a minute before the time it is
//! given; the browser drops ids that it knows. What cannot be repeated within bounds is told as [`Message::Reset`].

mod listener;
mod reader;
mod subscription;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{ActivityId, TenantId};
use tokio::sync::{Notify, broadcast};
use tokio::task::AbortHandle;

pub use subscription::Subscription;

use crate::Clock;
use crate::db::Engine;
use crate::error::Result;

/// The longest time between an id's making and its commit that is still found.
const LATE: TimeDelta = TimeDelta::seconds(10);
/// Events that a slow stream may be behind before it reads what it missed. They are shared, not copied.
const BEHIND: usize = 256;

/// What a stream gets.
#[derive(Debug, Clone)]
pub enum Message {
    /// An event; `json` is a [`domain::activity::Event`].
    Event { id: ActivityId, json: Arc<str> },
    /// Something may have been missed: read the screen's data again. What follows is complete from here on.
    Reset,
}

/// The streams of one process. Clones share them; with the last one the listening ends.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
    _listener: Arc<Aborted>,
}

/// What the listener, the readers and the streams share.
struct Shared {
    engine: Engine,
    clock: Clock,
    channels: Mutex<HashMap<TenantId, Arc<Channel>>>,
}

/// One tenant's streams.
struct Channel {
    wake: Notify,
    events: broadcast::Sender<Message>,
}

impl Hub {
    /// Starts to listen, on the current runtime, over a connection of its own that it makes again when it is lost.
    #[must_use]
    pub fn start(engine: Engine, clock: Clock) -> Self {
        let shared = Arc::new(Shared { engine, clock, channels: Mutex::default() });
        let listening = tokio::spawn(listener::run(shared.clone()));
        Self { shared, _listener: Arc::new(Aborted(listening.abort_handle())) }
    }

    /// A tenant's events from a minute before `since`, first those that are there, then the live ones; nothing is missed
    /// between the two.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn subscribe(&self, tenant: TenantId, since: DateTime<Utc>) -> Result<Subscription> {
        // The receiver comes before the first read: what commits in between is in both, not in neither.
        let (channel, events) = self.shared.join(tenant);
        Subscription::begin(self.shared.clone(), channel, events, tenant, since).await
    }

    /// The tenants that have open streams, or had them a moment ago.
    #[must_use]
    pub fn tenants(&self) -> usize {
        self.shared.channels().len()
    }
}

impl Shared {
    fn channels(&self) -> MutexGuard<'_, HashMap<TenantId, Arc<Channel>>> {
        // The map is never left half-changed, so a panic elsewhere does not spoil it.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A receiver of the tenant's events; starts the tenant's reader when this is the first.
    fn join(self: &Arc<Self>, tenant: TenantId) -> (Arc<Channel>, broadcast::Receiver<Message>) {
        let mut channels = self.channels();
        let channel = channels.entry(tenant).or_insert_with(|| {
            let channel = Arc::new(Channel { wake: Notify::new(), events: broadcast::Sender::new(BEHIND) });
            tokio::spawn(reader::run(self.clone(), tenant, channel.clone()));
            channel
        });
        (channel.clone(), channel.events.subscribe())
    }

    /// Forgets the tenant when nobody listens any more; says whether it did.
    fn leave(&self, tenant: TenantId, channel: &Channel) -> bool {
        let mut channels = self.channels();
        let over = channel.events.receiver_count() == 0;
        if over {
            channels.remove(&tenant);
        }
        over
    }

    fn wake(&self, tenant: TenantId) {
        if let Some(channel) = self.channels().get(&tenant) {
            channel.wake.notify_one();
        }
    }

    fn wake_all(&self) {
        for channel in self.channels().values() {
            channel.wake.notify_one();
        }
    }
}

/// Ends a task when it is dropped.
struct Aborted(AbortHandle);

impl Drop for Aborted {
    fn drop(&mut self) {
        self.0.abort();
    }
}
