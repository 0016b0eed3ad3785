//! What is old goes, and what is needed stays.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::world;

/// Attempts of months without a partition.
const REST: &str = "SELECT count(*) FROM attempts WHERE tableoid = 'attempts_rest'::regclass";

#[tokio::test]
async fn months_older_than_the_retention_time_are_dropped_and_each_records_newest_version_stays() {
    let world = world().await;
    let pair = world.pair().await;
    engine::retention::hourly(&world.engine, world.now()).await.unwrap();
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 2})).await;
    world.sync(pair.customers).await;
    world
        .change(
            "INSERT INTO record_versions (tenant_id, record_id, version, hash, payload, seen_at)
        SELECT tenant_id, record_id, version + 1, hash, payload, seen_at + interval '1 hour'
        FROM record_versions WHERE record_id IN (SELECT id FROM records ORDER BY id LIMIT 1)",
        )
        .await;
    let attempts = "SELECT count(*) FROM attempts";
    let (tried, versions) = (world.number(attempts).await, "SELECT count(*) FROM record_versions");
    assert!(tried >= 2);
    let before = world.number(versions).await;

    // Not yet.
    world.clock.advance(TimeDelta::days(80));
    engine::retention::hourly(&world.engine, world.now()).await.unwrap();
    assert_eq!((world.number(attempts).await, world.number(versions).await), (tried, before));

    // Ninety days and the rest of the month later.
    world.clock.advance(TimeDelta::days(15));
    engine::retention::hourly(&world.engine, world.now()).await.unwrap();
    assert_eq!(world.number(versions).await, before - 1, "the newest of each record stays");
    assert_eq!(world.number("SELECT count(*) FROM runs").await, 0);
    world.clock.advance(TimeDelta::days(31));
    engine::retention::hourly(&world.engine, world.now()).await.unwrap();
    assert_eq!(world.number(attempts).await, 0);
    assert_eq!(world.number("SELECT count(*) FROM activity").await, 0);

    // And life goes on.
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 1})).await;
    world.sync(pair.customers).await;
    assert!(world.number(attempts).await > 0);
    assert_eq!(world.number(REST).await, 0, "each row lies in its month");
}

#[tokio::test]
async fn a_month_that_was_not_prepared_gets_its_rows_out_of_the_rest() {
    let world = world().await;
    let pair = world.pair().await;
    // Nobody has made partitions for this month.
    world.clock.advance(TimeDelta::days(400));
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 2})).await;
    world.sync(pair.customers).await;
    let stranded = world.number(REST).await;
    assert!(stranded > 0);
    engine::retention::hourly(&world.engine, world.now()).await.unwrap();
    assert_eq!(world.number(REST).await, 0);
    assert_eq!(world.number("SELECT count(*) FROM attempts").await, stranded);
}

#[tokio::test]
async fn a_month_in_use_is_left_for_later_and_nobody_waits_for_it() {
    let world = world().await;
    engine::retention::hourly(&world.engine, world.now()).await.unwrap();
    let reader = world.reader("SELECT count(*) FROM activity").await;
    world.clock.advance(TimeDelta::days(150));
    let began = std::time::Instant::now();
    let _ = engine::retention::hourly(&world.engine, world.now()).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(15));
    let month = "SELECT count(*) FROM pg_class WHERE relname = 'activity_2026_11'";
    assert_eq!(world.number(month).await, 1, "somebody reads it");
    reader.commit().await.unwrap();
    engine::retention::hourly(&world.engine, world.now()).await.unwrap();
    assert_eq!(world.number(month).await, 0, "once it is free, it goes");
}
