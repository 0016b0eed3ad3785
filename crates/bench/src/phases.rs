//! Prepare and process against the bare loops.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domain::run::{Phase, RunState};
use domain::{Entity, RecordStatus, SyncId, Vendor};
use serde_json::json;
use sqlx::Row;

use crate::arguments::Arguments;
use crate::loops;
use crate::measure::median;
use crate::report::Report;
use crate::world::{self, World};

/// Times of one round.
struct Round {
    list: Duration,
    prepare: Duration,
    copy: Duration,
    process: Duration,
}

/// Measures both phases at one latency of the vendors.
///
/// # Errors
/// When something fails, or a record did not arrive.
pub async fn measure(world: &World, arguments: &Arguments, latency_ms: u64, report: &mut Report) -> Result<()> {
    let mut rounds = Vec::new();
    for number in 0..arguments.rounds {
        rounds.push(round(world, arguments, latency_ms, number).await?);
    }
    let of = |pick: fn(&Round) -> Duration| median(rounds.iter().map(pick).collect());
    let quick = latency_ms == 0;
    let aims = if quick { (0.3, 0.25) } else { (0.9, 0.9) };
    if arguments.wants("prepare") {
        let what = format!("prepare, {latency_ms} ms");
        report.phase(what, arguments.records, of(|round| round.list), of(|round| round.prepare), aims.0);
    }
    if arguments.wants("process") {
        let what = format!("process, {latency_ms} ms, {} in flight", world::IN_FLIGHT);
        report.phase(what, arguments.records, of(|round| round.copy), of(|round| round.process), aims.1);
    }
    Ok(())
}

async fn round(world: &World, arguments: &Arguments, latency_ms: u64, number: usize) -> Result<Round> {
    let (bare, ours) = (format!("bare-{latency_ms}-{number}"), format!("ours-{latency_ms}-{number}"));
    let bare = world.pair(&bare, latency_ms).await?;
    let ours = world.pair(&ours, latency_ms).await?;
    for pair in [&bare, &ours] {
        let path = format!("shopify/customers?account={}", pair.shop_account());
        world.control("POST", &path, &json!({"count": arguments.records})).await?;
    }
    let source = loops::connector(world.addr, Vendor::Shopify, &bare.shop)?;
    let destination = loops::connector(world.addr, Vendor::Acumatica, &bare.erp)?;
    destination.check().await?;
    let began = Instant::now();
    let ids = loops::list(source.as_ref(), Entity::Customer).await?;
    let list = began.elapsed();
    let began = Instant::now();
    loops::copy(source.as_ref(), destination.as_ref(), Entity::Customer, &ids).await?;
    let copy = began.elapsed();
    destination.close().await?;
    let sync = world.sync(&ours).await?;
    let prepare = phase(world, sync, Phase::FullPrepare).await?;
    let process = phase(world, sync, Phase::Process).await?;
    let view = engine::syncs::get(&world.engine, &world.member, sync).await?;
    let processed = view.sync.counts.of(RecordStatus::Processed);
    ensure!(processed == ids.len() as i64, "{processed} of {} records were processed", ids.len());
    Ok(Round { list, prepare, copy, process })
}

/// Runs one phase to its end and says how long it took.
async fn phase(world: &World, sync: SyncId, phase: Phase) -> Result<Duration> {
    let began = Instant::now();
    let started = engine::runs::start(&world.engine, &world.member, sync, phase, world::now()).await?;
    let clock = world::clock();
    while let Some(job) = take_job(world).await? {
        engine::slice::run(&world.engine, job, &clock).await?;
    }
    let took = began.elapsed();
    let run = engine::runs::get(&world.engine, &world.member, started.run.id).await?;
    ensure!(run.state == RunState::Succeeded, "{phase} ended as {}: {}", run.state, run.message.unwrap_or_default());
    Ok(took)
}

/// The next job; waits for one that is due in a moment.
async fn take_job(world: &World) -> Result<Option<engine::jobs::Job>> {
    loop {
        let row = sqlx::query(
            "DELETE FROM apalis.jobs WHERE id = (SELECT id FROM apalis.jobs WHERE run_at <= $1 ORDER BY run_at, id LIMIT 1)
            RETURNING job",
        )
        .bind(world::now())
        .fetch_optional(&world.queue)
        .await?;
        if let Some(row) = row {
            return Ok(Some(serde_json::from_slice(row.get("job")).context("a job of another kind")?));
        }
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM apalis.jobs").fetch_one(&world.queue).await?;
        if waiting == 0 {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
