//! Two-way syncs: a change on either side reaches the other, each record once, and then it is quiet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use connectors::http::{Guard, GuardedClient, Request, Response, Transport};
use domain::sync::SyncSettings;
use domain::{LastOperation, RecordStatus};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::support::{TOKEN, World, world};
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

/// Lets a person at [`B`] type a phone number at the moment when the first write of ours is on its way there.
#[derive(Debug)]
struct Meanwhile {
    way: GuardedClient,
    http: reqwest::Client,
    url: String,
    is_armed: Arc<AtomicBool>,
}

impl Transport for Meanwhile {
    fn send(&self, request: Request) -> BoxFuture<'static, connectors::Result<Response>> {
        let edits = request.method == "PUT" && self.is_armed.swap(false, SeqCst);
        let (way, http, url) = (self.way.clone(), self.http.clone(), self.url.clone());
        Box::pin(async move {
            if edits {
                let contact = json!({"MainContact": {"Email": "ada@example.org", "Phone1": PHONE}});
                let edited = http.patch(url).bearer_auth(TOKEN).json(&contact).send().await.unwrap();
                assert!(edited.status().is_success(), "{edited:?}");
            }
            way.send(request).await
        })
    }
}

const PHONE: &str = "+43 1 555 0100";

async fn phone(world: &World, account: &str) -> Value {
    let customers = world.control("GET", &format!("acumatica/customers?account={account}"), Value::Null).await;
    customers["records"][0]["MainContact"]["Phone1"].clone()
}

#[tokio::test]
async fn what_somebody_edits_while_the_record_is_written_reaches_the_other_side_too() {
    let mut world = world().await;
    let sync = twins(&world, SyncSettings::default()).await;
    let in_a = make(&world, A, "Ada", "ada@example.org").await;
    go(&world, sync).await;
    let in_b = only(&world, sync).await.destination_id.unwrap();
    let is_armed = Arc::new(AtomicBool::new(true));
    let url = format!("http://{}/_control/acumatica/Customer/{in_b}?account={B}", world.sandbox.addr);
    let (way, http) = (world.engine.client.clone(), world.http.clone());
    let meanwhile = Meanwhile { way, http, url, is_armed: is_armed.clone() };
    world.engine.client = GuardedClient::through(Guard { allowed: Some(world.sandbox.addr) }, Arc::new(meanwhile));

    rename(&world, A, &in_a, "Ada Byron").await;
    go(&world, sync).await;
    assert!(!is_armed.load(SeqCst), "nobody typed");
    assert_eq!(names(&world, B).await, ["Ada Byron"]);
    assert_eq!((phone(&world, B).await, phone(&world, A).await), (json!(PHONE), json!(PHONE)));
    let quiet = (writes(&world, A).await, writes(&world, B).await);
    go(&world, sync).await;
    assert_eq!((writes(&world, A).await, writes(&world, B).await), quiet);
    assert_eq!(only(&world, sync).await.status, RecordStatus::Processed);
}
