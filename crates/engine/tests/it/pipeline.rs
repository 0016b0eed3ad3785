//! Chunks of a process slice that overlap: what is in work beside what, and what a slice leaves that has to stop.

use domain::run::{Phase, RunState};
use serde_json::json;

use crate::economy::customers;
use crate::support::{World, world};

/// From here on `company` has a row for each claim: whether it is a lone one, and what is claimed already beside one that is
/// claimed alone, or by a later claim beside that one.
async fn note_company(world: &World) {
    world
        .as_owner(
            "CREATE TABLE company (alone boolean, beside bigint);
            GRANT INSERT, SELECT ON company TO PUBLIC;
            CREATE FUNCTION note_company() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO company
                SELECT NEW.claimed_alone, count(*) FILTER (WHERE NEW.claimed_alone OR claimed_alone) FROM records
                WHERE claimed_run IS NOT NULL AND id <> NEW.id;
                RETURN NULL;
            END
            $$;
            CREATE TRIGGER note_company AFTER UPDATE OF claimed_run ON records FOR EACH ROW
            WHEN (NEW.claimed_run IS NOT NULL) EXECUTE FUNCTION note_company()",
        )
        .await;
}

#[tokio::test]
async fn a_prerequisite_over_which_a_worker_died_is_not_brought_along_with_others() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(3).await;
    for sync in [pair.customers, pair.products, pair.orders] {
        engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
        world.work().await;
    }
    let customers = world.number("SELECT count(*) FROM records WHERE entity = 'customer'").await;
    world.change("UPDATE records SET suspect = true WHERE entity = 'customer'").await;
    note_company(&world).await;
    let started = engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Process, world.now()).await;
    world.work().await;
    let run = world.run(started.unwrap().run.id).await;
    assert_eq!((run.state, run.counts.changed), (RunState::Succeeded, 3), "{:?}", run.message);
    assert_eq!(world.number("SELECT count(*) FROM company WHERE alone").await, customers);
    assert_eq!(world.value("SELECT max(beside)::text FROM company").await, "0");
    assert_eq!(world.number("SELECT count(*) FROM records WHERE suspect OR status <> 'processed'").await, 0);
}

#[tokio::test]
async fn records_over_which_a_worker_died_come_last_and_with_nothing_beside_them() {
    let world = world().await;
    let sync = customers(&world, 230).await;
    engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    world.change("UPDATE records SET suspect = true WHERE id IN (SELECT id FROM records ORDER BY id LIMIT 2)").await;
    note_company(&world).await;
    let started = engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    world.work().await;
    let run = world.run(started.run.id).await;
    assert_eq!((run.state, run.counts.changed), (RunState::Succeeded, 230), "{:?}", run.message);
    assert_eq!(
        world.value("SELECT count(*) FILTER (WHERE alone) || ' of ' || count(*) FROM company").await,
        "2 of 230"
    );
    assert_eq!(world.value("SELECT max(beside)::text FROM company").await, "0");
}

#[tokio::test]
async fn a_slice_that_is_told_to_slow_down_gives_back_what_it_has_claimed_and_not_sent() {
    let world = world().await;
    let sync = customers(&world, 330).await;
    engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 10});
    world.control("POST", "acumatica/faults", slow).await;
    let started = engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    let job = world.take_job().await.unwrap();
    let (engine, clock) = (world.engine.clone(), world.clock.engine());
    let slice = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    // The first chunk is being written, and the second one is claimed.
    while world.number("SELECT count(*) FROM records WHERE claimed_run IS NOT NULL AND intent_key IS NULL").await == 0
        || world.erp_stats().await["writes"]["Customer"]["total"].as_i64().unwrap_or(0) < 20
    {
        tokio::task::yield_now().await;
    }
    world.control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": "429", "next": 1})).await;
    slice.await.unwrap().unwrap();
    assert_eq!(world.run(started.run.id).await.state, RunState::Waiting);
    let left = "claimed_run IS NOT NULL OR intent_key IS NOT NULL OR attempts > 0";
    assert_eq!(world.number(&format!("SELECT count(*) FROM records WHERE {left}")).await, 0);
    let open = world.number("SELECT count(*) FROM records WHERE status = 'prepared'").await;
    assert!(open > 100, "{open} records are left");
    world.control("DELETE", "acumatica/faults?account=sbx_erp", serde_json::Value::Null).await;
    world.work().await;
    let run = world.run(started.run.id).await;
    assert_eq!((run.state, run.counts.changed), (RunState::Succeeded, 330), "{:?}", run.message);
    assert_eq!(world.erp_stats().await["writes"]["Customer"]["max_inserts_per_record"], 1);
}

#[tokio::test]
async fn a_source_that_fails_while_the_destination_does_too_is_noted_beside_it() {
    let world = world().await;
    let sync = customers(&world, 330).await;
    engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 100});
    world.control("POST", "acumatica/faults", slow).await;
    engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    let job = world.take_job().await.unwrap();
    let (engine, clock) = (world.engine.clone(), world.clock.engine());
    let slice = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    // The first chunk is being written, and the next one is claimed.
    let claimed = "SELECT count(*) FROM records WHERE claimed_run IS NOT NULL AND intent_key IS NULL";
    while world.number(claimed).await < 100 || world.erp_stats().await["writes"]["Customer"]["total"] == 0 {}
    world.control("POST", "shopify/faults", json!({"account": "sbx_shop", "kind": "429", "share": 1.0})).await;
    // One could not be read and was given back, while the one before it is being written.
    let given_back = "SELECT count(*) FROM records
        WHERE last_attempt_at IS NOT NULL AND claimed_run IS NULL AND status = 'prepared'";
    while world.number(given_back).await < 100 {}
    world.control("POST", "acumatica/faults", json!({"account": "sbx_erp", "kind": "429", "share": 1.0})).await;
    slice.await.unwrap().unwrap();
    let waits = "SELECT string_agg(vendor, ' ' ORDER BY vendor) FROM connections WHERE wait_until IS NOT NULL";
    assert_eq!(world.value(waits).await, "acumatica shopify");
}
