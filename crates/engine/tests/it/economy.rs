//! What synchronising costs the database, counted in statements: on a busy machine time is no measure.

use std::cell::Cell;

use domain::SyncId;
use domain::run::{Phase, RunState};
use serde_json::json;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{World, world};

/// Enough for some pages and chunks, the ends of which are not full.
const RECORDS: usize = 730;

thread_local! {
    static STATEMENTS: Cell<usize> = const { Cell::new(0) };
}

/// Counts the statements that were sent to the database, for each thread, which is each test.
struct Statements;

impl Statements {
    /// Of this thread, since it was asked last.
    fn taken() -> usize {
        STATEMENTS.take()
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        STATEMENTS.set(STATEMENTS.get() + 1);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

pub async fn customers(world: &World, count: usize) -> SyncId {
    let pair = world.pair().await;
    let limits = json!({"account": "sbx_shop", "maximum_available": 1e9, "restore_rate": 1e9});
    world.control("POST", "shopify/limits", limits).await;
    let limits = json!({"account": "sbx_erp", "sessions": 2, "concurrent": 8, "per_minute": 1_000_000});
    world.control("POST", "acumatica/limits", limits).await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": count})).await;
    pair.customers
}

async fn run(world: &World, sync: SyncId, phase: Phase) {
    let started = engine::runs::start(&world.engine, &world.member, sync, phase, world.now()).await.unwrap();
    world.work().await;
    let run = world.run(started.run.id).await;
    assert_eq!((run.state, run.counts.changed), (RunState::Succeeded, RECORDS as i64), "{:?}", run.message);
}

#[tokio::test]
async fn a_records_whole_way_costs_the_database_less_than_a_statement() {
    let world = world().await;
    let sync = customers(&world, RECORDS).await;
    tracing::subscriber::set_global_default(Statements).unwrap();
    Statements::taken();
    run(&world, sync, Phase::Prepare).await;
    let prepare = Statements::taken();
    run(&world, sync, Phase::Process).await;
    let process = Statements::taken();
    assert!(prepare > 20 && process > 50, "{prepare} and {process} statements: they are not counted any more");
    assert!(prepare * 100 < RECORDS * 20, "{prepare} statements to prepare {RECORDS} records");
    assert!(process * 100 < RECORDS * 60, "{process} statements to process {RECORDS} records");
}

#[tokio::test]
async fn a_record_that_changes_between_its_read_and_its_write_is_read_again_and_written_once() {
    let world = world().await;
    let sync = customers(&world, 1).await;
    engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    // Its key is locked after it was read: at that moment an event announces a change.
    world
        .as_owner(
            "CREATE FUNCTION announce() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                UPDATE records SET version = version + 1 WHERE id = NEW.record_id;
                RETURN NULL;
            END
            $$;
            CREATE TRIGGER announce AFTER INSERT ON key_locks FOR EACH ROW EXECUTE FUNCTION announce()",
        )
        .await;
    let started = engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    world.work().await;
    assert_eq!(world.run(started.run.id).await.counts.changed, 1);
    let stood = world.value("SELECT status || ' ' || last_operation || ' ' || version FROM records").await;
    assert_eq!(stood, "processed inserted 2");
    assert_eq!(
        world.value("SELECT count(*)::text FROM attempts").await,
        "1",
        "the state that was out of date was not sent"
    );
    assert_eq!(world.erp_stats().await["writes"]["Customer"]["total"], 1);
}

#[tokio::test]
async fn a_slice_that_nobody_waits_for_goes_on_and_another_run_ends_it() {
    let world = world().await;
    let sync = customers(&world, RECORDS).await;
    run(&world, sync, Phase::Prepare).await;
    let process = engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    assert!(world.work_once().await);
    assert_eq!(world.run(process.run.id).await.state, RunState::Succeeded, "one slice was enough, for nobody waited");

    let due = "UPDATE records SET status = 'prepared', forced = true, next_attempt_at = to_timestamp(0)";
    world.change(due).await;
    let process = engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    let job = world.take_job().await.unwrap();
    engine::runs::start(&world.engine, &world.member, sync, Phase::Prepare, world.now()).await.unwrap();
    engine::slice::run(&world.engine, job, &world.clock.engine()).await.unwrap();
    let run = world.run(process.run.id).await;
    assert_eq!((run.state, run.counts.done), (RunState::Queued, 500), "the run of the same connections comes first");
}

#[tokio::test]
async fn a_new_database_knows_its_tables_from_the_first_page_on() {
    let world = world().await;
    let sync = customers(&world, RECORDS).await;
    // Nobody else comes by meanwhile.
    world.as_owner("ALTER TABLE records SET (autovacuum_enabled = false)").await;
    run(&world, sync, Phase::Prepare).await;
    let known = world.number("SELECT reltuples::int8 FROM pg_class WHERE oid = 'records'::regclass").await;
    assert!(known >= 200, "PostgreSQL plans as if there were {known} records");
}
