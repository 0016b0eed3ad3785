//! What a slice works with: its run, its sync, the connectors of both ends, and the clock.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use connectors::{Connector, Error as Vendor};
use domain::{ConnectionId, Side};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::BUDGET;
use super::health::Health;
use super::heartbeat::Pulse;
use super::obstacle::Obstacle;
use super::sign_ins::InSlot;
use crate::db::TenantTx;
use crate::keys::{self, DataKey};
use crate::places::Place;
use crate::store::leases::Slot;
use crate::store::records_due::{Claim, Claimed};
use crate::store::runs::Taken;
use crate::store::syncs::SyncRow;
use crate::{Clock, Engine, Error, Result, breaker, store};

/// One end of the slice's sync, ready to be called.
pub struct End {
    pub connection: ConnectionId,
    pub name: String,
    pub connector: Box<dyn Connector>,
    pub slot: Slot,
    /// The session that is stored with the slot, so that it is written only when it changes.
    pub stored_session: Mutex<Option<String>>,
}

/// A slice at work.
pub struct Context {
    pub engine: Engine,
    pub clock: Clock,
    pub run: Taken,
    pub began: DateTime<Utc>,
    pub key: DataKey,
    pub sync: Option<SyncRow>,
    /// The source, then the destination, as far as the phase needs them.
    pub ends: Vec<End>,
    pub shown_at: Mutex<DateTime<Utc>>,
    /// What is known of the connections' health and not written down yet.
    pub health: Mutex<Health>,
    /// Records whose writes are about to be sent, or are not settled yet.
    pub under_way: Mutex<HashSet<Uuid>>,
    /// What connections have said that want to be left alone, or that failed: nothing more is written to them.
    pub halted: Mutex<BTreeMap<ConnectionId, Obstacle>>,
    /// Whether one record is in work, and nothing but it.
    pub is_alone: AtomicBool,
    /// A slice does several things at once, but one transaction at a time, so that what it commits has one order. (Its
    /// heartbeat and the notes of its sign-ins are beside it.)
    pub turn: Arc<tokio::sync::Mutex<()>>,
    /// The records that it has claimed, those included that are settled by now.
    pub claimed: Mutex<Vec<Uuid>>,
    /// Its place in this process, for as long as it lives.
    pub _place: Place,
}

/// What is behind a lock of a slice's own, which nobody holds across an await.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Context {
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Whether the slice has had its time: it takes nothing new any more.
    pub fn is_spent(&self) -> bool {
        self.now() - self.began >= BUDGET
    }

    /// Remembers what was claimed.
    pub fn note_claims(&self, claimed: &[Claimed]) {
        locked(&self.claimed).extend(claimed.iter().map(|record| record.id));
    }

    pub fn claimed(&self) -> Vec<Uuid> {
        locked(&self.claimed).clone()
    }

    pub fn pulse(&self) -> Pulse {
        Pulse { engine: self.engine.clone(), clock: self.clock.clone(), run: self.run.clone() }
    }

    /// Where a connector that works in one of the slice's slots notes its sign-ins.
    pub fn place(&self, slot: Slot) -> InSlot {
        InSlot { engine: self.engine.clone(), clock: self.clock.clone(), run: self.run.clone(), slot }
    }

    pub fn connection_ids(&self) -> Vec<Uuid> {
        self.ends.iter().map(|end| end.connection.0).collect()
    }

    pub fn sync(&self) -> Result<SyncRow> {
        self.sync.clone().ok_or_else(|| Error::Internal("a run of a sync without its sync".into()))
    }

    pub fn source(&self) -> Result<&End> {
        self.ends.first().ok_or_else(|| Error::Internal("a slice without its source".into()))
    }

    pub fn destination(&self) -> Result<&End> {
        self.ends.get(1).ok_or_else(|| Error::Internal("a slice without its destination".into()))
    }

    /// The end of a connection. A sync's prerequisite may run the other way between the same two, so ends are found by
    /// their connections and not by their places.
    pub fn end(&self, connection: ConnectionId) -> Result<&End> {
        let end = self.ends.iter().find(|end| end.connection == connection);
        end.ok_or_else(|| Error::Internal("a slice without one of its connections".into()))
    }

    /// The end at a side of a sync.
    pub fn end_at(&self, sync: &SyncRow, side: Side) -> Result<&End> {
        self.end(sync.connection(side))
    }

    /// After a transaction that was rolled back: what it stored has to be stored again.
    pub fn forget_stored_sessions(&self) {
        self.ends.iter().for_each(|end| *locked(&end.stored_session) = None);
    }

    /// Stores sessions that are new since the last time, so that a successor can resume them or log them out.
    pub async fn keep_sessions(&self, tx: &mut TenantTx) -> Result<()> {
        let now = self.now();
        for end in &self.ends {
            let session = end.connector.session().map(|session| session.expose_secret().to_owned());
            if session == *locked(&end.stored_session) {
                continue;
            }
            let sealed = session
                .as_ref()
                .map(|text| keys::seal_bytes(&self.key, self.run.tenant, end.connection.0, "session", text.as_bytes()))
                .transpose()?;
            store::leases::keep_session(tx, &self.run, &end.slot, sealed.as_deref(), now).await?;
            *locked(&end.stored_session) = session;
        }
        Ok(())
    }

    /// Logs out at the vendors. A session that cannot be logged out stays with its slot: the keeper tries again.
    pub async fn log_out(&self) {
        for end in &self.ends {
            if let Err(error) = end.connector.close().await {
                tracing::warn!(connection.id = %end.connection, %error, "could not log out");
            }
        }
    }

    /// Logs out of sessions that nobody else can know of. Those that are stored with their slots are the successor's.
    pub async fn log_out_unknown(&self) {
        for end in &self.ends {
            let session = end.connector.session().map(|session| session.expose_secret().to_owned());
            if session.is_some() && session != *locked(&end.stored_session) {
                let _ = end.connector.close().await;
            }
        }
    }

    /// Writes down what the slice has learnt of its connections, and opens the breaker of one that fails too often.
    /// The connections' rows are locked first of all. Who commits it clears the health.
    pub async fn keep_health(&self, tx: &mut TenantTx, why: &str) -> Result<()> {
        let now = self.now();
        let learnt = locked(&self.health).learnt();
        for (id, streak) in learnt {
            if streak.answered {
                store::connections::note_success(tx, &[id.0], now).await?;
            }
            if !streak.answered && streak.failing.is_empty() {
                continue;
            }
            if store::breakers::note(tx, id, streak.answered, &streak.failing, now).await? {
                let name = self.ends.iter().find(|end| end.connection == id).map_or("", |end| &end.name);
                breaker::announce_open(tx, id, name, why, now).await?;
            }
        }
        Ok(())
    }

    /// From here until they are settled nobody may take these for records at which nobody works.
    pub fn note_under_way(&self, ids: &[Uuid]) {
        locked(&self.under_way).extend(ids.iter().copied());
    }

    pub fn is_under_way(&self, id: Uuid) -> bool {
        locked(&self.under_way).contains(&id)
    }

    pub fn forget_under_way(&self, ids: &[Uuid]) {
        locked(&self.under_way).retain(|id| !ids.contains(id));
    }

    /// A vendor that wants to be left alone is left alone by the writes that wait as well.
    pub fn heed(&self, obstacle: &Obstacle) {
        if matches!(obstacle.error, Vendor::RateLimited { .. } | Vendor::Unauthorised { .. }) {
            self.halt(obstacle.clone());
        }
    }

    /// Nothing more is written to a connection, and how it failed is written down at the slice's end, also when the slice
    /// ends because of another one.
    pub fn halt(&self, obstacle: Obstacle) {
        locked(&self.halted).entry(obstacle.connection).or_insert(obstacle);
    }

    /// Why nothing more is written to a connection.
    pub fn halted(&self, connection: ConnectionId) -> Option<Obstacle> {
        locked(&self.halted).get(&connection).cloned()
    }

    /// Does work for one record, or for one after the other, while nothing else is in work.
    pub async fn alone<T>(&self, work: impl Future<Output = T>) -> T {
        self.is_alone.store(true, Ordering::Relaxed);
        let done = work.await;
        self.is_alone.store(false, Ordering::Relaxed);
        done
    }

    /// How a record is claimed now.
    pub fn claim(&self) -> Claim {
        if self.is_alone.load(Ordering::Relaxed) { Claim::Alone } else { Claim::AmongOthers }
    }

    /// Begins a transaction for this run's tenant, when the slice's last one is over.
    pub async fn begin(&self) -> Result<TenantTx> {
        let turn = self.turn.clone().lock_owned().await;
        Ok(self.engine.db.begin(self.run.tenant).await?.in_turn(turn))
    }

    /// Shows the run on live screens, twice a second at most.
    pub async fn show_run(&self, tx: &mut TenantTx) -> Result<()> {
        let now = self.now();
        {
            let mut shown_at = locked(&self.shown_at);
            if (now - *shown_at).num_milliseconds() < 500 {
                return Ok(());
            }
            *shown_at = now;
        }
        store::activity::show_run(tx, self.run.id, now).await
    }
}
