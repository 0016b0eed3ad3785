//! Connections: making, testing, editing, pausing and deleting one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::activity::Tone;
use domain::connection::{ConnectionForm, ConnectionState, ConnectionView, Dependant};
use domain::run::{Phase, Trigger};
use domain::vendor::FieldKind;
use domain::{ConnectionId, RunId, Vendor};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::db::TenantTx;
use crate::jobs::Job;
use crate::keys::{self, DataKey};
use crate::store::connections::Stored;
use crate::store::runs::NewRun;
use crate::{Engine, Error, Member, Result, jobs, store};

/// Connections of one organisation at most.
pub const MAX_CONNECTIONS: usize = 200;

/// Connection tests of one organisation at once.
pub const MAX_TESTS: i64 = 5;

/// What a connection test is to try: sealed into the run, because it may never be saved.
#[derive(Serialize, Deserialize)]
pub(crate) struct TestInput {
    pub vendor: Vendor,
    pub settings: BTreeMap<String, String>,
    pub credentials: BTreeMap<String, String>,
}

pub async fn list(engine: &Engine, member: &Member) -> Result<Vec<ConnectionView>> {
    let mut tx = engine.db.begin(member.tenant).await?;
    store::connections::views(&mut tx, None).await
}

pub async fn get(engine: &Engine, member: &Member, id: ConnectionId, now: DateTime<Utc>) -> Result<ConnectionView> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let view = store::connections::views(&mut tx, Some(id)).await?.pop().ok_or(Error::NotFound)?;
    let lost_until = store::leases::lost_until(&mut tx, &[id.0], now).await?.map(|(_, until)| until);
    Ok(ConnectionView { lost_until, ..view })
}

/// Saves a new connection.
///
/// # Errors
/// [`Error::InvalidFields`] with what is wrong beside which field.
pub async fn create(
    engine: &Engine,
    member: &Member,
    vendor: Vendor,
    form: &ConnectionForm,
    now: DateTime<Utc>,
) -> Result<ConnectionId> {
    member.require(Permission::Configure)?;
    refuse_problems(form, vendor, false)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    if store::connections::views(&mut tx, None).await?.len() >= MAX_CONNECTIONS {
        return Err(Error::Conflict(format!(
            "An organisation has at most {MAX_CONNECTIONS} connections. Delete one first."
        )));
    }
    let id = insert(engine, &mut tx, vendor, form, now).await?;
    let text = format!("Connected {} as “{}”.", vendor.label(), form.name.trim());
    let link = Some(format!("connections/{id}"));
    store::activity::say(&mut tx, Tone::Success, text, Some(&member.email), link, now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Writes a connection with its slots; the caller has checked the form and commits.
pub(crate) async fn insert(
    engine: &Engine,
    tx: &mut TenantTx,
    vendor: Vendor,
    form: &ConnectionForm,
    now: DateTime<Utc>,
) -> Result<ConnectionId> {
    let (settings, secrets) = split(form, vendor);
    let none = BTreeMap::new();
    let id = store::connections::insert(
        tx,
        vendor,
        &Stored { name: form.name.trim(), settings: &settings, credentials: &none },
        now,
    )
    .await?;
    let key = store::tenants::data_key(tx, &engine.keys).await?;
    let credentials = seal_all(&key, tx, id, &secrets)?;
    let stored = Stored { name: form.name.trim(), settings: &settings, credentials: &credentials };
    store::connections::update(tx, id, &stored, now).await?;
    store::leases::resize(tx, id, slots(vendor, &settings)).await?;
    Ok(id)
}

/// Saves an edited connection; an empty secret stays as it was. One that was typed is tried at once, so that a wrong one is
/// known before it is needed.
pub async fn update(
    engine: &Engine,
    member: &Member,
    id: ConnectionId,
    form: &ConnectionForm,
    now: DateTime<Utc>,
) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let old = one(&mut tx, id).await?;
    refuse_problems(form, old.vendor, true)?;
    let (mut settings, secrets) = split(form, old.vendor);
    refuse_other_host(&old.settings, &settings, &secrets, old.vendor)?;
    let old_settings = old.settings.clone();
    // Settings that the form does not show stay.
    for (name, value) in old.settings {
        if !old.vendor.fields().iter().any(|field| field.name == name) {
            settings.entry(name).or_insert(value);
        }
    }
    let key = store::tenants::data_key(&mut tx, &engine.keys).await?;
    let mut credentials = old.credentials;
    credentials.extend(seal_all(&key, &tx, id, &secrets)?);
    end_sessions(&mut tx, id, moved(&old_settings, &settings, old.vendor), now).await?;
    let stored = Stored { name: form.name.trim(), settings: &settings, credentials: &credentials };
    store::connections::update(&mut tx, id, &stored, now).await?;
    store::leases::resize(&mut tx, id, slots(old.vendor, &settings)).await?;
    let text = format!("Changed the connection “{}”.", form.name.trim());
    let link = Some(format!("connections/{id}"));
    store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), link, now).await?;
    if !secrets.is_empty() && store::runs::count_active(&mut tx, Phase::Test).await? < MAX_TESTS {
        start_test(&mut tx, member, Some(id), &key, None, now).await?;
    }
    tx.commit().await
}

pub async fn pause(engine: &Engine, member: &Member, id: ConnectionId, now: DateTime<Utc>) -> Result<()> {
    set_state(engine, member, id, ConnectionState::Paused, now).await
}

pub async fn resume(engine: &Engine, member: &Member, id: ConnectionId, now: DateTime<Utc>) -> Result<()> {
    set_state(engine, member, id, ConnectionState::Active, now).await
}

async fn set_state(
    engine: &Engine,
    member: &Member,
    id: ConnectionId,
    state: ConnectionState,
    now: DateTime<Utc>,
) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let connection = one(&mut tx, id).await?;
    if store::connections::set_state(&mut tx, id, state, now).await? {
        let verb = if state == ConnectionState::Active { "Resumed" } else { "Paused" };
        let text = format!("{verb} the connection “{}”.", connection.name);
        let link = Some(format!("connections/{id}"));
        store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), link, now).await?;
    }
    tx.commit().await
}

/// Starts a test of what stands in a form, saved or not; an empty secret means the stored one of `existing`.
pub async fn test_form(
    engine: &Engine,
    member: &Member,
    vendor: Vendor,
    existing: Option<ConnectionId>,
    form: &ConnectionForm,
    now: DateTime<Utc>,
) -> Result<RunId> {
    member.require(Permission::Configure)?;
    refuse_problems(form, vendor, existing.is_some())?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let key = store::tenants::data_key(&mut tx, &engine.keys).await?;
    let (settings, secrets) = split(form, vendor);
    let mut credentials = BTreeMap::new();
    if let Some(id) = existing {
        let old = one(&mut tx, id).await?;
        if old.vendor != vendor {
            return Err(Error::NotFound);
        }
        refuse_other_host(&old.settings, &settings, &secrets, vendor)?;
        for (field, sealed) in &old.credentials {
            let secret = keys::open(&key, tx.tenant(), id, field, sealed)?;
            credentials.insert(field.clone(), secrecy::ExposeSecret::expose_secret(&secret).to_owned());
        }
    }
    for (field, secret) in secrets {
        credentials.insert(field, secrecy::ExposeSecret::expose_secret(&secret).to_owned());
    }
    let input = serde_json::to_vec(&TestInput { vendor, settings, credentials })?;
    let id = start_test(&mut tx, member, existing, &key, Some(&input), now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Starts a test of a saved connection.
pub async fn test(engine: &Engine, member: &Member, id: ConnectionId, now: DateTime<Utc>) -> Result<RunId> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    one(&mut tx, id).await?;
    let key = store::tenants::data_key(&mut tx, &engine.keys).await?;
    let run = start_test(&mut tx, member, Some(id), &key, None, now).await?;
    tx.commit().await?;
    Ok(run)
}

/// A stored secret is only ever sent to the address it was stored for: whoever may edit settings but does not know the
/// password must not be able to have it delivered to a host of their own.
fn refuse_other_host(
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    secrets: &BTreeMap<String, SecretString>,
    vendor: Vendor,
) -> Result<()> {
    let moved = moved(old, new, vendor) == Moved::Elsewhere;
    let secret =
        vendor.fields().iter().find(|field| field.kind == FieldKind::Secret && !secrets.contains_key(field.name));
    match secret {
        Some(field) if moved => Err(Error::InvalidFields(vec![(
            field.name.to_owned(),
            "The address has changed. Type the secret again, so that it is not sent to an address it was not meant for.".into(),
        )])),
        _ => Ok(()),
    }
}

/// Whether an edited connection still leads to the system that it led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Elsewhere,
    No,
}

fn moved(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>, vendor: Vendor) -> Moved {
    let url = vendor.fields().iter().find(|field| field.kind == FieldKind::Url).map(|field| field.name);
    let differs = url.is_some_and(|name| old.get(name).map(String::as_str) != new.get(name).map(String::as_str));
    if differs { Moved::Elsewhere } else { Moved::No }
}

/// A session belongs to the address and the user that it was opened for: its cookies go nowhere else, and the keeper logs
/// it out there. Slices that use one are taken over. At another system nothing counts against the slots; at the same one
/// they stay taken until the sessions are over.
async fn end_sessions(tx: &mut TenantTx, id: ConnectionId, moved: Moved, now: DateTime<Utc>) -> Result<()> {
    let syncs: Vec<_> = store::connections::dependants(tx, id).await?.iter().map(|d| d.sync.0).collect();
    let tenant = tx.tenant();
    for (run, phase) in store::runs::interrupt(tx, Some(id), &syncs, now).await? {
        jobs::enqueue(tx, phase, &[Job { tenant, run }], now).await?;
    }
    store::ended_sessions::hand_over(tx, id, now).await?;
    match moved {
        Moved::Elsewhere => {
            store::syncs::forget_watermarks(tx, id).await?;
            store::leases::forget_sessions(tx, id).await
        }
        Moved::No => store::ended_sessions::keep_slots(tx, id, now).await,
    }
}

async fn start_test(
    tx: &mut TenantTx,
    member: &Member,
    connection: Option<ConnectionId>,
    key: &DataKey,
    input: Option<&[u8]>,
    now: DateTime<Utc>,
) -> Result<RunId> {
    if store::runs::count_active(tx, Phase::Test).await? >= MAX_TESTS {
        return Err(Error::Conflict(format!(
            "{MAX_TESTS} connection tests of this organisation are under way. Wait until one of them is over."
        )));
    }
    let input_sealed =
        input.map(|input| keys::seal_bytes(key, member.tenant, member.tenant.0, "test", input)).transpose()?;
    let new = NewRun {
        sync: None,
        connection,
        phase: Phase::Test,
        trigger: Trigger::Manual,
        actor: Some(&member.email),
        chain: false,
        input_sealed,
        request: None,
    };
    let (id, _) = store::runs::insert_or_active(tx, &new, now).await?;
    jobs::enqueue(tx, Phase::Test, &[Job { tenant: member.tenant, run: id }], now).await?;
    Ok(id)
}

/// What goes away with a connection.
pub async fn dependants(engine: &Engine, member: &Member, id: ConnectionId) -> Result<Vec<Dependant>> {
    let mut tx = engine.db.begin(member.tenant).await?;
    one(&mut tx, id).await?;
    store::connections::dependants(&mut tx, id).await
}

/// Deletes a connection with the syncs, schedules and records that depend on it; their runs end first.
pub async fn delete(engine: &Engine, member: &Member, id: ConnectionId, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let connection = one(&mut tx, id).await?;
    let syncs: Vec<_> = store::connections::dependants(&mut tx, id).await?.iter().map(|d| d.sync.0).collect();
    let active = store::runs::active_of(&mut tx, Some(id), &syncs).await?;
    store::runs::cancel(&mut tx, &active, "The connection was deleted.", now).await?;
    store::ended_sessions::hand_over(&mut tx, id, now).await?;
    store::connections::delete(&mut tx, id).await?;
    let text = format!("Deleted the connection “{}” with {} syncs.", connection.name, syncs.len());
    store::activity::say(&mut tx, Tone::Warning, text, Some(&member.email), None, now).await?;
    tx.commit().await
}

async fn one(tx: &mut TenantTx, id: ConnectionId) -> Result<store::connections::Sealed> {
    store::connections::sealed(tx, &[id.0]).await?.pop().ok_or(Error::NotFound)
}

fn refuse_problems(form: &ConnectionForm, vendor: Vendor, keeps_secrets: bool) -> Result<()> {
    let problems = form.problems(vendor, keeps_secrets);
    if problems.is_empty() { Ok(()) } else { Err(Error::InvalidFields(problems)) }
}

/// Settings, and the secrets that were typed.
fn split(form: &ConnectionForm, vendor: Vendor) -> (BTreeMap<String, String>, BTreeMap<String, SecretString>) {
    let mut settings = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    for field in vendor.fields() {
        let value = form.value(field.name).to_owned();
        match field.kind {
            FieldKind::Secret if value.is_empty() => {}
            FieldKind::Secret => {
                secrets.insert(field.name.to_owned(), SecretString::from(value));
            }
            FieldKind::Url => {
                settings.insert(field.name.to_owned(), value.trim_end_matches('/').to_owned());
            }
            FieldKind::Text | FieldKind::Number { .. } => {
                settings.insert(field.name.to_owned(), value);
            }
        }
    }
    (settings, secrets)
}

fn seal_all(
    key: &DataKey,
    tx: &TenantTx,
    id: ConnectionId,
    secrets: &BTreeMap<String, SecretString>,
) -> Result<BTreeMap<String, String>> {
    let seal = |(field, secret): (&String, &SecretString)| {
        Ok((field.clone(), keys::seal(key, tx.tenant(), id, field, secret)?))
    };
    secrets.iter().map(seal).collect()
}

/// Slices that may use the connection at once: an ERP's licensed sessions, or a few for a shop, whose limit is a rate.
fn slots(vendor: Vendor, settings: &BTreeMap<String, String>) -> i32 {
    match vendor {
        Vendor::Shopify => 4,
        Vendor::Acumatica => settings.get("max_sessions").and_then(|n| n.parse().ok()).unwrap_or(1),
    }
}
