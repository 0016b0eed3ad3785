//! The worker role: one supervised apalis worker per queue, and the loops.
//!
//! A job only wakes a run; everything about the run is in our own tables. So a handler always answers Ok: what fails is
//! logged here and found by the sweeper, and apalis never retries anything by itself.

use std::time::{Duration, Instant};

use anyhow::Result;
use apalis::prelude::{BackendExt, Data, WorkerBuilder, WorkerBuilderExt, WorkerError};
use apalis_postgres::{Config, PgPool, PostgresStorage};
use engine::jobs::{Job, QUEUES};
use engine::{Clock, Db, Engine};
use secrecy::ExposeSecret;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::settings::Settings;
use crate::{clock, loops};

/// Each worker listens on one connection and fetches, acknowledges and beats on others.
const QUEUE_CONNECTIONS: u32 = 10;
const POLL: Duration = Duration::from_secs(1);
/// Slices last five seconds; whatever is not done then is taken over by its run's next epoch.
const DRAIN: Duration = Duration::from_secs(8);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Works until `stop`.
pub async fn run(engine: Engine, settings: &Settings, stop: CancellationToken) -> Result<()> {
    let pool = Db::open_queue(settings.database_url.expose_secret(), QUEUE_CONNECTIONS)?;
    let clock = clock::system();
    let mut tasks = JoinSet::new();
    for queue in QUEUES {
        let slots = engine.config.slots(queue);
        let queue = Queue { name: queue, slots, pool: pool.clone(), engine: engine.clone(), clock: clock.clone() };
        tasks.spawn(supervise(queue, stop.clone()));
    }
    loops::start(&mut tasks, &engine, &clock, &stop);
    tracing::info!(slices = settings.slices, "working");
    while tasks.join_next().await.is_some() {}
    Ok(())
}

/// One queue of this process.
struct Queue {
    name: &'static str,
    /// Slices at once.
    slots: usize,
    pool: PgPool,
    engine: Engine,
    clock: Clock,
}

/// What a handler is given.
#[derive(Clone)]
struct Hands {
    engine: Engine,
    clock: Clock,
}

/// A database error ends an apalis worker: start another, later each time while it keeps happening.
async fn supervise(queue: Queue, stop: CancellationToken) {
    let mut wait = FIRST_WAIT;
    while !stop.is_cancelled() {
        let began = Instant::now();
        match work(&queue, &stop).await {
            Ok(()) if stop.is_cancelled() => return,
            Ok(()) => tracing::warn!(queue.name = queue.name, "the worker ended by itself; starting another"),
            Err(error) => tracing::warn!(queue.name = queue.name, %error, "the worker failed; starting another"),
        }
        wait = if began.elapsed() > LONGEST_WAIT { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn work(queue: &Queue, stop: &CancellationToken) -> Result<(), WorkerError> {
    // One job at a time: fetched ones that wait for a slot would stop the heartbeat.
    let config = Config::default().queue(queue.name).batch_size(1).lock_tasks(false);
    let backend = PostgresStorage::<Job>::new(&queue.pool).with_config(config).with_pubsub().poll_with_interval(POLL);
    // A name that was used before would keep the dead worker's jobs locked.
    let name = format!("{}-{}", queue.name, Uuid::now_v7().simple());
    let worker = WorkerBuilder::new(name)
        .backend(backend)
        .concurrency(queue.slots)
        .data(Hands { engine: queue.engine.clone(), clock: queue.clock.clone() })
        .build(handle);
    let (asked, late) = (stop.clone(), stop.clone());
    let working = worker.run_until(async move {
        asked.cancelled().await;
        Ok::<(), WorkerError>(())
    });
    tokio::select! {
        ended = working => ended,
        () = async { late.cancelled().await; tokio::time::sleep(DRAIN).await } => {
            tracing::warn!(queue.name = queue.name, "slices were still running; their runs will be taken over");
            Ok(())
        }
    }
}

/// Does one slice in a task of its own: a queue's handlers share one, and a panic is to end the slice and nothing else.
async fn handle(job: Job, hands: Data<Hands>) {
    let began = Instant::now();
    let Hands { engine, clock } = (*hands).clone();
    let slice = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    let (tenant, run) = (job.tenant, job.run);
    let ended = slice.await;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match ended {
        Ok(Ok(())) => tracing::debug!(tenant.id = %tenant, run.id = %run, duration_ms, "slice done"),
        Ok(Err(engine::Error::Superseded)) => {
            tracing::info!(tenant.id = %tenant, run.id = %run, "the run was taken over by another worker");
        }
        Ok(Err(error)) => tracing::error!(tenant.id = %tenant, run.id = %run, %error, "a slice failed"),
        Err(error) => tracing::error!(tenant.id = %tenant, run.id = %run, %error, "a slice panicked"),
    }
}
