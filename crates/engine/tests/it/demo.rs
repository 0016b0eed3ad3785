//! The demo comes to rest by itself: everything is synchronised but what the ERP refuses.

use domain::{Entity, RecordStatus};

use crate::support::world;

#[tokio::test]
async fn the_demo_synchronises_all_entities_and_one_order_waits_for_its_item() {
    let world = world().await;
    engine::demo::try_with_sandbox(&world.engine, &world.member, world.now()).await.unwrap();
    world.work().await;
    let syncs = engine::syncs::list(&world.engine, &world.member).await.unwrap();
    let entities: Vec<Entity> = syncs.iter().map(|sync| sync.entity).collect();
    assert_eq!(entities, Entity::ALL, "{syncs:?}");
    for sync in &syncs {
        let failed = sync.counts.of(RecordStatus::Failed) + sync.counts.of(RecordStatus::Aborted);
        let expected = i64::from(sync.entity == Entity::Order);
        assert_eq!(failed, expected, "{}: {:?}", sync.name, sync.counts);
    }
    let orders = syncs.iter().find(|sync| sync.entity == Entity::Order).unwrap();
    assert_eq!(orders.counts.of(RecordStatus::Processed), 39, "{:?}", orders.counts);
}
