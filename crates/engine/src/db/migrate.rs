//! Migrations: the queue's own first, then ours. Run by the owner's role.

use sqlx::migrate::Migrator;
use sqlx::postgres::PgPoolOptions;

use super::Db;
use crate::error::{Error, Result};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Brings the database at `owner_url` up to date. Safe to run by several processes at once, and again.
///
/// # Errors
/// [`Error::Internal`] naming the migration that failed; what came before it stays.
pub async fn migrate(owner_url: &str) -> Result<()> {
    let pool = PgPoolOptions::new().max_connections(1).connect(owner_url).await?;
    crate::jobs::set_up(&pool).await?;
    MIGRATIONS.run(&pool).await.map_err(|error| Error::Internal(format!("migration failed: {error}")))?;
    pool.close().await;
    Ok(())
}

/// Whether every migration that this program knows has been applied.
pub async fn is_migrated(db: &Db) -> Result<bool> {
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let mut tx = db.begin_across_tenants().await?;
    // Unchecked, because the table is the migrator's own and is not in our schema.
    let applied: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(&mut *tx).await?;
    Ok(applied.is_some_and(|version| version >= newest))
}

/// A name for the state that the migrations lead to: it changes with any of them.
#[must_use]
pub fn migrations_fingerprint() -> String {
    let mut sum: u64 = 0;
    for migration in MIGRATIONS.iter() {
        for byte in migration.checksum.iter() {
            sum = sum.rotate_left(5) ^ u64::from(*byte).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }
    format!("{sum:016x}")
}
