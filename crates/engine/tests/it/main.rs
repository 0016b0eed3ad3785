//! Use-cases, SQL and slices on a real PostgreSQL, against the vendors' sandboxes.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

mod accounts;
mod cancellations;
mod conflicts;
mod connections;
mod contention;
mod deletions;
mod demo;
mod dependants;
mod dispatcher;
mod drift;
mod dry_runs;
mod economy;
mod edits;
mod ends;
mod events;
mod failures;
mod fairness;
mod filters;
mod history;
mod matching;
mod outage;
mod pipeline;
mod prepare;
mod reconcile;
mod retention;
mod runs;
mod sessions;
mod shop_and_erp;
mod sign_ins;
mod stream;
mod support;
mod sync;
mod syncs;
mod tenancy;
mod transactions;
mod twins;
mod two_way;
mod write_back;
