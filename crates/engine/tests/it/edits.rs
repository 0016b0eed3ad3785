//! What a person changed by hand is written once, and the next change at the source wins again.

use std::collections::BTreeMap;

use domain::history::{HistoryFilter, OpenedOn, Selection};
use domain::run::Phase;
use domain::status::RecordAction;
use domain::{LastOperation, RecordStatus, SyncId};
use serde_json::json;

use crate::support::{World, world};

async fn row(world: &World, sync: SyncId) -> domain::history::RecordRow {
    let filter = HistoryFilter { sync: Some(sync), ..HistoryFilter::default() };
    engine::history::page(&world.engine, &world.member, &filter).await.unwrap().rows.remove(0)
}

async fn erp_name(world: &World) -> String {
    let customers = world.control("GET", "acumatica/customers?account=sbx_erp", serde_json::Value::Null).await;
    customers["records"][0]["CustomerName"].as_str().unwrap().to_owned()
}

async fn process(world: &World, sync: SyncId) {
    world.clock.advance(chrono::TimeDelta::seconds(5));
    engine::runs::start(&world.engine, &world.member, sync, Phase::Process, world.now()).await.unwrap();
    world.work().await;
}

#[tokio::test]
async fn an_edited_payload_is_written_once_and_a_replay_takes_the_stored_version() {
    let world = world().await;
    let pair = world.pair().await;
    let customer = json!({"firstName": "Ada", "lastName": "Byron", "email": "ada@example.org"});
    let made = world.control("POST", "shopify/customers?account=sbx_shop", json!({"records": [customer]})).await;
    world.sync(pair.customers).await;
    let record = row(&world, pair.customers).await;
    // The screens' use-cases make such rows; here only what processing does with them is of interest.
    let payload =
        json!({"customer": {"email": "ada@example.org", "name": "Typed by hand", "phone": null, "address": null}});
    world
        .sql(format!(
            "INSERT INTO record_edits (tenant_id, id, record_id, version, kind, actor, made_at, payload, changes)
            SELECT tenant_id, gen_random_uuid(), id, version, 'payload', 'ada', '{}', '{payload}', '[]' FROM records
            WHERE id = '{}'",
            world.now().to_rfc3339(),
            record.id
        ))
        .await;
    let these = Selection::These(vec![record.id]);
    world.clock.advance(chrono::TimeDelta::seconds(1));
    engine::history::act(&world.engine, &world.member, RecordAction::SetPrepared, &these, world.now()).await.unwrap();
    process(&world, pair.customers).await;
    let record = row(&world, pair.customers).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::PayloadEdited),
        "{record:?}"
    );
    assert_eq!(erp_name(&world).await, "Typed by hand");
    assert_eq!(world.lines("SELECT count(*) FROM record_edits WHERE used_at IS NULL").await, ["0"]);

    world.clock.advance(chrono::TimeDelta::seconds(60));
    let number = made["ids"][0].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let path = format!("shopify/customers/{number}?account=sbx_shop");
    world.control("PATCH", &path, json!({"firstName": "Augusta"})).await;
    world.sync(pair.customers).await;
    assert_eq!(erp_name(&world).await, "Augusta Byron");

    world
        .sql("UPDATE records SET replay_version = 1, status = 'prepared', next_attempt_at = created_at".to_owned())
        .await;
    process(&world, pair.customers).await;
    let record = row(&world, pair.customers).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::Replayed),
        "{record:?}"
    );
    assert_eq!(erp_name(&world).await, "Ada Byron");
    assert_eq!(world.lines("SELECT count(*) FROM records WHERE replay_version IS NOT NULL").await, ["0"]);
}

/// A customer with two versions, whose ERP's half somebody deletes.
async fn deleted_in_the_erp(world: &World) -> (SyncId, domain::RecordId) {
    let pair = world.pair().await;
    let customer = json!({"firstName": "Ada", "lastName": "Byron", "email": "ada@example.org"});
    let made = world.control("POST", "shopify/customers?account=sbx_shop", json!({"records": [customer]})).await;
    world.sync(pair.customers).await;
    world.clock.advance(chrono::TimeDelta::seconds(60));
    let number = made["ids"][0].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let path = format!("shopify/customers/{number}?account=sbx_shop");
    world.control("PATCH", &path, json!({"firstName": "Augusta"})).await;
    world.sync(pair.customers).await;
    let record = row(world, pair.customers).await;
    let path = format!("acumatica/Customer/{}?account=sbx_erp", record.destination_id.clone().unwrap());
    world.control("DELETE", &path, serde_json::Value::Null).await;
    (pair.customers, record.id)
}

#[tokio::test]
async fn an_old_version_is_not_replayed_onto_a_record_that_was_deleted_at_the_destination() {
    let world = world().await;
    let (customers, id) = deleted_in_the_erp(&world).await;
    world.clock.advance(chrono::TimeDelta::seconds(5));
    engine::history::replay(&world.engine, &world.member, id, 1, world.now()).await.unwrap();
    world.work().await;
    let record = row(&world, customers).await;
    assert_eq!(record.status, RecordStatus::Failed, "{record:?}");
    assert!(record.last_error.as_deref().unwrap().contains("is gone"), "{record:?}");
    let there = world.control("GET", "acumatica/customers?account=sbx_erp", serde_json::Value::Null).await;
    assert_eq!(there["count"], 0, "{there}");
    // Who insists gets it, as it was.
    let these = Selection::These(vec![id]);
    world.clock.advance(chrono::TimeDelta::seconds(5));
    engine::history::act(&world.engine, &world.member, RecordAction::SyncNow, &these, world.now()).await.unwrap();
    world.work().await;
    let record = row(&world, customers).await;
    assert_eq!(
        (record.status, record.last_operation),
        (RecordStatus::Processed, LastOperation::Replayed),
        "{record:?}"
    );
    assert_eq!(erp_name(&world).await, "Ada Byron");
}

#[tokio::test]
async fn a_record_that_was_deleted_and_is_known_to_be_is_not_replayed() {
    let world = world().await;
    let (customers, id) = deleted_in_the_erp(&world).await;
    world
        .sql(format!(
            "UPDATE records SET status = 'deleted', tombstone_side = 'destination' WHERE sync_id = '{customers}'"
        ))
        .await;
    let refused = engine::history::replay(&world.engine, &world.member, id, 1, world.now()).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("deleted")));
}

#[tokio::test]
async fn who_did_not_know_of_anothers_edit_is_told_what_it_was_before_theirs_takes_its_place() {
    let world = world().await;
    let pair = world.pair().await;
    world.control("POST", "shopify/customers?account=sbx_shop", json!({"count": 1})).await;
    world.sync(pair.customers).await;
    let row = row(&world, pair.customers).await;
    let form = engine::history::edit_form(&world.engine, &world.member, row.id).await.unwrap();
    let edit = |opened_on, path: &str, text: &str| {
        let typed = BTreeMap::from([(path.to_owned(), text.to_owned())]);
        let (engine, member, now) = (world.engine.clone(), world.member.clone(), world.now());
        async move { engine::history::edit(&engine, &member, row.id, opened_on, &typed, now).await }
    };
    // Both have opened the form before either has saved.
    edit(form.opened_on, "name", "Ada Byron").await.unwrap();
    let second = edit(form.opened_on, "phone", "+43 1 000").await;
    let Err(engine::Error::Overtaken { message, by }) = second else { panic!("{second:?}") };
    assert!(
        message.contains("ada@example.org") && message.contains("Name") && message.contains("Ada Byron"),
        "{message}"
    );
    let waits = "SELECT payload->'customer'->>'name' FROM record_edits WHERE used_at IS NULL";
    assert_eq!(world.value(waits).await, "Ada Byron", "the first one's stands");

    // Also when it is written already.
    world.work().await;
    assert_eq!(erp_name(&world).await, "Ada Byron");
    let second = edit(form.opened_on, "phone", "+43 1 000").await;
    assert!(matches!(second, Err(engine::Error::Overtaken { .. })), "{second:?}");

    let told = OpenedOn { edit: Some(by), ..form.opened_on };
    edit(told, "phone", "+43 1 000").await.unwrap();
    let waits = "SELECT payload->'customer'->>'phone' FROM record_edits WHERE used_at IS NULL";
    assert_eq!(world.value(waits).await, "+43 1 000");
    world.work().await;
}
