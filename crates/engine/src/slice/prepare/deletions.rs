//! What a complete listing has not seen: candidates for being gone, never more than that. Each of them is read before
//! anything is deleted.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Side;
use domain::activity::Tone;
use domain::sync::Hold;

use super::cursor::{Cursor, Stage};
use super::{Step, after_side, goes_both_ways};
use crate::db::TenantTx;
use crate::slice::context::Context;
use crate::store::holds::Deletions;
use crate::store::listing_seen::{Began, Marks};
use crate::store::runs::Progress;
use crate::store::syncs::SyncRow;
use crate::{Result, history, store};

/// Fewer than this are carried out without asking, whatever part of the whole they are.
const FEW: i64 = 20;
/// Records whose flag one transaction sets.
const CHUNK: i64 = 500;
/// How long a record has to be gone before that is believed: some vendors send an update as a deletion and an insertion.
pub const BELIEVED_AFTER: TimeDelta = TimeDelta::seconds(20);

/// What is to be done about records that a listing has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// They are read, and deleted where the read says NotFound.
    CarryOut,
    /// So many at once: a person decides.
    Ask,
    /// A person has said that they are there.
    Leave,
}

const fn verdict(known: i64, missing: i64, said: Deletions) -> Verdict {
    if !is_many(known, missing) || missing <= said.allowed {
        Verdict::CarryOut
    } else if said.dismissed > 0 && !is_many(known, missing - said.dismissed) {
        Verdict::Leave
    } else {
        Verdict::Ask
    }
}

/// More than twenty, and more than two in a hundred.
const fn is_many(known: i64, missing: i64) -> bool {
    missing > FEW && missing * 50 > known
}

/// Counts what the listing has not seen and decides what becomes of it.
pub async fn decide(context: &mut Context, sync: &SyncRow, cursor: &mut Cursor, began: Began) -> Result<Step> {
    let now = context.now();
    let side = cursor.side;
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), now).await?;
    let (known, missing) = store::listing_seen::count_missing(&mut tx, context.run.id, sync.id, side, began).await?;
    let said = store::holds::deletions(&mut tx, sync.id).await?;
    match verdict(known, missing, said) {
        Verdict::CarryOut if missing > 0 => cursor.stage = Stage::Mark { began },
        Verdict::CarryOut => after_side(context, sync, cursor),
        Verdict::Leave => {
            let what = missing_of(known, missing, sync);
            cursor.message =
                Some(format!("{what} are not listed and are left alone, because somebody said that they are there."));
            after_side(context, sync, cursor);
        }
        Verdict::Ask => {
            let message = ask(&mut tx, sync, side, known, missing, now).await?;
            cursor.message = Some(message);
            cursor.stage = Stage::Forget;
        }
    }
    let is_last_side = side == Side::Destination || !goes_both_ways(sync);
    let is_used_up = missing <= said.allowed && is_many(known, missing);
    if said.allowed > 0 && (is_used_up || is_last_side) {
        store::holds::allow(&mut tx, sync.id, 0).await?;
    }
    store::runs::keep_cursor(&mut tx, &context.run, &serde_json::to_value(&*cursor)?, None).await?;
    tx.commit().await?;
    Ok(Step::On)
}

async fn ask(
    tx: &mut TenantTx,
    sync: &SyncRow,
    side: Side,
    known: i64,
    missing: i64,
    now: DateTime<Utc>,
) -> Result<String> {
    let connection = super::connection(sync, side).0;
    let name = store::connections::sealed(tx, &[connection]).await?.pop().map(|found| found.name).unwrap_or_default();
    let what = missing_of(known, missing, sync);
    let message = format!(
        "{what} are gone at once in “{name}”. Nothing was deleted, and this sync waits: say whether they are really gone, \
         or whether the connection only cannot see them."
    );
    store::holds::note_missing(tx, sync.id, missing).await?;
    if store::holds::place(tx, sync.id, Hold::Deletions, &message, now).await? {
        let link = Some(format!("syncs/{}", sync.id));
        store::activity::say(tx, Tone::Warning, message.clone(), None, link, now).await?;
    }
    Ok(message)
}

/// `412 of 9,000 orders`.
fn missing_of(known: i64, missing: i64, sync: &SyncRow) -> String {
    format!("{} of {} {}", grouped(missing), grouped(known), sync.entity.label().to_lowercase())
}

/// With a comma between thousands.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Sets the tombstone's flag on some of them; what is left over is the next step's.
pub async fn mark(context: &mut Context, sync: &SyncRow, cursor: &mut Cursor, began: Began) -> Result<Step> {
    let now = context.now();
    let mut tx = context.begin().await?;
    store::runs::advance(&mut tx, &context.run, Progress::default(), now).await?;
    let marks = Marks { limit: CHUNK, now, due_at: now + BELIEVED_AFTER };
    let marked = store::listing_seen::mark_missing(&mut tx, &context.run, sync.id, cursor.side, began, marks).await?;
    let changed = Progress { changed: marked.len() as i64, ..Progress::default() };
    store::runs::advance(&mut tx, &context.run, changed, now).await?;
    if marked.is_empty() {
        after_side(context, sync, cursor);
        store::runs::keep_cursor(&mut tx, &context.run, &serde_json::to_value(&*cursor)?, None).await?;
    } else {
        history::show(&mut tx, sync.id, &marked, now).await?;
    }
    context.show_run(&mut tx).await?;
    tx.commit().await?;
    Ok(Step::On)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Deletions = Deletions { allowed: 0, dismissed: 0 };

    #[test]
    fn a_few_are_carried_out_and_many_at_once_are_asked_about() {
        assert_eq!(verdict(30, 20, NOTHING), Verdict::CarryOut);
        assert_eq!(verdict(30, 21, NOTHING), Verdict::Ask);
        assert_eq!(verdict(10_000, 200, NOTHING), Verdict::CarryOut);
        assert_eq!(verdict(10_000, 201, NOTHING), Verdict::Ask);
    }

    #[test]
    fn what_a_person_said_holds_for_so_many_and_not_for_more() {
        let allowed = Deletions { allowed: 412, dismissed: 0 };
        assert_eq!(verdict(9_000, 412, allowed), Verdict::CarryOut);
        assert_eq!(verdict(9_000, 413, allowed), Verdict::Ask);
        let dismissed = Deletions { allowed: 0, dismissed: 412 };
        assert_eq!(verdict(9_000, 412, dismissed), Verdict::Leave);
        assert_eq!(verdict(9_000, 500, dismissed), Verdict::Leave);
        assert_eq!(verdict(9_000, 700, dismissed), Verdict::Ask);
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([grouped(7), grouped(412), grouped(9_000), grouped(1_234_567)], ["7", "412", "9,000", "1,234,567"]);
    }
}
