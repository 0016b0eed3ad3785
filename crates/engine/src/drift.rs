//! Schema drift: what a system's API offers for an entity is another thing than it was.
//!
//! What is compared is the list of fields that [`connectors::Connector::schema`] tells. A field that is new, or gone but not
//! used by the built-in mapping, goes by the sync's policy. A field that is gone and used always stops the sync, whatever
//! the policy: carrying on would read it as empty everywhere and write that emptiness over what the other side holds.
//! Whoever acknowledges the change accepts that. A field that has another type stops it when it is the key, the cursor or
//! a value that no record can do without; records whose other fields cannot be read any more become Invalid one by one.

mod rules;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use connectors::SchemaField;
use domain::account::Permission;
use domain::activity::Tone;
use domain::sync::{DriftPolicy, FieldDrift, Hold};
use domain::{DriftId, Entity, SyncId};

use crate::{Engine, Error, Member, Result, store};

pub(crate) use rules::Uses;

/// Lets a sync go on whose systems' fields have changed: somebody has seen it.
///
/// # Errors
/// [`Error::NotFound`] when the sync has no such change that waits to be acknowledged.
pub async fn acknowledge(
    engine: &Engine,
    member: &Member,
    sync: SyncId,
    drift: DriftId,
    now: DateTime<Utc>,
) -> Result<()> {
    member.require(Permission::Configure)?;
    let mut tx = engine.db.begin(member.tenant).await?;
    if !store::schemas::acknowledge(&mut tx, sync, drift, &member.email, now).await? {
        return Err(Error::NotFound);
    }
    let entity = store::syncs::get(&mut tx, sync).await?.entity.label().to_lowercase();
    let mut text = format!("Acknowledged the changed fields of {entity}.");
    if !store::schemas::is_stopped(&mut tx, sync).await? && store::holds::lift(&mut tx, sync, Hold::Drift, now).await? {
        text.push_str(" The sync goes on.");
    }
    store::activity::say(&mut tx, Tone::Info, text, Some(&member.email), Some(format!("syncs/{sync}")), now).await?;
    tx.commit().await
}

/// The fields that are new, gone, or of another type, in the order of their names.
pub(crate) fn compare(before: &[SchemaField], after: &[SchemaField]) -> Vec<FieldDrift> {
    let by_name = |fields: &[SchemaField]| -> BTreeMap<String, String> {
        fields.iter().map(|field| (field.name.clone(), field.kind.clone())).collect()
    };
    let (old, new) = (by_name(before), by_name(after));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| FieldDrift {
            field: name.clone(),
            was: old.get(name).cloned(),
            is: new.get(name).cloned(),
            rules: Vec::new(),
        })
        .collect()
}

/// Whether these changes stop a sync, by its policy or whatever that is.
pub(crate) fn stops(changes: &[FieldDrift], policy: DriftPolicy, entity: Entity, essential: &[&str]) -> bool {
    policy == DriftPolicy::Stop || changes.iter().any(|change| always_stops(change, entity, essential))
}

fn always_stops(change: &FieldDrift, entity: Entity, essential: &[&str]) -> bool {
    let is_new = change.was.is_none();
    let is_gone = change.is.is_none();
    let is_needed = essential.contains(&change.field.as_str())
        || change.rules.iter().any(|rule| required(entity).contains(&rule.as_str()));
    !is_new && (is_needed || (is_gone && !change.rules.is_empty()))
}

/// The canonical fields without which there is no record.
const fn required(entity: Entity) -> &'static [&'static str] {
    match entity {
        Entity::Order => &["number", "currency", "lines.title", "lines.quantity", "lines.unit_price"],
        Entity::Customer => &["email", "name"],
        Entity::Product => &["sku", "title"],
        Entity::Payment => &["reference", "amount"],
        Entity::Shipment => &["number", "lines.quantity"],
        Entity::Stock => &["sku", "available"],
    }
}

/// `“Shop” has other fields for customers than before: phone is gone (used by phone); giftWrap is new.`
pub(crate) fn describe(name: &str, entity: Entity, changes: &[FieldDrift], policy: DriftPolicy) -> String {
    const SHOWN: usize = 5;
    let one = |change: &FieldDrift| {
        let what = match (&change.was, &change.is) {
            (Some(_), None) => "is gone".to_owned(),
            (None, _) if policy == DriftPolicy::AddFields => "is new and was added".to_owned(),
            (None, _) => "is new".to_owned(),
            (Some(was), Some(is)) => format!("was {was} and is {is}"),
        };
        let rules = change.rules.join(", ");
        if rules.is_empty() {
            format!("{} {what}", change.field)
        } else {
            format!("{} {what} (used by {rules})", change.field)
        }
    };
    let mut parts: Vec<String> = changes.iter().take(SHOWN).map(one).collect();
    if changes.len() > SHOWN {
        parts.push(format!("{} more", changes.len() - SHOWN));
    }
    format!("“{name}” has other fields for {} than before: {}.", entity.label().to_lowercase(), parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: &str) -> SchemaField {
        SchemaField { name: name.into(), kind: kind.into() }
    }

    fn change(field: &str, was: Option<&str>, is: Option<&str>, rules: &[&str]) -> FieldDrift {
        let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
        FieldDrift { field: field.into(), was: was.map(Into::into), is: is.map(Into::into), rules }
    }

    #[test]
    fn new_gone_and_retyped_fields_are_told_and_the_order_of_a_listing_says_nothing() {
        let before = [field("a", "Int"), field("b", "Int"), field("c", "Int")];
        let after = [field("d", "Int"), field("c", "String"), field("a", "Int")];
        let expected = [
            change("b", Some("Int"), None, &[]),
            change("c", Some("Int"), Some("String"), &[]),
            change("d", None, Some("Int"), &[]),
        ];
        assert_eq!(compare(&before, &after), expected);
        assert!(compare(&before, &[field("c", "Int"), field("b", "Int"), field("a", "Int")]).is_empty());
    }

    #[test]
    fn what_would_empty_values_stops_a_sync_whatever_its_policy() {
        let stops = |changes: &[FieldDrift], policy| stops(changes, policy, Entity::Customer, &["id", "updatedAt"]);
        let carry_on = DriftPolicy::CarryOn;
        assert!(!stops(&[change("tags", None, Some("String"), &[])], carry_on), "a new field");
        assert!(!stops(&[change("tags", Some("String"), None, &[])], carry_on), "one that nobody uses");
        assert!(!stops(&[change("phone", Some("A"), Some("B"), &["phone"])], carry_on), "records become Invalid");
        assert!(stops(&[change("phone", Some("A"), None, &["phone"])], carry_on));
        assert!(stops(&[change("updatedAt", Some("A"), Some("B"), &[])], carry_on), "the cursor");
        assert!(stops(&[change("defaultEmailAddress", Some("A"), Some("B"), &["email"])], carry_on), "the key");
        assert!(stops(&[change("tags", None, Some("String"), &[])], DriftPolicy::Stop));
    }
}
