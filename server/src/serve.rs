//! Starting and stopping: two runtimes, each with its own pool, and one signal that ends both.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use engine::Engine;
use engine::db::refuse_powerful_role;
use engine::keys::Keys;
use secrecy::ExposeSecret;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;
use crate::{web, worker};

/// Connections of the web role's pool and of the worker role's.
const WEB_CONNECTIONS: u32 = 16;
const WORKER_CONNECTIONS: u32 = 20;
/// How long a start waits for the database.
const DATABASE_STARTS: Duration = Duration::from_secs(60);
/// After a signal, what still runs then is dropped.
const LAST_MOMENT: Duration = Duration::from_secs(10);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Both,
    Web,
    Worker,
}

/// Serves until a signal comes.
///
/// # Errors
/// When it cannot start, or a role ended by itself.
pub fn run(settings: &Settings, role: Role) -> Result<()> {
    let keys = Arc::new(Keys::load_or_create(&settings.master_key_file)?);
    let cores = available_parallelism().map_or(1, NonZero::get);
    let web_runtime = runtime("web", cores)?;
    let worker_runtime = runtime("worker", (cores / 2).max(1))?;
    let done = web_runtime.block_on(serve(settings, role, keys, &worker_runtime));
    worker_runtime.shutdown_background();
    web_runtime.shutdown_background();
    done
}

async fn serve(settings: &Settings, role: Role, keys: Arc<Keys>, workers: &Runtime) -> Result<()> {
    let stop = stop_signal()?;
    let engine = engine(settings, keys.clone(), WEB_CONNECTIONS)?;
    await_database(&engine, &stop).await.context("the database was refused")?;
    let working = (role != Role::Web).then(|| {
        let (settings, stop) = (settings.clone(), stop.clone());
        // Made on the workers' runtime: a pool's connections belong to the runtime that opened them.
        workers.spawn(async move {
            let engine = self::engine(&settings, keys, WORKER_CONNECTIONS)?;
            worker::run(engine, &settings, stop).await
        })
    });
    let serving = (role != Role::Worker).then(|| {
        let (settings, stop) = (settings.clone(), stop.clone());
        tokio::spawn(async move { web::serve(engine, &settings, stop).await })
    });
    tokio::select! {
        () = stop.cancelled() => {}
        ended = ended(serving.as_slice(), working.as_slice()) => tracing::error!("{ended} ended by itself"),
    }
    stop.cancel();
    let web = finish("the web role", serving).await;
    let worker = finish("the worker role", working).await;
    tracing::info!("stopped");
    web.and(worker)
}

/// Checks the database's role, once the database is there: it may be starting beside this process.
async fn await_database(engine: &Engine, stop: &CancellationToken) -> engine::Result<()> {
    let began = Instant::now();
    let mut told = false;
    loop {
        match refuse_powerful_role(&engine.db).await {
            Err(error) if error.is_outage() && began.elapsed() < DATABASE_STARTS && !stop.is_cancelled() => {
                if !told {
                    let patience = DATABASE_STARTS.as_secs();
                    tracing::warn!(%error, "the database does not answer; it is waited for, {patience} seconds at most");
                    told = true;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            checked => return checked,
        }
    }
}

/// Waits for the first role that ends.
async fn ended(serving: &[JoinHandle<Result<()>>], working: &[JoinHandle<Result<()>>]) -> &'static str {
    let mut every = tokio::time::interval(Duration::from_millis(200));
    loop {
        every.tick().await;
        if serving.iter().any(JoinHandle::is_finished) {
            return "the web role";
        }
        if working.iter().any(JoinHandle::is_finished) {
            return "the worker role";
        }
    }
}

async fn finish(what: &str, task: Option<JoinHandle<Result<()>>>) -> Result<()> {
    let Some(task) = task else { return Ok(()) };
    let Ok(ended) = timeout(LAST_MOMENT, task).await else {
        tracing::warn!("{what} did not stop in time and was dropped");
        return Ok(());
    };
    ended.with_context(|| format!("{what} panicked"))?.with_context(|| format!("{what} failed"))
}

/// An engine with a pool and an HTTP client of its own.
pub(crate) fn engine(settings: &Settings, keys: Arc<Keys>, connections: u32) -> Result<Engine> {
    Ok(Engine::open(settings.database_url.expose_secret(), connections, keys, settings.config())?)
}

/// Cancelled by SIGTERM and SIGINT.
pub(crate) fn stop_signal() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let cancel = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to stop");
        cancel.cancel();
    });
    Ok(stop)
}

fn runtime(name: &'static str, threads: usize) -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build()?)
}
