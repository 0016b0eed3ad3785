//! Notes in the slot of a slice that a session is about to be opened, so that one whose worker dies, or whose answer is
//! lost, keeps its slot until the vendor has ended it.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use connectors::error::Unreachable;
use connectors::{Error as Vendor, SignIns};
use secrecy::{ExposeSecret, SecretString};

use crate::store::leases::Slot;
use crate::store::runs::Taken;
use crate::{Clock, Engine, Result, keys, store};

/// The sign-ins of a connector that works in a slot. The session is stored as soon as it is there.
#[derive(Clone)]
pub struct InSlot {
    pub engine: Engine,
    pub clock: Clock,
    pub run: Taken,
    pub slot: Slot,
}

/// The sign-ins of what stands in a connection's form. Its session belongs to other settings than the connection's, so
/// it is not stored with the slot but only counted there.
pub struct OfForm(pub InSlot);

#[async_trait]
impl SignIns for InSlot {
    async fn begins(&self, lives: Duration) -> connectors::Result<()> {
        match self.begin(lives).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(refused("the session of an earlier sign-in without an answer may still be open")),
            Err(error) => {
                tracing::warn!(connection.id = %self.slot.connection, %error, "a sign-in could not be noted");
                Err(refused("signing in could not be noted"))
            }
        }
    }

    async fn ended(&self, session: Option<&SecretString>) {
        let noted = match session {
            Some(session) => self.keep(session).await,
            None => self.forget().await,
        };
        if let Err(error) = noted {
            tracing::warn!(connection.id = %self.slot.connection, %error, "a session could not be stored");
        }
    }
}

#[async_trait]
impl SignIns for OfForm {
    async fn begins(&self, lives: Duration) -> connectors::Result<()> {
        self.0.begins(lives).await
    }

    async fn ended(&self, session: Option<&SecretString>) {
        if session.is_none() {
            self.0.ended(None).await;
        }
    }
}

impl InSlot {
    async fn begin(&self, lives: Duration) -> Result<bool> {
        let now = (self.clock)();
        let until = now + TimeDelta::from_std(lives).unwrap_or(TimeDelta::hours(1));
        let mut tx = self.engine.db.begin(self.run.tenant).await?;
        let begun = store::leases::begin_sign_in(&mut tx, &self.run, &self.slot, until, now).await?;
        tx.commit().await?;
        Ok(begun)
    }

    async fn keep(&self, session: &SecretString) -> Result<()> {
        let mut tx = self.engine.db.begin(self.run.tenant).await?;
        let key = store::tenants::data_key(&mut tx, &self.engine.keys).await?;
        let (tenant, connection) = (self.run.tenant, self.slot.connection.0);
        let sealed = keys::seal_bytes(&key, tenant, connection, "session", session.expose_secret().as_bytes())?;
        store::leases::keep_session(&mut tx, &self.run, &self.slot, Some(&sealed), (self.clock)()).await?;
        tx.commit().await
    }

    /// What was signed in is logged out again, or was never there.
    pub async fn forget(&self) -> Result<()> {
        let mut tx = self.engine.db.begin(self.run.tenant).await?;
        store::leases::forget_sign_in(&mut tx, &self.run, &self.slot).await?;
        tx.commit().await
    }
}

fn refused(message: &str) -> Vendor {
    Vendor::Unavailable { message: message.into(), reason: Unreachable::Broken }
}
