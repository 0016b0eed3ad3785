//! Making a sync with what it needs: which combinations can work, and which way round.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::abilities;
use domain::account::Permission;
use domain::activity::Tone;
use domain::run::Phase;
use domain::schedule::{DEFAULT_FULL_SECONDS, DEFAULT_PREPARE_SECONDS, DEFAULT_PROCESS_SECONDS};
use domain::sync::{Able, NewSync, impossible};
use domain::{ConnectionId, Entity, SyncId, Vendor};

use super::MAX_SYNCS;
use crate::db::TenantTx;
use crate::{Engine, Error, Member, Result, store};

/// What each vendor's system lets a sync do with each entity.
#[must_use]
pub fn able() -> Vec<Able> {
    let of = |vendor: Vendor| {
        Entity::ALL.iter().map(move |entity| {
            let can = abilities(vendor, *entity);
            Able { vendor, entity: *entity, read: can.read, write: can.insert || can.update }
        })
    };
    Vendor::ALL.iter().flat_map(|vendor| of(*vendor)).collect()
}

/// Makes a sync, the syncs of its prerequisites between the same connections, and their default schedules.
///
/// # Errors
/// [`Error::Conflict`] when the pair has one for this entity already; [`Error::Invalid`] when the pair cannot do it.
pub async fn create(engine: &Engine, member: &Member, new: &NewSync, now: DateTime<Utc>) -> Result<SyncId> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    if store::syncs::views(&mut tx, None).await?.len() >= MAX_SYNCS {
        return Err(Error::Conflict(format!("An organisation has at most {MAX_SYNCS} syncs. Delete one first.")));
    }
    let (id, is_new) = insert(&mut tx, new, now).await?;
    if !is_new {
        return Err(Error::Conflict(format!(
            "These two connections synchronise {} already. Open that sync instead.",
            new.entity.label().to_lowercase()
        )));
    }
    let text = format!("Made the sync of {}.", new.entity.label().to_lowercase());
    store::activity::say(&mut tx, Tone::Success, text, Some(&member.email), Some(format!("syncs/{id}")), now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Writes a sync and what it needs; the caller commits.
pub(crate) async fn insert(tx: &mut TenantTx, new: &NewSync, now: DateTime<Utc>) -> Result<(SyncId, bool)> {
    let ends = ends(tx, new).await?;
    if let Some(why) = impossible(new.entity, ends.source, ends.destination, &able()) {
        return Err(Error::invalid("destination", format!("{why} Choose other connections.")));
    }
    let backwards = store::syncs::of_pair(tx, new.destination, new.source).await?;
    if backwards.iter().any(|sync| sync.entity == new.entity) {
        return Err(Error::Conflict(format!(
            "These two connections synchronise {} the other way round already. Let that sync go both ways instead.",
            new.entity.label().to_lowercase()
        )));
    }
    for entity in new.entity.prerequisites() {
        let both_ways = store::syncs::of_pair(tx, new.source, new.destination).await?;
        if both_ways.iter().chain(&backwards).any(|sync| sync.entity == *entity) {
            continue;
        }
        if let Some(needed) = prerequisite(*entity, new, &ends) {
            insert_one(tx, &needed, now).await?;
        }
    }
    insert_one(tx, new, now).await
}

/// The vendors of a new sync's ends.
struct Ends {
    source: Vendor,
    destination: Vendor,
}

async fn ends(tx: &mut TenantTx, new: &NewSync) -> Result<Ends> {
    if new.source == new.destination {
        return Err(Error::invalid(
            "destination",
            "Source and destination are the same connection. Choose another one.",
        ));
    }
    let ends = store::connections::sealed(tx, &[new.source.0, new.destination.0]).await?;
    let vendor = |id: ConnectionId| ends.iter().find(|end| end.id == id).map(|end| end.vendor).ok_or(Error::NotFound);
    Ok(Ends { source: vendor(new.source)?, destination: vendor(new.destination)? })
}

/// The sync that brings what the new one's records refer to: from where such records usually come, or else the way that
/// is possible. `None` = neither is, and whoever needs one is told so.
fn prerequisite(entity: Entity, new: &NewSync, ends: &Ends) -> Option<NewSync> {
    let forward = NewSync { entity, source: new.source, destination: new.destination };
    let backward = NewSync { entity, source: new.destination, destination: new.source };
    let able = able();
    let forward_works = impossible(entity, ends.source, ends.destination, &able).is_none();
    let backward_works = impossible(entity, ends.destination, ends.source, &able).is_none();
    match (forward_works, backward_works) {
        (true, true) if ends.source.system() != entity.origin() && ends.destination.system() == entity.origin() => {
            Some(backward)
        }
        (true, _) => Some(forward),
        (false, true) => Some(backward),
        (false, false) => None,
    }
}

async fn insert_one(tx: &mut TenantTx, new: &NewSync, now: DateTime<Utc>) -> Result<(SyncId, bool)> {
    let (id, is_new) = store::syncs::insert_or_existing(tx, new, now).await?;
    if is_new {
        for (phase, every) in [
            (Phase::Prepare, DEFAULT_PREPARE_SECONDS),
            (Phase::Process, DEFAULT_PROCESS_SECONDS),
            (Phase::FullPrepare, DEFAULT_FULL_SECONDS),
        ] {
            let first = now + TimeDelta::seconds(i64::from(every));
            store::schedules::insert(tx, id, phase, every, first, now).await?;
        }
    }
    Ok((id, is_new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_from_the_erp_refers_to_still_comes_from_the_shop() {
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let (shop, erp) = (ConnectionId::new(now), ConnectionId::new(now));
        let shipments = NewSync { entity: Entity::Shipment, source: erp, destination: shop };
        let ends = Ends { source: Vendor::Acumatica, destination: Vendor::Shopify };
        let orders = prerequisite(Entity::Order, &shipments, &ends).unwrap();
        assert_eq!((orders.source, orders.destination), (shop, erp));
    }
}
