//! A sync's settings: what of them its systems allow, and changing them when two people do so at once.

use chrono::{DateTime, Utc};
use connectors::abilities;
use domain::account::Permission;
use domain::activity::Tone;
use domain::filter;
use domain::sync::{Direction, Possible, SettingsChange, SettingsView, SyncSettings, SyncView};
use domain::{Entity, SyncId, Vendor};

use crate::{Engine, Error, Member, Result, store};

/// What the form of a sync's settings needs.
pub async fn settings(engine: &Engine, member: &Member, id: SyncId) -> Result<SettingsView> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let sync = store::syncs::views(&mut tx, Some(id)).await?.pop().ok_or(Error::NotFound)?;
    let settings = store::syncs::get(&mut tx, id).await?.settings;
    let possible = possible(&sync);
    Ok(SettingsView { sync, settings, possible })
}

/// What the systems of a sync let it do.
#[must_use]
pub fn possible(sync: &SyncView) -> Possible {
    let source = abilities(sync.source.vendor, sync.entity);
    let destination = abilities(sync.destination.vendor, sync.entity);
    let two_way = source.read && destination.read && source.update && destination.update;
    let is_two_way = two_way && sync.direction == Direction::TwoWay;
    Possible {
        two_way,
        deactivate: destination.deactivate || (is_two_way && source.deactivate),
        delete: destination.delete || (is_two_way && source.delete),
        write_back: destination.insert && has_place_for_notes(sync),
    }
}

/// Whether the source's records can carry a tag and named values: a shop's orders, customers and products can.
fn has_place_for_notes(sync: &SyncView) -> bool {
    matches!(sync.source.vendor, Vendor::Shopify)
        && matches!(sync.entity, Entity::Order | Entity::Customer | Entity::Product)
}

/// So often settings are written again that were in another transaction's way.
const TRIES: u32 = 5;

/// Changes the settings of a sync; what others have changed meanwhile stays. Says what changed, in words.
///
/// # Errors
/// [`Error::InvalidFields`] with what cannot be chosen, or what another person has chosen meanwhile.
pub async fn change(
    engine: &Engine,
    member: &Member,
    id: SyncId,
    change: &SettingsChange,
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    member.require(Permission::Configure)?;
    let mut tried = 0;
    loop {
        // A run of the sync that comes to its end locks the same rows.
        match change_once(engine, member, id, change, now).await {
            Err(error) if error.is_contention() && tried < TRIES => tried += 1,
            other => return other,
        }
    }
}

async fn change_once(
    engine: &Engine,
    member: &Member,
    id: SyncId,
    change: &SettingsChange,
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    let mut tx = engine.db.begin(member.tenant).await?;
    store::syncs::lock(&mut tx, id).await?;
    let sync = store::syncs::views(&mut tx, Some(id)).await?.pop().ok_or(Error::NotFound)?;
    let current = store::syncs::get(&mut tx, id).await?.settings;
    let wanted = change.onto(&current).map_err(Error::InvalidFields)?;
    refuse_unusable(&sync, &current, &wanted)?;
    let changes = current.changes_to(&wanted);
    if changes.is_empty() {
        return Ok(changes);
    }
    store::syncs::set_settings(&mut tx, id, &wanted, now).await?;
    let text = format!("Settings of {}: {}.", sync.entity.label().to_lowercase(), changes.join("; "));
    store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), Some(format!("syncs/{id}")), now).await?;
    if current.filter != wanted.filter {
        super::filters::filter_changed(&mut tx, member, id, now).await?;
    }
    tx.commit().await?;
    Ok(changes)
}

fn refuse_unusable(sync: &SyncView, current: &SyncSettings, wanted: &SyncSettings) -> Result<()> {
    let possible = possible(&SyncView { direction: wanted.direction, ..sync.clone() });
    // What was chosen when it was possible may stay: it is refused where it is used.
    let mut problems = wanted.problems(possible);
    let before = current.problems(possible);
    problems.retain(|problem| !before.contains(problem));
    if let Some(Err(problem)) = wanted.filter.as_ref().map(|wanted| filter::check(wanted, sync.entity)) {
        let field = problem.condition.map_or_else(|| "filter".to_owned(), |place| format!("condition-{place}"));
        problems.push((field, problem.message));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::InvalidFields(problems)) }
}
