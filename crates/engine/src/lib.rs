//! Use-cases, SQL and jobs: the only crate that knows Postgres and apalis.
//!
//! A use-case begins a transaction, stores, enqueues and commits; it never calls a vendor. What calls vendors is a
//! [`slice`]: a bounded piece of a run, done by a worker. Steps take the time as an argument; only the server's loops
//! read the clock.

pub mod accounts;
pub mod activity;
pub mod breaker;
pub mod config;
pub mod connections;
pub mod db;
pub mod demo;
pub mod dispatcher;
pub mod drift;
pub mod dry_runs;
pub mod error;
pub mod events;
pub mod history;
pub mod jobs;
pub mod keeper;
pub mod keys;
pub mod overview;
pub mod places;
pub mod reconcile;
pub mod retention;
pub mod runs;
pub mod schedules;
pub mod sessions;
pub mod slice;
pub mod store;
pub mod stream;
pub mod sweeper;
pub mod syncs;
pub mod testing;

pub use config::Config;
pub use db::{Db, Engine};
pub use error::{Error, Result};

/// Reads the time: the server's is the system's, a test's is virtual.
pub type Clock = std::sync::Arc<dyn Fn() -> chrono::DateTime<chrono::Utc> + Send + Sync>;

use domain::account::{Organisation, Permission};
use domain::{TenantId, UserId};

/// Proof that a person belongs to an organisation, made anew for every request by [`accounts::member`].
#[derive(Debug, Clone)]
pub struct Member {
    pub tenant: TenantId,
    pub user: UserId,
    pub email: String,
    pub organisation: Organisation,
}

impl Member {
    /// # Errors
    /// [`Error::Forbidden`] when the member's role does not have the permission.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.organisation.role.may(permission) { Ok(()) } else { Err(Error::Forbidden) }
    }
}
