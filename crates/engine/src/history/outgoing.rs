//! What would be written of a record, as far as it is known without asking a vendor: references translated through the
//! links that there are.

use std::collections::HashMap;

use domain::canonical::{Canonical, Reference};
use domain::{ConnectionId, Entity};

use crate::db::TenantTx;
use crate::{Result, store};

/// A record on its way to another system.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// References that have no partner there keep their id.
    pub record: Canonical,
    /// Those references, in words.
    pub missing: Vec<String>,
}

/// The record in the terms of `to`.
pub async fn translate(
    tx: &mut TenantTx,
    from: ConnectionId,
    to: ConnectionId,
    record: &Canonical,
) -> Result<Outgoing> {
    let mut wanted: HashMap<Entity, Vec<String>> = HashMap::new();
    for (entity, reference) in record.references() {
        wanted.entry(entity).or_default().push(reference.id.clone());
    }
    let mut known: HashMap<(Entity, String), String> = HashMap::new();
    for (entity, ids) in &wanted {
        let partners = store::history::links::partners(tx, from, to, *entity, ids).await?;
        known.extend(partners.into_iter().map(|(here, there)| ((*entity, here), there)));
    }
    let there = |entity: Entity, reference: &Reference| known.get(&(entity, reference.id.clone())).cloned();
    let missing = record.references().into_iter().filter(|(entity, reference)| there(*entity, reference).is_none());
    let missing = missing.map(|(entity, reference)| in_words(entity, reference)).collect();
    let translated = record.translated(|entity, reference| {
        let id = there(entity, reference);
        Some(id.map_or_else(|| reference.clone(), |id| Reference { key: Some(id.clone()), id }))
    });
    // Every reference has an answer above, so that none is left over.
    Ok(Outgoing { record: translated.unwrap_or_else(|_| record.clone()), missing })
}

fn in_words(entity: Entity, reference: &Reference) -> String {
    format!("{} {}", entity.singular(), reference.key.as_ref().unwrap_or(&reference.id))
}
