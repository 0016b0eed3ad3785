//! The check at the start that the pools ended up with a role that row-level security binds.

use super::Db;
use crate::error::{Error, Result};

/// Refuses to go on when the pools' role could see past row-level security.
///
/// # Errors
/// [`Error::Internal`] with what to change.
pub async fn refuse_powerful_role(db: &Db) -> Result<()> {
    let role = sqlx::query!(
        r#"SELECT
            current_user::text AS "name!",
            rolsuper AS "superuser!",
            rolbypassrls AS "bypasses!",
            EXISTS (
                SELECT FROM pg_class
                WHERE relname = 'records' AND relnamespace = 'public'::regnamespace AND relowner = pg_roles.oid
            ) AS "owns!"
        FROM pg_roles
        WHERE rolname = current_user"#
    )
    .fetch_one(db.pool())
    .await?;
    let why = match (role.superuser, role.bypasses, role.owns) {
        (true, _, _) => "is a superuser",
        (_, true, _) => "has BYPASSRLS",
        (_, _, true) => "owns Syncline's tables",
        _ => return Ok(()),
    };
    Err(Error::Internal(format!(
        "The server's connections ended up as the role “{}”, which {why}, so row-level security would not keep tenants \
         apart. Run `syncline migrate` with the owner's DATABASE_URL; it makes syncline_app, which is not.",
        role.name
    )))
}
