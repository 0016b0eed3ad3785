//! The database as the engine sees it: a pool that is confined to the application's role, and the two kinds of
//! transactions through which alone it is used.

mod guard;
mod migrate;
mod tx;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use connectors::http::{Guard, GuardedClient};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor, PgPool};

pub use guard::refuse_powerful_role;
pub use migrate::{is_migrated, migrate, migrations_fingerprint};
pub use tx::{SystemTx, TenantTx};

use crate::config::Config;
use crate::error::Result;
use crate::keys::Keys;
use crate::places::Places;

/// Everything that use-cases and steps need. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub db: Db,
    pub keys: Arc<Keys>,
    pub client: GuardedClient,
    pub config: Arc<Config>,
    /// What this process has at work.
    pub places: Places,
}

impl Engine {
    /// An engine with a pool and an HTTP client of its own, for one runtime: their connections belong to it.
    ///
    /// # Errors
    /// When the database's address cannot be understood.
    pub fn open(url: &str, connections: u32, keys: Arc<Keys>, config: Config) -> Result<Self> {
        let allowed = config.sandbox.as_ref().map(|sandbox| sandbox.addr);
        let client = GuardedClient::new(Guard { allowed });
        let (config, places) = (Arc::new(config), Places::default());
        Ok(Self { db: Db::open(url, connections)?, keys, client, config, places })
    }
}

/// A pool whose connections have become `syncline_app`.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    /// PostgreSQL knows enough about the tables to plan well.
    are_tables_known: Arc<AtomicBool>,
}

impl Db {
    /// Opens a pool of at most `connections`; nothing is asked of the server before the first use.
    ///
    /// # Errors
    /// When the address cannot be understood.
    pub fn open(url: &str, connections: u32) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let pool = pool_as("SET ROLE syncline_app", options, connections);
        Ok(Self { pool, are_tables_known: Arc::default() })
    }

    /// A pool for the queue's library, which knows nothing of our transactions: it is the system role's.
    ///
    /// # Errors
    /// When the address cannot be understood.
    pub fn open_queue(url: &str, connections: u32) -> Result<PgPool> {
        let options: PgConnectOptions = url.parse()?;
        Ok(pool_as("SET ROLE syncline_system", options, connections))
    }

    /// Has new tables analysed while they are next to empty: until then plans are made that read a tenant's every record
    /// to find one. Does nothing once they are known.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn analyse_new_tables(&self) -> Result<()> {
        if !self.are_tables_known.load(Ordering::Relaxed) {
            let known = sqlx::query_scalar!(r#"SELECT analyse_new_tables() AS "known!""#).fetch_one(&self.pool).await?;
            self.are_tables_known.store(known, Ordering::Relaxed);
        }
        Ok(())
    }

    /// For what listens, and for the checks at the start.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }
}

fn pool_as(become_role: &'static str, options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(std::time::Duration::from_secs(10))
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(become_role).await?;
                connection.execute("SET statement_timeout = '30s'").await?;
                connection.execute("SET idle_in_transaction_session_timeout = '60s'").await?;
                Ok(())
            })
        })
        .connect_lazy_with(options)
}
