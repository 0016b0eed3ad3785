//! Which of an order's fulfilments is which shipment of the ERP.
//!
//! A fulfilment has no field for another system's number, and takes no idempotency key. So the order carries a metafield
//! for each shipment that we write (namespace [`NAMESPACE`], the key is the insert's idempotency key): it is written
//! before the fulfilment is made and says what is about to be made and what was there before. A fulfilment whose answer
//! was lost is known by it again: it is the one that was not there before and holds the same.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::canonical::{Reference, ShipmentLine};
use serde::{Deserialize, Serialize};

/// Where the notes are, among the order's metafields.
pub(super) const NAMESPACE: &str = "syncline_shipments";

/// How many pieces of which of the order's lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent(BTreeMap<String, i64>);

impl Sent {
    pub fn new<'a>(lines: impl Iterator<Item = (&'a str, i64)>) -> Self {
        let mut sent = BTreeMap::new();
        for (line, quantity) in lines {
            *sent.entry(line.to_owned()).or_insert(0) += quantity;
        }
        Self(sent)
    }
}

/// A fulfilment of the order, as far as it takes to know it again.
pub(super) struct Sibling {
    pub id: String,
    pub sent: Sent,
    pub tracking: Option<String>,
}

/// What the order's metafield says of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// The idempotency key, which is the metafield's.
    #[serde(skip)]
    pub key: String,
    pub number: String,
    pub shipped_on: Option<NaiveDate>,
    pub sent: Sent,
    pub tracking: Option<String>,
    /// The fulfilments that were there before.
    pub before: Vec<String>,
    /// The fulfilment, once its answer has come.
    pub id: Option<String>,
}

impl Note {
    /// What a metafield says; `None` when somebody else wrote it.
    pub fn read(key: &str, value: &str) -> Option<Self> {
        let note: Self = serde_json::from_str(value).ok()?;
        Some(Self { key: key.to_owned(), ..note })
    }

    /// The note about a fulfilment.
    pub fn of(notes: impl Iterator<Item = Self>, id: &str, sent: &Sent, tracking: Option<&str>) -> Option<Self> {
        let notes: Vec<Self> = notes.collect();
        let named = notes.iter().find(|note| note.id.as_deref() == Some(id));
        named.or_else(|| notes.iter().find(|note| note.may_be(id, sent, tracking))).cloned()
    }

    /// The fulfilment that the note is about, if it was made.
    pub fn made<'a>(&self, notes: &[Self], siblings: &'a [Sibling]) -> Option<&'a Sibling> {
        if let Some(id) = &self.id {
            return siblings.iter().find(|sibling| sibling.id == *id);
        }
        let is_anothers = |id: &str| notes.iter().any(|note| note.key != self.key && note.id.as_deref() == Some(id));
        let mut free = siblings.iter().filter(|sibling| !is_anothers(&sibling.id));
        free.find(|sibling| self.may_be(&sibling.id, &sibling.sent, sibling.tracking.as_deref()))
    }

    fn may_be(&self, id: &str, sent: &Sent, tracking: Option<&str>) -> bool {
        let was_there = self.before.iter().any(|before| before == id);
        self.id.is_none() && !was_there && self.sent == *sent && self.tracking.as_deref() == tracking
    }
}

/// A metafield's key of an idempotency key: Shopify takes letters, digits, hyphens and underscores, 2 to 64 of them.
pub(super) fn key_of(idempotency_key: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    let key: String = idempotency_key.chars().map(plain).take(60).collect();
    format!("s_{key}")
}

/// Pieces by product, in the products' order, so that the same goods are always the same lines.
pub(super) fn gathered(pieces: impl Iterator<Item = (Option<String>, i64)>) -> Vec<ShipmentLine> {
    let mut gathered: BTreeMap<Option<String>, i64> = BTreeMap::new();
    for (product, quantity) in pieces {
        let sum = gathered.entry(product).or_default();
        *sum = sum.saturating_add(quantity.saturating_mul(1000));
    }
    let line = |(product, quantity_milli): (Option<String>, i64)| ShipmentLine {
        product: product.map(|id| Reference { id, key: None }),
        quantity_milli,
    };
    gathered.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(key: &str, id: Option<&str>) -> Note {
        Note {
            key: key.into(),
            number: "000007".into(),
            shipped_on: None,
            sent: Sent::new([("line", 2)].into_iter()),
            tracking: Some("JD1".into()),
            before: vec!["old".into()],
            id: id.map(Into::into),
        }
    }

    fn sibling(id: &str, tracking: &str) -> Sibling {
        Sibling { id: id.into(), sent: Sent::new([("line", 2)].into_iter()), tracking: Some(tracking.into()) }
    }

    #[test]
    fn a_fulfilment_whose_answer_was_lost_is_the_one_that_is_new_and_holds_the_same() {
        let lost = note("a", None);
        let all = [sibling("old", "JD1"), sibling("other", "JD2"), sibling("ours", "JD1")];
        assert_eq!(lost.made(std::slice::from_ref(&lost), &all).unwrap().id, "ours");
        let notes = [lost.clone(), note("b", Some("ours"))];
        assert!(lost.made(&notes, &all).is_none(), "it is another shipment's");
        assert!(lost.made(&notes, &all[..2]).is_none(), "it was not made");
    }
}
