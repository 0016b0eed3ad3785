//! The queue: where a job is put in, on the caller's transaction, and how the queue is set up and kept small.
//!
//! A job is a wake-up call for a run and nothing else: its payload is ids, a lost one is found by the sweeper, and a
//! doubled one finds nothing to do. Everything that matters about the run is in our own tables.

use apalis::prelude::TaskBuilder;
use apalis_postgres::PostgresStorage;
use chrono::{DateTime, Utc};
use domain::run::Phase;
use domain::{RunId, TenantId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};

use crate::error::{Error, Result};

/// The queues of this program. Their names never change: jobs of the previous release may wait in them.
pub const QUEUES: [&str; 3] = ["prepare", "process", "maintenance"];

/// What a job says: go on with this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub tenant: TenantId,
    pub run: RunId,
}

/// The queue of a phase.
#[must_use]
pub const fn queue_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare | Phase::FullPrepare | Phase::RangePrepare | Phase::Reconcile => "prepare",
        Phase::Process => "process",
        Phase::Test | Phase::DryRun | Phase::Compare => "maintenance",
    }
}

/// The phases that share a queue, and so its slots, with this one.
#[must_use]
pub const fn phases_beside(phase: Phase) -> &'static [Phase] {
    match phase {
        Phase::Prepare | Phase::FullPrepare | Phase::RangePrepare | Phase::Reconcile => {
            &[Phase::Prepare, Phase::FullPrepare, Phase::RangePrepare, Phase::Reconcile]
        }
        Phase::Process => &[Phase::Process],
        Phase::Test | Phase::DryRun | Phase::Compare => &[Phase::Test, Phase::DryRun, Phase::Compare],
    }
}

/// Puts jobs into a queue on the caller's transaction, due at `at`.
pub async fn enqueue(conn: &mut PgConnection, phase: Phase, jobs: &[Job], at: DateTime<Utc>) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    // The queue counts in whole seconds. What is due at once must not be due in the next one: a worker that was woken by
    // the job's notification would leave it until it polls again.
    let second = at.timestamp();
    let task = |job: &Job| {
        let payload = serde_json::to_vec(job)?;
        Ok(TaskBuilder::new(payload).run_at_timestamp(u64::try_from(second).unwrap_or(0)).build())
    };
    let tasks = jobs.iter().map(task).collect::<Result<Vec<_>>>()?;
    apalis_postgres::queries::push_tasks(conn, queue_of(phase), tasks).await.map_err(queue_error)
}

/// The first whole second that is not before `at`. A job that came early would find its run waiting for some milliseconds
/// more and be enqueued again at once, over and over; so a job that waits comes up to a second late.
#[must_use]
pub fn not_before(at: DateTime<Utc>) -> DateTime<Utc> {
    let second = at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0);
    DateTime::from_timestamp(second, 0).unwrap_or(at)
}

/// Makes or updates the queue's own tables; the owner's role runs this.
pub async fn set_up(owner: &PgPool) -> Result<()> {
    PostgresStorage::<()>::setup(owner).await.map_err(queue_error)
}

fn queue_error(error: apalis_postgres::Error) -> Error {
    Error::Internal(format!("the queue: {error}"))
}
