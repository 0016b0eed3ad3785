//! The keeper: sessions that nobody uses are logged out, counters are folded.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::uuid_at;
use secrecy::SecretString;
use uuid::Uuid;

use crate::keys;
use crate::store::ended_sessions::Ended;
use crate::store::leases::IdleSession;
use crate::{Engine, Result, store};

/// A session that no slice has used for so long is logged out.
const IDLE: TimeDelta = TimeDelta::seconds(30);
/// Less than the 60 s for which the keeper's marker keeps others away from a slot.
const LOG_OUT_WITHIN: std::time::Duration = std::time::Duration::from_secs(20);
/// Rows that one statement folds.
const CHUNK: i64 = 5_000;

/// Every few seconds: folds counters and logs idle sessions out.
pub async fn tick(engine: &Engine, now: DateTime<Utc>) -> Result<()> {
    let mut tx = engine.db.begin_across_tenants().await?;
    store::counts::fold_across_tenants(&mut tx, CHUNK).await?;
    tx.commit().await?;
    let marker = uuid_at(now);
    let mut tx = engine.db.begin_across_tenants().await?;
    let idle = store::leases::take_idle_across_tenants(&mut tx, marker, now - IDLE, now).await?;
    tx.commit().await?;
    // All at once and within the marker's time, so that a vendor that does not answer holds up nobody else's.
    let log_out = |session: IdleSession| async move {
        match tokio::time::timeout(LOG_OUT_WITHIN, log_out(engine, &session, marker)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(connection.id = %session.connection, %error, "could not log an idle session out");
            }
            Err(_) => {
                tracing::warn!(connection.id = %session.connection, "an idle session's vendor did not answer in time")
            }
        }
    };
    futures::future::join_all(idle.into_iter().map(log_out)).await;
    let mut tx = engine.db.begin_across_tenants().await?;
    let ended = store::ended_sessions::take_due_across_tenants(&mut tx, now).await?;
    tx.commit().await?;
    let log_out = |ended: Ended| async move {
        match tokio::time::timeout(LOG_OUT_WITHIN, log_out_ended(engine, &ended)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(connection.id = %ended.connection, %error, "could not log a session out"),
            Err(_) => tracing::warn!(connection.id = %ended.connection, "a session's vendor did not answer in time"),
        }
    };
    futures::future::join_all(ended.into_iter().map(log_out)).await;
    Ok(())
}

/// A session that cannot be logged out keeps its slot until the marker's deadline; then it is tried again.
async fn log_out(engine: &Engine, idle: &IdleSession, marker: Uuid) -> Result<()> {
    let mut tx = engine.db.begin(idle.tenant).await?;
    let key = store::tenants::data_key(&mut tx, &engine.keys).await?;
    let connection = store::connections::sealed(&mut tx, &[idle.connection.0]).await?.pop();
    tx.commit().await?;
    if let Some(connection) = connection {
        let plain = keys::open_bytes(&key, idle.tenant, idle.connection.0, "session", &idle.session_sealed)?;
        let session = std::str::from_utf8(&plain).ok().map(SecretString::from);
        let none = BTreeMap::new();
        let connector =
            connectors::connect(connection.vendor, engine.client.clone(), &connection.settings, &none, session)?;
        connector.close().await?;
    }
    let mut tx = engine.db.begin(idle.tenant).await?;
    store::leases::forget_session(&mut tx, idle.connection, idle.slot, marker).await?;
    tx.commit().await
}

/// Logs a session out whose connection was edited or deleted; one that cannot be stays for the next try.
async fn log_out_ended(engine: &Engine, ended: &Ended) -> Result<()> {
    let mut tx = engine.db.begin(ended.tenant).await?;
    let key = store::tenants::data_key(&mut tx, &engine.keys).await?;
    tx.commit().await?;
    let plain = keys::open_bytes(&key, ended.tenant, ended.connection.0, "session", &ended.session_sealed)?;
    let session = std::str::from_utf8(&plain).ok().map(SecretString::from);
    let none = BTreeMap::new();
    connectors::connect(ended.vendor, engine.client.clone(), &ended.settings, &none, session)?.close().await?;
    let mut tx = engine.db.begin(ended.tenant).await?;
    store::ended_sessions::forget(&mut tx, ended).await?;
    tx.commit().await
}
