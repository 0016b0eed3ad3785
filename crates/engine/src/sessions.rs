//! Sessions of people: tower-sessions' store over Postgres.
//!
//! What stands in the cookie is stored as a hash; the record holds ids only. A session ends 14 days after it was last
//! used and 30 days after it began, whatever the cookie says.

use std::collections::HashMap;
use std::future::Future;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::UserId;
use domain::account::SessionView;
use sha2::{Digest, Sha256};
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error as StoreError, Result as StoreResult};

use crate::Clock;
use crate::accounts::Client;
use crate::db::Engine;
use crate::error::{Error, Result};
use crate::store::sessions::{self, Row};
use crate::store::signin_limits;

/// The longest time without a request.
pub const IDLE: TimeDelta = TimeDelta::days(14);
/// The longest time in all; the cookie's age too.
pub const LONGEST: TimeDelta = TimeDelta::days(30);
/// The longest time of a session in which nobody is signed in.
const NOBODY: TimeDelta = TimeDelta::days(1);
/// "Last seen" is written no more often than this.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(5);
/// The record's key for the signed-in person's id.
const USER: &str = "user";

tokio::task_local! {
    static CLIENT: Client;
}

/// Runs a request with its browser known, so that a session that begins in it says where it began.
pub async fn with_client<T>(client: Client, request: impl Future<Output = T>) -> T {
    CLIENT.scope(client, request).await
}

/// The store that the server hands to tower-sessions.
#[derive(Clone)]
pub struct PostgresSessions {
    engine: Engine,
    clock: Clock,
}

impl PostgresSessions {
    #[must_use]
    pub const fn new(engine: Engine, clock: Clock) -> Self {
        Self { engine, clock }
    }
}

/// A person's sessions, the one used last first; `current` is the one that asks.
pub async fn list(engine: &Engine, user: UserId, current: Option<Id>, now: DateTime<Utc>) -> Result<Vec<SessionView>> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let rows = sessions::of_user_across_tenants(&mut tx, user, now).await?;
    let current = current.map(hashed);
    let view = |row: Row| SessionView {
        this_one: Some(&row.id_hash) == current.as_ref(),
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        user_agent: row.user_agent,
        address: row.address,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Signs a person out everywhere; says how many sessions ended.
pub async fn revoke_all(engine: &Engine, user: UserId) -> Result<u64> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let ended = sessions::delete_of_user_across_tenants(&mut tx, user).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Deletes what has expired: sessions, and the windows of the sign-in limits. Says how many rows went.
pub async fn sweep(engine: &Engine, now: DateTime<Utc>) -> Result<u64> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let sessions = sessions::sweep_across_tenants(&mut tx, now).await?;
    let limits = signin_limits::sweep_across_tenants(&mut tx, now).await?;
    tx.commit().await?;
    Ok(sessions + limits)
}

#[async_trait]
impl tower_sessions::SessionStore for PostgresSessions {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        // 128 random bits: an id that is there already is not tried again, because it does not happen.
        self.put(record).await.map_err(backend)
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        self.put(record).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let row = self.seen(*id).await.map_err(backend)?;
        row.map(|row| record_of(*id, row)).transpose()
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        self.remove(*id).await.map_err(backend)
    }
}

impl PostgresSessions {
    async fn put(&self, record: &Record) -> Result<()> {
        let now = (self.clock)();
        let user = user_of(&record.data);
        let client = CLIENT.try_with(Clone::clone).unwrap_or_default();
        let row = Row {
            id_hash: hashed(record.id),
            user_id: user.map(|user| user.0),
            data: serde_json::to_value(&record.data)?,
            address: client.address.map(|address| address.to_string()),
            user_agent: client.user_agent,
            created_at: now,
            last_seen_at: now,
            expires_at: now + if user.is_some() { IDLE } else { NOBODY },
        };
        let mut tx = self.engine.db.begin_across_tenants().await?;
        sessions::save_across_tenants(&mut tx, &row, LONGEST).await?;
        tx.commit().await
    }

    /// The session, unless it has expired; puts its end off, never beyond [`LONGEST`].
    async fn seen(&self, id: Id) -> Result<Option<Row>> {
        let now = (self.clock)();
        let mut tx = self.engine.db.begin_across_tenants().await?;
        let found = sessions::find_across_tenants(&mut tx, &hashed(id), now).await?;
        let stale = |row: &&Row| row.user_id.is_some() && now - row.last_seen_at >= SEEN_EVERY;
        if let Some(row) = found.as_ref().filter(stale) {
            let expires_at = (now + IDLE).min(row.created_at + LONGEST);
            sessions::touch_across_tenants(&mut tx, &row.id_hash, now, expires_at).await?;
            tx.commit().await?;
        }
        Ok(found)
    }

    async fn remove(&self, id: Id) -> Result<()> {
        let mut tx = self.engine.db.begin_across_tenants().await?;
        sessions::delete_across_tenants(&mut tx, &hashed(id)).await?;
        tx.commit().await
    }
}

impl std::fmt::Debug for PostgresSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresSessions")
    }
}

fn record_of(id: Id, row: Row) -> StoreResult<Record> {
    let data = serde_json::from_value(row.data).map_err(|error| StoreError::Decode(error.to_string()))?;
    let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires_at.timestamp())
        .map_err(|error| StoreError::Decode(error.to_string()))?;
    Ok(Record { id, data, expiry_date })
}

fn user_of(data: &HashMap<String, serde_json::Value>) -> Option<UserId> {
    data.get(USER)?.as_str()?.parse().ok()
}

fn hashed(id: Id) -> Vec<u8> {
    Sha256::digest(id.to_string().as_bytes()).to_vec()
}

fn backend(error: Error) -> StoreError {
    StoreError::Backend(error.to_string())
}
