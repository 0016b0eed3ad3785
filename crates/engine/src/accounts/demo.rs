//! The demo organisation and its owner, for `syncline seed`.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::{found, normal, password};
use crate::db::Engine;
use crate::error::Result;
use crate::store::users;

/// What `syncline seed` found or made.
#[derive(Debug, PartialEq, Eq)]
pub enum Demo {
    Made,
    /// It was there; its password was set.
    PasswordSet,
    /// It was there, and nothing was changed.
    Kept,
}

/// Makes the organisation and its owner unless there is such a person. Somebody who is there gets `password` when one is
/// given; `fresh` is for somebody new when none is.
pub async fn ensure_demo(
    engine: &Engine,
    organisation: &str,
    email: &str,
    password: Option<&SecretString>,
    fresh: &SecretString,
    now: DateTime<Utc>,
) -> Result<Demo> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let known = users::credentials_across_tenants(&mut tx, &normal(email)).await?;
    let done = match (known, password) {
        (None, given) => {
            let hash = password::hash(given.unwrap_or(fresh).expose_secret()).await?;
            found(&mut tx, engine, organisation, email, &hash, now).await?;
            Demo::Made
        }
        (Some(user), Some(given)) => {
            let hash = password::hash(given.expose_secret()).await?;
            users::set_password_across_tenants(&mut tx, user.id, &hash).await?;
            Demo::PasswordSet
        }
        (Some(_), None) => Demo::Kept,
    };
    tx.commit().await?;
    Ok(done)
}
