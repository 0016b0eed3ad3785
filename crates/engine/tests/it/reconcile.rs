//! Reconcile runs prove that both sides agree, name what does not, and a repair puts it right.

use domain::reconcile::{FindingKind, FindingPage, Repair, Sums};
use domain::run::{Phase, RunState};
use domain::{RecordStatus, SyncId};
use serde_json::{Value, json};

use crate::support::{World, world};

async fn reconcile(world: &World, sync: SyncId) -> Sums {
    let started = engine::runs::start(&world.engine, &world.member, sync, Phase::Reconcile, world.now()).await.unwrap();
    world.work().await;
    let run = world.run(started.run.id).await;
    assert_eq!(run.state, RunState::Succeeded, "{run:?}");
    findings(world, sync, None).await.agreement.unwrap().sums
}

async fn findings(world: &World, sync: SyncId, kind: Option<FindingKind>) -> FindingPage {
    engine::reconcile::page(&world.engine, &world.member, sync, kind, None).await.unwrap()
}

async fn stock_items(world: &World) -> Vec<String> {
    let items = world.control("GET", "acumatica/StockItem?account=sbx_erp", Value::Null).await;
    items["records"].as_array().unwrap().iter().map(|item| item["InventoryID"].as_str().unwrap().to_owned()).collect()
}

async fn edit_item(world: &World, id: &str, changes: Value) {
    world.control("PATCH", &format!("acumatica/StockItem/{id}?account=sbx_erp"), changes).await;
}

#[tokio::test]
async fn what_was_synchronised_agrees_field_by_field() {
    let world = world().await;
    let pair = world.pair().await;
    world.orders(12).await;
    for sync in [pair.customers, pair.products, pair.orders] {
        world.sync(sync).await;
    }
    for sync in [pair.customers, pair.products, pair.orders] {
        let sums = reconcile(&world, sync).await;
        assert!(
            sums.agreed > 0 && sums.compared() == sums.agreed,
            "{sums:?}: {:?}",
            findings(&world, sync, None).await
        );
    }
    let sums = reconcile(&world, pair.orders).await;
    assert_eq!(sums, Sums { agreed: 12, ..Sums::default() });
}

#[tokio::test]
async fn what_differs_is_missing_or_doubled_is_named_and_repaired() {
    let world = world().await;
    let pair = world.pair().await;
    world.control("POST", "shopify/products?account=sbx_shop", json!({ "count": 8 })).await;
    world.sync(pair.products).await;
    let items = stock_items(&world).await;
    edit_item(&world, &items[0], json!({"Description": "Somebody typed over this"})).await;
    world.control("DELETE", &format!("acumatica/StockItem/{}?account=sbx_erp", items[1]), Value::Null).await;
    // The shop has two more that nothing has prepared yet.
    world.control("POST", "shopify/products?account=sbx_shop", json!({ "count": 2 })).await;
    world.clock.advance(chrono::TimeDelta::minutes(1));

    let sums = reconcile(&world, pair.products).await;
    let expected = Sums { agreed: 6, differing: 1, missing_in_destination: 3, ..Sums::default() };
    assert_eq!(sums, expected);
    let differs = findings(&world, pair.products, Some(FindingKind::Differs)).await.findings.remove(0);
    assert_eq!(differs.changes.len(), 1, "{differs:?}");
    assert_eq!(differs.changes[0].before.as_deref(), Some("Somebody typed over this"));

    world.clock.advance(chrono::TimeDelta::minutes(1));
    let all = Repair::All(None);
    let prepared = engine::reconcile::repair(&world.engine, &world.member, pair.products, &all, world.now()).await;
    assert_eq!(prepared.unwrap(), 4);
    world.work().await;
    assert_eq!(findings(&world, pair.products, None).await.repairable, 0);
    world.clock.advance(chrono::TimeDelta::minutes(1));
    let sums = reconcile(&world, pair.products).await;
    assert_eq!(sums, Sums { agreed: 10, ..Sums::default() }, "{:?}", findings(&world, pair.products, None).await);
}

#[tokio::test]
async fn records_that_nobody_wants_at_the_other_side_are_not_missing() {
    let world = world().await;
    let pair = world.pair().await;
    world.control("POST", "shopify/products?account=sbx_shop", json!({ "count": 4 })).await;
    engine::runs::start(&world.engine, &world.member, pair.products, Phase::Prepare, world.now()).await.unwrap();
    world.work().await;
    let filter = domain::history::HistoryFilter { sync: Some(pair.products), ..Default::default() };
    let row = engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows.remove(0);
    let these = domain::history::Selection::These(vec![row.id]);
    let skip = domain::status::RecordAction::Skip;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    engine::history::act(&world.engine, &world.member, skip, &these, world.now()).await.unwrap();
    // The first run signs in at the ERP, whose account exists from then on.
    reconcile(&world, pair.products).await;
    // Items that only the ERP has are no business of a sync that goes to it.
    world.control("POST", "acumatica/StockItem?account=sbx_erp", json!({ "count": 3 })).await;
    world.clock.advance(chrono::TimeDelta::seconds(1));

    let sums = reconcile(&world, pair.products).await;
    assert_eq!(sums, Sums { waiting: 3, left_out: 1, only_in_destination: 3, ..Sums::default() });
    assert_eq!(sums.agreement(), 0, "what waits does not agree yet");
}

#[tokio::test]
async fn two_customers_with_one_address_are_one_finding_that_only_a_person_can_mend() {
    let world = world().await;
    let pair = world.pair().await;
    let twin = |name: &str| json!({"firstName": name, "lastName": "Byron", "email": "twin@example.org"});
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"records": [twin("Ada"), twin("Eve")]})).await;
    world.sync(pair.customers).await;
    world.clock.advance(chrono::TimeDelta::minutes(1));
    let sums = reconcile(&world, pair.customers).await;
    assert_eq!((sums.agreed, sums.duplicated), (1, 1), "{sums:?}");
    let page = findings(&world, pair.customers, Some(FindingKind::Duplicated)).await;
    assert_eq!((page.findings.len(), page.repairable), (1, 0));
    assert!(page.findings[0].label.contains("twin@example.org"), "{page:?}");
}

#[tokio::test]
async fn an_interrupted_run_goes_on_where_it_was_and_leaves_nothing_behind() {
    let world = world().await;
    let pair = world.pair().await;
    // More than one slice lists.
    world.control("POST", "shopify/products?account=sbx_shop", json!({ "count": 700 })).await;
    let started =
        engine::runs::start(&world.engine, &world.member, pair.products, Phase::Reconcile, world.now()).await.unwrap();
    assert!(world.work_once().await);
    let listed = world.run(started.run.id).await.counts.done;
    assert!(listed >= 500, "{listed}");
    // The worker of the second slice dies before it has done anything.
    let job = world.take_job().await.unwrap();
    {
        let clock = world.clock.engine();
        let slice = engine::slice::run(&world.engine, job, &clock);
        let dies = async {
            while world.run(started.run.id).await.state != RunState::Running {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            done = slice => panic!("the slice was over before it could be killed: {done:?}"),
            () = dies => {}
        }
    }
    world.clock.advance(chrono::TimeDelta::seconds(16));
    assert_eq!(engine::sweeper::tick(&world.engine, world.now()).await.unwrap(), 1);
    world.work().await;
    assert_eq!(world.run(started.run.id).await.state, RunState::Succeeded);
    let sums = findings(&world, pair.products, None).await.agreement.unwrap().sums;
    assert_eq!(sums, Sums { missing_in_destination: 700, ..Sums::default() });
    assert_eq!(world.rows_of("reconcile_rows").await, 0);
    // The next run's findings take the place of these.
    reconcile(&world, pair.products).await;
    assert_eq!(world.rows_of("reconcile_findings").await, 700);
}

#[tokio::test]
async fn another_organisation_sees_and_repairs_nothing_of_it() {
    let world = world().await;
    let pair = world.pair().await;
    world.control("POST", "shopify/products?account=sbx_shop", json!({ "count": 1 })).await;
    reconcile(&world, pair.products).await;
    let stranger = world.stranger().await;
    let page = engine::reconcile::page(&world.engine, &stranger, pair.products, None, None).await;
    assert!(matches!(page, Err(engine::Error::NotFound)));
    let repair = engine::reconcile::repair(&world.engine, &stranger, pair.products, &Repair::All(None), world.now());
    assert!(matches!(repair.await, Err(engine::Error::NotFound)));
}

#[tokio::test]
async fn a_repair_leaves_alone_what_somebody_has_skipped_meanwhile() {
    let world = world().await;
    let pair = world.pair().await;
    world.control("POST", "shopify/products?account=sbx_shop", json!({ "count": 2 })).await;
    world.sync(pair.products).await;
    for id in stock_items(&world).await {
        edit_item(&world, &id, json!({"Description": "Other"})).await;
    }
    world.clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(reconcile(&world, pair.products).await.differing, 2);
    let page = findings(&world, pair.products, None).await;
    let filter = domain::history::HistoryFilter { sync: Some(pair.products), ..Default::default() };
    let record = page.findings[0].record.unwrap();
    // Skipping applies to what is not processed: it is set as prepared first.
    for action in [domain::status::RecordAction::SetPrepared, domain::status::RecordAction::Skip] {
        world.clock.advance(chrono::TimeDelta::seconds(1));
        let these = domain::history::Selection::These(vec![record]);
        engine::history::act(&world.engine, &world.member, action, &these, world.now()).await.unwrap();
    }
    let ids = page.findings.iter().map(|finding| finding.id).collect();
    let repair = Repair::These(ids);
    let prepared = engine::reconcile::repair(&world.engine, &world.member, pair.products, &repair, world.now()).await;
    assert_eq!(prepared.unwrap(), 1);
    world.work().await;
    let rows = engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows;
    let skipped = rows.iter().find(|row| row.id == record).unwrap();
    assert_eq!(skipped.status, RecordStatus::Skipped);
}
