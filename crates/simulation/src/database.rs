//! The database of one simulating thread: made once, emptied between seeds, dropped at the end.

use anyhow::{Context, Result};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};

use crate::relay::Relay;

/// Tables that outlive a seed.
const KEPT: &str = "'_sqlx_migrations', 'migrations', 'workers'";

/// Nothing may happen in the tables at times of its own: what a vacuum has cleared away decides in which order rows come.
const TO_ITSELF: &str = "DO $$
    DECLARE name text;
    BEGIN
        FOR name IN
            SELECT c.oid::regclass::text FROM pg_class c
            WHERE c.relkind = 'r' AND c.relnamespace IN ('public'::regnamespace, 'apalis'::regnamespace)
        LOOP
            EXECUTE 'ALTER TABLE ' || name || ' SET (autovacuum_enabled = off)';
        END LOOP;
    END
$$";

/// A database with every migration, and a connection of its owner for looking on.
pub struct Database {
    name: String,
    owner_url: String,
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
        let mut looker = options.disable_statement_logging().connect().await?;
        looker.execute(TO_ITSELF).await?;
        Ok(Self { name, owner_url: owner_url.to_owned(), looker })
    }

    /// The address of the database itself, for what is not under the seed.
    ///
    /// # Errors
    /// When the owner's address is no address.
    pub fn url(&self) -> Result<String> {
        let mut url: url::Url = self.owner_url.parse()?;
        url.set_path(&self.name);
        Ok(url.into())
    }

    /// A slot's way to it.
    ///
    /// # Errors
    /// When no socket can be had.
    pub fn relay(&self, slot: usize) -> Result<(Relay, String)> {
        let relay = Relay::open(&self.owner_url, &self.name, slot)?;
        let url = relay.url(&self.owner_url, &self.name)?;
        Ok((relay, url))
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

    /// Whether a backend's statement waits for a lock.
    ///
    /// # Errors
    /// Of the database.
    pub async fn is_blocked(&mut self, backend: Option<i32>) -> Result<bool> {
        let Some(backend) = backend else { return Ok(false) };
        Ok(!self.blockers(&[backend]).await?.is_empty())
    }

    /// Whether some of these backends wait for each other, so that none can go on before Postgres ends one of them.
    ///
    /// # Errors
    /// Of the database.
    pub async fn is_deadlocked(&mut self, backends: &[i32]) -> Result<bool> {
        let mut waiting = self.blockers(backends).await?;
        loop {
            let names: Vec<i32> = waiting.iter().map(|(backend, _)| *backend).collect();
            let before = waiting.len();
            waiting.retain(|(_, blockers)| blockers.iter().any(|blocker| names.contains(blocker)));
            if waiting.len() == before {
                return Ok(before > 0);
            }
        }
    }

    /// Those of the backends that wait, with whom they wait for.
    async fn blockers(&mut self, backends: &[i32]) -> Result<Vec<(i32, Vec<i32>)>> {
        let rows = sqlx::query(
            "SELECT backend, blockers
            FROM (SELECT backend, pg_blocking_pids(backend) AS blockers FROM unnest($1::int[]) AS backend) waiting
            WHERE cardinality(blockers) > 0",
        )
        .bind(backends)
        .fetch_all(&mut self.looker)
        .await?;
        Ok(rows.iter().map(|row| (row.get("backend"), row.get("blockers"))).collect())
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
