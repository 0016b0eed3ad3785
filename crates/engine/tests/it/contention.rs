//! What the database does to a run without its fault: transactions that are in each other's way, and a database that is
//! away for a moment. What was stopped is done again, and it counts as nobody's failure.

use domain::RecordStatus;
use domain::run::{Phase, RunState};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};

use crate::support::{Pair, World, world};

/// From now on the statement that changes `table` as the `target`-th is stopped as PostgreSQL stops one of two that wait
/// for each other. A sequence counts, which a rollback does not turn back; so it happens once.
async fn stop_one(world: &World, changes: &str, table: &str, target: i64) {
    let sql = format!(
        "DROP SEQUENCE IF EXISTS statements CASCADE;
        CREATE SEQUENCE statements;
        GRANT USAGE, SELECT ON SEQUENCE statements TO PUBLIC;
        CREATE OR REPLACE FUNCTION stop_one() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('public.statements') = {target} THEN
                RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
            END IF;
            RETURN NULL;
        END $$;
        CREATE OR REPLACE TRIGGER stop_one AFTER {changes} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION stop_one();"
    );
    world.owner().await.execute(AssertSqlSafe(sql)).await.unwrap();
}

async fn statements(world: &World) -> i64 {
    world.number("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM statements").await
}

/// Two customers change, and both phases bring that over, with no step taken by the sweeper.
async fn change(world: &World, pair: &Pair, round: i64) {
    world.clock.advance(chrono::TimeDelta::minutes(10));
    let customers = world.sql("SELECT source_id FROM records WHERE entity = 'customer' ORDER BY id LIMIT 2").await;
    for row in customers {
        let id: String = sqlx::Row::get(&row, "source_id");
        let number = id.rsplit('/').next().unwrap();
        let path = format!("shopify/customers/{number}?account=sbx_shop");
        world.control("PATCH", &path, json!({"firstName": format!("Ada {round}")})).await;
    }
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 2})).await;
    for phase in [Phase::Prepare, Phase::Process] {
        let started = engine::runs::start(&world.engine, &world.member, pair.customers, phase, world.now()).await;
        let run = started.unwrap().run.id;
        world.work().await;
        let ended = world.run(run).await;
        assert_eq!(ended.state, RunState::Succeeded, "round {round}, {phase:?}: {:?}", ended.message);
        let crashes = format!("SELECT count(*) FROM runs WHERE id = '{run}' AND crashes > 0");
        assert_eq!(world.number(&crashes).await, 0, "round {round}, {phase:?}: it counts as no crash");
    }
    let open =
        format!("SELECT count(*) FROM records WHERE status <> '{}' OR crashes > 0", RecordStatus::Processed.as_str());
    assert_eq!(world.number(&open).await, 0, "round {round}");
}

/// Stops every statement once that a prepare and a process make to a table, in a round each.
async fn survives(changes: &str, table: &str) {
    let world = world().await;
    let pair = world.pair().await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 2})).await;
    world.sync(pair.customers).await;
    let mut target = 1;
    loop {
        stop_one(&world, changes, table, target).await;
        change(&world, &pair, target).await;
        if statements(&world).await < target {
            break;
        }
        target += 1;
    }
    assert!(target > 2, "no statement of {table} was stopped");
    let stats = world.erp_stats().await;
    let rounds = target + 1;
    assert!(stats["writes"]["Customer"]["max_inserts_per_record"] == 1, "{stats}");
    assert!(stats["writes"]["Customer"]["max_per_record"].as_i64().unwrap() <= rounds, "once for one version: {stats}");
}

#[tokio::test]
async fn a_deadlock_about_records_fails_no_run_wherever_it_happens() {
    survives("INSERT OR UPDATE", "records").await;
}

#[tokio::test]
async fn a_deadlock_about_a_run_fails_no_run_wherever_it_happens() {
    survives("UPDATE", "runs").await;
}

#[tokio::test]
async fn a_deadlock_about_a_connections_slots_fails_no_run_wherever_it_happens() {
    survives("UPDATE", "leases").await;
}

#[tokio::test]
async fn a_deadlock_while_an_outage_is_written_down_loses_nothing_of_it() {
    let world = world().await;
    let pair = world.pair().await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 40})).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let cut = json!({"account": "sbx_erp", "kind": "cut_after_write", "share": 1.0});
    world.control("POST", "acumatica/faults", cut).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await.unwrap();
    stop_one(&world, "UPDATE", "connections", 1).await;
    assert!(world.work_once().await);
    assert!(statements(&world).await > 1, "what was rolled back was written again");
    let views = engine::connections::list(&world.engine, &world.member).await.unwrap();
    assert!(views.iter().any(|view| view.name == "ERP" && view.breaker.is_some()), "{views:?}");
}

/// Customers on their way to a slow ERP, at the moment when four of them have arrived.
async fn in_the_midst_of_writing(world: &World) -> tokio::task::JoinHandle<engine::Result<()>> {
    let pair = world.pair().await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 30})).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let slow = json!({"account": "sbx_erp", "kind": "latency", "share": 1.0, "ms": 60});
    world.control("POST", "acumatica/faults", slow).await;
    engine::runs::start(&world.engine, &world.member, pair.customers, Phase::Process, world.now()).await.unwrap();
    let (job, clock, engine) = (world.take_job().await.unwrap(), world.clock.engine(), world.engine.clone());
    let slice = tokio::spawn(async move { engine::slice::run(&engine, job, &clock).await });
    while world.erp_stats().await["writes"]["Customer"]["total"].as_i64().unwrap_or(0) < 4 {}
    slice
}

#[tokio::test]
async fn a_database_that_restarts_in_the_midst_of_a_slice_counts_as_nobodys_crash() {
    let world = world().await;
    let slice = in_the_midst_of_writing(&world).await;
    // Every session ends, as at a restart.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    world.owner().await.execute(end).await.unwrap();
    slice.await.unwrap().unwrap();
    world.control("DELETE", "acumatica/faults?account=sbx_erp", serde_json::Value::Null).await;
    // Nobody sweeps here: the run goes on by the slice's own successor, once the interrupted writes have had their time.
    world.work().await;
    assert_eq!(world.number("SELECT count(*) FROM runs WHERE state <> 'succeeded' OR crashes > 0").await, 0);
    let marked = "SELECT count(*) FROM records WHERE status <> 'processed' OR attempts > 0 OR crashes > 0";
    assert_eq!(world.number(marked).await, 0);
    let stats = world.erp_stats().await;
    assert_eq!(stats["writes"]["Customer"]["max_inserts_per_record"], 1, "{stats}");
    assert_eq!(stats["writes"]["Customer"]["records"], 30, "{stats}");
}

#[tokio::test]
async fn a_record_that_is_deleted_while_others_begin_to_wait_for_it_costs_nobody_the_slice() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(3).await;
    world.sync(pair.products).await;
    for sync in [pair.customers, pair.orders] {
        engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
        world.work().await;
    }
    world.change("UPDATE records SET status = 'aborted' WHERE entity = 'customer'").await;
    // Between the look at them and the note who waits for them.
    world
        .as_owner(
            "CREATE FUNCTION delete_awaited() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                DELETE FROM records WHERE entity = 'customer';
                RETURN NULL;
            END $$;
            CREATE TRIGGER delete_awaited BEFORE DELETE ON record_waits FOR EACH STATEMENT
            WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION delete_awaited()",
        )
        .await;
    let started = engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Process, world.now()).await;
    world.work().await;
    let run = world.run(started.unwrap().run.id).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?}", run.message);
    assert_eq!(world.rows_of("record_waits").await, 0);
    world.as_owner("DROP TRIGGER delete_awaited ON record_waits").await;
    world.clock.advance(chrono::TimeDelta::minutes(15));
    engine::runs::start(&world.engine, &world.member, pair.orders, Phase::Process, world.now()).await.unwrap();
    world.work().await;
    let settled = "SELECT count(*) FROM records WHERE entity = 'order' AND status = 'processed'";
    assert_eq!(world.number(settled).await, 3, "the customers were looked for anew");
}
