//! SQL, one module per table. Every function on tenant data takes a [`crate::db::TenantTx`].

pub mod activity;
pub mod attempts;
pub mod connections;
pub mod counts;
pub mod events;
pub mod history;
pub mod leases;
pub mod memberships;
pub mod queue;
pub mod reconcile;
pub mod reconcile_findings;
pub mod records;
pub mod records_due;
pub mod results;
pub mod runs;
pub mod runs_across_tenants;
pub mod schedules;
pub mod schema_drifts;
pub mod sessions;
pub mod signin_limits;
pub mod syncs;
pub mod tenants;
pub mod users;
pub mod waits;
