//! The database that comes along when there is no `DATABASE_URL`: found or fetched, kept in `data/postgres`, reached by a Unix socket only.

mod cluster;
pub mod commands;
mod find;
mod home;
mod owner;
mod supervise;

pub use owner::Owner;
pub use supervise::Postgres;
