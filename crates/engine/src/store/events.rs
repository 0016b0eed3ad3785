//! Activity as live streams read it: every kind, in the order of ids.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::Executor;
use sqlx::postgres::{PgListener, PgPoolOptions};
use uuid::Uuid;

use crate::db::{Db, TenantTx};
use crate::error::Result;

/// Rows of one read: a row is up to about 25 KB.
pub const PAGE: usize = 64;

/// One row of activity.
pub struct Row {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub body: String,
}

impl Row {
    /// The row as a [`domain::activity::Event`]; the body is JSON already.
    pub fn json(&self) -> Result<Arc<str>> {
        let at = serde_json::to_string(&self.at)?;
        Ok(format!(r#"{{"id":"{}","at":{at},"body":{}}}"#, self.id, self.body).into())
    }
}

/// A connection of its own, of the application's role, that listens for activity.
pub async fn listener(db: &Db) -> Result<PgListener> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("SET ROLE syncline_app").await?;
                Ok(())
            })
        })
        .connect_with(db.pool().connect_options().as_ref().clone())
        .await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("syncline_activity").await?;
    Ok(listener)
}

/// How many rows there are from this id on, counted up to `most`.
pub async fn count_from(tx: &mut TenantTx, from: Uuid, most: i64) -> Result<i64> {
    let tenant = tx.tenant().0;
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
        FROM (SELECT FROM activity WHERE tenant_id = $1 AND id >= $2 LIMIT $3) AS newer"#,
        tenant,
        from,
        most
    );
    Ok(count.fetch_one(&mut **tx).await?)
}

/// The page of rows after this id.
pub async fn page_after(tx: &mut TenantTx, after: Uuid) -> Result<Vec<Row>> {
    let tenant = tx.tenant().0;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, at, body::text AS "body!"
        FROM activity
        WHERE tenant_id = $1 AND id > $2
        ORDER BY id
        LIMIT $3"#,
        tenant,
        after,
        PAGE as i64
    );
    Ok(rows.fetch_all(&mut **tx).await?)
}

/// The next page of rows from this id on that are not among the known ones.
pub async fn unknown(tx: &mut TenantTx, from: Uuid, known: &[Uuid]) -> Result<Vec<Row>> {
    let tenant = tx.tenant().0;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, at, body::text AS "body!"
        FROM activity
        WHERE tenant_id = $1 AND id >= $2 AND id <> ALL ($3)
        ORDER BY id
        LIMIT $4"#,
        tenant,
        from,
        known,
        PAGE as i64
    );
    Ok(rows.fetch_all(&mut **tx).await?)
}
