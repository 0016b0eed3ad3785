//! `cargo xtask bench`: what the engine costs over a bare loop, and what a long history costs over a short one.
//!
//! Every figure is a ratio within one run on one machine, the median of its rounds. The sandbox is a process of its own, so that
//! this one's memory is the engine's. Nothing here is part of the product.

mod arguments;
mod history;
mod loops;
mod measure;
mod phases;
mod report;
mod world;

use anyhow::Result;

use arguments::Arguments;
use report::Report;
use world::World;

fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(addr) = arguments.sandbox {
        return runtime.block_on(world::serve_sandbox(addr));
    }
    drop(rustls::crypto::ring::default_provider().install_default());
    let report = runtime.block_on(bench(&arguments))?;
    report.print();
    if let Some(path) = &arguments.out {
        report.write(path)?;
    }
    Ok(())
}

async fn bench(arguments: &Arguments) -> Result<Report> {
    let world = World::open().await?;
    let report = measure_all(&world, arguments).await;
    world.close().await?;
    report
}

async fn measure_all(world: &World, arguments: &Arguments) -> Result<Report> {
    let mut report = Report::new(arguments);
    if arguments.wants("prepare") || arguments.wants("process") {
        for latency_ms in [0, 20] {
            phases::measure(world, arguments, latency_ms, &mut report).await?;
        }
        report.memory(measure::peak_memory_mb()?);
    }
    if arguments.wants("history") {
        history::measure(world, arguments, &mut report).await?;
    }
    Ok(report)
}
