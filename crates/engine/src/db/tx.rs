//! The two transactions: one for a tenant, one for what crosses tenants.

use std::ops::{Deref, DerefMut};

use domain::TenantId;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};
use tokio::sync::OwnedMutexGuard;

use super::Db;
use crate::error::{Error, Result};

/// A transaction that sees one tenant's rows. Dropped without [`TenantTx::commit`] it is rolled back.
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
    /// Goes after the transaction: the next one begins when this one is over.
    turn: Option<OwnedMutexGuard<()>>,
}

/// A transaction of the system role, for the few things that cross tenants. Whatever takes one says `_across_tenants`
/// in its name and returns only what is needed.
pub struct SystemTx {
    tx: Transaction<'static, Postgres>,
}

impl Db {
    /// Begins a transaction for one tenant. The tenant's id comes from the membership that was read on this request,
    /// from an API token, or from a job's payload; never from a form.
    pub async fn begin(&self, tenant: TenantId) -> Result<TenantTx> {
        // One trip to the database for both. A uuid's own text has no signs that SQL knows.
        let tx = self.begin_whole(format!("BEGIN; SELECT set_config('app.tenant_id', '{}', true)", tenant.0)).await?;
        Ok(TenantTx { tx, tenant, turn: None })
    }

    /// Begins a transaction of the system role.
    pub async fn begin_across_tenants(&self) -> Result<SystemTx> {
        let mut tx = self.begin_whole("BEGIN".to_owned()).await?;
        sqlx::raw_sql("SET LOCAL ROLE syncline_system").execute(&mut *tx).await?;
        Ok(SystemTx { tx })
    }

    /// Begins in a task of its own, which is not given up half way: a `BEGIN` whose caller has gone would leave its
    /// connection in the pool with a transaction open that nobody knows of, and nobody ends.
    async fn begin_whole(&self, statement: String) -> Result<Transaction<'static, Postgres>> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(statement)).await });
        Ok(begun.await.map_err(|error| Error::Internal(format!("a transaction did not begin: {error}")))??)
    }
}

async fn confine(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query_scalar!("SELECT set_config('app.tenant_id', $1, true)", tenant.0.to_string())
        .fetch_one(connection)
        .await?;
    Ok(())
}

impl TenantTx {
    /// The tenant whose rows this transaction sees.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Keeps a turn until this transaction is over.
    #[must_use]
    pub fn in_turn(self, turn: OwnedMutexGuard<()>) -> Self {
        Self { turn: Some(turn), ..self }
    }

    pub async fn commit(self) -> Result<()> {
        let Self { tx, turn, .. } = self;
        tx.commit().await?;
        drop(turn);
        Ok(())
    }

    /// Takes back what was done. One that is only dropped keeps its locks for a moment more, in which whoever skips what is
    /// locked finds nothing.
    pub async fn rollback(self) -> Result<()> {
        let Self { tx, turn, .. } = self;
        tx.rollback().await?;
        drop(turn);
        Ok(())
    }
}

impl SystemTx {
    /// The same transaction, confined to one tenant from here on: for use-cases that find out their tenant, or make it.
    pub async fn into_tenant(mut self, tenant: TenantId) -> Result<TenantTx> {
        sqlx::raw_sql("SET LOCAL ROLE syncline_app").execute(&mut *self.tx).await?;
        confine(&mut self.tx, tenant).await?;
        Ok(TenantTx { tx: self.tx, tenant, turn: None })
    }

    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

impl Deref for SystemTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for SystemTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}
