//! What a person does to one record by hand: edits what goes out, chooses in a conflict, goes back to an earlier version.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::account::Permission;
use domain::activity::Tone;
use domain::canonical::fields::{self, Pair};
use domain::canonical::{Canonical, Change};
use domain::history::{ConflictView, EditForm, EditKind, EditView, OpenedOn, Removal, VersionsCompared, WholeChoice};
use domain::{LastOperation, RecordId, RecordStatus, Side};

use super::act::process;
use super::outgoing::{self, Outgoing};
use super::{ends, show};
use crate::db::TenantTx;
use crate::store::history::edits::{NewEdit, Sides};
use crate::store::history::held::{self, Held};
use crate::store::history::{edits, versions};
use crate::{Engine, Error, Member, Result, store};

/// Another's changes that are told at once.
const TOLD: usize = 5;

/// What would be written to the destination, as a form.
///
/// # Errors
/// [`Error::Conflict`] when there is nothing that could be edited.
pub async fn edit_form(engine: &Engine, member: &Member, id: RecordId) -> Result<EditForm> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let record = held::look(&mut tx, id).await?;
    let outgoing = editable(&mut tx, &record).await?;
    let (edit, newest) = edits::newest(&mut tx, id).await?.unzip();
    let pending = newest.filter(|edit| edit.kind == EditKind::Payload && edit.used_at.is_none());
    Ok(EditForm {
        record: id,
        description: record.description.clone(),
        opened_on: OpenedOn { version: record.version, edit },
        fields: fields::form_fields(&outgoing.record),
        missing: outgoing.missing,
        destination: ends(&mut tx, record.sync).await?.1,
        pending,
    })
}

/// The record's newest state on its way to the destination.
async fn editable(tx: &mut TenantTx, record: &Held) -> Result<Outgoing> {
    let refusal = match record.status {
        RecordStatus::Conflict => Some("Both sides changed. Resolve the conflict instead."),
        RecordStatus::AwaitingApproval => Some("It waits for an approval. It cannot be edited before."),
        RecordStatus::Deleted => Some("It is deleted. There is nothing left to edit."),
        RecordStatus::Filtered => Some("The sync's filter excludes it. Change the filter first."),
        _ if record.gone.is_some() => Some("It is gone on one side. There is nothing to edit until that is settled."),
        _ => None,
    };
    if let Some(why) = refusal {
        return Err(Error::Conflict(why.into()));
    }
    let (newest, _) = versions::newest(tx, record.id, Side::Source).await?;
    let newest = newest.ok_or_else(|| Error::Conflict("It has not been read at the source yet.".into()))?;
    let sync = store::syncs::get(tx, record.sync).await?;
    outgoing::translate(tx, sync.source, sync.destination, &newest).await
}

/// Takes what was typed in place of what the mapping would write, once, and has it written.
///
/// # Errors
/// [`Error::InvalidFields`] by the fields' paths; [`Error::Conflict`] when another version came meanwhile;
/// [`Error::Overtaken`] when somebody else's edit did.
pub async fn edit(
    engine: &Engine,
    member: &Member,
    id: RecordId,
    opened_on: OpenedOn,
    typed: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> Result<()> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let record = held::hold(&mut tx, id).await?;
    refuse_stale(&record, opened_on.version)?;
    let before = editable(&mut tx, &record).await?.record;
    if let Some((by, theirs)) = edits::newest(&mut tx, id).await?.filter(|(newest, _)| opened_on.edit != Some(*newest))
    {
        return Err(Error::Overtaken { message: overtaken(&before, &theirs), by });
    }
    let after = fields::apply(&before, typed).map_err(Error::InvalidFields)?;
    if after.key().is_none() {
        let message = format!("Without a {} it cannot be found at the other side.", record.entity.key_label());
        return Err(Error::invalid("", message));
    }
    let changes = fields::changed(&before, &after);
    if changes.is_empty() {
        return Err(Error::invalid("", "Nothing was changed. Change a field, or choose Retry."));
    }
    let new = (EditKind::Payload, Some(&after), None, &changes[..]);
    note(&mut tx, member, &record, LastOperation::PayloadEdited, new, now).await?;
    finish(tx, member, &record, format!("“{}” was edited by hand.", record.description), now).await
}

/// What somebody is told who did not know of another's edit.
fn overtaken(record: &Canonical, theirs: &EditView) -> String {
    let fields = fields::form_fields(record);
    let said = |text: &Option<String>| text.as_ref().map_or_else(|| "empty".to_owned(), |text| format!("“{text}”"));
    let told = theirs.changes.iter().map(|change| {
        let label = fields.iter().find(|field| field.path == change.path).map_or(&change.path, |field| &field.label);
        format!("{label} from {} to {}", said(&change.before), said(&change.after))
    });
    let told = told.take(TOLD).collect::<Vec<_>>().join(", ");
    let more = theirs.changes.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let what = if told.is_empty() { String::new() } else { format!(": {told}{more}") };
    format!(
        "{} has edited this record while you did{what}. Nothing was saved of yours, and what you typed is still here. Take \
         over what you want to keep of theirs, then save again: yours takes its place.",
        theirs.actor
    )
}

/// What there is to choose in a record's conflict.
pub(super) async fn conflict_view(tx: &mut TenantTx, record: &Held) -> Result<Option<ConflictView>> {
    let Some(Sides { source, destination, found_at }) = edits::conflict(tx, record.id).await? else { return Ok(None) };
    let gone = gone_side(source.as_ref(), destination.as_ref());
    let (groups, same) = match (&source, &destination) {
        (Some(source), Some(destination)) => {
            let same = fields::side_by_side(Some(source), Some(destination));
            (fields::groups(source, destination), same.into_iter().filter(|pair| !pair.differs()).collect())
        }
        (source, destination) => (Vec::new(), fields::side_by_side(source.as_ref(), destination.as_ref())),
    };
    let removals = match gone {
        Some(gone) => removals(tx, record, gone.other()).await?,
        None => Vec::new(),
    };
    Ok(Some(ConflictView { found_at, groups, same, gone, removals }))
}

fn gone_side(source: Option<&Canonical>, destination: Option<&Canonical>) -> Option<Side> {
    match (source, destination) {
        (None, Some(_)) => Some(Side::Source),
        (Some(_), None) => Some(Side::Destination),
        _ => None,
    }
}

/// What the vendor of a side can do with a record that is to go.
async fn removals(tx: &mut TenantTx, record: &Held, side: Side) -> Result<Vec<Removal>> {
    let view = store::syncs::views(tx, Some(record.sync)).await?.pop().ok_or(Error::NotFound)?;
    let end = if side == Side::Source { view.source } else { view.destination };
    let abilities = connectors::abilities(end.vendor, record.entity);
    let can = |removal: &Removal| match removal {
        Removal::Delete => abilities.delete,
        Removal::Deactivate => abilities.deactivate,
        Removal::Keep => true,
    };
    Ok(Removal::ALL.iter().copied().filter(can).collect())
}

/// Takes a person's choice in a conflict, field by field, and has it written to both sides where they differ.
///
/// # Errors
/// [`Error::InvalidFields`] names the fields for which nothing was chosen.
pub async fn resolve(
    engine: &Engine,
    member: &Member,
    id: RecordId,
    version: i64,
    choices: &BTreeMap<String, Side>,
    now: DateTime<Utc>,
) -> Result<()> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let (record, sides) = in_conflict(&mut tx, id, version).await?;
    let (Some(source), Some(destination)) = (&sides.source, &sides.destination) else {
        return Err(Error::Conflict("It is gone on one side. Choose what happens to the other.".into()));
    };
    let chosen = fields::choose(source, destination, choices).map_err(Error::InvalidFields)?;
    let changes = chosen_changes(source, destination, choices);
    let new = (EditKind::Conflict, Some(&chosen), None, &changes[..]);
    note(&mut tx, member, &record, LastOperation::ConflictResolved, new, now).await?;
    edits::settle_conflict(&mut tx, id).await?;
    finish(tx, member, &record, format!("The conflict of “{}” was resolved.", record.description), now).await
}

/// What was decided against, and what for.
fn chosen_changes(source: &Canonical, destination: &Canonical, choices: &BTreeMap<String, Side>) -> Vec<Change> {
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let change = |from_source: bool, pair: Pair| {
        let (before, after) = if from_source { (pair.right, pair.left) } else { (pair.left, pair.right) };
        Change { path: pair.path, before: filled(before), after: filled(after) }
    };
    let groups = fields::groups(source, destination).into_iter();
    groups
        .flat_map(|(path, pairs)| {
            let from_source = choices.get(&path) == Some(&Side::Source);
            pairs.into_iter().map(move |pair| change(from_source, pair))
        })
        .collect()
}

/// Decides about a record that is gone on one side and was changed on the other.
pub async fn resolve_gone(
    engine: &Engine,
    member: &Member,
    id: RecordId,
    version: i64,
    choice: WholeChoice,
    now: DateTime<Utc>,
) -> Result<()> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let (record, sides) = in_conflict(&mut tx, id, version).await?;
    let Some(gone) = gone_side(sides.source.as_ref(), sides.destination.as_ref()) else {
        return Err(Error::Conflict("It is there on both sides. Choose field by field.".into()));
    };
    let left = sides.source.as_ref().or(sides.destination.as_ref());
    let (payload, removal) = match choice {
        WholeChoice::BringBack => (left, None),
        WholeChoice::Remove(removal) => (None, Some(removal)),
    };
    if let Some(removal) = removal
        && !removals(&mut tx, &record, gone.other()).await?.contains(&removal)
    {
        return Err(Error::invalid("choice", "That system cannot do this. Choose another way."));
    }
    let note_of = (EditKind::Conflict, payload, removal, &[][..]);
    note(&mut tx, member, &record, LastOperation::ConflictResolved, note_of, now).await?;
    edits::settle_conflict(&mut tx, id).await?;
    finish(tx, member, &record, format!("The conflict of “{}” was resolved.", record.description), now).await
}

async fn in_conflict(tx: &mut TenantTx, id: RecordId, version: i64) -> Result<(Held, Sides)> {
    let record = held::hold(tx, id).await?;
    let sides = if record.status == RecordStatus::Conflict { edits::conflict(tx, id).await? } else { None };
    let sides = sides.ok_or_else(|| Error::Conflict("This conflict is over. Reload the page.".into()))?;
    refuse_stale(&record, version)?;
    Ok((record, sides))
}

/// Has an earlier version processed in place of what the source says now, once: the next change at the source wins again.
pub async fn replay(engine: &Engine, member: &Member, id: RecordId, version: i64, now: DateTime<Utc>) -> Result<()> {
    member.require(Permission::Operate)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    let record = held::hold(&mut tx, id).await?;
    editable(&mut tx, &record).await?;
    let (view, _) = versions::get(&mut tx, id, version).await?;
    if view.side != Side::Source {
        return Err(Error::Conflict("That version was read at the destination. Replay one of the source's.".into()));
    }
    held::prepare(&mut tx, id, LastOperation::Replayed, Some(version), now).await?;
    let text = format!("“{}” is replayed from version {version}.", record.description);
    finish(tx, member, &record, text, now).await
}

/// Two versions side by side, the earlier one on the left.
pub async fn versions_compared(
    engine: &Engine,
    member: &Member,
    id: RecordId,
    (one, other): (i64, i64),
) -> Result<VersionsCompared> {
    let mut tx = engine.db.begin(member.tenant).await?;
    let (left, before) = versions::get(&mut tx, id, one.min(other)).await?;
    let (right, after) = versions::get(&mut tx, id, one.max(other)).await?;
    Ok(VersionsCompared { left, right, pairs: fields::side_by_side(Some(&before), Some(&after)) })
}

/// A form that was filled in for another version than the record has now would overwrite what its author has not seen.
fn refuse_stale(record: &Held, version: i64) -> Result<()> {
    if record.version == version {
        return Ok(());
    }
    Err(Error::Conflict("The record has changed meanwhile. Reload it, look at what is new, and decide again.".into()))
}

/// Writes the edit and makes the record due at once.
async fn note(
    tx: &mut TenantTx,
    member: &Member,
    record: &Held,
    operation: LastOperation,
    (kind, payload, removal, changes): (EditKind, Option<&Canonical>, Option<Removal>, &[Change]),
    now: DateTime<Utc>,
) -> Result<()> {
    let version = held::prepare(tx, record.id, operation, None, now).await?;
    let edit = NewEdit { record: record.id, version, kind, actor: &member.email, payload, removal, changes };
    edits::insert(tx, &edit, now).await
}

/// Shows the record, says who did it, starts or hurries the run that processes it, and commits.
pub(super) async fn finish(
    mut tx: TenantTx,
    member: &Member,
    record: &Held,
    text: String,
    now: DateTime<Utc>,
) -> Result<()> {
    show(&mut tx, record.sync, &[record.id.0], now).await?;
    let link = Some(format!("history?record={}", record.id));
    store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), link, now).await?;
    process(&mut tx, member, record.sync, now).await?;
    tx.commit().await
}
