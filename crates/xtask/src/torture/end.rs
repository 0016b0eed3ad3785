//! What has to be true when everything has come to rest.

use std::time::{Duration, Instant};

use ::postgres::Client;
use anyhow::{Result, bail};
use serde_json::Value;

use super::{options::Options, stage::Stage};
use crate::{steps, stop};

/// Checks every condition and says the figures; fails with all that is not as it should be.
pub fn check(stage: &mut Stage, options: &Options, began: Instant) -> Result<()> {
    let work = began.elapsed();
    let mut wrong = Vec::new();
    let mut client = stage.system()?;
    figures(&mut client, options, work)?;
    records(&mut client, &mut wrong)?;
    lost(stage, &mut client, &mut wrong)?;
    leftovers(stage, &mut wrong)?;
    counters(&mut client, &mut wrong)?;
    vendors(stage, &mut wrong)?;
    agreement(stage, &mut wrong)?;
    if wrong.is_empty() {
        steps::note("both sides agree, every record was written once, nothing is stuck");
        return Ok(());
    }
    bail!("not all is well at the end:\n  {}", wrong.join("\n  "))
}

fn figures(client: &mut Client, options: &Options, work: Duration) -> Result<()> {
    let row = client.query_one(
        "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM attempts),
            (SELECT count(*) FROM attempts WHERE error IS NOT NULL), (SELECT sum(epoch)::bigint FROM runs)",
        &[],
    )?;
    let (runs, attempts, failed, slices): (i64, i64, i64, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
    steps::note(&format!(
        "{} orders in {:.0} s with {} kills: {runs} runs, {slices} slices and takeovers, {attempts} attempts, {failed} of them failed",
        options.orders,
        work.as_secs_f64(),
        options.kills
    ));
    Ok(())
}

/// Examples that a complaint names.
const SHOWN: usize = 5;

/// Every record is Processed; an order whose customer or item was never mended would be here.
fn records(client: &mut Client, wrong: &mut Vec<String>) -> Result<()> {
    let sql = "SELECT entity, status, count(*), min(last_error), min(description)
        FROM records WHERE status <> 'processed' GROUP BY 1, 2";
    for row in client.query(sql, &[])? {
        let (entity, status, count): (String, String, i64) = (row.get(0), row.get(1), row.get(2));
        let (error, example): (Option<String>, Option<String>) = (row.get(3), row.get(4));
        let (error, example) = (error.unwrap_or_default(), example.unwrap_or_default());
        wrong.push(format!("{count} of entity {entity} are {status}, such as “{example}”: {error}"));
    }
    Ok(())
}

/// Every order that the shop was given is in the Sync History, once.
fn lost(stage: &Stage, client: &mut Client, wrong: &mut Vec<String>) -> Result<()> {
    let sql = "SELECT given.id, count(records.id)
        FROM unnest($1::text[]) AS given (id)
        LEFT JOIN records ON records.entity = 'order' AND records.source_id = given.id
        GROUP BY 1 HAVING count(records.id) <> 1";
    let rows = client.query(sql, &[&stage.made])?;
    let shown: Vec<String> = rows
        .iter()
        .take(SHOWN)
        .map(|row| format!("{} ({} times)", row.get::<_, String>(0), row.get::<_, i64>(1)))
        .collect();
    if !rows.is_empty() {
        wrong.push(format!("{} orders are not in the history exactly once, such as {}", rows.len(), shown.join(", ")));
    }
    Ok(())
}

/// Claims and intents of the dead are gone, and their slots are free (once their deadlines have passed).
fn leftovers(stage: &Stage, wrong: &mut Vec<String>) -> Result<()> {
    let held = "SELECT count(*) FROM leases WHERE run_id IS NOT NULL OR session_sealed IS NOT NULL";
    let freed = stop::wait_until(Duration::from_secs(180), || Ok(number(&mut stage.system()?, held)? == 0))?;
    if !freed {
        wrong.push("slots or sessions are still held three minutes after the end".into());
    }
    let mut client = stage.system()?;
    for (what, condition) in [("claimed", "claimed_run IS NOT NULL"), ("intended", "intent_key IS NOT NULL")] {
        let count = number(&mut client, &format!("SELECT count(*) FROM records WHERE {condition}"))?;
        if count > 0 {
            wrong.push(format!("{count} records are still {what}"));
        }
    }
    Ok(())
}

/// The counters on the screens say what is there.
fn counters(client: &mut Client, wrong: &mut Vec<String>) -> Result<()> {
    let off = number(
        client,
        "SELECT count(*) FROM (
            SELECT sync_id, status, sum(n) FROM (
                SELECT sync_id, status, n FROM record_counts
                UNION ALL SELECT sync_id, status, delta FROM record_count_deltas
                UNION ALL SELECT sync_id, status, -1 FROM records
            ) AS counted GROUP BY 1, 2 HAVING sum(n) <> 0
        ) AS off",
    )?;
    if off > 0 {
        wrong.push(format!("{off} counters differ from the records"));
    }
    Ok(())
}

/// What the ERP itself has seen.
fn vendors(stage: &Stage, wrong: &mut Vec<String>) -> Result<()> {
    let mut stats = stage.control_with("GET", "acumatica/stats", "&by_record=true", &Value::Null)?;
    let linked = "SELECT count(*) FROM records WHERE entity = 'order' AND destination_id IS NOT NULL";
    let linked = number(&mut stage.system()?, linked)?;
    for entity in ["SalesOrder", "Customer", "StockItem"] {
        let doubled = doubled(&stats["writes"][entity]["by_record"]);
        if !doubled.is_empty() {
            wrong.push(format!("{entity}: {} were written more than once: {}", doubled.len(), doubled.join(", ")));
        }
    }
    if let Some(orders) = stats["writes"]["SalesOrder"].as_object_mut() {
        orders.remove("by_record");
    }
    let orders = &stats["writes"]["SalesOrder"];
    if orders["records"].as_i64() != Some(linked) {
        wrong.push(format!("{linked} orders are linked, and the ERP has seen others: {orders}"));
    }
    let sessions = &stats["sessions"];
    // The demo's connection is limited to two sessions.
    if sessions["max_seen"].as_i64().unwrap_or(i64::MAX) > 2 {
        wrong.push(format!("more sessions than the connection's limit: {sessions}"));
    }
    steps::note(&format!("the ERP saw {} requests, sessions {sessions}, orders {orders}", stats["requests"]));
    Ok(())
}

/// The records that were written more than once, with how often.
fn doubled(by_record: &Value) -> Vec<String> {
    let counts = by_record.as_object().into_iter().flatten();
    let twice = counts.filter(|(_, count)| count.as_i64().is_some_and(|count| count > 1));
    twice.map(|(key, count)| format!("{key} ({count} times)")).collect()
}

/// A reconcile run of each sync compares both sides field by field. The sweeper finds its row, as it finds any queued
/// run without a job.
fn agreement(stage: &Stage, wrong: &mut Vec<String>) -> Result<()> {
    let mut client = stage.system()?;
    client.batch_execute("UPDATE schedules SET enabled = false")?;
    client.batch_execute(
        "INSERT INTO runs (tenant_id, id, sync_id, phase, state, trigger, heartbeat_at, created_at)
        SELECT tenant_id, gen_random_uuid(), id, 'reconcile', 'queued', 'manual', now() - interval '1 minute', now()
        FROM syncs",
    )?;
    let open = "SELECT count(*) FROM runs WHERE state IN ('queued', 'running', 'waiting')";
    if !stop::wait_until(Duration::from_secs(600), || Ok(number(&mut stage.system()?, open)? == 0))? {
        wrong.push("the comparison of both sides did not come to its end".into());
        return Ok(());
    }
    let rows = stage.system()?.query(
        "SELECT syncs.entity, runs.state, runs.report::text
        FROM runs JOIN syncs ON syncs.tenant_id = runs.tenant_id AND syncs.id = runs.sync_id
        WHERE runs.phase = 'reconcile' ORDER BY 1",
        &[],
    )?;
    for row in rows {
        let (entity, state, report): (String, String, Option<String>) = (row.get(0), row.get(1), row.get(2));
        let report: Value = report.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
        let sums = if report["agreed"].is_number() { &report } else { &report["sums"] };
        let bad = ["differing", "missing_in_destination", "missing_in_source", "duplicated", "waiting"];
        let total: i64 = bad.iter().filter_map(|name| sums[*name].as_i64()).sum();
        if state != "succeeded" && state != "completed_with_errors" || !sums["agreed"].is_number() || total > 0 {
            wrong.push(format!("{entity}: the two sides do not agree ({state}): {report}"));
        }
        steps::note(&format!("{entity}: {} pairs agree, {total} do not", sums["agreed"]));
    }
    Ok(())
}

fn number(client: &mut Client, sql: &str) -> Result<i64> {
    Ok(client.query_one(sql, &[])?.get(0))
}
