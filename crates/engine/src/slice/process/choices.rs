//! What a person wants in place of what was read: an edited payload, a choice in a conflict, an earlier version.

use std::collections::HashMap;

use domain::Side;
use domain::canonical::Canonical;
use domain::history::Removal;
use uuid::Uuid;

use super::sides::Pair;
use crate::slice::context::Context;
use crate::store::edits::Edit;
use crate::{Result, store};

/// A person's choice.
#[derive(Debug, Clone)]
pub enum Choice {
    /// To be written to the destination in place of the mapped record, once.
    Payload { edit: Uuid, record: Canonical },
    /// What both sides shall hold, in the destination's terms.
    Conflict { edit: Uuid, record: Canonical },
    /// A record is gone on one side: what shall happen to the other.
    Removal { edit: Uuid, how: Removal },
    /// A stored version in place of what the source says now. One that was read at the destination is in its terms.
    Replay { side: Side, record: Canonical },
}

/// Notes the choices on the records that have one. Most chunks have none, and cost no statement.
pub async fn load(context: &Context, pairs: &mut [Pair]) -> Result<()> {
    let edited: Vec<Uuid> = pairs.iter().filter(|pair| pair.record.is_edited).map(|pair| pair.record.id).collect();
    let replayed: Vec<Uuid> = pairs.iter().filter(|pair| pair.record.is_replay).map(|pair| pair.record.id).collect();
    if edited.is_empty() && replayed.is_empty() {
        return Ok(());
    }
    let mut tx = context.begin().await?;
    let edits = store::edits::unused(&mut tx, &edited).await?;
    let replays = store::edits::replays(&mut tx, &replayed).await?;
    tx.commit().await?;
    let mut choices: HashMap<Uuid, Choice> =
        replays.into_iter().map(|(id, side, record)| (id, Choice::Replay { side, record })).collect();
    let versions = pairs.iter().map(|pair| (pair.record.id, pair.record.version)).collect();
    for edit in edits.into_iter().filter(|edit| !is_outdated(edit, &versions)) {
        let choice = match (edit.settles_conflict, edit.payload) {
            (true, Some(record)) => Choice::Conflict { edit: edit.id, record },
            (true, None) => Choice::Removal { edit: edit.id, how: edit.removal.unwrap_or(Removal::Keep) },
            (false, Some(record)) => Choice::Payload { edit: edit.id, record },
            (false, None) => continue,
        };
        choices.insert(edit.record, choice);
    }
    for pair in pairs {
        pair.choice = choices.remove(&pair.record.id);
    }
    Ok(())
}

/// A side has changed since somebody chose between both: it is chosen anew, because an older state must not overwrite a
/// newer one.
fn is_outdated(edit: &Edit, versions: &HashMap<Uuid, i64>) -> bool {
    edit.settles_conflict && versions.get(&edit.record).is_some_and(|version| edit.version < *version)
}
