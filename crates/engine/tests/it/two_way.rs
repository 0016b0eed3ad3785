//! Two-way syncs: a change on either side reaches the other, each record once, and then it is quiet.

use domain::sync::SyncSettings;
use domain::{LastOperation, RecordStatus};

use crate::support::world;
use crate::twins::{A, B, go, make, names, only, rename, rows, twins, writes};

#[tokio::test]
async fn a_change_on_either_side_reaches_the_other_and_then_the_writes_stop() {
    let world = world().await;
    let sync = twins(&world, SyncSettings::default()).await;
    let in_a = make(&world, A, "Ada", "ada@example.org").await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::Inserted),
        "{record:?}"
    );

    rename(&world, B, record.destination_id.as_deref().unwrap(), "Ada of B").await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(record.last_operation, LastOperation::UpdatedInSource, "{record:?}");
    assert_eq!(names(&world, A).await, ["Ada of B"]);

    rename(&world, A, &in_a, "Ada of A").await;
    go(&world, sync).await;
    assert_eq!(names(&world, B).await, ["Ada of A"]);
    let quiet = (writes(&world, A).await, writes(&world, B).await);
    for _ in 0..3 {
        go(&world, sync).await;
    }
    assert_eq!((writes(&world, A).await, writes(&world, B).await), quiet, "{:?}", rows(&world, sync).await);
    assert_eq!(quiet, (1, 2));
}

#[tokio::test]
async fn what_only_the_destination_has_is_inserted_in_the_source() {
    let world = world().await;
    let sync = twins(&world, SyncSettings::default()).await;
    make(&world, B, "Bo", "bo@example.org").await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!(record.last_operation, LastOperation::InsertedInSource, "{record:?}");
    assert!(record.source_id.is_some() && record.status == RecordStatus::Processed, "{record:?}");
    assert_eq!(names(&world, A).await, ["Bo"]);
    go(&world, sync).await;
    assert_eq!((writes(&world, A).await, writes(&world, B).await), (1, 0));
}

#[tokio::test]
async fn a_customer_that_both_sides_have_already_becomes_one_record() {
    let world = world().await;
    let sync = twins(&world, SyncSettings::default()).await;
    make(&world, A, "Cy of A", "cy@example.org").await;
    make(&world, B, "Cy of B", "cy@example.org").await;
    go(&world, sync).await;
    let record = only(&world, sync).await;
    assert_eq!((record.status, record.last_operation), (RecordStatus::Processed, LastOperation::Adopted), "{record:?}");
    assert_eq!((names(&world, A).await, names(&world, B).await), (vec!["Cy of A".into()], vec!["Cy of A".to_owned()]));
    go(&world, sync).await;
    assert_eq!((writes(&world, A).await, writes(&world, B).await), (0, 1));
}
