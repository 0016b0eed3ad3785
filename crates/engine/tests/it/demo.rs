//! The demo comes to rest by itself: everything is synchronised but what the ERP refuses.

use domain::history::HistoryFilter;
use domain::{Entity, LastOperation, RecordStatus};

use crate::support::world;

#[tokio::test]
async fn the_demo_synchronises_all_entities_and_one_order_waits_for_its_item() {
    let world = world().await;
    engine::demo::try_with_sandbox(&world.engine, &world.member, world.now()).await.unwrap();
    let failures = "SELECT count(*) FROM records WHERE status IN ('failed', 'aborted')";
    while world.work_once().await {
        assert!(world.number(failures).await <= 1, "what waits for another record has not failed");
    }
    world.work().await;
    let syncs = engine::syncs::list(&world.engine, &world.member).await.unwrap();
    let entities: Vec<Entity> = syncs.iter().map(|sync| sync.entity).collect();
    assert_eq!(entities, Entity::ALL, "{syncs:?}");
    for sync in &syncs {
        let failed = sync.counts.of(RecordStatus::Failed) + sync.counts.of(RecordStatus::Aborted);
        let expected = i64::from(sync.entity == Entity::Order);
        assert_eq!(failed, expected, "{}: {:?}", sync.name, sync.counts);
    }
    // What belongs to the order that failed waits for it, says so, and goes on when it is mended.
    let filter = HistoryFilter { status: Some(RecordStatus::Prepared), ..HistoryFilter::default() };
    let waiting = engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows;
    for row in &waiting {
        assert_eq!(row.last_operation, LastOperation::WaitsForPrerequisite, "{row:?}");
        assert!(row.last_error.as_deref().unwrap().starts_with("Waits for its order"), "{row:?}");
        assert!(row.next_attempt_at.is_some(), "{row:?}");
    }
    let orders = syncs.iter().find(|sync| sync.entity == Entity::Order).unwrap();
    assert_eq!(orders.counts.of(RecordStatus::Processed), 39, "{:?}", orders.counts);
}
