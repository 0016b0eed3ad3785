//! What a build plays of the simulation: enough seeds to notice what breaks, and proof that it would notice.

mod seeds;
mod switches;

/// The cluster in which every thread makes a database of its own.
fn cluster() -> String {
    std::env::var("SYNCLINE_TEST_DATABASE_URL").expect("SYNCLINE_TEST_DATABASE_URL names a PostgreSQL for tests")
}
