//! The database of one simulating thread: made once, emptied between seeds, dropped at the end.

use anyhow::{Context, Result};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};

use crate::relay;

/// Tables that outlive a seed.
const KEPT: &str = "'_sqlx_migrations', 'migrations', 'workers'";

/// A database with every migration, and a connection of its owner for looking on.
pub struct Database {
    name: String,
    owner_url: String,
    /// The port at which engines reach it.
    relay: u16,
    looker: PgConnection,
}

impl Database {
    /// Makes it on the cluster of `owner_url`.
    ///
    /// # Errors
    /// When the cluster cannot be reached or a migration fails.
    pub async fn make(owner_url: &str) -> Result<Self> {
        let name = format!("syncline_test_{}", uuid::Uuid::new_v4().simple());
        let mut owner = PgConnection::connect(owner_url).await.context("the cluster of SYNCLINE_TEST_DATABASE_URL")?;
        owner.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        owner.close().await?;
        let mut url: url::Url = owner_url.parse()?;
        url.set_path(&name);
        engine::db::migrate(url.as_str()).await?;
        let options: PgConnectOptions = url.as_str().parse()?;
        let looker = options.disable_statement_logging().application_name("simulation").connect().await?;
        Ok(Self { relay: relay::start(owner_url).await?, name, owner_url: owner_url.to_owned(), looker })
    }

    /// The address that a slot's engine connects to.
    ///
    /// # Errors
    /// When the owner's address is no address.
    pub fn url(&self, slot: usize) -> Result<String> {
        let mut url: url::Url = self.owner_url.parse()?;
        url.set_path(&self.name);
        // A socket's directory may be named in the query; the relay knows it.
        url.set_query(None);
        url.set_host(Some("127.0.0.1"))?;
        anyhow::ensure!(url.set_port(Some(self.relay)).is_ok(), "the cluster's address takes no port");
        url.query_pairs_mut().append_pair("application_name", &self.application(slot));
        Ok(url.into())
    }

    /// The owner's connection, for what no use-case offers.
    pub fn looker(&mut self) -> &mut PgConnection {
        &mut self.looker
    }

    /// Forgets everything that a seed has left behind.
    ///
    /// # Errors
    /// Of the database.
    pub async fn empty(&mut self) -> Result<()> {
        let query = format!(
            "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS names
            FROM pg_tables
            WHERE schemaname IN ('public', 'apalis') AND tablename NOT IN ({KEPT})"
        );
        let names: String = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut self.looker).await?.get("names");
        self.looker.execute(AssertSqlSafe(format!("TRUNCATE {names} RESTART IDENTITY CASCADE"))).await?;
        Ok(())
    }

    /// Whether a statement of a slot's waits for a lock.
    ///
    /// # Errors
    /// Of the database.
    pub async fn is_locked(&mut self, slot: usize) -> Result<bool> {
        let row = sqlx::query(
            "SELECT EXISTS (
                SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'
            ) AS locked",
        )
        .bind(self.application(slot))
        .fetch_one(&mut self.looker)
        .await?;
        Ok(row.get("locked"))
    }

    /// What a slot's connections call themselves, so that they can be told from everybody else's.
    fn application(&self, slot: usize) -> String {
        format!("{}_{slot}", self.name)
    }

    /// Drops it.
    ///
    /// # Errors
    /// Of the cluster.
    pub async fn drop(self) -> Result<()> {
        self.looker.close().await?;
        let mut owner = PgConnection::connect(&self.owner_url).await?;
        owner.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))).await?;
        Ok(owner.close().await?)
    }
}
