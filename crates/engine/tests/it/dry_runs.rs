//! A dry run says what processing would do and writes nothing anywhere.

use domain::run::{Phase, RunState};
use domain::{LastOperation, Side};

use crate::support::world;

#[tokio::test]
async fn a_dry_run_names_what_would_be_written_and_what_would_come_first() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(3).await;
    engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let before = world.lines("SELECT id, status, version, attempts, claimed_run FROM records ORDER BY id").await;
    let started =
        engine::runs::start(&world.engine, &world.member, pair.orders, Phase::DryRun, world.now()).await.unwrap();
    world.work().await;
    assert_eq!(world.run(started.run.id).await.state, RunState::Succeeded);
    let rows = engine::dry_runs::rows(&world.engine, &world.member, started.run.id).await.unwrap().unwrap();
    assert_eq!(rows.len(), 3, "{rows:?}");
    for row in &rows {
        assert_eq!((row.would, row.direction), (LastOperation::Inserted, Some(Side::Destination)), "{row:?}");
        assert!(row.error.as_deref().unwrap().contains("would be inserted first"), "{row:?}");
        assert!(row.changes.iter().any(|change| change.path == "number"), "{row:?}");
    }
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["SalesOrder"]["total"].as_i64().unwrap_or(0), 0, "{stats}");
    assert_eq!(world.lines("SELECT id, status, version, attempts, claimed_run FROM records ORDER BY id").await, before);
    assert_eq!(world.rows_of("key_locks").await, 0);
}
