//! The two organisations: each has a shop and an ERP, the syncs between them, and settings that the seed chooses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use domain::connection::ConnectionForm;
use domain::sync::{ConflictPolicy, DeletionPolicy, Direction, NewSync, RealTime, SettingsChange, SyncSettings};
use domain::{ConnectionId, Entity, Side, SyncId, Vendor};
use engine::accounts::Client;
use engine::{Engine, Member};
use serde_json::json;

use crate::dice::Dice;
use crate::world::{ADDRESS, World};

/// The ERPs' password.
const PASSWORD: &str = "secret of the ERP";
/// Requests that each ERP connection may have under way.
pub const CONCURRENT: usize = 3;

/// An organisation with its two systems.
pub struct Tenant {
    /// What stands in every one of its records and in its addresses.
    pub mark: &'static str,
    pub member: Member,
    pub shop: ConnectionId,
    pub syncs: BTreeMap<Entity, SyncId>,
    pub customers: Customers,
    /// The keys of customers that somebody has removed on one side.
    pub removed: BTreeSet<String>,
}

/// How a tenant's customers are synchronised.
#[derive(Debug, Clone, Copy)]
pub struct Customers {
    pub direction: Direction,
    pub deletions: DeletionPolicy,
}

/// An organisation with its connections and syncs.
///
/// # Errors
/// Of the engine.
pub async fn settle(world: &mut World<'_>, mark: &'static str) -> Result<Tenant> {
    let (engine, now) = (world.desk.clone(), world.now());
    let (client, email) = (Client::default(), format!("owner@{mark}.example"));
    let signed = engine::accounts::sign_up(&engine, mark, &email, "nine tall green horses", &client, now).await?;
    let member = engine::accounts::member(&engine, signed.user, &signed.slug).await?;
    let [shop, erp] = forms(mark);
    let shop = engine::connections::create(&engine, &member, Vendor::Shopify, &shop, now).await?;
    let erp = engine::connections::create(&engine, &member, Vendor::Acumatica, &erp, now).await?;
    let new = NewSync { entity: Entity::Order, source: shop, destination: erp };
    engine::syncs::create(&engine, &member, &new, now).await?;
    let syncs = engine::syncs::list(&engine, &member).await?;
    let syncs: BTreeMap<Entity, SyncId> = syncs.iter().map(|sync| (sync.entity, sync.id)).collect();
    let accounts = json!({"shop_token": shop_account(mark), "erp_user": erp_account(mark), "erp_password": PASSWORD});
    world.control("POST", "accounts", accounts).await?;
    let limits = json!({"account": erp_account(mark), "sessions": 10, "concurrent": 50});
    world.control("POST", "acumatica/limits", limits).await?;
    let mut customers = None;
    for (entity, sync) in &syncs {
        let wanted = settings(&mut world.dice, *entity);
        set(&engine, &member, *sync, &wanted, now).await?;
        world.tell(format!("{mark}'s sync of {entity}: {}", SyncSettings::default().changes_to(&wanted).join("; ")));
        if *entity == Entity::Customer {
            let SyncSettings { direction, deletion_policy: deletions, .. } = wanted;
            customers = Some(Customers { direction, deletions });
        }
    }
    let customers = customers.ok_or_else(|| anyhow::anyhow!("orders come without customers"))?;
    Ok(Tenant { mark, member, shop, syncs, customers, removed: BTreeSet::new() })
}

/// What the seed chooses for a sync. Only customers may go both ways: orders belong to the shop.
fn settings(dice: &mut Dice, entity: Entity) -> SyncSettings {
    let mut settings = SyncSettings { quiet_seconds: 5, longest_wait_seconds: 20, ..SyncSettings::default() };
    let real_time = [RealTime::Off, RealTime::Prepare, RealTime::Process, RealTime::Process];
    settings.real_time = *dice.pick(&real_time).unwrap_or(&RealTime::Off);
    let (both_ways, policy, primary, delete) = (dice.chance(600), dice.from(0..3), dice.chance(500), dice.chance(500));
    if entity == Entity::Customer {
        settings.direction = if both_ways { Direction::TwoWay } else { Direction::OneWay };
        settings.primary = if primary { Side::Source } else { Side::Destination };
        settings.conflict_policy = match policy {
            0 => ConflictPolicy::PrimaryWins,
            1 => ConflictPolicy::NewestWins,
            _ => ConflictPolicy::Ask,
        };
        settings.deletion_policy = if delete { DeletionPolicy::Delete } else { DeletionPolicy::Keep };
    }
    settings
}

async fn set(
    engine: &Engine,
    member: &Member,
    sync: SyncId,
    wanted: &SyncSettings,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    let base = engine::syncs::settings(engine, member, sync).await?.settings;
    let change = SettingsChange { base, wanted: wanted.clone(), insists: true };
    engine::syncs::change(engine, member, sync, &change, now).await?;
    Ok(())
}

/// The forms of the shop's and of the ERP's connection.
fn forms(mark: &str) -> [ConnectionForm; 2] {
    let shop_url = format!("http://{ADDRESS}/shopify/{mark}");
    let instance = format!("http://{ADDRESS}/acumatica/{mark}");
    let shop = [("shop_url", shop_url), ("api_version", "2026-10".into()), ("access_token", shop_account(mark))];
    let erp = [
        ("instance_url", instance),
        ("endpoint_version", "24.200.001".into()),
        ("user_name", erp_account(mark)),
        ("password", PASSWORD.into()),
        ("base_currency", "EUR".into()),
        ("max_sessions", sessions_of(mark).to_string()),
        ("max_concurrent", CONCURRENT.to_string()),
    ];
    [form("Shop", &shop), form("ERP", &erp)]
}

fn form(name: &str, values: &[(&str, String)]) -> ConnectionForm {
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    ConnectionForm { name: name.to_owned(), values }
}

/// The shop's account in the sandbox.
#[must_use]
pub fn shop_account(mark: &str) -> String {
    format!("sbx_shop_{mark}")
}

/// Sessions that a tenant's ERP connection may have; the sandbox would allow more.
#[must_use]
pub fn sessions_of(mark: &str) -> u64 {
    if mark == "noisy" { 3 } else { 2 }
}

/// The ERP's account in the sandbox.
#[must_use]
pub fn erp_account(mark: &str) -> String {
    format!("sbx_erp_{mark}")
}
