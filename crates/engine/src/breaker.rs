//! The breaker of a connection: after failures of five different records in a row nothing is sent to its system any
//! more, and a probe (the connection test) asks now and then whether it is back.
//!
//! What waits for it is waiting runs and their records: they keep their status, and no try is counted.

use chrono::{DateTime, Utc};
use domain::ConnectionId;
use domain::activity::Tone;
use domain::run::{Phase, Trigger};

use crate::db::TenantTx;
use crate::jobs::Job;
use crate::store::breakers::Due;
use crate::store::runs::NewRun;
use crate::{Engine, Result, jobs, store};

/// Probes that one tick starts at most.
const BATCH: i64 = 100;

/// Starts the probes that are due. One connection has one probe at a time.
pub async fn tick(engine: &Engine, now: DateTime<Utc>) -> Result<usize> {
    let mut tx = engine.db.begin_across_tenants().await?;
    let due = store::breakers::take_due_across_tenants(&mut tx, now, BATCH).await?;
    tx.commit().await?;
    for probe in &due {
        // One tenant's failure must not keep the others' probes waiting; this one's next time is set already.
        if let Err(error) = start(engine, *probe, now).await {
            tracing::warn!(connection.id = %probe.connection, tenant.id = %probe.tenant, %error, "could not probe");
        }
    }
    Ok(due.len())
}

async fn start(engine: &Engine, probe: Due, now: DateTime<Utc>) -> Result<()> {
    let mut tx = engine.db.begin(probe.tenant).await?;
    let new = NewRun {
        sync: None,
        connection: Some(probe.connection),
        phase: Phase::Test,
        trigger: Trigger::Probe,
        actor: None,
        chain: false,
        input_sealed: None,
        request: None,
    };
    let (id, _) = store::runs::insert_or_active(&mut tx, &new, now).await?;
    jobs::enqueue(&mut tx, Phase::Test, &[Job { tenant: probe.tenant, run: id }], now).await?;
    tx.commit().await
}

/// Tells people that nothing is sent any more.
pub(crate) async fn announce_open(
    tx: &mut TenantTx,
    id: ConnectionId,
    name: &str,
    why: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let text = format!("“{name}” does not answer: {why}. Everything that needs it waits, and goes on by itself.");
    store::activity::say(tx, Tone::Warning, text, None, Some(format!("connections/{id}")), now).await
}

/// The system answers again: what waited for it goes on, its records spread over a minute.
pub(crate) async fn close(tx: &mut TenantTx, id: ConnectionId, now: DateTime<Utc>) -> Result<()> {
    if !store::breakers::close(tx, id).await? {
        return Ok(());
    }
    for (run, phase) in store::breakers::wake_runs(tx, id, now).await? {
        let job = Job { tenant: tx.tenant(), run };
        jobs::enqueue(tx, phase, &[job], now).await?;
        store::activity::show_run(tx, run, now).await?;
    }
    store::breakers::spread_records(tx, id, now).await?;
    let name = store::connections::sealed(tx, &[id.0]).await?.pop().map(|connection| connection.name);
    let text = format!("“{}” answers again; what waited for it goes on.", name.unwrap_or_default());
    store::activity::say(tx, Tone::Success, text, None, Some(format!("connections/{id}")), now).await
}
