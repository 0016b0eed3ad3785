//! "Try with sandbox data": connections to the demo's sandbox, the syncs between them, and the first runs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::activity::Tone;
use domain::connection::{ConnectionForm, ConnectionView};
use domain::run::{Phase, Trigger};
use domain::sync::NewSync;
use domain::{Entity, TenantId, Vendor};

use crate::{Engine, Error, Member, Result, connections, runs, store, syncs};

const SHOP: &str = "Sandbox shop";
const ERP: &str = "Sandbox ERP";

/// Makes both connections, the syncs of everything between them with their schedules, and starts prepare, which process
/// follows.
///
/// # Errors
/// [`Error::Conflict`] when this installation has no sandbox, or the organisation uses it already.
pub async fn try_with_sandbox(engine: &Engine, member: &Member, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Configure)?;
    let Some(sandbox) = &engine.config.sandbox else {
        return Err(Error::Conflict("This installation has no sandbox. Connect your own systems instead.".into()));
    };
    let mut tx = engine.db.begin(member.tenant).await?;
    if back_office(engine, &store::connections::views(&mut tx, None).await?).is_some() {
        return Err(Error::Conflict("The sandbox is connected already. Its connections are in the list.".into()));
    }
    let (shop, erp) = (shop_form(sandbox.addr, member.tenant), erp_form(sandbox.addr, member.tenant));
    let shop = connections::insert(engine, &mut tx, Vendor::Shopify, &shop, now).await.map_err(name_taken)?;
    let erp = connections::insert(engine, &mut tx, Vendor::Acumatica, &erp, now).await.map_err(name_taken)?;
    // What comes from the shop, and what the ERP answers; each brings what it needs.
    for (entity, source, destination) in [
        (Entity::Order, shop, erp),
        (Entity::Payment, shop, erp),
        (Entity::Shipment, erp, shop),
        (Entity::Stock, erp, shop),
    ] {
        syncs::insert(&mut tx, &NewSync { entity, source, destination }, now).await?;
    }
    let text =
        "Connected the sandbox's shop and ERP: orders, customers, products and payments go to the ERP, shipments and \
        stock levels come back."
            .to_owned();
    store::activity::say(&mut tx, Tone::Success, text, Some(&member.email), Some("connections".into()), now).await?;
    let mut all = store::syncs::of_pair(&mut tx, shop, erp).await?;
    all.extend(store::syncs::of_pair(&mut tx, erp, shop).await?);
    for sync in all {
        runs::begin(&mut tx, sync.id, Phase::Prepare, Trigger::Manual, Some(&member.email), true, now).await?;
    }
    tx.commit().await
}

fn name_taken(error: Error) -> Error {
    match error {
        Error::Invalid { .. } => Error::Conflict(format!(
            "A connection named “{SHOP}” or “{ERP}” is there already. Rename or delete it, then try again."
        )),
        other => other,
    }
}

/// The sandbox tells its accounts apart by credential, so each organisation gets a world of its own.
fn account(tenant: TenantId) -> String {
    format!("sbx_demo_{}", tenant.0.simple())
}

fn shop_form(addr: std::net::SocketAddr, tenant: TenantId) -> ConnectionForm {
    let shop_url = format!("http://{addr}/shopify/demo-shop");
    form(SHOP, &[("shop_url", &shop_url), ("api_version", "2026-10"), ("access_token", &account(tenant))])
}

fn erp_form(addr: std::net::SocketAddr, tenant: TenantId) -> ConnectionForm {
    let instance_url = format!("http://{addr}/acumatica/demo");
    form(
        ERP,
        &[
            ("instance_url", &instance_url),
            ("endpoint_version", "24.200.001"),
            ("user_name", &account(tenant)),
            ("password", &account(tenant)),
            ("base_currency", "EUR"),
            ("max_sessions", "2"),
            ("max_concurrent", "4"),
        ],
    )
}

fn form(name: &str, values: &[(&str, &str)]) -> ConnectionForm {
    let values: BTreeMap<String, String> = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    ConnectionForm { name: name.to_owned(), values }
}

/// Where a person sees the other half of the demo, when one of these connections leads to the sandbox.
pub(crate) fn back_office(engine: &Engine, connections: &[ConnectionView]) -> Option<String> {
    let sandbox = engine.config.sandbox.as_ref()?;
    let address = format!("http://{}/", sandbox.addr);
    let leads_there =
        |connection: &&ConnectionView| connection.settings.values().any(|value| value.starts_with(&address));
    let connection = connections.iter().find(leads_there)?;
    let user = connection.settings.get("user_name").cloned();
    let key =
        user.or_else(|| connections.iter().filter(leads_there).find_map(|c| c.settings.get("user_name").cloned()));
    let key = key.unwrap_or_default();
    // The demo's ERP user has its own name as its password.
    Some(format!("{address}enter?shop={key}&erp={key}&password={key}"))
}
