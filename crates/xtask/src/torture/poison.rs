//! A record that kills whoever works on it: it alone ends as Aborted, and what came with it goes through.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::stage::{Stage, Victim};
use crate::{steps, stop};

/// Crashes after which a record is given up.
const CRASHES: i64 = 3;
/// Customers beside the poisonous one.
const INNOCENT: usize = 4;
/// Each crash costs the time until it is noticed, and until an interrupted write can no longer arrive.
const PATIENCE: Duration = Duration::from_secs(900);

/// Kills both workers whenever one of them has the record in hand, until it is given up; then retries it as a person
/// would and lets it through.
pub fn poison(stage: &mut Stage, began: Instant) -> Result<()> {
    // Slow enough that the record is seen in their hands.
    stage.control("POST", "acumatica/faults", &json!({"kind": "latency", "share": 1.0, "ms": 300}))?;
    let made = stage.control("POST", "shopify/customers", &json!({"count": INNOCENT + 1}))?;
    let ids = made["ids"].as_array().context("the sandbox made no customers")?;
    let ids: Vec<String> = ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    let poisonous = ids.first().context("the sandbox made no customers")?.clone();
    let mut kills = 0;
    loop {
        match await_it(stage, &poisonous)? {
            Seen::InHand => {
                kills += 1;
                let seconds = began.elapsed().as_secs_f64();
                steps::note(&format!("{seconds:>6.1} s  the poisonous record kills both workers ({kills})"));
                for worker in [Victim::FirstWorker, Victim::SecondWorker] {
                    stage.kill_process(worker)?;
                }
                for worker in [Victim::FirstWorker, Victim::SecondWorker] {
                    stage.revive(worker)?;
                }
            }
            Seen::GivenUp(message) => {
                steps::note(&format!("{:>6.1} s  it is given up: {message}", began.elapsed().as_secs_f64()));
                if !message.contains("Crashed the worker 3 times") {
                    bail!("the poisonous record was given up for another reason: {message}");
                }
                break;
            }
            Seen::Done => bail!("the poisonous record went through after {kills} kills"),
        }
    }
    stage.control("DELETE", "acumatica/faults", &Value::Null)?;
    innocent(stage, &ids[1..])?;
    // It is let through from here on, as after a repair and a retry.
    let retry =
        "UPDATE records SET status = 'prepared', attempts = 0, crashes = 0, next_attempt_at = now(), last_error = NULL
        WHERE entity = 'customer' AND source_id = $1";
    stage.system()?.execute(retry, &[&poisonous])?;
    Ok(())
}

enum Seen {
    InHand,
    GivenUp(String),
    Done,
}

fn await_it(stage: &Stage, id: &str) -> Result<Seen> {
    let mut client = stage.system()?;
    let sql = "SELECT records.status, records.crashes::bigint, COALESCE(records.last_error, ''), runs.id IS NOT NULL
        FROM records
        LEFT JOIN runs ON runs.tenant_id = records.tenant_id AND runs.id = records.claimed_run
            AND runs.epoch = records.claimed_epoch AND runs.state = 'running'
        WHERE records.entity = 'customer' AND records.source_id = $1";
    let statement = client.prepare(sql)?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(row) = client.query_opt(&statement, &[&id])? {
            let (status, crashes): (String, i64) = (row.get(0), row.get(1));
            match status.as_str() {
                "aborted" => return Ok(Seen::GivenUp(row.get(2))),
                "processed" => return Ok(Seen::Done),
                // The last claim only notes that it is given up.
                _ if row.get(3) && crashes < CRASHES => return Ok(Seen::InHand),
                _ => {}
            }
        }
        if stop::wait(Duration::from_millis(5)) {
            return Err(stop::Interrupted.into());
        }
    }
    bail!("the poisonous record was neither worked on nor given up for {} s", PATIENCE.as_secs())
}

/// What came with it is through, once what was interrupted by its side has had its time.
fn innocent(stage: &Stage, ids: &[String]) -> Result<()> {
    let mut client = stage.system()?;
    let sql = "SELECT count(*) FROM records WHERE entity = 'customer' AND source_id = ANY($1) AND status = 'processed'";
    let all = i64::try_from(ids.len())?;
    let done = stop::wait_until(PATIENCE, || Ok(client.query_one(sql, &[&ids])?.get::<_, i64>(0) == all))?;
    if done { Ok(()) } else { bail!("the poisonous record holds up those that came with it") }
}
